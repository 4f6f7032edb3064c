"""Balance before the policy: as scipy's Welch test on cities, blind to years after it, level and trend apart."""

import numpy as np
import polars as pl
import pytest

from resilience_pipeline.study.balance import balance


def frame(*, trend: float = 0.0, level: float = 1.0, after: float = 0.0) -> pl.DataFrame:
    """20 pilots and 40 others, 2012 to 2019; pilots higher by `level`, steeper by `trend`, and by `after` from 2018."""
    rng = np.random.default_rng(5)
    rows = []
    for city in range(60):
        treat, own = int(city < 20), rng.normal()
        for year in range(2012, 2020):
            post = int(year >= 2018)
            x = own + treat * (level + trend * (year - 2012) + after * post) + 0.1 * rng.normal()
            rows.append((f"{city:02}", year, treat, post, x))
    return pl.DataFrame(rows, schema=["city_code", "year", "treat", "post", "x"], orient="row")


def test_difference_error_and_p_are_welchs_on_means_of_cities():
    from scipy.stats import ttest_ind

    cities = frame().filter(pl.col("post") == 0).group_by("city_code", "treat").agg(pl.col("x").mean())
    one, two = (cities.filter(treat=value)["x"].to_numpy() for value in (1, 0))
    expected = ttest_ind(one, two, equal_var=False)
    row = balance(frame(), ("x",)).row(0, named=True)
    assert (row["pilots"], row["others"]) == (20, 40)
    assert row["difference"] == pytest.approx(one.mean() - two.mean(), abs=1e-13)
    assert row["difference"] / row["std_error"] == pytest.approx(expected.statistic)
    assert row["p_value"] == pytest.approx(expected.pvalue)
    spread = np.sqrt((one.var(ddof=1) + two.var(ddof=1)) / 2)
    assert row["standardised_difference"] == pytest.approx((one.mean() - two.mean()) / spread)
    assert row["variance_ratio"] == pytest.approx(one.var(ddof=1) / two.var(ddof=1))


def test_years_under_the_policy_do_not_count():
    assert balance(frame(after=50.0), ("x",)).equals(balance(frame(), ("x",)))


def test_a_planted_trend_is_found_where_levels_are_alike_and_the_other_way_round():
    steeper = balance(frame(level=-0.25, trend=0.1), ("x",)).row(0, named=True)
    assert steeper["trend_difference"] == pytest.approx(0.1, abs=0.02)
    assert steeper["trend_p_value"] < 1e-6
    higher = balance(frame(level=3.0), ("x",)).row(0, named=True)
    assert higher["p_value"] < 1e-6
    assert higher["trend_p_value"] > 0.05


def test_an_undelivered_variable_awaits_and_a_group_of_one_is_undefined():
    odd = frame().with_columns(none=pl.lit(None, dtype=pl.Float64))
    assert balance(odd, ("none",))["status"].to_list() == ["awaiting"]
    lonely = frame().filter((pl.col("treat") == 0) | (pl.col("city_code") == "00"))
    assert balance(lonely, ("x",))["status"].to_list() == ["undefined"]
