"""Estimates as a table and as JSON."""

import json
from dataclasses import replace

import polars as pl

from resilience_pipeline.econometrics.estimation import estimate
from resilience_pipeline.econometrics.specification import Specification
from resilience_pipeline.econometrics.tidy import ESTIMATES, to_frame, to_record
from tests.econometrics.panels import panel

SPEC = Specification("table.1", "y", "did", ("gdp",), absorb=("city",), cluster=("city",), label="(1)")


def test_a_table_has_one_row_per_term_in_printed_order() -> None:
    result = estimate(SPEC, panel(), engines=("kernel",))
    table = to_frame([result])
    assert table.schema == ESTIMATES
    assert table["term"].to_list() == ["did", "gdp", "const"]
    assert table["estimate"].to_list() == [term.estimate for term in result.terms]
    assert table["n_obs"].unique().to_list() == [result.n_obs]


def test_what_was_not_estimated_is_one_row_without_a_term_and_with_its_reason() -> None:
    awaiting = estimate(SPEC, panel().with_columns(gdp=pl.lit(None, pl.Float64)))
    table = to_frame([awaiting])
    assert table.schema == ESTIMATES
    assert table.select("name", "term", "status", "reason").rows() == [
        ("table.1", None, "awaiting", "no value was delivered for gdp")
    ]


def test_no_estimates_are_an_empty_table_of_the_same_columns() -> None:
    assert to_frame([]).schema == ESTIMATES


def test_a_record_goes_through_json_and_holds_the_specification() -> None:
    record = json.loads(json.dumps(to_record(estimate(SPEC, panel(), engines=("kernel",))), allow_nan=False))
    assert list(record["terms"][0]) == ["term", "estimate", "std_error", "t", "p_value", "ci_low", "ci_high"]
    assert record["specification"]["absorb"] == ["city"]
    assert record["spec_hash"] == SPEC.hash


def test_a_number_that_is_not_finite_is_null_in_json() -> None:
    result = estimate(SPEC, panel(), engines=("kernel",))
    broken = replace(result, terms=(replace(result.terms[0], t=float("inf")),))
    assert to_record(broken)["terms"][0]["t"] is None
