"""What an impact was asked about: delivered cells by place or by city, indicator and year, series, files."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from resilience_pipeline.errors import LakeError
from resilience_pipeline.lineage.edge import EVERY, Part
from resilience_pipeline.lineage.naming import near
from resilience_pipeline.lineage.opened import Index, codes_called

PLACE = re.compile(r"(?P<file>.+?)!(?:(?P<sheet>.*)!)?R(?P<row>\d+)(?:C(?P<column>\d+))?")
_HASH = 8  # characters of a file's hash that are enough to name it


@dataclass(frozen=True)
class AskedCell:
    """A delivered cell before it is judged; staged : its row of the staged table, None where it has none."""

    source: str
    cell: Mapping[str, Any]
    staged: Mapping[str, Any] | None


def cells_at(index: Index, asked: str, place: re.Match[str]) -> list[AskedCell]:
    """The staged rows of a place, or where there is none the delivered cells that none was made of."""
    here = {"file": place["file"], "row": int(place["row"])}
    here |= {"column": int(place["column"])} if place["column"] else {}
    here |= {"sheet": place["sheet"]} if place["sheet"] else {}
    for table in _staged_names(index):
        if rows := index.table(table).filter(**here).to_dicts():
            return [AskedCell(table.split("/")[1], row, row) for row in rows]
    for source in _sources(index):
        if cells := index.table(f"sources/{source}").filter(**here).to_dicts():
            return [AskedCell(source, cell, None) for cell in cells]
    raise LakeError(
        what=f"no delivered value stands at {asked}",
        expected="file!sheet!R5C3, the file as `resilience trace` names it, rows and columns from 1",
        remedy="`resilience trace table_4.3.did --year 2018` shows cells with their places",
    )


def cells_of_fact(index: Index, asked: str) -> list[AskedCell]:
    """Every delivered cell of a city, indicator and year, whoever delivered it."""
    city, indicator, year = asked.rsplit("/", 2)
    if not year.isdigit():
        return []
    cities = [index.table(f"grid/{study}/cities").select("city_code", "name") for study in studies(index)]
    codes = sorted({city, *(codes_called(city, pl.concat(cities)) if cities else ())})
    found = []
    for table in _staged_names(index):
        staged = index.table(table)
        if "indicator" in staged.columns:
            rows = staged.filter(pl.col("city_code").is_in(codes), indicator=indicator, year=int(year))
            found += [AskedCell(table.split("/")[1], row, row) for row in rows.to_dicts()]
    return found


def parts_of_file(index: Index, asked: str) -> list[Part]:
    """Parts of staged tables that a file, or the start of its hash, gave rows of."""
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
            expected=", ".join(near(asked, [*files, *indicators(index)])) or "a file, an indicator or a cell",
            remedy="name a cell as file!sheet!R5C3 or city/indicator/year; `resilience trace` shows both",
        )
    return list(parts)


def studies(index: Index) -> list[str]:
    """Studies whose grid stands."""
    return [t.split("/")[1] for t in index.by_table if t.startswith("grid/") and t.endswith("/observations")]


def indicators(index: Index) -> list[str]:
    """Every series of some grid, sorted."""
    edges = index.edges.filter(pl.col("from_table").str.ends_with("/cells"), pl.col("from_unit") != EVERY)
    return edges["from_unit"].unique().sort().to_list()


def layer_of(index: Index, source: str) -> str:
    """What studies read of a source: the frozen rows where that layer stands, else the staged ones."""
    return f"frozen/{source}" if f"frozen/{source}" in index.by_table else f"staging/{source}"


def _staged_names(index: Index) -> list[str]:
    names = [table.split("/")[1] for table in index.by_table if table.startswith(("staging/", "frozen/"))]
    return [layer_of(index, source) for source in dict.fromkeys(names)]


def _sources(index: Index) -> list[str]:
    tables = [table for table in index.by_table if table.startswith("sources/")]
    return [t.split("/")[1] for t in tables if "file" in index.table(t).columns and "row" in index.table(t).columns]
