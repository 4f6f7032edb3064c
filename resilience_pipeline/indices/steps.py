"""The tables of the trade resilience system as steps: indicators, their weights, the composites that follow."""

from functools import partial

import polars as pl

from resilience_pipeline import table_checks
from resilience_pipeline.grid import reference, wide
from resilience_pipeline.grid.wide import city_years
from resilience_pipeline.indices import composites as composites_module
from resilience_pipeline.indices import entropy, registry, values
from resilience_pipeline.indices import winsorise as winsorise_module
from resilience_pipeline.indices.index_table import IndexTable, nothing
from resilience_pipeline.indices.registry import COMPOSITES, READING_OPTIONS, REGISTRY
from resilience_pipeline.indices.values import indicator_values
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


def _key(study: Study, table: str) -> TableKey:
    return ("indices", study.name, table)


def _window(study: Study) -> range:
    return range(study.first_year, study.last_year + 1)


def _indicators_step(study: Study) -> Step:
    return Step(
        key=_key(study, "indicators"),
        inputs=(("grid", study.name, "cells"), ("grid", study.name, "cities")),
        compute=partial(_indicators, _window(study)),
        description="The six indicators of resistance, recovery and transformation. One row per kept city and "
        "year. Neither scales nor weights them. Section 4.2; the paper's Table 2.",
        code=(composites_module, registry, values, winsorise_module, formula, wide, reference, table_checks),
        options=(*READING_OPTIONS, *winsorise_module.OPTIONS),
        checks=(("key_unique", True), ("balanced", True), ("finite", True)),
    )


def _weights_step(study: Study) -> Step:
    return Step(
        key=_key(study, "weights"),
        inputs=(_key(study, "indicators"),),
        compute=_weights,
        description="Weights of the indicators in RES, REC and RST, and of these in CTRI, with entropies and the "
        "bounds that scale them. One row per composite and indicator. One set for all years. Section 4.2.",
        code=(composites_module, entropy, registry, table_checks),
        options=("index_form", "weighting"),
        checks=(("key_unique", True), ("weights_sum_to_one", True)),
    )


def _composites_step(study: Study) -> Step:
    return Step(
        key=_key(study, "composites"),
        inputs=(_key(study, "indicators"), _key(study, "weights")),
        compute=partial(_composites, _window(study)),
        description="RES, REC, RST and the composite CTRI. One row per kept city and year; empty where an "
        "indicator is missing. Not winsorised. Section 4.2.",
        code=(composites_module, entropy, registry, table_checks),
        checks=(("key_unique", True), ("balanced", True), ("finite", True), ("within_bounds", True)),
    )


def _behind_indicator(column: str, options: Options | None) -> tuple[str, ...]:
    entry = {entry.name: entry for entry in REGISTRY}[column]
    return tuple(dict.fromkeys(name for text in entry.formulas(options) for name in roots(text)))


def _behind_composite(column: str, options: Options | None) -> tuple[str, ...]:
    return tuple(entry.name for entry in REGISTRY if column in ("ctri", entry.composite))


INDICATORS = IndexTable(
    "indicators",
    tuple(entry.name for entry in REGISTRY),
    _behind_indicator,
    _indicators_step,
    options=READING_OPTIONS,
)
WEIGHTS = IndexTable("weights", (), nothing, _weights_step, needs=("indicators",))
COMPOSITES_TABLE = IndexTable(
    "composites", (*COMPOSITES, "ctri"), _behind_composite, _composites_step, needs=("indicators", "weights")
)


def _indicators(window: range, inputs: Inputs, options: Options) -> StepResult:
    cells, grid = inputs.tables.values()
    names = tuple(dict.fromkeys(name for entry in REGISTRY for name in roots(entry.formula(options))))
    index = city_years(grid, window)
    read = indicator_values(cells, index, names, Winsorising.at("before_index", options))
    table = composites_module.indicators(read, options)
    awaiting = sorted(name for name in names if read[name].null_count() == read.height)
    notes: dict[str, str | int | float | bool] = {"awaiting": ", ".join(awaiting)} if awaiting else {}
    for entry in REGISTRY:
        notes[f"{entry.name}_missing_rows"] = table[entry.name].null_count()
    return StepResult(table, (key_unique(table, KEY), balanced(table, KEY, index.height), finite(table)), notes=notes)


def _weights(inputs: Inputs, options: Options) -> StepResult:
    (table,) = inputs.tables.values()
    weights = composites_module.weights(table, str(options["index_form"]), str(options["weighting"]))
    absent = [name for name in (*COMPOSITES, "ctri") if name not in set(weights["composite"])]
    notes = {"awaiting": ", ".join(absent)} if absent else {}
    return StepResult(weights, (key_unique(weights, ("composite", "indicator")), sum_to_one(weights)), notes=notes)


def _composites(window: range, inputs: Inputs, options: Options) -> StepResult:
    indicators, weights = inputs.tables.values()
    table = composites_module.composites(indicators, weights)
    checks = (
        key_unique(table, KEY),
        balanced(table, KEY, indicators["city_code"].n_unique() * len(window)),
        finite(table),
        within_bounds(table, weights),
    )
    return StepResult(table, checks, notes={f"{name}_rows": table[name].count() for name in (*COMPOSITES, "ctri")})


def sum_to_one(weights: pl.DataFrame) -> Check:
    """The weights of each composite sum to one."""
    sums = weights.group_by("composite", maintain_order=True).agg(pl.col("weight").sum())
    off = sums.filter((pl.col("weight") - 1).abs() > SUM_TOLERANCE)
    return rule("weights_sum_to_one", off, "the weights of a composite do not sum to one")


def within_bounds(table: pl.DataFrame, weights: pl.DataFrame) -> Check:
    """Every composite lies between what its indicators' least and greatest pooled values make of its weights."""
    broken = table.clear()
    for (composite,), rows in weights.group_by("composite", maintain_order=True):
        low, high = 0.0, 1.0
        if rows["form"][0] == "levels":
            ends = rows.select(
                a=pl.col("weight") * pl.col("sign") * pl.col("minimum"),
                b=pl.col("weight") * pl.col("sign") * pl.col("maximum"),
            )
            low, high = float(ends.min_horizontal().sum()), float(ends.max_horizontal().sum())
        slack = 1e-12 * max(abs(low), abs(high), 1.0)  # rounding of a sum of a few products
        inside = pl.col(str(composite)).is_between(low - slack, high + slack).fill_null(True)
        broken = pl.concat([broken, table.filter(~inside)])
    return rule("within_bounds", broken.unique(maintain_order=True), "a composite lies outside its bounds")
