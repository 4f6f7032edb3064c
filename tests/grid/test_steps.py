"""The grid's steps: what they read, which checks can fail, and what each option moves."""

from dataclasses import replace

import polars as pl
import pytest

from resilience_pipeline.grid.steps import (
    interpolated_between,
    one_value_taken,
    reasons_given,
    runs_within_window,
    steps,
)
from resilience_pipeline.options import Options
from resilience_pipeline.step import Inputs
from resilience_pipeline.study.study import Study, Variable
from resilience_pipeline.table_checks import balanced, finite, key_unique
from tests.grid.staged import series, staged

N = None
STUDY = Study(
    "loans",
    "Loans",
    2012,
    2015,
    (
        Variable("log_loans", "outcomes", "ln(loans_cny_10k)"),
        Variable("log_deposits", "controls", "ln(deposits_cny_10k)"),
    ),
    (),
    required_indicators=("loans_cny_10k",),
)


def run(frame: pl.DataFrame, study=STUDY, **settings):
    tables = {("frozen", "city_yearbook"): frame}
    results = {}
    for step in steps(study, ("city_yearbook",)):
        inputs = Inputs({key: tables[key] for key in step.inputs}, False)
        result = step.compute(inputs, Options.of(settings))
        assert [(check.name, check.blocking) for check in result.checks] == list(step.checks)
        tables[step.key] = result.table
        results[step.key[-1]] = result
    return results


def test_a_sound_delivery_passes_every_check():
    results = run(staged(series("330100", "loans_cny_10k", [1, N, 3, 4])))
    assert all(check.passed for result in results.values() for check in result.checks)


def test_an_indicator_without_a_source_is_noted_as_awaiting():
    results = run(staged(series("330100", "loans_cny_10k", [1, 2, 3, 4])))
    assert results["observations"].notes["awaiting"] == "deposits_cny_10k"
    assert results["cells"].table["indicator"].unique().to_list() == ["loans_cny_10k"]


def test_an_empty_staging_table_gives_empty_grids_and_not_a_crash():
    results = run(staged())
    assert all(result.table.is_empty() for result in results.values())
    assert all(check.passed for result in results.values() for check in result.checks)


def test_no_city_left_fails_a_check_that_shows_every_city():
    needs_both = replace(STUDY, required_indicators=("loans_cny_10k", "deposits_cny_10k"))
    each_has_one = staged(
        series("330100", "loans_cny_10k", [1, 2, 3, 4]), series("330200", "deposits_cny_10k", [1, 2, 3, 4])
    )
    results = run(each_has_one, needs_both, maximum_missing_run=2)
    check = next(check for check in results["cities"].checks if check.name == "a_city_stays")
    assert not check.passed
    assert check.failures["city_code"].to_list() == ["330100", "330200"]


def test_the_interpolation_option_changes_cells_and_nothing_before_them():
    frame = staged(series("330100", "loans_cny_10k", [1, N, 3, 4]))
    linear, none = run(frame), run(frame, interpolation="none")
    assert linear["cities"].table.equals(none["cities"].table)
    assert not linear["cells"].table.equals(none["cells"].table)


def test_a_duplicated_key_fails_and_is_shown():
    table = pl.DataFrame({"city_code": ["330100", "330100", "330200"], "year": [2012, 2012, 2012]})
    check = key_unique(table, ("city_code", "year"))
    assert not check.passed
    assert check.failures.height == 2


def test_a_missing_row_fails_the_balance():
    assert not balanced(pl.DataFrame({"city_code": ["330100"], "year": [2012]}), ("city_code", "year"), 2).passed


@pytest.mark.parametrize("value", [float("inf"), float("nan")])
def test_an_infinite_or_undefined_number_fails(value):
    check = finite(pl.DataFrame({"value": [1.0, None, value]}))
    assert not check.passed
    assert check.failures.height == 1


def test_an_interpolated_value_outside_its_ends_fails():
    cells = run(staged(series("330100", "loans_cny_10k", [1, N, 3, 4])))["cells"].table
    moved = cells.with_columns(value=pl.when(pl.col("status") == "interpolated").then(9.0).otherwise("value"))
    assert interpolated_between(cells).passed
    assert not interpolated_between(moved).passed


def test_two_taken_values_of_one_fact_fail():
    table = run(staged(series("330100", "loans_cny_10k", [1])))["observations"].table
    assert one_value_taken(table).passed
    assert not one_value_taken(pl.concat([table, table])).passed


def test_a_run_longer_than_the_window_fails():
    table = run(staged(series("330100", "loans_cny_10k", [1])))["missing_runs"].table
    assert runs_within_window(table, range(2012, 2016)).passed
    assert not runs_within_window(table, range(2012, 2014)).passed


def test_a_city_that_leaves_without_a_reason_fails():
    table = run(staged(series("330100", "loans_cny_10k", [1])))["cities"].table
    assert reasons_given(table).passed
    assert not reasons_given(table.with_columns(kept=False)).passed
