"""Other policies that reached the same cities, a dummy each; a study that declares none has no such table."""

from functools import partial

import polars as pl

from resilience_pipeline import table_checks
from resilience_pipeline.grid.wide import KEY, city_years
from resilience_pipeline.options import Options
from resilience_pipeline.step import Inputs, Step, StepResult
from resilience_pipeline.study.study import Programme, Study
from resilience_pipeline.table_checks import balanced, key_unique


def programmes(index: pl.DataFrame, declared: tuple[Programme, ...]) -> pl.DataFrame:
    """The rows of `index` with `programme_<name>`: 1 in a listed city from its year on, else 0.

    Parameters
    ----------
    index : city_code and year.
    """
    columns = []
    for programme in declared:
        start = pl.col("city_code").replace_strict(programme.starts, default=None, return_dtype=pl.Int32)
        columns.append((pl.col("year") >= start).fill_null(value=False).cast(pl.Int32).alias(programme.column))
    return index.with_columns(columns)


def steps(study: Study) -> list[Step]:
    """The one step, where the study declares programmes."""
    if not study.programmes:
        return []
    words = "; ".join(f"{p.column}: {p.title} ({p.source})" for p in study.programmes)
    return [
        Step(
            key=("panel", study.name, "programmes"),
            inputs=(("grid", study.name, "cities"),),
            compute=partial(_programmes, study.programmes, range(study.first_year, study.last_year + 1)),
            description=f"Other policies in the same cities, 1 from a city's year on: {words}. One row per kept city "
            "and year. Says nothing of how large a programme is.",
            code=(table_checks,),
            checks=(("key_unique", True), ("balanced", True)),
        )
    ]


def _programmes(declared: tuple[Programme, ...], window: range, inputs: Inputs, options: Options) -> StepResult:
    (grid,) = inputs.tables.values()
    index = city_years(grid, window)
    table = programmes(index, declared)
    last = table.filter(pl.col("year") == pl.col("year").max())
    notes = {f"cities_with_{p.column}": int(last[p.column].sum() or 0) for p in declared}
    return StepResult(table, (key_unique(table, KEY), balanced(table, KEY, index.height)), notes=notes)
