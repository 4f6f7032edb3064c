"""Controls at their mean before the start, one column for each year but the first."""

import polars as pl

from resilience_pipeline.econometrics.baseline import baseline_columns, baseline_names

N = None


def test_the_mean_of_the_years_before_the_start_stands_in_its_own_year_and_zero_elsewhere():
    unit, year = pl.Series("unit", ["a"] * 3 + ["b"] * 3), pl.Series("year", [2016, 2017, 2018] * 2)
    control = pl.Series("loans", [1.0, 3.0, 100.0, N, 5.0, 100.0])
    found = baseline_columns(control, unit, year, range(2016, 2019), 2018)
    assert {name: series.to_list() for name, series in found.items()} == {
        "loans_before_x_2017": [0.0, 2.0, 0.0, 0.0, 5.0, 0.0],
        "loans_before_x_2018": [0.0, 0.0, 2.0, 0.0, 0.0, 5.0],
    }


def test_a_unit_without_a_value_before_the_start_has_none():
    unit, year = pl.Series("unit", ["a", "a"]), pl.Series("year", [2016, 2017])
    found = baseline_columns(pl.Series("loans", [N, 4.0]), unit, year, (2016, 2017), 2017)
    assert found["loans_before_x_2017"].to_list() == [N, N]


def test_names_follow_from_the_window_alone():
    assert baseline_names("loans", range(2012, 2015)) == ("loans_before_x_2013", "loans_before_x_2014")
