"""What the steps of single measures share: indicators of the kept cities in, a measure by city and year out.

A measure's formula, checks and notes stand in its own module.
"""

from collections.abc import Callable
from functools import partial

import polars as pl

from resilience_pipeline import table_checks
from resilience_pipeline.grid import reference, wide
from resilience_pipeline.grid.wide import KEY, city_years
from resilience_pipeline.indices import values as values_module
from resilience_pipeline.indices import winsorise as winsorise_module
from resilience_pipeline.indices.values import indicator_values
from resilience_pipeline.indices.winsorise import Winsorising
from resilience_pipeline.options import Options
from resilience_pipeline.step import Check, Inputs, Step, StepResult
from resilience_pipeline.study.study import Study
from resilience_pipeline.table_checks import balanced, finite, key_unique

Notes = dict[str, str | int | float | bool]

#: (indicators by city and year, options) -> the measure, its own checks, its own notes.
Measure = Callable[[pl.DataFrame, Options], tuple[pl.DataFrame, tuple[Check, ...], Notes]]

#: Names of `on_grid`'s checks, as steps declare them.
ON_GRID = (("key_unique", True), ("balanced", True), ("finite", True))


def measure_step(
    study: Study,
    name: str,
    indicators: tuple[str, ...],
    measure: Measure,
    description: str,
    *,
    options: tuple[str, ...] = (),
    checks: tuple[str, ...] = (),
    code: tuple[object, ...] = (),
) -> Step:
    """The step of a measure that is made of indicators alone.

    Parameters
    ----------
    name : of the table ("indices", study, name).
    indicators : canonical indicators that the measure reads; an undelivered one is a null column.
    checks : names of the measure's own checks, all blocking.
    options, code : what it reads and rests on beside the grid.
    """
    return Step(
        key=("indices", study.name, name),
        inputs=(("grid", study.name, "cells"), ("grid", study.name, "cities")),
        compute=partial(_measured, indicators, measure, window_of(study)),
        description=description,
        code=(values_module, winsorise_module, wide, reference, table_checks, *code),
        options=(*options, *winsorise_module.OPTIONS),
        checks=(*ON_GRID, *((check, True) for check in checks)),
    )


def _measured(
    indicators: tuple[str, ...], measure: Measure, window: range, inputs: Inputs, options: Options
) -> StepResult:
    cells, grid = inputs.tables.values()
    index = city_years(grid, window)
    read = indicator_values(cells, index, indicators, Winsorising.at("before_index", options))
    table, checks, notes = measure(read, options)
    awaiting = sorted(name for name in indicators if read.height and read[name].null_count() == read.height)
    if awaiting:
        notes["awaiting"] = ", ".join(awaiting)
    return StepResult(table, (*on_grid(table, index.height), *checks), notes=notes)


def on_grid(table: pl.DataFrame, rows: int) -> tuple[Check, ...]:
    """One row per kept city and year, no number infinite."""
    return key_unique(table, KEY), balanced(table, KEY, rows), finite(table)


def window_of(study: Study) -> range:
    """The study's years."""
    return range(study.first_year, study.last_year + 1)
