"""The panel's own checks, each made to fail on one row."""

import polars as pl

from resilience_pipeline.panel import checks
from tests.panel.small_study import run


def spoilt(table, **columns):
    """The table with its first row changed."""
    first = pl.int_range(pl.len()) == 0
    return table.with_columns(pl.when(first).then(value).otherwise(name).alias(name) for name, value in columns.items())


def test_a_pilot_name_that_counts_for_no_city_fails():
    table = run()["pilots"]
    assert checks.reasons_given(table).passed
    assert checks.reasons_given(spoilt(table, treated_codes=pl.lit(""))).failures.height == 1


def test_a_did_that_is_not_treat_times_post_fails():
    table = run()["treatment"]
    assert checks.did_is_treat_times_post(table).passed
    assert checks.did_is_treat_times_post(spoilt(table, did=pl.lit(1))).failures.height == 1


def test_a_table_without_any_value_warns_and_does_not_block():
    tables = run()
    assert checks.a_column_has_values(tables["controls"]).passed
    check = checks.a_column_has_values(tables["mediators"])
    assert not check.passed
    assert not check.blocking


def test_a_value_without_a_status_fails():
    table = run()["value_status"]
    names = tuple(table["variable"].unique())
    assert checks.a_status_for_every_value(table, names, 72).passed
    short = checks.a_status_for_every_value(table[1:], names, 72)
    assert short.failures["len"].to_list() == [71]
    assert not checks.a_status_for_every_value(table, (*names, "other"), 72).passed


def test_a_missing_value_without_a_reason_fails():
    table = run()["value_status"].sort("status", descending=False)
    missing = table.filter(status="missing")
    assert checks.absence_explained(table).passed
    assert checks.absence_explained(spoilt(missing, reason=pl.lit(None))).failures.height == 1


def test_a_row_that_is_neither_complete_nor_explained_fails():
    table = run()["sample"]
    assert checks.adds_up(table).passed
    assert checks.adds_up(spoilt(table, reason=pl.lit(None))).failures.height == 1
