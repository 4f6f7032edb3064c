"""One step of the road: named inputs in, named tables out, no knowledge of Dagster or of storage.

Every layer from staging to report lists its steps; `assets/` makes one Dagster asset of each, and a run under
non-default options walks the same list. So a step is written once, whoever drives it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from resilience_pipeline.options import Options

if TYPE_CHECKING:  # pointers know what a table's key is; who only reads one must not wait for polars
    import polars as pl

#: ("grid", "trade_resilience", "cells"): layer first, table last. Lake path, asset key and DuckDB name follow from it.
TableKey = tuple[str, ...]

#: Columns that index every table of the panel.
INDEX = ("city_code", "year")


@dataclass(frozen=True)
class Check:
    """Outcome of one named check on a step's result. `failures` shows failing rows, not just their number."""

    name: str
    passed: bool
    message: str
    blocking: bool = True
    failures: pl.DataFrame | None = None


@dataclass(frozen=True)
class StepResult:
    """What a step computed.

    Parameters
    ----------
    table : the step's main table.
    checks : outcomes of its checks; a failed blocking one means that nothing of the step is kept but `rejects`.
    rejects : rows refused, with reasons (staging.schema.REJECTS); None where the step refuses nothing.
    notes : short facts for people, name -> value (counts, reasons, Markdown), shown beside the table.
    markdown, text : the table as a reader wants it on a page and in a terminal, where that differs from its rows.
    document : what `markdown` and `text` were written from, as JSON (report.document); other formats are, too.
    figure : the table drawn, a PNG; None where it is no figure. It is shown, not kept: the table can be drawn again.
    synthetic : whether the table descends from the synthetic twin.
    """

    table: pl.DataFrame
    checks: tuple[Check, ...] = ()
    rejects: pl.DataFrame | None = None
    notes: Mapping[str, str | int | float | bool] = field(default_factory=dict)
    markdown: str | None = None
    text: str | None = None
    document: str | None = None
    figure: bytes | None = None
    synthetic: bool | None = None  # only steps that read files say so; None = as the inputs are


@dataclass(frozen=True)
class Inputs:
    """Tables that a step asked for, and whether any of them descends from the synthetic twin."""

    tables: Mapping[TableKey, pl.DataFrame]
    synthetic: bool

    def __getitem__(self, key: TableKey) -> pl.DataFrame:
        return self.tables[key]


@dataclass(frozen=True)
class Step:
    """One table of the lake and how it comes about.

    Parameters
    ----------
    key : the table it writes.
    inputs : the tables it reads; it sees no other.
    compute : (inputs, options) -> StepResult, pure.
    description : first sentence what the table is, then its grain, what it does not do, the paper's section.
    code : functions and texts (SQL, study files) whose source makes the code version.
    kinds : icons in Dagster ("sql", "polars", "duckdb").
    options : names of the options that the step reads; only they enter its stored options.
    reads : input table -> the columns of it that `compute` is shown, beside city and year, or of cells and staged
        values the indicators; a table that is not named is shown whole. So what a result rests on cannot be declared
        too narrowly.
    row_reads : a row of its table -> the columns read that it is made of, where rows differ in that; the others decide
        only which rows of the panel count. () = it is made of all of them. None = so is every row.
    """

    key: TableKey
    inputs: tuple[TableKey, ...]
    compute: Callable[[Inputs, Options], StepResult]
    description: str
    code: tuple[object, ...] = ()
    kinds: frozenset[str] = frozenset({"polars"})
    options: tuple[str, ...] = ()
    checks: tuple[tuple[str, bool], ...] = ()  # declared check names and whether each blocks
    reads_previous: bool = False  # whether compute also gets the step's own last good table, under its own key
    reads: Mapping[TableKey, tuple[str, ...]] = field(default_factory=dict)
    row_reads: Callable[[Mapping[str, Any]], tuple[str, ...]] | None = None

    def shown(self, key: TableKey, table: pl.DataFrame) -> pl.DataFrame:
        """What of an input `compute` sees."""
        if key not in self.reads:
            return table
        if "indicator" in table.columns and key[0] != "panel":
            return table.filter(table["indicator"].is_in(self.reads[key]))
        return table.select(name for name in table.columns if name in (*INDEX, *self.reads[key]))


def named_in(*columns: str) -> Callable[[Mapping[str, Any]], tuple[str, ...]]:
    """`Step.row_reads` of a table whose rows are about the variables that these columns of it name."""
    return partial(_named_in, columns)


def _named_in(columns: tuple[str, ...], row: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(str(row[column]) for column in columns))
