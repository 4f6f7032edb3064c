"""Matrix completion: the imputation estimator where no matrix is left, nearer the truth where factors mislead it."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from resilience_pipeline.econometrics.estimators import estimate
from resilience_pipeline.econometrics.estimators.mc import chosen_penalty, complete, effect, two_way
from resilience_pipeline.econometrics.specification import Specification

SPEC = Specification("m", "y", "did", absorb=("unit", "year"), unit="unit", time="year", estimator="mc")
EFFECT = 1.0


def matrices(*, factor: float, seed: int = 4) -> tuple[np.ndarray, np.ndarray]:
    """60 units, 12 periods, 15 treated from the ninth on; treated units load more on a factor that then rises."""
    rng = np.random.default_rng(seed)
    treated = np.arange(60) < 15
    load = 1.0 * treated + rng.normal(size=60)
    rise = np.concatenate([np.sin(np.arange(8)), 1.5 + 0.3 * np.arange(4)])
    free = ~(treated[:, None] & (np.arange(12) >= 8)[None, :])
    Y = rng.normal(size=(60, 1)) + rng.normal(size=12) + factor * np.outer(load, rise) + 0.1 * rng.normal(size=(60, 12))
    return Y + EFFECT * ~free, free


def frame(Y: np.ndarray, free: np.ndarray) -> pl.DataFrame:
    G, T = Y.shape
    unit, year = np.divmod(np.arange(G * T), T)
    return pl.DataFrame({"unit": unit, "year": 2010 + year, "y": Y.ravel(), "did": (~free).astype(float).ravel()})


@pytest.fixture(scope="module")
def completed():
    """The estimate where a factor misleads: its jackknife completes the matrix once for every unit."""
    return estimate(SPEC, frame(*matrices(factor=1.0)))


def test_effects_by_least_squares_are_those_of_dummies_on_the_untreated_cells():
    Y, free = matrices(factor=1.0)
    G, T = Y.shape
    dummies = np.hstack([np.kron(np.eye(G), np.ones((T, 1))), np.kron(np.ones((G, 1)), np.eye(T))])
    b = np.linalg.lstsq(dummies[free.ravel()], Y[free], rcond=None)[0]
    assert two_way(Y, free) == pytest.approx((dummies @ b).reshape(G, T), abs=1e-10)


def test_under_a_penalty_that_leaves_no_matrix_it_is_the_imputation_estimator():
    Y, free = matrices(factor=1.0)
    found = complete(Y, free, 1e6)
    assert not found.L.any()
    imputed = estimate(replace(SPEC, estimator="imputation"), frame(Y, free)).terms[0]
    assert effect(Y, free, found) == pytest.approx(imputed.estimate, abs=1e-10)


def test_no_other_matrix_does_better_at_the_chosen_penalty():
    Y, free = matrices(factor=1.0)
    lam, _ = chosen_penalty(Y, free, 1)
    found = complete(Y, free, lam)

    def objective(L: np.ndarray) -> float:
        rest = Y - L - two_way(Y - L, free)
        return 0.5 * (rest[free] ** 2).sum() + lam * np.linalg.svd(L, compute_uv=False).sum()

    rng = np.random.default_rng(2)
    for size in (1e-3, 1e-2, 0.1):
        for _ in range(20):
            assert objective(found.L + size * rng.normal(size=Y.shape)) > objective(found.L) - 1e-6


def test_most_of_a_factor_that_misleads_two_way_effects_is_taken_out(completed):
    Y, free = matrices(factor=1.0)
    plain = estimate(replace(SPEC, estimator="twfe", cluster=("unit",)), frame(Y, free), engines=("kernel",)).terms[0]
    assert abs(plain.estimate - EFFECT) > 1.0
    assert abs(completed.terms[0].estimate - EFFECT) < 0.5 * abs(plain.estimate - EFFECT)


def test_without_a_factor_it_agrees_with_two_way_effects_and_its_interval_holds_the_effect():
    Y, free = matrices(factor=0.0)
    result = estimate(SPEC, frame(Y, free))
    term = result.terms[0]
    assert term.term == "att"
    assert abs(term.estimate - EFFECT) < 3 * term.std_error < 0.3
    assert any("rank" in warning for warning in result.warnings)


def test_the_order_of_rows_changes_nothing_but_rounding_and_the_seed_is_kept(completed):
    shuffled = estimate(SPEC, frame(*matrices(factor=1.0)).sample(fraction=1.0, shuffle=True, seed=3))
    assert shuffled.terms[0].estimate == pytest.approx(completed.terms[0].estimate, abs=1e-10)
    assert completed.seed is not None


def test_a_period_in_which_all_are_treated_is_refused_with_the_reason():
    Y, _ = matrices(factor=0.0)
    free = np.ones_like(Y, dtype=bool)
    free[:, -1] = False
    result = estimate(SPEC, frame(Y, free))
    assert result.status == "failed"
    assert result.reason


def test_one_treated_unit_has_an_effect_and_no_error():
    Y, free = matrices(factor=0.0)
    kept = np.concatenate([[0], np.arange(15, 60)])
    result = estimate(SPEC, frame(Y[kept], free[kept]))
    assert result.terms[0].estimate == pytest.approx(EFFECT, abs=0.3)
    assert not np.isfinite(result.terms[0].std_error)
    assert any("two treated units" in warning for warning in result.warnings)
