"""The account of a specification's rows, held to the rows that the estimator keeps."""

import polars as pl
import pytest

from resilience_pipeline.econometrics.sample import draw_sample
from resilience_pipeline.econometrics.specification import Specification
from resilience_pipeline.errors import SpecificationError
from resilience_pipeline.panel.analysis import analysis_frame, analysis_tables, awaiting_columns
from resilience_pipeline.panel.sample import account
from resilience_pipeline.study.columns import specification_columns
from tests.panel.small_study import STUDY, observations, run

N = None
GAPS = {
    "c330300__loans_cny_10k": [1, N, N, N, N, 6],  # leaves the grid
    "c330400__freight_10k_tonnes": [N, 2, 3, 4, 5, 6],  # lacks a control in 2015
    "c330500__freight_10k_tonnes": [N, N, N, N, N, 6],  # has one row, alone in its city
}


def specification(**fields):
    return Specification(
        "table.1",
        "ctri",
        "did",
        controls=("log_freight",),
        absorb=("city_code", "year"),
        cluster=("city_code",),
        unit="city_code",
        time="year",
        **fields,
    )


def accounted(spec):
    tables = run(observations(**GAPS))
    keys = analysis_tables(STUDY, spec)
    frame = analysis_frame({key: tables[key[-1]] for key in keys}, specification_columns(spec))
    return tables["sample"], frame, account(tables["sample"], frame, spec)


def reasons(table, city):
    return table.filter(city_code=city)["reason"].to_list()


def test_every_row_of_the_grid_is_in_or_has_its_reason():
    sample, _, table = accounted(specification())
    assert table.height == sample.height
    assert (table["in_sample"] == table["reason"].is_null()).all()
    assert all(reason.startswith("the city left: ") for reason in reasons(table, "330300"))
    assert reasons(table, "330400") == ["no value of log_freight", N, N, N, N, N]
    assert reasons(table, "330500")[-1] == "alone in a level of city_code, year"


@pytest.mark.parametrize(
    "fields", [{}, {"singletons": "keep"}, {"where": "year < 2018"}, {"where": "region = '东部' and year <> 2016"}]
)
def test_the_account_keeps_the_rows_that_the_estimator_keeps(fields):
    spec = specification(**fields)
    _, frame, table = accounted(spec)
    expected = draw_sample(spec, frame).frame.select("city_code", "year").sort("city_code", "year")
    assert table.filter("in_sample").select("city_code", "year").equals(expected)


def test_a_row_that_the_filter_leaves_out_says_so():
    _, _, table = accounted(specification(where="year < 2018"))
    assert reasons(table, "110000") == [N, N, N, *["does not meet year < 2018"] * 3]


def test_the_analysis_frame_reads_only_the_tables_that_hold_its_columns():
    spec = specification(where="region = '东部'")
    assert {key[-1] for key in analysis_tables(STUDY, spec)} == {"outcomes", "treatment", "controls", "geography"}


def test_interactions_bring_both_of_their_columns():
    tables = run()
    frame = analysis_frame({("panel", "small", "geography"): tables["geography"]}, ["province^year"])
    assert frame.columns == ["city_code", "year", "province"]


def test_a_column_that_no_table_holds_is_an_error():
    tables = run()
    with pytest.raises(SpecificationError, match="no panel table holds loans"):
        analysis_frame({("panel", "small", "controls"): tables["controls"]}, ["loans"])
    with pytest.raises(SpecificationError, match="has no column 'loans'"):
        analysis_tables(STUDY, Specification("t.1", "loans"))


def test_columns_without_any_value_are_awaiting():
    frame = pl.DataFrame({"a": [None, None], "b": [None, 1.0]})
    assert awaiting_columns(frame, ["a", "b"]) == ("a",)


def test_a_long_table_among_the_panel_tables_is_refused_before_it_multiplies_rows():
    long = pl.DataFrame({"city_code": ["330100"] * 2, "year": [2018] * 2, "loans": [1.0, 2.0]})
    with pytest.raises(ValueError, match="several rows for a city and year"):
        analysis_frame({("grid", "small", "cells"): long}, ["loans"])
