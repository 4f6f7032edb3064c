"""Balance: each figure by hand, and what matching must do to it."""

import math

import numpy as np
import pytest

from resilience_pipeline.econometrics.balance import balance, quantiles
from resilience_pipeline.econometrics.matching import kernel_match
from resilience_pipeline.econometrics.propensity import fit_propensity


def row(table, covariate, sample):
    return table.filter(covariate=covariate, sample=sample).row(0, named=True)


def test_differences_and_variance_ratios_by_hand():
    x = np.array([4.0, 6.0, 8.0, 1.0, 3.0, 5.0, 7.0])
    treated = np.array([True, True, True, False, False, False, False])
    weights = np.array([1.0, 1.0, 0.0, 0.0, 0.5, 1.0, 0.5])
    table = balance(x[:, None], ["x"], treated, weights)
    before, after = row(table, "x", "before"), row(table, "x", "after")
    v_t, v_c = 4.0, 20 / 3
    assert (before["mean_treated"], before["mean_controls"]) == (6, 4)
    assert before["standardised_difference"] == pytest.approx(2 / math.sqrt((v_t + v_c) / 2))
    assert before["variance_ratio"] == pytest.approx(v_t / v_c)
    # Controls 3, 5, 7 with weights 3/4, 3/2, 3/4: mean 5, variance (3 + 0 + 3) / 2; treated 4, 6: mean 5, variance 2.
    assert (after["mean_treated"], after["mean_controls"]) == pytest.approx((5, 5))
    assert after["standardised_difference"] == pytest.approx(0, abs=1e-12)
    assert after["variance_ratio"] == pytest.approx(2 / 3)


def test_after_matching_the_difference_is_in_spreads_of_before():
    x = np.array([4.0, 6.0, 1.0, 3.0, 5.0, 7.0])
    treated = np.array([True, True, False, False, False, False])
    table = balance(x[:, None], ["x"], treated, np.array([1.0, 1.0, 0.0, 1.0, 1.0, 0.0]))
    spread = math.sqrt((2 + 20 / 3) / 2)
    assert row(table, "x", "after")["standardised_difference"] == pytest.approx((5 - 4) / spread)


def test_a_covariate_that_does_not_vary_in_a_group_has_no_ratio():
    x = np.array([1.0, 1.0, 0.0, 0.0])
    treated = np.array([True, True, False, False])
    before = row(balance(x[:, None], ["port"], treated, np.ones(4)), "port", "before")
    assert before["standardised_difference"] is None
    assert before["variance_ratio"] is None
    assert before["mean_treated"] == 1


def test_matching_on_the_score_brings_the_covariates_near_each_other():
    rng = np.random.default_rng(11)
    X = rng.normal(size=(2000, 3))
    treated = X @ [0.5, 0.5, -0.3] + rng.normal(size=2000) > 1.0
    score = fit_propensity(treated.astype(float), X).probabilities
    table = balance(X, ["a", "b", "c"], treated, kernel_match(score, treated).weights)
    before = table.filter(sample="before")["standardised_difference"].abs()
    after = table.filter(sample="after")["standardised_difference"].abs()
    assert before.min() > 0.25
    assert after.max() < 0.05


def test_quantiles_are_values_that_reach_their_share_of_the_weight():
    x, equal = np.array([3.0, 1.0, 4.0, 2.0]), np.ones(4)
    assert quantiles(x, equal, (0, 0.25, 0.26, 0.5, 1)) == [1, 1, 2, 2, 4]
    assert quantiles(x, np.array([0.0, 1.0, 2.0, 1.0]), (0.25, 0.5, 0.51)) == [1, 2, 4]
    assert all(math.isnan(q) for q in quantiles(x, np.zeros(4), (0, 1)))


def test_a_share_of_the_weight_that_is_reached_up_to_rounding_is_reached():
    for n in range(3, 30):
        levels = [k / n for k in range(1, n + 1)]
        assert quantiles(np.arange(n, dtype=float), np.full(n, 1 / n), levels) == list(range(n))
