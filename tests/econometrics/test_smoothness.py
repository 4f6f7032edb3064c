"""Bounds on the bends of a trend: bias, lasso path and shortest interval against programs that know no shortcut."""

import numpy as np
import pytest
from scipy.optimize import linprog, minimize
from scipy.stats import foldnorm

from resilience_pipeline.econometrics.smoothness import Smoothness, folded_normal_quantile, lasso_path
from tests.econometrics.test_relative_magnitudes import covariance

PROGRAM = 1e-9


def model(weights: list[float], leads: int = 4, level: float = 0.8) -> Smoothness:
    estimates = np.array([*np.linspace(-0.1, 0.05, leads), *[level] * len(weights)])
    return Smoothness(estimates, covariance(leads, len(weights)), leads, np.array(weights))


def worst_bias(m: Smoothness, weights: np.ndarray) -> float:
    """max weights'delta over paths whose second differences are within one, by linear programming; inf = unbounded."""
    K = len(weights)
    bends = np.diff(np.insert(np.eye(K), m.leads, 0.0, axis=0), n=2, axis=0)
    lp = linprog(-weights, np.vstack([bends, -bends]), np.ones(2 * len(bends)), bounds=[(None, None)] * K)
    return -lp.fun if lp.success else float("inf")


@pytest.mark.parametrize("weights", [[1.0, 0.0, 0.0], [1 / 3, 1 / 3, 1 / 3], [0.0, 1.0], [1.0]])
def test_the_bias_along_the_path_is_the_worst_that_a_bending_trend_can_do(weights: list[float]) -> None:
    m = model(weights)
    for place in (0.0, 0.5, len(m.path) - 1.0):
        affine, error, bias = m._affine(place)
        assert bias == pytest.approx(worst_bias(m, affine), rel=1e-7)
        assert error == pytest.approx(np.sqrt(affine @ m.covariance @ affine))


@pytest.mark.parametrize("bound", [0.0, 0.02, 0.1, 1.0])
@pytest.mark.parametrize("weights", [[1.0, 0.0, 0.0], [1 / 3, 1 / 3, 1 / 3]])
def test_no_other_weights_of_the_leads_give_a_shorter_interval(bound: float, weights: list[float]) -> None:
    m = model(weights)
    low, high = m.interval(bound)
    start, N = m._coordinates

    def half(x: np.ndarray) -> float:
        affine = np.concatenate([start + N @ x, m.weights])
        error = np.sqrt(affine @ m.covariance @ affine)
        return float(error * folded_normal_quantile(bound * worst_bias(m, affine) / error))

    rng = np.random.default_rng(3)
    found = min(
        minimize(half, rng.normal(size=3), method="Nelder-Mead", options={"maxiter": 400}).fun for _ in range(2)
    )
    assert (high - low) / 2 <= found * (1 + 1e-6)


def test_the_lasso_path_meets_the_conditions_of_a_minimum_at_every_corner() -> None:
    rng = np.random.default_rng(4)
    for _ in range(20):
        root, q = rng.normal(size=(6, 5)), rng.normal(size=5)
        Q = root.T @ root
        path = lasso_path(Q, q)
        assert path[0] == pytest.approx(np.zeros(5))
        assert path[-1] == pytest.approx(-np.linalg.solve(Q, q))
        for x in path:
            gradient = Q @ x + q
            penalty = np.abs(gradient).max()
            on = np.abs(x) > 1e-12
            assert gradient[on] == pytest.approx(-penalty * np.sign(x[on]), abs=PROGRAM)


@pytest.mark.parametrize("mean", [0.0, 0.3, 2.0, 7.9, 8.1])
def test_the_quantile_is_the_folded_normals(mean: float) -> None:
    assert folded_normal_quantile(mean) == pytest.approx(foldnorm.ppf(0.95, mean), rel=1e-9)


def test_a_linear_trend_is_taken_out_whole_under_a_bound_of_zero() -> None:
    estimates = 0.3 * np.array([-4, -3, -2, -1, 1, 2.0]) + np.array([0, 0, 0, 0, 0.5, 0.5])
    m = Smoothness(estimates, covariance(4, 2), 4, np.array([1.0, 0.0]))
    assert np.mean(m.interval(0.0)) == pytest.approx(0.5)


def test_zero_is_outside_below_the_breakdown_and_inside_above() -> None:
    m = model([0.5, 0.5])
    found = m.breakdown()
    assert found > 0
    assert m.excludes_zero(found)
    assert not m.excludes_zero(found + 2e-3 * m.std_error)


def test_an_effect_that_chance_explains_has_a_breakdown_of_zero() -> None:
    assert model([1.0, 0.0], level=0.0).breakdown() == 0.0


def test_with_one_lead_the_trend_is_the_one_to_the_base_year() -> None:
    m = Smoothness(np.array([-0.2, 1.0]), np.diag([0.01, 0.01]), 1, np.ones(1))
    low, high = m.interval(0.0)
    assert (low + high) / 2 == pytest.approx(0.8)
    assert (high - low) / 2 == pytest.approx(1.959964 * np.sqrt(0.02))
