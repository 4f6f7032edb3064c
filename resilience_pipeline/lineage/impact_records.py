"""What an impact says, as frozen records; `Impact.record()` is plain data for JSON."""

from dataclasses import asdict, dataclass
from typing import Any

from resilience_pipeline.lineage.edge import Way


@dataclass(frozen=True)
class DeliveredCell:
    """One delivered cell and what became of it in one study.

    fate : "counts", or why it moves nothing there: not read, refused, overruled, imputed, outside, dropped city.
    """

    source: str
    file: str
    sheet: str | None
    row: int | None
    column: int | None
    text: str | None
    indicator: str | None
    city_code: str | None
    year: int | None
    study: str
    value: float | None
    fate: str
    counts: bool


@dataclass(frozen=True)
class Reach:
    """One coefficient that rests on what was asked for.

    way : "value", or "rows" where it moves only if rows come or go. through : columns of the panel on the way.
    held : why this very cell cannot move it as it stands, and what would have to happen; None where nothing is known.
    """

    name: str
    table: str
    way: Way
    through: tuple[str, ...]
    held: str | None = None


@dataclass(frozen=True)
class Impact:
    """What rests on a cell, a series or a file.

    cells : those asked about, each in each study. reaches : coefficients, in the order of tables. printed : results
    that print one of them, or print what is no coefficient and rests on it.
    """

    asked: str
    what: str  # "cell" | "indicator" | "file"
    cells: tuple[DeliveredCell, ...]
    reaches: tuple[Reach, ...]
    printed: tuple[str, ...] = ()

    def record(self) -> dict[str, Any]:
        """As plain data, for JSON."""
        return asdict(self)

    @property
    def names(self) -> frozenset[str]:
        """Every coefficient named, by "table:name"."""
        return frozenset(f"{reach.table}:{reach.name}" for reach in self.reaches)
