"""Columns of the panel under one setting of the options after the other, each made once for all that share it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from resilience_pipeline.econometrics.baseline import baseline_columns
from resilience_pipeline.grid.wide import KEY
from resilience_pipeline.options import Options
from resilience_pipeline.panel.variants import PanelsUnder
from resilience_pipeline.step import TableKey


@dataclass
class AlternativePanels:
    """Panels as columns by name. Of settings that a column does not depend on, the very same object.

    Parameters
    ----------
    tables : the panel tables under options.
    places : column -> the table that holds it; city_code and year come from the first table.
    baseline : controls whose mean before the start year is a column for each year but the first, too.
    years : of the window.
    """

    tables: PanelsUnder
    places: Mapping[str, TableKey]
    baseline: Sequence[str]
    years: Sequence[int]
    _columns: dict[tuple[int, str], tuple[pl.DataFrame, pl.Series]] = field(default_factory=dict)
    _means: dict[tuple[int, int], dict[str, pl.Series]] = field(default_factory=dict)
    _keys: dict[int, pl.DataFrame] = field(default_factory=dict)

    def under(self, options: Options) -> dict[str, pl.Series]:
        """The columns under the options, rows sorted by city and year.

        Raises
        ------
        PipelineError : a step's, or of a blocking check that failed.
        """
        tables = self.tables(options)
        first = next(iter(tables.values()))
        panel = {name: self._column(first, name) for name in KEY}
        for name, key in self.places.items():
            self._demand_same_rows(first, tables[key])
            panel[name] = self._column(tables[key], name)
        for name in self.baseline:
            place = id(panel[name]), int(options["start_year"])
            if place not in self._means:
                self._means[place] = baseline_columns(panel[name], panel[KEY[0]], panel[KEY[1]], self.years, place[1])
            panel |= self._means[place]
        return panel

    def _column(self, table: pl.DataFrame, name: str) -> pl.Series:
        place = id(table), name
        if place not in self._columns:
            self._columns[place] = table, table[name]  # the table is held, so that its identity stays its own
        return self._columns[place][1]

    def _demand_same_rows(self, one: pl.DataFrame, other: pl.DataFrame) -> None:
        for table in (one, other):
            if id(table) not in self._keys:
                self._column(table, KEY[0])
                self._keys[id(table)] = table.select(KEY)
        if not self._keys[id(one)].equals(self._keys[id(other)]):
            raise ValueError("panel tables have not the same cities and years in one order")
