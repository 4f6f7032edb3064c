"""The tables of an indicator system as steps: its indicators, their weights, the composites that follow from both."""

from dataclasses import dataclass
from functools import partial

import polars as pl

from resilience_pipeline import table_checks
from resilience_pipeline.grid import reference, wide
from resilience_pipeline.grid.wide import city_years
from resilience_pipeline.indices import composites as composites_module
from resilience_pipeline.indices import (
    entropy,
    new_quality,
    overlap,
    principal_component,
    registry,
    topsis,
    values,
    weighting,
)
from resilience_pipeline.indices import system as system_module
from resilience_pipeline.indices import winsorise as winsorise_module
from resilience_pipeline.indices.index_table import IndexTable, nothing
from resilience_pipeline.indices.overlap import shares_no_series
from resilience_pipeline.indices.system import System
from resilience_pipeline.indices.values import indicator_values
from resilience_pipeline.indices.weighting import WEIGHTINGS
from resilience_pipeline.indices.winsorise import Winsorising
from resilience_pipeline.options import Options
from resilience_pipeline.step import Check, Inputs, Step, StepResult, TableKey
from resilience_pipeline.study import formula
from resilience_pipeline.study.formula import roots
from resilience_pipeline.study.study import Study
from resilience_pipeline.table_checks import balanced, finite, key_unique, rule

KEY = ("city_code", "year")

#: Weights are quotients of a handful of doubles.
SUM_TOLERANCE = 1e-12

DECLARATIONS = (system_module, registry, new_quality)
WEIGHING = (composites_module, entropy, principal_component, topsis, weighting, *DECLARATIONS, table_checks)


@dataclass(frozen=True)
class SystemTables:
    """A system and its index tables, in the order in which they can be made."""

    system: System
    indicators: IndexTable
    weights: IndexTable
    composites: IndexTable


def system_tables(system: System, prefix: str = "", outcome: System | None = None) -> SystemTables:
    """The index tables of a system.

    Parameters
    ----------
    prefix : of the tables' names.
    outcome : the outcome's system, where this one is a mediator's: series that stand in both are named by a check.
    """
    names = [f"{prefix}{table}" for table in ("indicators", "weights", "composites")]
    table, weights, composites = names
    return SystemTables(
        system,
        IndexTable(
            table,
            tuple(entry.name for entry in system.indicators),
            partial(_behind_indicator, system),
            partial(_indicators_step, system, table, outcome),
            options=system.option_names,
        ),
        IndexTable(weights, (), nothing, partial(_weights_step, system, table, weights), needs=(table,), weighs=True),
        IndexTable(
            composites,
            system.composites,
            partial(_behind_composite, system),
            partial(_composites_step, system, (table, weights), composites),
            needs=(table, weights),
        ),
    )


def index_key(study: Study, table: str) -> TableKey:
    """Key of an index table of the study."""
    return ("indices", study.name, table)


def window(study: Study) -> range:
    """The study's years."""
    return range(study.first_year, study.last_year + 1)


def _indicators_step(system: System, name: str, outcome: System | None, study: Study) -> Step:
    compared = outcome if study.composites else None
    checks = [("key_unique", True), ("balanced", True), ("finite", True)]
    options = (*system.option_names, *winsorise_module.OPTIONS)
    if compared:
        checks.append(("shares_no_series_with_the_outcome", False))
        options += compared.option_names
    return Step(
        key=index_key(study, name),
        inputs=(("grid", study.name, "cells"), ("grid", study.name, "cities")),
        compute=partial(_indicators, system, compared, window(study)),
        description=f"The indicators of {_words(system)}. One row per kept city and year. Neither scales nor weights "
        f"them. {system.section}",
        code=(
            composites_module,
            *DECLARATIONS,
            overlap,
            values,
            winsorise_module,
            formula,
            wide,
            reference,
            table_checks,
        ),
        options=options,
        checks=tuple(checks),
    )


def _weights_step(system: System, indicators: str, name: str, study: Study) -> Step:
    return Step(
        key=index_key(study, name),
        inputs=(index_key(study, indicators),),
        compute=partial(_weights, system),
        description=f"Weights of the indicators in {_words(system)}, and of these in {system.name}, with entropies, "
        "loadings on the first principal component, its explained share and the KMO measure, and the bounds that "
        f"scale. One row per composite and indicator. One set for all years. {system.section}",
        code=WEIGHING,
        options=_weights_options(system),
        checks=(("key_unique", True), ("weights_sum_to_one", True)),
    )


def _weights_options(system: System) -> tuple[str, ...]:
    admitting = tuple(dict.fromkeys(entry.only_with[0] for entry in system.indicators if entry.only_with))
    return (*(() if system.form else ("index_form",)), "weighting", "start_year", *admitting)


def _composites_step(system: System, read: tuple[str, str], name: str, study: Study) -> Step:
    return Step(
        key=index_key(study, name),
        inputs=tuple(index_key(study, table) for table in read),
        compute=partial(_composites, system, window(study), study.frozen_weights),
        description=f"{system.title}: the composites {', '.join(system.composites)}. One row per kept city and year; "
        f"empty where an indicator is missing. Not winsorised. {system.section}",
        code=WEIGHING,
        checks=(("key_unique", True), ("balanced", True), ("finite", True), ("within_bounds", True)),
    )


def _words(system: System) -> str:
    return ", ".join(system.dimensions.values())


def _behind_indicator(system: System, column: str, options: Options | None) -> tuple[str, ...]:
    (entry,) = system.behind(column)
    return tuple(dict.fromkeys(name for text in entry.formulas(options) for name in roots(text)))


def _behind_composite(system: System, column: str, options: Options | None) -> tuple[str, ...]:
    return tuple(entry.name for entry in system.behind(column) if entry.counts(options))


def _indicators(system: System, outcome: System | None, window: range, inputs: Inputs, options: Options) -> StepResult:
    cells, grid = inputs.tables.values()
    series = {entry.name: roots(entry.formula(options)) for entry in system.indicators}
    names = tuple(dict.fromkeys(name for read in series.values() for name in read))
    index = city_years(grid, window)
    read = indicator_values(cells, index, names, Winsorising.at("before_index", options))
    table = composites_module.indicators(read, options, system)
    members = [entry.name for entry in system.under(options).indicators]
    behind = {name for member in members for name in series[member]}
    awaiting = sorted(name for name in behind if read[name].null_count() == read.height)
    notes: dict[str, str | int | float | bool] = {"awaiting": ", ".join(awaiting)} if awaiting else {}
    for member in members:
        notes[f"{member}_missing_rows"] = table[member].null_count()
    checks = [key_unique(table, KEY), balanced(table, KEY, index.height), finite(table)]
    if outcome:
        checks.append(shares_no_series(outcome, system, options))
    return StepResult(table, tuple(checks), notes=notes)


def _weights(system: System, inputs: Inputs, options: Options) -> StepResult:
    (table,) = inputs.tables.values()
    weights = weights_under(table, options, system)
    absent = [name for name in system.composites if name not in set(weights["composite"])]
    notes = {"awaiting": ", ".join(absent)} if absent else {}
    return StepResult(weights, (key_unique(weights, ("composite", "indicator")), sum_to_one(weights)), notes=notes)


def weights_under(table: pl.DataFrame, options: Options, system: System) -> pl.DataFrame:
    """`composites.weights` of a system as the options say."""
    form, weighting = system.form_under(options), str(options["weighting"])
    return composites_module.weights(table, form, weighting, system.under(options), int(options["start_year"]))


def _composites(system: System, window: range, frozen_weights: bool, inputs: Inputs, options: Options) -> StepResult:
    indicators, weights = inputs.tables.values()
    table = composites_module.composites(indicators, weights, system)
    checks = (
        key_unique(table, KEY),
        balanced(table, KEY, indicators["city_code"].n_unique() * len(window)),
        finite(table),
        within_bounds(table, _rebound(weights, indicators.join(table, on=KEY)) if frozen_weights else weights),
    )
    return StepResult(table, checks, notes={f"{name}_rows": table[name].count() for name in system.composites})


def _rebound(weights: pl.DataFrame, values: pl.DataFrame) -> pl.DataFrame:
    """Weights in levels with the bounds of these values; none of scaled ones, which new values may leave."""
    low, high = (
        {name: getattr(values[name], end)() for name in weights["indicator"].unique()} for end in ("min", "max")
    )
    return weights.filter(pl.col("form") == "levels").with_columns(
        minimum=pl.col("indicator").replace_strict(low, return_dtype=pl.Float64),
        maximum=pl.col("indicator").replace_strict(high, return_dtype=pl.Float64),
    )


def sum_to_one(weights: pl.DataFrame) -> Check:
    """The weights of each composite sum to one."""
    sums = weights.group_by("form", "weighting", "composite", maintain_order=True).agg(pl.col("weight").sum())
    off = sums.filter((pl.col("weight") - 1).abs() > SUM_TOLERANCE)
    return rule("weights_sum_to_one", off, "the weights of a composite do not sum to one")


def within_bounds(table: pl.DataFrame, weights: pl.DataFrame) -> Check:
    """Every composite lies between what its indicators' least and greatest pooled values make of its weights."""
    broken = table.clear()
    for (composite,), rows in weights.group_by("composite", maintain_order=True):
        low, high = 0.0, 1.0
        if rows["form"][0] == "levels" and not WEIGHTINGS[rows["weighting"][0]].bounded:
            ends = rows.select(
                a=pl.col("weight") * pl.col("sign") * pl.col("minimum"),
                b=pl.col("weight") * pl.col("sign") * pl.col("maximum"),
            )
            low, high = float(ends.min_horizontal().sum()), float(ends.max_horizontal().sum())
        slack = 1e-12 * max(abs(low), abs(high), 1.0)  # rounding of a sum of a few products
        inside = pl.col(str(composite)).is_between(low - slack, high + slack).fill_null(True)
        broken = pl.concat([broken, table.filter(~inside)])
    return rule("within_bounds", broken.unique(maintain_order=True), "a composite lies outside its bounds")
