"""Trends that a test of the leads finds: their power and bias are those of a simulation of the test itself."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import f, multivariate_normal, norm

from resilience_pipeline.econometrics.pretest_power import ANY, JOINT, Trend, detectable_trends
from resilience_pipeline.econometrics.year_effects import YearEffects, joint_test
from tests.econometrics.events import correlated

DRAWS = 100_000
SHARE = 0.006  # four standard errors of a share of 100,000 draws


def trends(effects: YearEffects) -> dict[tuple[str, float], Trend]:
    found = detectable_trends(effects, (0.5, 0.8), DRAWS, np.random.default_rng(1))
    return {(trend.test, trend.power): trend for trend in found}


def simulated(effects: YearEffects, slope: float) -> np.ndarray:
    return np.random.default_rng(7).multivariate_normal(slope * effects.horizons, effects.covariance, DRAWS)


@pytest.mark.parametrize("power", [0.5, 0.8])
def test_any_lead_by_itself_is_significant_as_often_as_said(power: float) -> None:
    effects = correlated()
    trend = trends(effects)[ANY, power]
    limits = norm.ppf(0.975) * effects.std_errors[:3]
    drawn = simulated(effects, trend.slope)
    assert (np.abs(drawn[:, :3]) > limits).any(axis=1).mean() == pytest.approx(power, abs=SHARE)
    within = multivariate_normal(trend.slope * effects.horizons[:3], effects.covariance[:3, :3])
    assert 1 - within.cdf(limits, lower_limit=-limits) == pytest.approx(power, abs=SHARE)


@pytest.mark.parametrize("power", [0.5, 0.8])
def test_the_joint_test_rejects_as_often_as_said(power: float) -> None:
    effects = correlated()
    drawn = simulated(effects, trends(effects)[JOINT, power].slope)[:10_000, :3]
    rejected = [joint_test(b, effects.covariance[:3, :3], None).p_value < 0.05 for b in drawn]
    assert np.mean(rejected) == pytest.approx(power, abs=0.02)


def test_with_few_clusters_the_joint_test_needs_a_steeper_trend() -> None:
    many, few = (trends(replace(correlated(), dof=dof))[JOINT, 0.5].slope for dof in (None, 6.0))
    assert few > many
    # F = (chi2(3, shift) / 3) / (chi2(6) / 6) rejects half of the time at that slope.
    rng = np.random.default_rng(8)
    b = rng.multivariate_normal(few * correlated().horizons[:3], correlated().covariance[:3, :3], DRAWS)
    V = np.linalg.inv(correlated().covariance[:3, :3])
    F = np.einsum("ij,jk,ik->i", b, V, b) / 3 / (rng.chisquare(6, DRAWS) / 6)
    assert (f.ppf(0.95, 3, 6) < F).mean() == pytest.approx(0.5, abs=SHARE)


@pytest.mark.parametrize("test", [JOINT, ANY])
def test_the_bias_of_the_average_lag_is_the_trend_there_and_another_where_the_test_found_nothing(test: str) -> None:
    effects = correlated()
    trend = trends(effects)[test, 0.5]
    drawn = simulated(effects, trend.slope)
    lag = drawn[:, 3:].mean(axis=1)
    assert trend.bias == pytest.approx(2 * trend.slope)
    assert lag.mean() == pytest.approx(trend.bias, abs=0.003)
    if test == ANY:
        passed = (np.abs(drawn[:, :3]) <= norm.ppf(0.975) * effects.std_errors[:3]).all(axis=1)
    else:
        V = np.linalg.inv(effects.covariance[:3, :3])
        passed = np.einsum("ij,jk,ik->i", drawn[:, :3], V, drawn[:, :3]) <= 7.814727903251179
    assert lag[passed].mean() == pytest.approx(trend.bias_if_passed, abs=0.005)
    # Leads and lags share the base year's error: a sample that hides the trend before shows more of it after.
    assert trend.bias_if_passed > trend.bias


def test_more_power_needs_a_steeper_trend_and_the_scale_of_the_outcome_is_that_of_the_slope() -> None:
    effects = correlated()
    small, large = trends(effects), trends(replace(effects, covariance=effects.covariance * 1e6))
    for test in (JOINT, ANY):
        assert small[test, 0.8].slope > small[test, 0.5].slope
        assert large[test, 0.5].slope == pytest.approx(1e3 * small[test, 0.5].slope, rel=1e-6)


def test_without_leads_there_is_nothing_to_find() -> None:
    with pytest.raises(ArithmeticError, match="no lead"):
        detectable_trends(correlated(leads=0), (0.5,), 100, np.random.default_rng(1))
