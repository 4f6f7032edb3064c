"""From a delivered cell, a series or a file to every coefficient that rests on it, and why a cell may move nothing.

`impact` is careful: whatever it does not name cannot change, whoever's values a cell touches (weights, percentiles,
means of provinces, medians, ranks, the choice of cities). A reason says where a change would stop; `exact.py` tries it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import polars as pl

from resilience_pipeline.errors import LakeError
from resilience_pipeline.lineage.edge import EVERY, Part, Way
from resilience_pipeline.lineage.naming import near
from resilience_pipeline.lineage.opened import Index, codes_called
from resilience_pipeline.lineage.reasons import fate_of, held_by_document, held_by_values, same_place

_PLACE = re.compile(r"(?P<file>.+?)!(?:(?P<sheet>.*)!)?R(?P<row>\d+)(?:C(?P<column>\d+))?")
_HASH = 8  # characters of a file's hash that are enough to name it

#: Only these can change a result other than through the value itself.
ROWS_ONLY = "only if the value goes missing or a missing one comes: it decides which rows count, not what they hold"
WHOLE = "it holds whole numbers, counts or flags, which move in whole steps"


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


def impact(index: Index, asked: str) -> Impact:
    """What rests on `asked`: `file!sheet!R5C3`, `city/indicator/year`, an indicator, a file or the start of its hash.

    Raises
    ------
    LakeError : nothing of this name was delivered; it names what is near.
    """
    place = _PLACE.fullmatch(asked)
    if place:
        return _of_cells(index, asked, "cell", _at_place(index, asked, place))
    if asked.count("/") >= 2 and (rows := _of_fact(index, asked)):
        return _of_cells(index, asked, "cell", rows)
    if _is_indicator(index, asked):
        parts = [(table, asked) for table in index.by_table if table.startswith("grid/") and table.endswith("/cells")]
        return _impact(index, asked, "indicator", (), _reaches(index, parts), parts)
    return _of_file(index, asked)


@dataclass(frozen=True)
class _Row:
    """A delivered cell before it is judged; staged : its row of the staged table, None where it has none."""

    source: str
    cell: Mapping[str, Any]
    staged: Mapping[str, Any] | None


def _at_place(index: Index, asked: str, place: re.Match[str]) -> list[_Row]:
    """The staged rows of a place, or where there is none the delivered cells that none was made of."""
    here = {"file": place["file"], "row": int(place["row"])}
    here |= {"column": int(place["column"])} if place["column"] else {}
    here |= {"sheet": place["sheet"]} if place["sheet"] else {}
    for table in _staged_names(index):
        if rows := index.table(table).filter(**here).to_dicts():
            return [_Row(table.split("/")[1], row, row) for row in rows]
    for source in _sources(index):
        if cells := index.table(f"sources/{source}").filter(**here).to_dicts():
            return [_Row(source, cell, None) for cell in cells]
    raise LakeError(
        what=f"no delivered value stands at {asked}",
        expected="file!sheet!R5C3, the file as `resilience trace` names it, rows and columns from 1",
        remedy="`resilience trace table_4.3.did --year 2018` shows cells with their places",
    )


def _of_fact(index: Index, asked: str) -> list[_Row]:
    """Every delivered cell of a city, indicator and year, whoever delivered it."""
    city, indicator, year = asked.rsplit("/", 2)
    if not year.isdigit():
        return []
    codes = _codes(index, city)
    found = []
    for table in _staged_names(index):
        staged = index.table(table)
        if "indicator" in staged.columns:
            rows = staged.filter(pl.col("city_code").is_in(codes), indicator=indicator, year=int(year))
            found += [_Row(table.split("/")[1], row, row) for row in rows.to_dicts()]
    return found


def _of_file(index: Index, asked: str) -> Impact:
    parts: dict[Part, None] = {}
    files: list[str] = []
    named = pl.col("file").is_in([asked]) | pl.col("file").str.ends_with(f"/{asked}")
    named |= pl.col("delivery_sha256").str.starts_with(asked if len(asked) >= _HASH else "-")
    for table in _staged_names(index):
        staged = index.table(table)
        files += staged["file"].unique().to_list()
        here = staged.filter(named)
        if here.height:
            units = here["indicator"].unique().sort().to_list() if "indicator" in here.columns else [EVERY]
            parts |= dict.fromkeys((table, unit) for unit in units)
    if not parts:
        raise LakeError(
            what=f"nothing delivered is called {asked!r}",
            expected=", ".join(near(asked, [*files, *_indicators(index)])) or "a file, an indicator or a cell",
            remedy="name a cell as file!sheet!R5C3 or city/indicator/year; `resilience trace` shows both",
        )
    return _impact(index, asked, "file", (), _reaches(index, list(parts)), list(parts))


def _of_cells(index: Index, asked: str, what: str, rows: Sequence[_Row]) -> Impact:
    judged: list[DeliveredCell] = []
    every: list[Part] = []
    reaches: dict[tuple[str, str], Reach] = {}
    for row in rows:
        if row.staged is None or "indicator" not in row.staged:
            cell, parts = _of_list(index, row)
            judged.append(cell)
            every += parts
            held = held_by_document(index, row.staged) if row.staged else {}
            reaches |= {(r.table, r.name): r for r in _reaches(index, parts, held)}
            for reach in _of_what_stands(index, row.source, EVERY) if cell.counts else ():
                reaches.setdefault((reach.table, reach.name), reach)
            continue
        for study in _studies(index):
            cell = _judge(index, study, row)
            judged.append(cell)
            if cell.counts:
                part = (f"grid/{study}/cells", str(row.staged["indicator"]))
                every.append(part)
                for reach in _reaches(index, [part], held_by_values(index, study, row.staged)):
                    reaches[reach.table, reach.name] = reach
        for reach in _of_what_stands(index, row.source, str(row.staged["indicator"])):
            reaches.setdefault((reach.table, reach.name), reach)
    return _impact(index, asked, what, judged, list(reaches.values()), every)


def _impact(
    index: Index, asked: str, what: str, cells: Sequence[DeliveredCell], reaches: Sequence[Reach], parts: Sequence[Part]
) -> Impact:
    order = {table: place for place, table in enumerate(index.by_table)}
    reports = [table for table in index.by_table if table.startswith("report/")]
    printed = [table.split("/")[1] for table in reports if _way(index, (table, (EVERY,)), parts) is not None]
    ordered = sorted(reaches, key=lambda reach: (order[reach.table], reach.name))
    return Impact(asked, what, tuple(cells), tuple(ordered), tuple(printed))


def _of_list(index: Index, row: _Row) -> tuple[DeliveredCell, list[Part]]:
    """A row of a list or a document, or a cell that no staged row was made of."""
    known = row.staged or {}
    counts = row.staged is not None
    cell = DeliveredCell(
        row.source,
        row.cell["file"],
        row.cell.get("sheet"),
        row.cell.get("row"),
        row.cell.get("column"),
        text=row.cell.get("text"),
        indicator=None,
        city_code=known.get("city_code"),
        year=known.get("year"),
        study="",
        value=None,
        fate="counts" if counts else _not_staged(index, row),
        counts=counts,
    )
    return cell, [(_layer_of(index, row.source), EVERY)] if counts else []


def _not_staged(index: Index, row: _Row) -> str:
    """Why no staged row was made of a delivered cell."""
    rejects = index.lake.current(("rejects", row.source))
    if rejects is not None and rejects.rows:
        refused = index.lake.read_pointer(rejects).filter(same_place(row.cell))
        if refused.height:
            return f"refused: {refused['reason'][0]}"
    return f"not read: {row.cell.get('heading') or 'it'} is no series of the study, a total, or the same value twice"


def _judge(index: Index, study: str, row: _Row) -> DeliveredCell:
    staged = row.staged
    assert staged is not None
    fate = fate_of(index, study, row.source, staged)
    return DeliveredCell(
        row.source,
        row.cell["file"],
        row.cell.get("sheet"),
        row.cell.get("row"),
        row.cell.get("column"),
        text=staged["text"],
        indicator=staged["indicator"],
        city_code=staged["city_code"],
        year=staged["year"],
        study=study,
        value=staged["value"],
        fate=fate or "counts",
        counts=fate is None,
    )


def _reaches(index: Index, parts: Sequence[Part], held: Mapping[str, str] | None = None) -> list[Reach]:
    """Coefficients whose way back leads through one of the parts, in the order of the index."""
    found = []
    ways: dict[tuple[str, tuple[str, ...]], tuple[Way, tuple[str, ...]] | None] = {}
    for row in index.coefficients.filter(pl.col("table").str.starts_with("estimates/")).iter_rows(named=True):
        key = row["table"], tuple(row["units"])
        if key not in ways:
            ways[key] = _way(index, key, parts)
        if (reached := ways[key]) is not None:
            way, through = reached
            found.append(Reach(row["name"], row["table"], way, through, _why(row, way, through, held or {})))
    return found


def _of_what_stands(index: Index, source: str, indicator: str) -> list[Reach]:
    """Coefficients of results that read staged rows themselves, whatever window and pins of a study say of the cell."""
    found = []
    for row in index.coefficients.filter(pl.col("table").str.starts_with("estimates/")).iter_rows(named=True):
        direct = dict(index.graph.direct((row["table"], EVERY)))
        if (f"staging/{source}", indicator) in direct or (f"staging/{source}", EVERY) in direct:
            found.append(Reach(row["name"], row["table"], "value", (), _why(row, "value", (), {})))
    return found


def _way(index: Index, key: tuple[str, tuple[str, ...]], parts: Sequence[Part]) -> tuple[Way, tuple[str, ...]] | None:
    table, units = key
    behind = index.graph.behind([(table, unit) for unit in units])
    hit = [behind[part] for part in parts if part in behind]
    hit += [behind[t, EVERY] for t, unit in parts if unit != EVERY and (t, EVERY) in behind]
    hit += [way for (t, unit), way in behind.items() if (t, EVERY) in parts and unit != EVERY]
    if not hit:
        return None
    way: Way = "value" if "value" in hit else "rows"
    through = [
        unit
        for (t, unit), own in behind.items()
        if t.startswith("panel/") and unit != EVERY and own == way and _leads(index, (t, unit), parts)
    ]
    return way, tuple(sorted(set(through)))


def _leads(index: Index, part: Part, parts: Sequence[Part]) -> bool:
    behind = index.graph.behind([part])
    return any(behind.get(p) == "value" for p in parts)


def _why(row: Mapping[str, Any], way: Way, through: Sequence[str], held: Mapping[str, str]) -> str | None:
    if row["status"] not in (None, "estimated"):
        return f"{row['status']}: there is no figure yet that could move"
    if way == "rows":
        return ROWS_ONLY
    if row["whole"]:
        return WHOLE
    if through and all(name in held for name in through):
        return "; ".join(held[name] for name in through)
    return None


def _sources(index: Index) -> list[str]:
    tables = [table for table in index.by_table if table.startswith("sources/")]
    return [t.split("/")[1] for t in tables if "file" in index.table(t).columns and "row" in index.table(t).columns]


def _studies(index: Index) -> list[str]:
    return [t.split("/")[1] for t in index.by_table if t.startswith("grid/") and t.endswith("/observations")]


def _indicators(index: Index) -> list[str]:
    edges = index.edges.filter(pl.col("from_table").str.ends_with("/cells"), pl.col("from_unit") != EVERY)
    return edges["from_unit"].unique().sort().to_list()


def _is_indicator(index: Index, asked: str) -> bool:
    return asked in _indicators(index)


def _codes(index: Index, city: str) -> list[str]:
    """Codes of a city by code or name."""
    cities = [index.table(f"grid/{study}/cities").select("city_code", "name") for study in _studies(index)]
    return sorted({city, *(codes_called(city, pl.concat(cities)) if cities else ())})


def _staged_names(index: Index) -> list[str]:
    """What studies read of each source: the frozen rows where that layer stands, else the staged ones."""
    frozen = {table.split("/")[1]: table for table in index.by_table if table.startswith("frozen/")}
    staged = {table.split("/")[1]: table for table in index.by_table if table.startswith("staging/")}
    return list({**staged, **frozen}.values())


def _layer_of(index: Index, source: str) -> str:
    return f"frozen/{source}" if f"frozen/{source}" in index.by_table else f"staging/{source}"
