"""Jackknife, CV3, pairs bootstrap and intervals, against pyfixest, closed forms and hand calculation."""

import numpy as np
import polars as pl
import pytest

from resilience_pipeline.econometrics.moments import moment_table
from resilience_pipeline.econometrics.resampling import (
    bca_interval,
    bootstrap,
    jackknife,
    percentile_interval,
    permutation_p_value,
)
from resilience_pipeline.econometrics.sample import level_codes
from tests.econometrics.panels import panel
from tests.econometrics.test_moments import REGRESSORS, refit, table_of

N, G, T, K = 260, 40, 8, 3


@pytest.mark.parametrize("weights", [None, "weight"])
def test_cv3_is_the_error_of_pyfixest_with_the_published_factor(weights: str | None) -> None:
    pf = pytest.importorskip("pyfixest")
    frame = panel(lost=60)
    referee = pf.feols(
        "y ~ did + gdp + roads + C(year) | city",
        frame.to_pandas(),
        vcov={"CRV3": "city"},
        weights=weights,
        ssc=pf.ssc(k_fixef="nonnested"),
        demeaner=pf.MapDemeaner(backend="rust", fixef_tol=1e-12),
    )
    # pyfixest 0.60 multiplies sum_g (b_g - b)^2 by its CV1 factor; MacKinnon, Nielsen and Webb by (G - 1) / G.
    theirs = G / (G - 1) * (frame.height - 1) / (frame.height - K - T)
    expected = referee.se()[list(REGRESSORS)] * np.sqrt((G - 1) / G / theirs)
    np.testing.assert_allclose(
        jackknife(table_of(frame, weights=weights), "y", REGRESSORS).std_errors, expected, rtol=1e-7
    )


def test_the_jackknife_of_a_mean_is_the_textbook_error() -> None:
    # Without effects and with a regressor that is 1 in one row per city: b is a mean, CV3 its sd / sqrt(G).
    y = np.random.default_rng(2).normal(size=30)
    x = np.tile([0.0, 1.0], 30)
    outcome = np.column_stack([np.zeros(30), y]).ravel()
    table = moment_table({"y": outcome, "x": x}, clusters=np.repeat(np.arange(30), 2))
    got = jackknife(table, "y", ("x",))
    assert table.fit("y", ("x",)).coefficients[0] == pytest.approx(y.mean(), abs=1e-13)
    assert got.std_errors[0] == pytest.approx(y.std(ddof=1) / np.sqrt(30), rel=1e-12)


def test_a_single_treated_city_leaves_cv3_undefined_and_says_so() -> None:
    frame = panel().with_columns(did=pl.col("did") * (pl.col("city") == 0))
    got = jackknife(table_of(frame), "y", REGRESSORS)
    assert got.undefined == 1
    assert np.isnan(got.std_errors[0])


def test_a_bootstrap_draw_is_the_refit_on_the_cities_drawn() -> None:
    frame = panel(lost=60)
    got = bootstrap(table_of(frame), np.random.default_rng(9), 3).coefficients("y", REGRESSORS)
    drawn = np.random.default_rng(9).integers(0, 40, (3, 40))
    for cities, b in zip(drawn, got, strict=True):
        np.testing.assert_allclose(b, refit(frame, np.bincount(cities, minlength=40)), atol=1e-10, rtol=0)


def test_the_same_seed_gives_the_same_draws_and_another_seed_others() -> None:
    table = table_of(panel(lost=60))
    one, again, other = (
        bootstrap(table, np.random.default_rng(seed), 40).coefficients("y", REGRESSORS) for seed in (1, 1, 2)
    )
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)


def test_draws_are_the_same_however_many_are_drawn_at_a_time(monkeypatch) -> None:
    table = table_of(panel(lost=60))
    one = bootstrap(table, np.random.default_rng(1), 20).coefficients("y", REGRESSORS)
    monkeypatch.setattr("resilience_pipeline.econometrics.resampling._BATCH", 7 * 40)
    again = bootstrap(table, np.random.default_rng(1), 20).coefficients("y", REGRESSORS)
    np.testing.assert_allclose(again, one, atol=1e-13)


def test_the_spread_of_bootstrap_draws_is_near_the_clustered_error() -> None:
    table = table_of(panel(units=200, lost=60))
    draws = bootstrap(table, np.random.default_rng(3), 4000).coefficients("y", REGRESSORS)[:, 0]
    assert draws.std() == pytest.approx(table.fit("y", REGRESSORS).std_errors[0], rel=0.06)


def test_draws_without_a_treated_city_are_nan_and_as_frequent_as_chance_makes_them() -> None:
    frame = panel(units=20).with_columns(did=pl.col("did") * (pl.col("city") < 2))
    draws = bootstrap(table_of(frame), np.random.default_rng(4), 4000).coefficients("y", REGRESSORS)[:, 0]
    assert np.isnan(draws).mean() == pytest.approx((18 / 20) ** 20, abs=0.015)


def test_clusters_without_rows_are_never_drawn() -> None:
    frame = panel(lost=60)
    codes = 2 * level_codes(frame, "city")
    columns = {name: frame[name].to_numpy() for name in ("y", *REGRESSORS)}
    effects = [level_codes(frame, "city"), level_codes(frame, "year")]
    gaps = moment_table(columns, clusters=codes, effects=effects, n_clusters=100)
    one = bootstrap(gaps, np.random.default_rng(1), 20).coefficients("y", REGRESSORS)
    two = bootstrap(table_of(frame), np.random.default_rng(1), 20).coefficients("y", REGRESSORS)
    np.testing.assert_allclose(one, two, atol=1e-12)
    assert jackknife(gaps, "y", REGRESSORS).std_errors == pytest.approx(
        jackknife(table_of(frame), "y", REGRESSORS).std_errors, rel=1e-12
    )


def test_the_bca_interval_is_the_referees() -> None:
    from scipy.stats import bootstrap as referee

    data = np.random.default_rng(6).lognormal(size=40)
    resampled = np.random.default_rng(7).integers(0, 40, (4000, 40))
    draws = data[resampled].mean(axis=1)
    without = (data.sum() - data) / 39
    theirs = referee((data,), np.mean, n_resamples=0, bootstrap_result=_result(draws), method="BCa")
    low, high = bca_interval(draws, data.mean(), without)
    assert (low, high) == pytest.approx(tuple(theirs.confidence_interval), rel=1e-9)
    plain = percentile_interval(draws)
    assert low > plain[0]
    assert high > plain[1]  # a right-skewed statistic moves both ends to the right


def _result(draws: np.ndarray) -> object:
    from scipy.stats._resampling import BootstrapResult

    return BootstrapResult(confidence_interval=None, bootstrap_distribution=draws, standard_error=draws.std())


def test_without_bias_and_skewness_bca_is_the_percentile_interval() -> None:
    draws = np.linspace(-1, 1, 2001)
    symmetric = np.linspace(-0.1, 0.1, 41)
    assert bca_interval(draws, 0.0, symmetric) == pytest.approx(percentile_interval(draws), abs=1e-12)


def test_undefined_draws_are_left_out_of_intervals_and_p_values() -> None:
    draws = np.array([1.0, np.nan, -2.0, 3.0])
    assert percentile_interval(draws, 0.5) == pytest.approx(percentile_interval(np.array([1.0, -2.0, 3.0]), 0.5))
    assert permutation_p_value(draws, 2.0) == (1 + 2) / (1 + 3)
    assert np.isnan(percentile_interval(np.full(3, np.nan))).all()
    assert np.isnan(bca_interval(np.full(3, np.nan), 1.0, np.ones(3))).all()


def test_a_draw_that_ties_up_to_rounding_counts() -> None:
    assert permutation_p_value(np.array([0.1 + 0.2 - 1e-15]), 0.1 + 0.2) == 1.0
    assert permutation_p_value(np.array([0.29]), 0.3) == 0.5
