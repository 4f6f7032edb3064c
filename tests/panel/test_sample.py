"""The analysis frame: the columns of a specification by city and year, from the panel tables that hold them."""

import polars as pl
import pytest

from resilience_pipeline.econometrics.specification import Specification
from resilience_pipeline.errors import SpecificationError
from resilience_pipeline.panel.analysis import analysis_frame, analysis_tables
from tests.panel.small_study import STUDY, run


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


def test_a_long_table_among_the_panel_tables_is_refused_before_it_multiplies_rows():
    long = pl.DataFrame({"city_code": ["330100"] * 2, "year": [2018] * 2, "loans": [1.0, 2.0]})
    with pytest.raises(ValueError, match="several rows for a city and year"):
        analysis_frame({("grid", "small", "cells"): long}, ["loans"])
