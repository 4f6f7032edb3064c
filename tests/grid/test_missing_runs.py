"""The sample rule: who is in the grid, how long each series is silent, who leaves."""

import itertools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from resilience_pipeline.grid.missing_runs import grid_cities, longest_runs, missing_runs
from resilience_pipeline.grid.observations import observations
from resilience_pipeline.grid.reference import cities
from tests.grid.staged import series, staged

LOANS, SHARE = "loans_cny_10k", "supplier_top5_share_pct"
YEARS = range(2012, 2018)
N = None


def grid(*parts, required=(LOANS,), province_mean=(), maximum=3):
    observed = observations({"city_yearbook": staged(*parts)}, [LOANS, SHARE], 2012, 2017, "drop")
    runs = missing_runs(observed, cities(), required, province_mean, YEARS)
    return runs, grid_cities(observed, runs, cities(), maximum)


def kept(table):
    return dict(table.select("city_code", "kept").rows())


def test_a_city_with_four_missing_years_leaves_the_grid():
    _, table = grid(series("330100", LOANS, [1, N, N, N, N, 6]), series("330200", LOANS, [1, N, N, N, 5, 6]))
    assert kept(table) == {"330100": False, "330200": True}
    reason = table.row(0, named=True)["reason"]
    assert reason == "loans_cny_10k is missing in 4 consecutive years (2013 to 2016); at most 3 are allowed"


def test_years_missing_at_an_end_or_never_delivered_count_like_any_others():
    runs, table = grid(series("330100", LOANS, [1, 2]), series("330200", LOANS, [1, 2, 3, 4, 5, 6]))
    assert runs.row(0, named=True) == {
        "city_code": "330100",
        "indicator": LOANS,
        "missing_years": 4,
        "longest_run": 4,
        "run_from": 2014,
        "run_to": 2017,
        "province_mean": False,
    }
    assert kept(table) == {"330100": False, "330200": True}


def test_four_missing_years_in_two_runs_do_not_cost_the_city():
    _, table = grid(series("330100", LOANS, [1, N, N, 4, N, N]))
    assert kept(table) == {"330100": True}


def test_the_maximum_run_is_an_option():
    whole = series("330200", LOANS, [1, 2, 3, 4, 5, 6])
    _, table = grid(series("330100", LOANS, [1, N, 3, 4, 5, 6]), whole, maximum=0)
    assert kept(table) == {"330100": False, "330200": True}


def test_a_series_whose_editions_were_not_delivered_is_not_held_against_the_cities():
    last_year_only = [series(city, SHARE, [N, N, N, N, N, 1]) for city in ("330100", "330200")]
    _, table = grid(
        series("330100", LOANS, [1, 2, 3, 4, 5, 6]),
        series("330200", LOANS, [1, N, N, N, N, 6]),
        *last_year_only,
        required=(LOANS, SHARE),
    )
    assert kept(table) == {"330100": True, "330200": False}


def test_a_city_without_any_value_of_a_required_series_is_not_in_the_grid():
    _, table = grid(series("330100", LOANS, [1] * 6), series("330200", SHARE, [1] * 6))
    assert kept(table) == {"330100": True}


def test_an_autonomous_prefecture_is_not_in_the_grid():
    _, table = grid(series("330100", LOANS, [1] * 6), series("654000", LOANS, [1] * 6))
    assert kept(table) == {"330100": True}


def test_a_series_that_nobody_delivered_is_not_held_against_the_cities():
    runs, table = grid(series("330100", LOANS, [1] * 6), required=(LOANS, SHARE))
    assert runs["indicator"].to_list() == [LOANS]
    assert kept(table) == {"330100": True}


def test_a_city_that_takes_its_provinces_mean_is_not_missing_that_series():
    parts = series("330100", LOANS, [1] * 6), series("330200", LOANS, [1] * 6), series("330200", SHARE, [30] * 6)
    runs, table = grid(*parts, required=(LOANS, SHARE), province_mean=(SHARE,))
    assert kept(table) == {"330100": True, "330200": True}
    assert runs.filter(city_code="330100", indicator=SHARE)["province_mean"].to_list() == [True]
    _, without = grid(*parts, required=(LOANS, SHARE))
    assert kept(without) == {"330100": False, "330200": True}


def test_without_required_series_every_city_with_a_value_stays():
    _, table = grid(series("330100", LOANS, [1]), series("330200", SHARE, [1]), required=())
    assert kept(table) == {"330100": True, "330200": True}


@settings(max_examples=200, deadline=None)
@given(st.lists(st.booleans(), min_size=1, max_size=11))
def test_the_longest_run_agrees_with_grouping_neighbours(missing):
    longest, end = longest_runs(np.array(missing))
    groups = [len(list(group)) for value, group in itertools.groupby(missing) if value]
    assert longest == max(groups, default=0)
    if longest:
        assert all(missing[end - longest + 1 : end + 1])
