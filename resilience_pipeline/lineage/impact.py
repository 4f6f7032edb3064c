"""From a delivered cell, a series or a file to every coefficient that rests on it, and why a cell may move nothing.

`impact` is careful: whatever it does not name cannot change, whoever's values a cell touches (weights, percentiles,
means of provinces, medians, ranks, the choice of cities). A reason says where a change would stop; `exact.py` tries it.
"""

from collections.abc import Sequence

from resilience_pipeline.lineage.asked import (
    PLACE,
    AskedCell,
    cells_at,
    cells_of_fact,
    indicators,
    layer_of,
    parts_of_file,
    studies,
)
from resilience_pipeline.lineage.edge import EVERY, Part
from resilience_pipeline.lineage.holds import hold_of_document, hold_of_value, hold_of_windows
from resilience_pipeline.lineage.impact_records import DeliveredCell, Impact, Reach
from resilience_pipeline.lineage.opened import Index
from resilience_pipeline.lineage.reaches import reaches, reaches_of_what_stands, way_to
from resilience_pipeline.lineage.reasons import fate_of, same_place


def impact(index: Index, asked: str) -> Impact:
    """What rests on `asked`: `file!sheet!R5C3`, `city/indicator/year`, an indicator, a file or the start of its hash.

    Raises
    ------
    LakeError : nothing of this name was delivered; it names what is near.
    """
    place = PLACE.fullmatch(asked)
    if place:
        return _of_cells(index, asked, cells_at(index, asked, place))
    if asked.count("/") >= 2 and (rows := cells_of_fact(index, asked)):
        return _of_cells(index, asked, rows)
    if asked in indicators(index):
        parts = [(table, asked) for table in index.by_table if table.startswith("grid/") and table.endswith("/cells")]
        return _impact(index, asked, "indicator", (), reaches(index, parts), parts)
    parts = parts_of_file(index, asked)
    return _impact(index, asked, "file", (), reaches(index, parts), parts)


def _of_cells(index: Index, asked: str, rows: Sequence[AskedCell]) -> Impact:
    judged: list[DeliveredCell] = []
    every: list[Part] = []
    found: dict[tuple[str, str], Reach] = {}
    for row in rows:
        if row.staged is None or "indicator" not in row.staged:
            cell = _judged(row, "", _not_staged(index, row) if row.staged is None else None)
            judged.append(cell)
            parts = [(layer_of(index, row.source), EVERY)] if cell.counts else []
            every += parts
            found |= {(r.table, r.name): r for r in reaches(index, parts, hold_of_document(index, row.staged or {}))}
            for reach in reaches_of_what_stands(index, row.source, EVERY) if cell.counts else ():
                found.setdefault((reach.table, reach.name), reach)
            continue
        for study in studies(index):
            cell = _judged(row, study, fate_of(index, study, row.source, row.staged))
            judged.append(cell)
            if cell.counts:
                part = (f"grid/{study}/cells", str(row.staged["indicator"]))
                every.append(part)
                for reach in reaches(index, [part], hold_of_value(index, study, row.staged)):
                    found[reach.table, reach.name] = reach
        hold = hold_of_windows(index, row.staged)
        for reach in reaches_of_what_stands(index, row.source, str(row.staged["indicator"]), hold):
            key = reach.table, reach.name
            if key not in found or (reach.held is not None and found[key].held is None):
                found[key] = reach
    return _impact(index, asked, "cell", judged, list(found.values()), every)


def _impact(
    index: Index, asked: str, what: str, cells: Sequence[DeliveredCell], found: Sequence[Reach], parts: Sequence[Part]
) -> Impact:
    order = {table: place for place, table in enumerate(index.by_table)}
    reports = [table for table in index.by_table if table.startswith("report/")]
    printed = [table.split("/")[1] for table in reports if way_to(index, (table, (EVERY,)), parts) is not None]
    ordered = sorted(found, key=lambda reach: (order[reach.table], reach.name))
    return Impact(asked, what, tuple(cells), tuple(ordered), tuple(printed))


def _judged(row: AskedCell, study: str, fate: str | None) -> DeliveredCell:
    """The cell in one study; of a list or a document, and of a cell that nothing was staged of, in none."""
    staged = row.staged or {}
    return DeliveredCell(
        row.source,
        row.cell["file"],
        row.cell.get("sheet"),
        row.cell.get("row"),
        row.cell.get("column"),
        text=staged.get("text", row.cell.get("text")),
        indicator=staged.get("indicator"),
        city_code=staged.get("city_code"),
        year=staged.get("year"),
        study=study,
        value=staged.get("value"),
        fate=fate or "counts",
        counts=fate is None,
    )


def _not_staged(index: Index, row: AskedCell) -> str:
    """Why no staged row was made of a delivered cell."""
    rejects = index.lake.current(("rejects", row.source))
    if rejects is not None and rejects.rows:
        refused = index.lake.read_pointer(rejects).filter(same_place(row.cell))
        if refused.height:
            return f"refused: {refused['reason'][0]}"
    return f"not read: {row.cell.get('heading') or 'it'} is no series of the study, a total, or the same value twice"
