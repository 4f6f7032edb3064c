"""The sup-t band: its critical value is that of a direct simulation, between a single interval's and Bonferroni's."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import norm, t

from resilience_pipeline.econometrics.simultaneous import band, normal_draws
from tests.econometrics.events import correlated

DRAWS = 200_000
SIMULATION = 0.02  # twice the standard error of a 95 % quantile of 200,000 draws, for each of two simulations


def test_the_critical_value_is_that_of_a_direct_simulation_of_the_largest_t() -> None:
    effects = correlated()
    ours = band(effects, DRAWS, np.random.default_rng(1))
    estimates = np.random.default_rng(99).multivariate_normal(np.zeros(6), effects.covariance, DRAWS)
    theirs = np.quantile(np.abs(estimates / np.sqrt(np.diag(effects.covariance))).max(axis=1), 0.95)
    assert ours.critical == pytest.approx(theirs, abs=SIMULATION)


def test_the_band_holds_all_true_effects_in_95_of_100_samples() -> None:
    effects = correlated()
    half = band(effects, DRAWS, np.random.default_rng(1)).critical * effects.std_errors
    errors = np.random.default_rng(98).multivariate_normal(np.zeros(6), effects.covariance, DRAWS)
    assert (np.abs(errors) <= half).all(axis=1).mean() == pytest.approx(0.95, abs=0.002)


def test_independent_coefficients_need_the_critical_value_of_sidak() -> None:
    effects = replace(correlated(), covariance=np.diag([1.0, 4.0, 9.0, 1.0, 4.0, 9.0]))
    sidak = norm.ppf((1 + 0.95 ** (1 / 6)) / 2)
    assert band(effects, DRAWS, np.random.default_rng(2)).critical == pytest.approx(sidak, abs=SIMULATION)


def test_the_band_of_one_coefficient_is_its_own_interval() -> None:
    effects = correlated(leads=0, lags=1, dof=12.0)
    found = band(effects, DRAWS, np.random.default_rng(3))
    assert found.critical == pytest.approx(t.ppf(0.975, 12), abs=SIMULATION)


def test_perfectly_correlated_coefficients_need_no_wider_band() -> None:
    effects = replace(correlated(), covariance=np.ones((6, 6)))
    assert band(effects, DRAWS, np.random.default_rng(4)).critical == pytest.approx(1.96, abs=SIMULATION)


def test_adjusted_p_values_agree_with_the_band() -> None:
    effects = correlated()
    found = band(effects, 20_000, np.random.default_rng(5))
    outside = (found.low > 0) | (found.high < 0)
    assert ((found.p_values < 0.05) == outside).all()
    assert outside.any()
    assert not outside.all()


def test_draws_have_the_covariance_asked_for() -> None:
    covariance = correlated().covariance
    drawn = normal_draws(covariance, DRAWS, np.random.default_rng(6))
    assert np.cov(drawn.T) == pytest.approx(covariance, abs=5e-4)
