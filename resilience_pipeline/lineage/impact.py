"""From a delivered cell, a series or a file to every coefficient that rests on it, and why a cell may move nothing.

`impact` is careful: whatever it does not name cannot change, whoever's values a cell touches (weights, percentiles,
means of provinces, medians, ranks, the choice of cities). A reason says where a change would stop; `exact.py` tries it.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import polars as pl

from resilience_pipeline.errors import LakeError
from resilience_pipeline.lineage.edge import EVERY, Part, Way
from resilience_pipeline.lineage.naming import near
from resilience_pipeline.lineage.trace import Index

_PLACE = re.compile(r"(?P<file>.+?)!(?:(?P<sheet>.*)!)?R(?P<row>\d+)(?:C(?P<column>\d+))?")
_HASH = 8  # characters of a file's hash that are enough to name it
_ORIGIN = ("delivery_sha256", "file", "sheet", "row", "column")

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
        if rows := _table(index, table).filter(**here).to_dicts():
            return [_Row(table.split("/")[1], row, row) for row in rows]
    for source in _sources(index):
        if cells := _table(index, f"sources/{source}").filter(**here).to_dicts():
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
        staged = _table(index, table)
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
        staged = _table(index, table)
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
            held = _held_by_document(index, row.staged) if row.staged else {}
            reaches |= {(r.table, r.name): r for r in _reaches(index, parts, held)}
            continue
        for study in _studies(index):
            cell = _judge(index, study, row)
            judged.append(cell)
            if cell.counts:
                part = (f"grid/{study}/cells", str(row.staged["indicator"]))
                every.append(part)
                for reach in _reaches(index, [part], _held(index, study, row.staged)):
                    reaches[reach.table, reach.name] = reach
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


def _held_by_document(index: Index, staged: Mapping[str, Any]) -> dict[str, str]:
    """Column of the panel -> how far the mentions of a report are from the number that makes a policy."""
    tables = [table for table in index.by_table if table.startswith("indices/") and table.endswith("/digital_policy")]
    if "document" not in staged or not tables:
        return {}
    rows = _table(index, tables[0]).filter(city_code=staged["city_code"], year=staged["year"]).to_dicts()
    if not rows:
        return {"digital_policy": "the city is not in the panel, or this is no year of the study"}
    threshold = json.loads(index.by_table[tables[0]]["options"]).get("digital_policy_threshold")
    mentions, flag = rows[0]["digital_policy_mentions"], rows[0]["digital_policy"]
    return {
        "digital_policy": f"the report has {mentions} mentions and a policy is {threshold}: digital_policy stays "
        f"{flag} unless the number crosses that"
    }


def _not_staged(index: Index, row: _Row) -> str:
    """Why no staged row was made of a delivered cell."""
    rejects = index.lake.current(("rejects", row.source))
    if rejects is not None and rejects.rows:
        refused = index.lake.read_pointer(rejects).filter(_same_place(row.cell))
        if refused.height:
            return f"refused: {refused['reason'][0]}"
    return f"not read: {row.cell.get('heading') or 'it'} is no series of the study, a total, or the same value twice"


def _judge(index: Index, study: str, row: _Row) -> DeliveredCell:
    staged = row.staged
    assert staged is not None
    fate = _fate(index, study, row.source, staged)
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


def _fate(index: Index, study: str, source: str, staged: Mapping[str, Any]) -> str | None:
    """Why the staged value moves nothing in the study; None where it counts."""
    fact = {name: staged[name] for name in ("city_code", "indicator", "year")}
    observed = _table(index, f"grid/{study}/observations").filter(**fact)
    own = observed.filter(_same_place(staged))
    if own.is_empty():
        return f"outside: the study does not read {staged['indicator']} of {staged['year']}, scope {staged['scope']}"
    standing = own["standing"][0]
    if standing == "overruled":
        taken = observed.filter(pl.col("standing") == "taken").to_dicts()[0]
        return f"overruled: {taken['source']} comes first, {taken['file']} row {taken['row']}"
    if standing == "imputed":
        return "imputed: filled in by its compiler, and imputations are not used (option imputed_values)"
    cities = _table(index, f"grid/{study}/cities").filter(city_code=staged["city_code"])
    if cities.height and not cities["kept"][0]:
        if _makes_means(index, study, staged["indicator"]):
            return None
        return f"dropped city: {cities['reason'][0]}"
    if cities.is_empty() and staged["city_code"] != "000000":
        return None if _makes_means(index, study, staged["indicator"]) else "outside: the city is not in the grid"
    return None


def _makes_means(index: Index, study: str, indicator: str) -> bool:
    """Whether some city takes its province's mean of the series, which every city of the province makes."""
    cells = _table(index, f"grid/{study}/cells")
    return not cells.filter(indicator=indicator, status="province_mean").is_empty()


def _held(index: Index, study: str, staged: Mapping[str, Any]) -> dict[str, str]:
    """Column of the panel -> why a change of this one value may stop there."""
    table = f"panel/{study}/value_status"
    status = _table(index, table).filter(city_code=staged["city_code"], year=staged["year"])
    found = {}
    for row in status.to_dicts():
        name = row["variable"]
        if row["status"] == "winsorised" and row["value_before"] != row["value_after"]:
            bound = f"{row['value_after']:.6g}"
            found[name] = (
                f"{name} is winsorised here: {row['value_before']:.6g} is set to {bound}, so a change that stays "
                f"beyond {bound} moves nothing but, where the percentile lies between values, the percentile"
            )
        elif row["status"] in ("undefined", "missing"):
            found[name] = f"{name} has no value here: {row['reason']}"
    for name, text in _thresholds(index, study, staged).items():
        found.setdefault(name, text)
    return found


def _thresholds(index: Index, study: str, staged: Mapping[str, Any]) -> dict[str, str]:
    """Dummies that a value makes by being above a line: it moves them only across it."""
    table = f"indices/{study}/ip_high"
    if table not in index.by_table or staged["indicator"] != "ip_protection_index":
        return {}
    row = _table(index, table).filter(city_code=staged["city_code"], year=staged["year"]).to_dicts()
    if not row or row[0]["ip_protection_median"] is None:
        return {}
    median, value = row[0]["ip_protection_median"], staged["value"]
    side = "above" if row[0]["ip_high"] else "at or below"
    return {
        "ip_high": f"{value:.6g} is {side} the median {median:.6g}: ip_high moves only if the value crosses it, or the "
        "median crosses another city's value"
    }


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
    return [t.split("/")[1] for t in tables if "file" in _table(index, t).columns and "row" in _table(index, t).columns]


def _studies(index: Index) -> list[str]:
    return [t.split("/")[1] for t in index.by_table if t.startswith("grid/") and t.endswith("/observations")]


def _indicators(index: Index) -> list[str]:
    edges = index.edges.filter(pl.col("from_table").str.ends_with("/cells"), pl.col("from_unit") != EVERY)
    return edges["from_unit"].unique().sort().to_list()


def _is_indicator(index: Index, asked: str) -> bool:
    return asked in _indicators(index)


def _codes(index: Index, city: str) -> list[str]:
    """Codes of a city by code or name."""
    found = {city}
    for study in _studies(index):
        cities = _table(index, f"grid/{study}/cities")
        found |= set(cities.filter(pl.col("name").str.contains(city, literal=True))["city_code"])
    return sorted(found)


def _staged_names(index: Index) -> list[str]:
    """What studies read of each source: the frozen rows where that layer stands, else the staged ones."""
    frozen = {table.split("/")[1]: table for table in index.by_table if table.startswith("frozen/")}
    staged = {table.split("/")[1]: table for table in index.by_table if table.startswith("staging/")}
    return list({**staged, **frozen}.values())


def _layer_of(index: Index, source: str) -> str:
    return f"frozen/{source}" if f"frozen/{source}" in index.by_table else f"staging/{source}"


def _same_place(cell: Mapping[str, Any]) -> pl.Expr:
    return pl.all_horizontal(pl.col(name).eq_missing(pl.lit(cell.get(name))) for name in _ORIGIN)


def _table(index: Index, table: str) -> pl.DataFrame:
    return index.table(table)
