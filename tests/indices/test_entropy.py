"""Entropy weights: a known answer by hand, a loop as referee, and what they must not react to."""

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from resilience_pipeline.indices.entropy import entropies, entropy_weights, scale
from resilience_pipeline.indices.weighting import WEIGHTINGS, equal_weights

#: Quotients and logs of doubles; the referee sums in another order.
TOLERANCE = 1e-12

matrices = st.integers(0, 2**32 - 1).map(lambda seed: np.random.default_rng(seed).lognormal(size=(12, 3)))


def scaled(X, signs=None):
    signs = np.ones(X.shape[1]) if signs is None else signs
    return scale(X, signs, X.min(axis=0), X.max(axis=0))


def by_loops(X):
    """Textbook sums, one number at a time."""
    n, m = X.shape
    divergence = []
    for j in range(m):
        low, high = min(X[:, j]), max(X[:, j])
        z = [(x - low) / (high - low) for x in X[:, j]]
        total = math.fsum(z)
        e = -math.fsum(v / total * math.log(v / total) for v in z if v > 0) / math.log(n)
        divergence.append(1 - e)
    return [d / math.fsum(divergence) for d in divergence]


def test_the_known_answer_of_three_rows_and_two_indicators():
    Z = scaled(np.array([[1.0, 2], [3, 2], [5, 8]]))
    np.testing.assert_allclose(entropies(Z), [0.579380, 0], atol=5e-7)
    weights = entropy_weights(Z)
    np.testing.assert_allclose(weights, [0.296082, 0.703918], atol=5e-7)
    np.testing.assert_allclose(Z @ weights, [0, 0.148041, 1], atol=5e-7)


@settings(max_examples=50, deadline=None)
@given(matrices)
def test_agrees_with_loops(X):
    np.testing.assert_allclose(entropy_weights(scaled(X)), by_loops(X), rtol=TOLERANCE)


@settings(max_examples=50, deadline=None)
@given(matrices, st.permutations(range(12)))
def test_the_order_of_rows_does_not_matter(X, order):
    np.testing.assert_allclose(entropy_weights(scaled(X[order])), entropy_weights(scaled(X)), rtol=TOLERANCE)


@settings(max_examples=50, deadline=None)
@given(matrices, st.floats(0.01, 100), st.floats(-100, 100))
def test_units_and_origins_do_not_matter(X, slope, shift):
    # A shift by up to 100 costs digits of values near 1, hence the wider tolerance.
    np.testing.assert_allclose(entropy_weights(scaled(slope * X + shift)), entropy_weights(scaled(X)), rtol=1e-9)


@pytest.mark.parametrize("name", WEIGHTINGS)
@settings(max_examples=20, deadline=None)
@given(X=matrices)
def test_weights_sum_to_one_and_none_is_negative(name, X):
    weights = WEIGHTINGS[name].weigh(scaled(X))
    assert weights.sum() == pytest.approx(1, abs=TOLERANCE)
    assert (weights >= 0).all()


@settings(max_examples=50, deadline=None)
@given(matrices, st.integers(0, 11), st.floats(0.01, 1))
def test_a_score_rises_with_an_indicator_and_falls_with_a_negative_one(X, row, more):
    low, high = X.min(axis=0), X.max(axis=0)
    raised = X.copy()
    raised[row, 0] += more * (high[0] - low[0])
    assume(raised[row, 0] > X[row, 0])
    weights = entropy_weights(scaled(X))
    for sign in (1, -1):
        signs = np.array([sign, 1, 1])
        change = (scale(raised, signs, low, high) - scale(X, signs, low, high)) @ weights
        assert np.sign(change[row]) == sign


def test_a_negative_indicator_is_turned_round():
    Z = scaled(np.array([[1.0], [3.0], [5.0]]), np.array([-1]))
    assert Z.ravel().tolist() == [1.0, 0.5, 0.0]


def test_equal_weights_are_equal():
    assert equal_weights(np.zeros((5, 4))).tolist() == [0.25] * 4
