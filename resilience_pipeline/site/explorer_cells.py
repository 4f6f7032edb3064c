"""Cells of the grid and rows of lists as the explorer shows them: the place of each in its file, packed to be small.

A figure that is a publisher's, and the text it was delivered as, are left out unless they may show; the place never is.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from resilience_pipeline.errors import LakeError
from resilience_pipeline.lineage.opened import Index
from resilience_pipeline.settings import Access

#: Letter of each status in a script, so that a cell's takes one byte.
STATUSES = {"reported": "r", "interpolated": "i", "province_mean": "p", "missing": "m", "corrected": "c", "listed": "l"}
LONGEST_TEXT = 40
FilePlace = tuple[str, str, str]  # source, file, hash
_SHORT_NUMBER = re.compile(r"-?(0|[1-9]\d{0,14})(\.\d{0,8}[1-9])?")
_PLACE = ("delivery_sha256", "sheet", "row", "column")


@dataclass
class Cells:
    """Scripts of series, made one after the other.

    Parameters
    ----------
    number : (source, file, hash) -> number of the file in the index. cities : code -> name, filled on the way.
    """

    index: Index
    access: Access
    number: Callable[[str, str, str], int]
    cities: dict[str, str] = field(default_factory=dict)
    _editions: dict[str, set[int]] = field(default_factory=dict)

    def of(self, study: str, names: Sequence[str]) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
        """Name, script and counts of each series of a study; a name that is no indicator is a list's."""
        grid = self._grid(study)
        known = {} if grid is None else grid.partition_by("indicator", as_dict=True)
        for name in names:
            cells = known.get((name,))
            table = f"grid/{study}/cells"
            if cells is None:
                cells, table = self._list(name)
            if cells is not None:
                yield name, self._script(cells, self._may_show(table)), self._counts(cells)

    def about(self, place: FilePlace) -> list[Any]:
        """Publisher, editions and size of a file; the size is None where the lake keeps no copy."""
        source, file, sha256 = place
        copy = self.index.lake.root / "deliveries" / sha256 / Path(file).name
        publisher = self.index.declared(f"sources/{source}").get("publisher", "")
        return [publisher, sorted(self._editions.get(sha256, ())), copy.stat().st_size if copy.is_file() else None]

    def _may_show(self, table: str) -> bool:
        return bool(self.index.by_table[table]["synthetic"]) or self.access.previews_of_licensed_rows

    def _grid(self, study: str) -> pl.DataFrame | None:
        """Cells with the text that each was delivered as."""
        needed = [f"grid/{study}/{name}" for name in ("cells", "observations", "cities")]
        if not study or any(table not in self.index.by_table for table in needed):
            return None
        cells, observations, cities = (self.index.look(table) for table in needed)
        self.cities |= {code: name for code, name in cities.select("city_code", "name").iter_rows() if name}
        texts = observations.select(*_PLACE, "text").unique(_PLACE, maintain_order=True)
        for sha256, edition in observations.select("delivery_sha256", "edition").drop_nulls().unique().iter_rows():
            self._editions.setdefault(sha256, set()).add(edition)
        joined = cells.join(texts, on=list(_PLACE), how="left", nulls_equal=True, maintain_order="left")
        return joined.sort("indicator", "city_code", "year", maintain_order=True)

    def _list(self, source: str) -> tuple[pl.DataFrame | None, str]:
        """Rows of a list or of documents; they have no value but what they say."""
        for layer in ("frozen", "staging"):
            table = f"{layer}/{source}"
            if table in self.index.by_table:
                try:
                    read = self.index.look(table)
                except LakeError:
                    continue
                if "text" in read.columns and "indicator" not in read.columns:
                    return _as_cells(read), table
        return None, ""

    def _script(self, cells: pl.DataFrame, show: bool) -> dict[str, Any]:
        """Columns of the cells: c city, y year, v value, t text where it is not the value, s status, f file, h sheet,
        r row, k column, b years that an interpolated one lies between."""
        sheets = {name: place for place, name in enumerate(cells["sheet"].drop_nulls().unique(maintain_order=True))}
        files = [
            None if sha256 is None else self.number(source, file, sha256)
            for source, file, sha256 in cells.select("source", "file", "delivery_sha256").rows()
        ]
        script: dict[str, Any] = {
            "shown": show,
            "c": _runs(cells["city_code"].to_list()),
            "y": _runs(cells["year"].to_list()),
            "s": "".join(STATUSES.get(status, "?") for status in cells["status"]),
            "f": _runs(files),
            "h": _runs([None if name is None else sheets[name] for name in cells["sheet"]]),
            "sheets": list(sheets),
            "r": cells["row"].to_list(),
            "k": _runs(cells["column"].to_list()),
        }
        if "from_year" in cells.columns:
            between = cells.with_row_index("_at").drop_nulls("from_year").select("_at", "from_year", "to_year").rows()
            script["b"] = {str(place): [begin, end] for place, begin, end in between}
        if show:
            pairs = [_value_and_text(*pair) for pair in cells.select("value", "text").rows()]
            script["v"], script["t"] = [value for value, _ in pairs], [text for _, text in pairs]
        return script

    def _counts(self, cells: pl.DataFrame) -> dict[str, Any]:
        """What the index says of a series: its cells by status, source and file."""
        placed = cells.drop_nulls("delivery_sha256").group_by("source", "file", "delivery_sha256").len()
        files = sorted((self.number(*place), count) for *place, count in placed.rows())
        return {
            "cells": dict(cells.group_by("status").len().sort("status").rows()),
            "sources": dict(cells.drop_nulls("source").group_by("source").len().sort("source").rows()),
            "files": [list(pair) for pair in files],
        }


def _as_cells(read: pl.DataFrame) -> pl.DataFrame:
    absent = [pl.lit(None, dtype=pl.Int32).alias(name) for name in ("year", "column") if name not in read.columns]
    text = pl.col("text")
    cut = pl.when(text.str.len_chars() > LONGEST_TEXT).then(text.str.slice(0, LONGEST_TEXT) + "…").otherwise(text)
    return read.with_columns(*absent, text=cut, value=pl.lit(None, dtype=pl.Float64), status=pl.lit("listed")).sort(
        "city_code", "year", "row", maintain_order=True
    )


def _value_and_text(value: float | None, text: str | None) -> tuple[float | int | None, str | None]:
    """The value with twelve digits; the text only where a reader of the value could not write it himself."""
    short = None if value is None else float(f"{value:.12g}")
    number = int(short) if short is not None and short.is_integer() and abs(short) < 1e15 else short
    if text is not None and short is not None and _SHORT_NUMBER.fullmatch(text) and float(text) == short:
        return number, None
    return number, text if text is not None else ""


def _runs(values: Sequence[Any]) -> list[Any]:
    """[value, how often in a row, value, how often, ...] where that is shorter; the values after a 0 where not."""
    runs: list[Any] = []
    for value in values:
        if runs and runs[-2] == value and type(runs[-2]) is type(value):
            runs[-1] += 1
        else:
            runs += [value, 1]
    return runs if len(runs) < len(values) else [0, *values]
