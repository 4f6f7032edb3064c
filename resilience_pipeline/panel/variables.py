"""Study variables: each formula evaluated on indicators, composites and treatment, then winsorised.

Two frames come out, before and after winsorising, so that every changed value can be shown beside what it was.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import polars as pl

from resilience_pipeline.indices.tables import INDEX_TABLES
from resilience_pipeline.indices.values import finite_or_null, indicator_values
from resilience_pipeline.indices.winsorise import Winsorising, winsorise
from resilience_pipeline.options import Options
from resilience_pipeline.study.formula import roots
from resilience_pipeline.study.needs import formula_of, formulas_of
from resilience_pipeline.study.study import Variable
from resilience_pipeline.study.vocabulary import TREATMENT_COLUMNS

KEY = ("city_code", "year")

#: Columns that formulas read from tables other than the grid's cells: (layer, table) -> columns.
TABLE_COLUMNS = {
    **{("indices", table.name): table.columns for table in INDEX_TABLES},
    ("panel", "treatment"): TREATMENT_COLUMNS,
}


@dataclass(frozen=True)
class Values:
    """Variables by city and year, before and after winsorising; both have city_code, year and a column each."""

    before: pl.DataFrame
    after: pl.DataFrame


def reads(variables: Sequence[Variable]) -> set[tuple[str, str]]:
    """(layer, table) that the variables may read under some options, besides the grid."""
    names = {name for variable in variables for formula in formulas_of(variable) for name in roots(formula)}
    return {table for table, columns in TABLE_COLUMNS.items() if names & set(columns)}


def evaluate(
    variables: Sequence[Variable],
    cells: pl.DataFrame,
    index: pl.DataFrame,
    tables: Mapping[tuple[str, str], pl.DataFrame],
    options: Options,
) -> Values:
    """The variables on the rows of `index`.

    Parameters
    ----------
    variables : what to evaluate; formulas are SQL scalar expressions.
    cells : the grid's cells.
    index : city_code and year, sorted and balanced.
    tables : tables of `reads(variables)`, by (layer, table).
    options : choose readings and winsorising.

    Notes
    -----
    Null where an input is missing, and where the formula has no finite value: the log of zero, a division by zero.
    """
    formulas = {variable.name: formula_of(variable, options) for variable in variables}
    names = tuple(dict.fromkeys(name for formula in formulas.values() for name in roots(formula)))
    elsewhere = {name for columns in TABLE_COLUMNS.values() for name in columns} | {*KEY}
    canonical = [name for name in names if name not in elsewhere]
    inputs = indicator_values(cells, index, canonical, Winsorising.at("before_index", options))
    for table, columns in TABLE_COLUMNS.items():
        read = [name for name in names if name in columns]
        if read:
            inputs = inputs.join(tables[table].select(*KEY, *read), on=KEY, how="left", maintain_order="left")
    before = inputs.select(
        *KEY,
        *(finite_or_null(pl.sql_expr(text).cast(pl.Float64)).alias(name) for name, text in formulas.items()),
    )
    return Values(before, _winsorised(before, variables, Winsorising.at("after_index", options)))


def _winsorised(values: pl.DataFrame, variables: Sequence[Variable], asked: Winsorising) -> pl.DataFrame:
    """Continuous variables winsorised as the options ask, or by the rule that a variable states itself."""
    continuous = [variable for variable in variables if variable.continuous]
    for rule in dict.fromkeys(variable.winsorise for variable in continuous):
        names = [variable.name for variable in continuous if variable.winsorise == rule]
        values = winsorise(values, names, asked if rule is None else replace(asked, rule=rule))
    return values


def awaiting(frame: pl.DataFrame) -> tuple[str, ...]:
    """Columns without any value in a table that has rows: their source was not delivered."""
    return tuple(name for name in frame.columns if frame.height and frame[name].null_count() == frame.height)
