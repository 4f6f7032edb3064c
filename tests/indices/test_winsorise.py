"""Winsorising, held to numpy for one percentile definition and to Stata's rule by hand for the other."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resilience_pipeline.indices.winsorise import Winsorising, percentiles, winsorise
from resilience_pipeline.options import Options


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=40), st.floats(0, 1))
def test_the_linear_definition_is_numpys(values, share):
    got = percentiles(np.array(values)[:, None], share, "linear")
    assert got[0] == pytest.approx(np.percentile(values, 100 * share), rel=1e-12, abs=1e-9)


def statas(values, percent):
    """_pctile by its manual: P = n p / 100; whole: mean of x[P] and x[P+1]; else x[P rounded up]. Ranks from 1."""
    x, P = sorted(values), len(values) * percent / 100
    if P.is_integer():
        return (x[max(int(P), 1) - 1] + x[min(int(P) + 1, len(x)) - 1]) / 2 if P > 0 else x[0]
    return x[int(P)]


@pytest.mark.parametrize(("n", "percent"), [(100, 1), (100, 99), (281, 1), (281, 99), (10, 50), (3, 99), (1, 1)])
def test_statas_definition_by_hand(n, percent):
    values = np.random.default_rng(n).normal(size=n)
    assert percentiles(values[:, None], percent / 100, "stata")[0] == statas(values, percent)


def test_statas_definition_averages_at_whole_ranks_though_binary_fractions_are_not_whole():
    assert percentiles(np.arange(1.0, 101)[:, None], 0.07, "stata")[0] == 7.5


def test_missing_values_count_in_no_percentile():
    values = np.array([[np.nan], [1.0], [2.0], [3.0], [np.nan]])
    assert percentiles(values, 0.5, "linear")[0] == 2.0
    assert np.isnan(percentiles(np.array([[np.nan]]), 0.5, "linear")[0])


def frame():
    x = [float(v) for v in [*range(1, 101), *range(1001, 1101)]]
    return pl.DataFrame({"year": [2012] * 100 + [2013] * 100, "x": x, "y": x})


def test_by_year_each_year_has_its_own_bounds():
    out = winsorise(frame(), ["x"], Winsorising("by_year"))
    for year in (2012, 2013):
        before, after = (f.filter(year=year)["x"].to_numpy() for f in (frame(), out))
        np.testing.assert_allclose(after, np.clip(before, *np.percentile(before, [1, 99])), rtol=1e-14)
    assert out["y"].equals(frame()["y"])


def test_pooled_the_bounds_are_those_of_all_rows():
    out = winsorise(frame(), ["x"], Winsorising("pooled"))
    before = frame()["x"].to_numpy()
    np.testing.assert_allclose(out["x"].to_numpy(), np.clip(before, *np.percentile(before, [1, 99])), rtol=1e-14)


def test_none_changes_nothing():
    assert winsorise(frame(), ["x"], Winsorising("none")).equals(frame())


def test_a_null_stays_a_null():
    out = winsorise(pl.DataFrame({"year": [2012] * 3, "x": [None, 1.0, 2.0]}), ["x"], Winsorising())
    assert out["x"].to_list()[0] is None


def test_the_order_of_rows_does_not_matter():
    shuffled = frame().sample(fraction=1, shuffle=True, seed=3)
    out = winsorise(shuffled, ["x"], Winsorising()).sort("year", "y")
    assert out.equals(winsorise(frame(), ["x"], Winsorising()).sort("year", "y"))


def test_the_stage_option_says_where_the_rule_holds():
    options = Options.of({"winsorise_stage": "before_index", "winsorise": "pooled"})
    assert Winsorising.at("before_index", options).rule == "pooled"
    assert Winsorising.at("after_index", options).rule == "none"
