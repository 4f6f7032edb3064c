"""The grid's tables as steps, in the order of section 4.6: runs are counted before any gap is filled."""

from collections.abc import Sequence
from functools import partial

import polars as pl

from resilience_pipeline import table_checks
from resilience_pipeline.grid import cells as cells_module
from resilience_pipeline.grid import cube, interpolation, province_mean, reference
from resilience_pipeline.grid import missing_runs as runs_module
from resilience_pipeline.grid import observations as observations_module
from resilience_pipeline.grid.reference import NATION
from resilience_pipeline.indices import registry
from resilience_pipeline.options import Options
from resilience_pipeline.step import Check, Inputs, Step, StepResult, TableKey
from resilience_pipeline.study import needs
from resilience_pipeline.study.needs import index_option_names, needed_indicators, option_names
from resilience_pipeline.study.study import Study
from resilience_pipeline.table_checks import balanced, finite, key_unique, rule

FACT = ("city_code", "indicator", "year")


def steps(study: Study, staged_sources: Sequence[str]) -> list[Step]:
    """observations, missing_runs, cities, cells.

    Parameters
    ----------
    staged_sources : sources that can give what the study needs (`needs.sources_for`), in order of precedence.
    """
    readings = tuple(dict.fromkeys((*option_names(study), *index_option_names(study))))
    observations = _key(study, "observations")
    runs, cities = _key(study, "missing_runs"), _key(study, "cities")
    window = range(study.first_year, study.last_year + 1)
    return [
        Step(
            key=observations,
            inputs=tuple(study.delivered(source) for source in staged_sources),
            compute=partial(_observations, study, tuple(staged_sources)),
            description="Staged values of the study's window and indicators, each with its standing: taken, overruled "
            "by a source of higher precedence, imputed by a compiler, or empty. One row per staged row. Fills no gap. "
            "Section 4.6.",
            code=(
                *(observations_module, reference, needs, registry, table_checks),
                *(table.rests_on for table in needs.study_index_tables(study)),
            ),
            options=("imputed_values", *readings),
            checks=(("one_value_taken", True), ("finite", True)),
        ),
        Step(
            key=runs,
            inputs=(observations,),
            compute=partial(_missing_runs, study.required_indicators, study.province_mean_indicators, window),
            description="The longest run of consecutive missing years of each required series, as delivered. One row "
            "per city and required indicator. Drops no city. Section 4.6.",
            code=(runs_module, province_mean, cube, reference, reference.cities_text(), table_checks),
            checks=(("key_unique", True), ("runs_within_window", True)),
        ),
        Step(
            key=cities,
            inputs=(observations, runs),
            compute=_cities,
            description="The cities of the balanced grid, whether each stays, and why not. One row per city. Says "
            "nothing of single years. Section 4.6.",
            code=(runs_module, reference, reference.cities_text(), table_checks),
            options=("maximum_missing_run",),
            checks=(("key_unique", True), ("a_city_stays", True), ("reasons_given", True)),
        ),
        Step(
            key=_key(study, "cells"),
            inputs=(observations, cities),
            compute=partial(_cells, study.province_mean_indicators, window),
            description="The balanced grid: one row per kept city, delivered indicator and year, with its value, "
            "status and the file's cell it came from; national series under city_code 000000. Never extrapolates. "
            "Section 4.6.",
            code=(cells_module, interpolation, province_mean, cube, reference, reference.cities_text(), table_checks),
            options=("interpolation",),
            checks=(("key_unique", True), ("balanced", True), ("finite", True), ("interpolated_between", True)),
        ),
    ]


def _key(study: Study, table: str) -> TableKey:
    return ("grid", study.name, table)


def _observations(study: Study, sources: tuple[str, ...], inputs: Inputs, options: Options) -> StepResult:
    indicators = needed_indicators(study, options)
    table = observations_module.observations(
        {source: inputs[study.delivered(source)] for source in sources},
        indicators,
        study.first_year,
        study.last_year,
        str(options["imputed_values"]),
    )
    here = observations_module.taken(table)
    awaiting = sorted(set(indicators) - set(here["indicator"].unique()))
    counts = table["standing"].value_counts()
    notes: dict[str, str | int | float | bool] = {f"{row[0]}_rows": row[1] for row in counts.sort("standing").rows()}
    if awaiting:
        notes["awaiting"] = ", ".join(awaiting)
    return StepResult(table, (one_value_taken(table), finite(table)), notes=notes)


def _missing_runs(
    required: tuple[str, ...], province_mean: tuple[str, ...], window: range, inputs: Inputs, options: Options
) -> StepResult:
    (observed,) = inputs.tables.values()
    table = runs_module.missing_runs(observed, reference.cities(), required, province_mean, window)
    awaiting = sorted(set(required) - set(runs_module.delivered_indicators(observed, required)))
    notes = {"not_in_the_rule_because_awaiting": ", ".join(awaiting)} if awaiting else {}
    return StepResult(
        table, (key_unique(table, ("city_code", "indicator")), runs_within_window(table, window)), notes=notes
    )


def _cities(inputs: Inputs, options: Options) -> StepResult:
    observed, runs = inputs.tables.values()
    limit = int(options["maximum_missing_run"])
    table = runs_module.grid_cities(observed, runs, reference.cities(), limit)
    empty = table.is_empty() or table["kept"].any()
    stays = Check("a_city_stays", empty, "at least one city stays" if empty else "no city stays", failures=table)
    notes: dict[str, str | int | float | bool] = {"cities": table.height, "cities_kept": int(table["kept"].sum())}
    if waiting := runs_module.undelivered_series(runs, limit):
        notes["not_in_the_rule_because_no_city_has_enough_years"] = ", ".join(waiting)
    return StepResult(table, (key_unique(table, ("city_code",)), stays, reasons_given(table)), notes=notes)


def _cells(province_mean: tuple[str, ...], window: range, inputs: Inputs, options: Options) -> StepResult:
    observed, grid = inputs.tables.values()
    indicators = sorted(observations_module.taken(observed)["indicator"].unique())
    table = cells_module.cells(
        observed, grid, reference.cities(), indicators, province_mean, window, str(options["interpolation"])
    )
    national = reference.national_indicators() & set(indicators)
    kept = int(grid["kept"].sum())
    rows = len(window) * (kept * (len(indicators) - len(national)) + len(national))
    checks = (key_unique(table, FACT), balanced(table, FACT, rows), finite(table), interpolated_between(table))
    counts = table.filter(pl.col("city_code") != NATION)["status"].value_counts().sort("status")
    return StepResult(table, checks, notes={f"{status}_cells": count for status, count in counts.rows()})


def one_value_taken(table: pl.DataFrame) -> Check:
    """No fact has two values that count."""
    check = key_unique(observations_module.taken(table), FACT)
    return Check("one_value_taken", check.passed, check.message, failures=check.failures)


def runs_within_window(table: pl.DataFrame, window: range) -> Check:
    """No run of missing years is longer than the window."""
    too_long = table.filter(~pl.col("longest_run").is_between(0, len(window)))
    return rule("runs_within_window", too_long, f"a run is longer than the window of {len(window)} years")


def reasons_given(table: pl.DataFrame) -> Check:
    """Every city that leaves has a reason, and none that stays."""
    odd = table.filter(pl.col("kept") == pl.col("reason").is_not_null())
    return rule("reasons_given", odd, "a city leaves without a reason, or stays with one")


def interpolated_between(table: pl.DataFrame) -> Check:
    """An interpolated value lies between the two values it stands between, up to rounding."""
    if not (table["status"] == "interpolated").any():
        return rule("interpolated_between", table.clear(), "")
    ends = table.select("city_code", "indicator", "year", "value")
    gaps = table.filter(pl.col("status") == "interpolated")
    for name in ("from", "to"):
        end = ends.rename({"year": f"{name}_year", "value": f"_{name}"})
        gaps = gaps.join(end, on=["city_code", "indicator", f"{name}_year"], how="left")
    low, high = pl.min_horizontal("_from", "_to"), pl.max_horizontal("_from", "_to")
    slack = 1e-12 * pl.max_horizontal(low.abs(), high.abs())  # rounding of one division and one product
    outside = ~pl.col("value").is_between(low - slack, high + slack).fill_null(False)
    return rule("interpolated_between", gaps.filter(outside), "a value lies outside the two it stands between")
