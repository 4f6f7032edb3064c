"""What a trace says, as frozen records; `Trace.record()` is plain data for JSON."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from resilience_pipeline.lineage.edge import Way


@dataclass(frozen=True)
class Coefficient:
    """One row of a result, as the index names it. row : of the table, from 0; None = the table as a whole."""

    name: str
    table: str
    row: int | None
    units: tuple[str, ...]
    estimate: float | None
    std_error: float | None
    status: str | None


@dataclass(frozen=True)
class Asset:
    """One table that the coefficient rests on, in the version that was read. stale : a newer version stands by now."""

    table: str
    description: str
    data_version: str
    code_version: str
    run_id: str
    written_at: str
    rows: int
    synthetic: bool
    options: Mapping[str, Any]
    stale: bool


@dataclass(frozen=True)
class VariableTrace:
    """One column of the panel behind the coefficient. values : status -> number of the sample's city-years.

    winsorise : a rule of its own; None = as the option says.
    """

    name: str
    table: str
    symbol: str
    description: str
    formula: str
    option: str | None
    reading: str | None
    indicators: tuple[str, ...]
    values: Mapping[str, int]
    winsorise: str | None = None


@dataclass(frozen=True)
class IndicatorTrace:
    """One series of the grid. cells : status -> number; sources : source -> number of cells it gave."""

    name: str
    way: Way
    cells: Mapping[str, int]
    sources: Mapping[str, int]


@dataclass(frozen=True)
class DeliveryTrace:
    """One delivered file. cells : of it behind the coefficient. copy : inside the lake; None where it is not kept."""

    file: str
    sha256: str
    source: str
    publisher: str
    editions: tuple[int, ...]
    cells: int
    copy: str | None
    size: int | None


@dataclass(frozen=True)
class Cell:
    """One value of the grid, or one row of a list, with the place and text of the delivered cell.

    from_year, to_year : of the two values that an interpolated one lies between; it has no place of its own.
    """

    indicator: str
    city_code: str
    city: str | None
    year: int | None
    value: float | None
    status: str
    source: str | None
    file: str | None
    sheet: str | None
    row: int | None
    column: int | None
    text: str | None
    delivery_sha256: str | None
    from_year: int | None = None
    to_year: int | None = None


@dataclass(frozen=True)
class SampleFlow:
    """Where the city-years of the grid went on their way into the sample; `lost` in order, reason -> city-years."""

    city_years: int
    lost: Mapping[str, int]
    left: Mapping[str, str]  # city -> why it left the grid
    used: int


@dataclass(frozen=True)
class Trace:
    """A coefficient and all that it rests on, nearest first.

    Parameters
    ----------
    names : rows traced, all of one table. rows : what each says.
    specification : the model, None where the result is about no single one.
    cells : some of `cell_count` cells, those asked for.
    lists : tables whose rows count as they are, without an indicator.
    variant : whose it is; None = the headline's. run : it is as this run left it; None = as it stands.
    notes : what a reader must know before quoting it.
    """

    names: tuple[str, ...]
    result: str
    title: str
    kind: str
    study: str
    synthetic: bool
    rows: tuple[Mapping[str, Any], ...]
    specification: Mapping[str, Any] | None
    sample: SampleFlow | None
    variables: tuple[VariableTrace, ...]
    indicators: tuple[IndicatorTrace, ...]
    assets: tuple[Asset, ...]
    deliveries: tuple[DeliveryTrace, ...]
    cells: tuple[Cell, ...]
    cell_count: int
    sql: Mapping[str, str]  # staged table -> the file of its select
    lists: tuple[str, ...] = ()
    variant: str | None = None
    run: str | None = None
    notes: tuple[str, ...] = ()

    def record(self) -> dict[str, Any]:
        """As plain data, for JSON."""
        return asdict(self)
