"""The propensity score: statsmodels as referee, and a refusal for everything that has no maximum likelihood."""

import numpy as np
import pytest

from resilience_pipeline.econometrics.propensity import fit_propensity, linear_index, probability
from resilience_pipeline.econometrics.sample import NotEstimableError

#: Two Newton algorithms at the same maximum; rounding is near 1e-15, a penalty of any size near 1e-2.
TOLERANCE = 1e-8


def drawn(n=400, k=3, seed=3):
    """Treatment and covariates on very different scales, as yuan and logs are."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, k)) * [1e4, 1.0, 1e-3] + [5e5, 10.0, 0.0]
    index = (X - X.mean(axis=0)) / X.std(axis=0) @ [0.6, -0.4, 0.3]
    return (index + rng.normal(size=n) > 0.9).astype(float), X


@pytest.mark.parametrize("model", ["probit", "logit"])
def test_coefficients_and_likelihood_are_those_of_statsmodels(model):
    from statsmodels.discrete.discrete_model import Logit, Probit

    treated, X = drawn()
    ours = fit_propensity(treated, X, model)
    # Their optimiser stops early on raw scales, so it gets standardised columns; the maximum is the same.
    scales = np.append(X.std(axis=0), 1.0)
    Z = np.column_stack([X / scales[:-1], np.ones(len(X))])
    theirs = {"probit": Probit, "logit": Logit}[model](treated, Z).fit(disp=0, method="newton", maxiter=200, tol=1e-14)
    np.testing.assert_allclose(ours.coefficients * scales, theirs.params, rtol=TOLERANCE)
    np.testing.assert_allclose(ours.probabilities, theirs.predict(), atol=TOLERANCE)
    assert ours.log_likelihood == pytest.approx(theirs.llf, abs=TOLERANCE)


def test_the_score_of_a_logit_averages_to_the_share_of_treated():
    treated, X = drawn()
    assert fit_propensity(treated, X, "logit").probabilities.mean() == pytest.approx(treated.mean(), abs=1e-12)


@pytest.mark.parametrize("model", ["probit", "logit"])
def test_units_of_measurement_move_no_probability(model):
    treated, X = drawn()
    moved = X * [1e-6, 1e5, -3.0] + [7.0, -1e3, 2.0]
    np.testing.assert_allclose(
        fit_propensity(treated, moved, model).probabilities,
        fit_propensity(treated, X, model).probabilities,
        atol=1e-10,
    )


def test_coefficients_give_the_index_and_the_index_the_probabilities():
    treated, X = drawn()
    fit = fit_propensity(treated, X, "probit")
    np.testing.assert_allclose(X @ fit.coefficients[:-1] + fit.coefficients[-1], fit.index, atol=1e-9)
    np.testing.assert_array_equal(probability(fit.index, "probit"), fit.probabilities)
    for model in ("probit", "logit"):
        np.testing.assert_allclose(linear_index(probability(fit.index, model), model), fit.index, atol=1e-9)


@pytest.mark.parametrize("model", ["probit", "logit"])
def test_one_covariate_that_separates_the_groups_is_refused_and_named(model):
    treated, X = drawn()
    X[:, 1] = np.where(treated == 1, 5.0, 1.0) + X[:, 1] / 100
    with pytest.raises(NotEstimableError, match=r"separate treated from untreated units \(by roads alone\)"):
        fit_propensity(treated, X, model, ("gdp", "roads", "loans"))


def test_partial_separation_is_refused_though_most_scores_would_look_ordinary():
    treated, X = drawn()
    port = np.zeros(len(treated))
    port[np.flatnonzero(treated)[:3]] = 1  # three treated units are ports, no control is one
    with pytest.raises(NotEstimableError, match=r"\(by port alone\)"):
        fit_propensity(treated, np.column_stack([X, port]), names=("gdp", "roads", "loans", "port"))


def test_separation_by_a_combination_of_covariates_is_found():
    rng = np.random.default_rng(1)
    X = rng.normal(size=(200, 2))
    treated = (X @ [1.0, 1.0] > 0.8).astype(float)  # neither covariate separates alone
    with pytest.raises(NotEstimableError, match=r"\(by covariate 1, covariate 2 together\)"):
        fit_propensity(treated, X)


def test_one_crossing_pair_is_enough_for_a_maximum():
    rng = np.random.default_rng(1)
    x = rng.normal(size=60)
    treated = (x > 0.5).astype(float)
    low, high = np.argmin(x), np.argmax(x)
    treated[low], treated[high] = 1.0, 0.0
    fit = fit_propensity(treated, x[:, None])
    assert 0 < fit.probabilities.min() < fit.probabilities.max() < 1


@pytest.mark.parametrize("model", ["probit", "logit"])
@pytest.mark.parametrize("seed", [34, 56, 74])
def test_heavy_tails_that_barely_overlap_still_reach_the_maximum(seed, model):
    rng = np.random.default_rng(seed)
    x = rng.lognormal(0, 3, size=60)
    treated = (x > np.quantile(x, 0.6)).astype(float)
    treated[rng.integers(60, size=3)] = 1.0
    fit = fit_propensity(treated, x[:, None], model)
    if model == "logit":  # the score equations: residuals sum to zero, alone and times the covariate
        residual = treated - fit.probabilities
        assert abs(residual.sum()) < 1e-9
        assert abs(residual @ x) < 1e-9 * np.abs(x).sum()
    assert fit.iterations < 20


def test_a_treatment_that_nobody_or_everybody_has_is_refused():
    _, X = drawn()
    for share in (0.0, 1.0):
        with pytest.raises(NotEstimableError, match="without both groups"):
            fit_propensity(np.full(len(X), share), X)


def test_a_treatment_of_other_values_is_refused():
    treated, X = drawn()
    with pytest.raises(NotEstimableError, match="0 or 1"):
        fit_propensity(treated * 2, X)


def test_a_constant_and_a_collinear_covariate_are_refused_and_named():
    treated, X = drawn()
    with pytest.raises(NotEstimableError, match="flat does not vary"):
        fit_propensity(treated, np.column_stack([X, np.full(len(X), 0.1)]), names=("a", "b", "c", "flat"))
    with pytest.raises(NotEstimableError, match="twice is a linear combination"):
        fit_propensity(treated, np.column_stack([X, X[:, 0] - 2 * X[:, 1] + 4]), names=("a", "b", "c", "twice"))


def test_fewer_treated_units_than_coefficients_are_refused():
    treated, X = drawn()
    treated[:] = 0
    treated[:3] = 1
    with pytest.raises(NotEstimableError, match="3 treated and 397 other units are too few for 3 covariates"):
        fit_propensity(treated, X)


def test_newton_that_does_not_arrive_is_refused(monkeypatch):
    from resilience_pipeline.econometrics import propensity

    monkeypatch.setattr(propensity, "ITERATIONS", 2)
    with pytest.raises(NotEstimableError, match="did not converge in 2 Newton steps"):
        fit_propensity(*drawn())
