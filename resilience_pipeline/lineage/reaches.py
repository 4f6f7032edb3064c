"""Which coefficients rest on parts of tables, by which roads, and where a change would stop on them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import polars as pl

from resilience_pipeline.lineage.edge import EVERY, Part, Way
from resilience_pipeline.lineage.impact_records import Reach
from resilience_pipeline.lineage.opened import Index

#: Only these can change a result other than through the value itself.
ROWS_ONLY = "only if the value goes missing or a missing one comes: it decides which rows count, not what they hold"
STEPS = "it holds whole numbers, counts, flags or a figure found by halving, which move in steps"

#: (row of the index of coefficients, a part that the result reads) -> why the change stops there; None = it may not.
Hold = Callable[[Mapping[str, Any], Part], str | None]


def nothing_holds(row: Mapping[str, Any], road: Part) -> None:
    """Where no single cell is asked about, nothing is known to stop it."""


def reaches(index: Index, parts: Sequence[Part], hold: Hold = nothing_holds) -> list[Reach]:
    """Coefficients whose way back leads through one of the parts, in the order of the index."""
    found = []
    ways: dict[tuple[str, tuple[str, ...]], tuple[Way, tuple[Part, ...], tuple[str, ...]] | None] = {}
    for row in _estimated(index):
        key = row["table"], tuple(row["units"])
        if key not in ways:
            way = way_to(index, key, parts)
            ways[key] = None if way is None else (way, roads(index, key, parts), _through(index, key, parts, way))
        if (reached := ways[key]) is not None:
            way, taken, through = reached
            found.append(Reach(row["name"], row["table"], way, through, _why(row, way, taken, hold)))
    return found


def reaches_of_what_stands(index: Index, source: str, indicator: str, hold: Hold = nothing_holds) -> list[Reach]:
    """Coefficients of results that read staged rows themselves, whatever window and pins of a study say of the cell."""
    found = []
    road = (f"staging/{source}", indicator)
    for row in _estimated(index):
        direct = dict(index.graph.direct((row["table"], EVERY)))
        if road in direct or (road[0], EVERY) in direct:
            found.append(Reach(row["name"], row["table"], "value", (), _why(row, "value", (road,), hold)))
    return found


def way_to(index: Index, key: tuple[str, tuple[str, ...]], parts: Sequence[Part]) -> Way | None:
    """Whether the table's units rest on one of the parts, and how."""
    behind = index.graph.behind([(key[0], unit) for unit in key[1]])
    hit = [behind[part] for part in parts if part in behind]
    hit += [behind[t, EVERY] for t, unit in parts if unit != EVERY and (t, EVERY) in behind]
    hit += [way for (t, unit), way in behind.items() if (t, EVERY) in parts and unit != EVERY]
    return None if not hit else "value" if "value" in hit else "rows"


def roads(index: Index, key: tuple[str, tuple[str, ...]], parts: Sequence[Part]) -> tuple[Part, ...]:
    """What the result reads directly by value, of that what leads to one of the parts by values."""
    direct = [part for unit in key[1] for part, way in index.graph.direct((key[0], unit)) if way == "value"]
    return tuple(part for part in dict.fromkeys(direct) if _leads(index, part, parts))


def no_figure_yet(statuses: Sequence[str | None]) -> str | None:
    """That a result with rows of these statuses has nothing that could move; None where one is estimated, or no row."""
    if not statuses or {None, "estimated"}.intersection(statuses):
        return None
    return f"{', '.join(sorted(filter(None, statuses)))}: there is no figure yet that could move"


def _through(index: Index, key: tuple[str, tuple[str, ...]], parts: Sequence[Part], way: Way) -> tuple[str, ...]:
    behind = index.graph.behind([(key[0], unit) for unit in key[1]])
    columns = [part for part, own in behind.items() if part[0].startswith("panel/") and part[1] != EVERY and own == way]
    return tuple(sorted({part[1] for part in columns if _leads(index, part, parts)}))


def _leads(index: Index, part: Part, parts: Sequence[Part]) -> bool:
    behind = index.graph.behind([part])
    return any(behind.get(p) == "value" for p in parts)


def _why(row: Mapping[str, Any], way: Way, taken: Sequence[Part], hold: Hold) -> str | None:
    if (waiting := no_figure_yet([row["status"]])) is not None:
        return waiting
    if way == "rows":
        return ROWS_ONLY
    if row["whole"]:
        return STEPS
    reasons = [hold(row, road) for road in taken]
    known = [reason for reason in reasons if reason is not None]
    return "; ".join(dict.fromkeys(known)) if known and len(known) == len(reasons) else None


def _estimated(index: Index) -> list[dict[str, Any]]:
    return index.coefficients.filter(pl.col("table").str.starts_with("estimates/")).to_dicts()
