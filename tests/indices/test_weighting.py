"""Weightings: known answers by hand, referees that take another road, and what each must and must not react to."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from resilience_pipeline.indices.entropy import scale
from resilience_pipeline.indices.principal_component import correlations, first_component, sampling_adequacy
from resilience_pipeline.indices.topsis import closeness
from resilience_pipeline.indices.weighting import WEIGHTINGS, component_weights, critic_weights

#: Quotients and square roots of doubles; referees sum in another order.
TOLERANCE = 1e-12
#: Eigenvectors move by rounding over the distance of their eigenvalue from the next one.
EIGENVECTOR_TOLERANCE = 1e-8

NAMES = list(WEIGHTINGS)
KNOWN = np.array([[1.0, 2], [3, 2], [5, 8]])

matrices = st.integers(0, 2**32 - 1).map(lambda seed: np.random.default_rng(seed).lognormal(size=(12, 4)))


def scaled(X):
    return scale(X, np.ones(X.shape[1]), X.min(axis=0), X.max(axis=0))


def norms(X):
    return np.sqrt((X**2).sum(axis=0))


def scores(name, X, form):
    """Scores of all rows, weights and bounds from the same rows."""
    V = scaled(X) if form == "scaled" else X
    weighting = WEIGHTINGS[name]
    return weighting.score(V, V.min(axis=0), V.max(axis=0), norms(V), weighting.weigh(scaled(X)))


def separated(X):
    """Whether the largest eigenvalue stands alone, so that the first component means something."""
    values = np.linalg.eigvalsh(correlations(X))
    return values[-1] - values[-2] > 1e-3


def test_critic_of_three_rows_and_two_indicators():
    np.testing.assert_allclose(critic_weights(scaled(KNOWN)), [0.464102, 0.535898], atol=5e-7)


def test_topsis_of_three_rows_and_two_indicators():
    np.testing.assert_allclose(scores("topsis", KNOWN, "levels"), [0, 0.164681, 1], atol=5e-7)


def test_topsis_on_scaled_values_by_hand():
    # z = (0, 1/2, 1) and (0, 0, 1), norms sqrt(5)/2 and 1; the middle row is v away from the worst in one indicator.
    v = 0.296082 * 0.5 / (np.sqrt(5) / 2)
    far = np.hypot(v, 0.703918)
    np.testing.assert_allclose(scores("topsis", KNOWN, "scaled"), [0, v / (v + far), 1], atol=1e-6)


def test_critic_of_indicators_that_do_not_correlate_weighs_by_their_spread():
    Z = np.array([[0.0, 0], [1, 0], [0, 1], [1, 1], [0.5, 0], [0.5, 1]])
    spread = Z.std(axis=0)
    np.testing.assert_allclose(critic_weights(Z), spread / spread.sum(), rtol=TOLERANCE)


def test_critic_gives_more_to_an_indicator_that_opposes_the_others():
    # r = -1, 0 and 0, all equally spread: conflicts 2 + 1, 2 + 1 and 1 + 1.
    Z = np.array([[0.0, 1, 0], [1, 0, 0], [0, 1, 1], [1, 0, 1]])
    np.testing.assert_allclose(critic_weights(Z), [3 / 8, 3 / 8, 2 / 8], rtol=TOLERANCE)


def test_critic_of_indicators_that_all_say_the_same_weighs_them_equally():
    column = np.array([0.0, 0.3, 0.7, 1.0])
    np.testing.assert_array_equal(critic_weights(np.column_stack([column] * 3)), [1 / 3] * 3)


@settings(max_examples=50, deadline=None)
@given(matrices)
def test_correlations_agree_with_numpy(X):
    np.testing.assert_allclose(correlations(X), np.corrcoef(X, rowvar=False), rtol=0, atol=TOLERANCE)


@settings(max_examples=50, deadline=None)
@given(matrices)
def test_the_first_component_agrees_with_a_singular_value_decomposition(X):
    assume(separated(X))
    standardised = (X - X.mean(axis=0)) / X.std(axis=0, ddof=1)
    _, singular, right = np.linalg.svd(standardised, full_matrices=False)
    component = first_component(correlations(X))
    np.testing.assert_allclose(component.explained_share, singular[0] ** 2 / (singular**2).sum(), rtol=TOLERANCE)
    np.testing.assert_allclose(component.weights, right[0] ** 2, atol=EIGENVECTOR_TOLERANCE)
    # A loading is the correlation of the indicator with the component.
    score = standardised @ right[0]
    expected = np.array([np.corrcoef(X[:, j], score)[0, 1] for j in range(4)])
    expected *= np.sign(expected.sum())
    np.testing.assert_allclose(component.loadings, expected, atol=EIGENVECTOR_TOLERANCE)
    assert component.loadings.sum() > 0


def test_a_negative_loading_counts_by_its_strength_and_stays_visible():
    R = np.array([[1, 0.5, -0.5], [0.5, 1, -0.5], [-0.5, -0.5, 1]])
    component = first_component(R)  # eigenvalue 1 + 2 / 2, eigenvector (1, 1, -1) / sqrt(3)
    np.testing.assert_allclose(component.weights, [1 / 3] * 3, rtol=TOLERANCE)
    np.testing.assert_allclose(component.loadings, np.sqrt(2 / 3) * np.array([1, 1, -1]), rtol=TOLERANCE)
    assert component.explained_share == pytest.approx(2 / 3, rel=TOLERANCE)


@pytest.mark.parametrize("r", [0.9, 0.1, 1e-15, 0.0, -0.1, -0.9, 1.0, -1.0])
def test_two_indicators_weigh_one_half_each_whatever_their_correlation(r):
    component = first_component(np.array([[1, r], [r, 1]]))
    np.testing.assert_allclose(component.weights, [0.5, 0.5], rtol=TOLERANCE)
    assert component.explained_share == pytest.approx((1 + abs(r)) / 2, rel=TOLERANCE)


def test_two_opposed_indicators_load_oppositely_the_first_one_positively():
    loadings = first_component(np.array([[1, -0.8], [-0.8, 1]])).loadings
    np.testing.assert_allclose(loadings, np.sqrt(0.9) * np.array([1, -1]), rtol=TOLERANCE)


@pytest.mark.parametrize("rounding", [0, 1e-14])
def test_uncorrelated_indicators_have_no_first_component_and_weigh_the_same(rounding):
    component = first_component(np.array([[1, rounding, 0], [rounding, 1, 0], [0, 0, 1]]))
    np.testing.assert_allclose(component.weights, [1 / 3] * 3, rtol=TOLERANCE)
    assert np.isnan(component.loadings).all()


@settings(max_examples=50, deadline=None)
@given(matrices)
def test_sampling_adequacy_agrees_with_correlations_of_residuals(X):
    def residual(j, others):
        A = np.column_stack([np.ones(len(X)), X[:, others]])
        return X[:, j] - A @ np.linalg.lstsq(A, X[:, j], rcond=None)[0]

    r2 = p2 = 0.0
    for j in range(4):
        for k in range(j):
            others = [i for i in range(4) if i not in (j, k)]
            r2 += np.corrcoef(X[:, j], X[:, k])[0, 1] ** 2
            p2 += np.corrcoef(residual(j, others), residual(k, others))[0, 1] ** 2
    assert sampling_adequacy(correlations(X)) == pytest.approx(r2 / (r2 + p2), rel=1e-6)


def test_sampling_adequacy_of_two_indicators_is_one_half():
    assert sampling_adequacy(np.array([[1, 0.3], [0.3, 1]])) == pytest.approx(0.5, rel=TOLERANCE)


@pytest.mark.parametrize("R", [np.eye(1), np.eye(3), np.ones((2, 2))], ids=["one", "uncorrelated", "collinear"])
def test_sampling_adequacy_is_undefined_without_anything_to_compare(R):
    assert np.isnan(sampling_adequacy(R))


@pytest.mark.parametrize("name", NAMES)
def test_one_indicator_has_the_whole_weight(name):
    np.testing.assert_allclose(WEIGHTINGS[name].weigh(np.array([[0.0], [0.4], [1.0]])), [1.0], rtol=TOLERANCE)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=40, deadline=None)
@given(X=matrices)
def test_weights_sum_to_one_and_none_is_negative(name, X):
    weights = WEIGHTINGS[name].weigh(scaled(X))
    assert weights.sum() == pytest.approx(1, abs=TOLERANCE)
    assert (weights >= 0).all()


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=40, deadline=None)
@given(X=matrices, rows=st.permutations(range(12)), columns=st.permutations(range(4)))
def test_weights_follow_the_columns_and_ignore_the_order_of_rows(name, X, rows, columns):
    assume(separated(X))
    weigh = WEIGHTINGS[name].weigh
    expected = weigh(scaled(X))[columns]
    np.testing.assert_allclose(weigh(scaled(X)[rows][:, columns]), expected, atol=EIGENVECTOR_TOLERANCE)


@pytest.mark.parametrize("form", ["levels", "scaled"])
@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=40, deadline=None)
@given(X=matrices, rows=st.permutations(range(12)), columns=st.permutations(range(4)))
def test_scores_follow_the_rows_and_ignore_the_order_of_columns(name, form, X, rows, columns):
    assume(separated(X))
    expected = scores(name, X, form)[rows]
    np.testing.assert_allclose(scores(name, X[rows][:, columns], form), expected, rtol=1e-6, atol=1e-9)


# A shift by up to 100 costs digits of values near 1, and the first component loses more of them.
AFFINE_TOLERANCE = 1e-6

slopes = st.lists(st.floats(0.01, 100), min_size=4, max_size=4).map(np.array)
shifts = st.lists(st.floats(-100, 100), min_size=4, max_size=4).map(np.array)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=40, deadline=None)
@given(X=matrices, slope=slopes, shift=shifts)
def test_units_and_origins_change_no_weight_and_no_score_in_scaled(name, X, slope, shift):
    assume(separated(X))
    moved = slope * X + shift
    weigh = WEIGHTINGS[name].weigh
    np.testing.assert_allclose(weigh(scaled(moved)), weigh(scaled(X)), atol=AFFINE_TOLERANCE)
    np.testing.assert_allclose(scores(name, moved, "scaled"), scores(name, X, "scaled"), atol=AFFINE_TOLERANCE)


@settings(max_examples=40, deadline=None)
@given(X=matrices, slope=slopes)
def test_units_alone_change_no_topsis_score_in_levels(X, slope):
    np.testing.assert_allclose(scores("topsis", slope * X, "levels"), scores("topsis", X, "levels"), rtol=1e-9)


def test_origins_change_a_topsis_score_in_levels():
    assert abs(scores("topsis", KNOWN + np.array([100, 0]), "levels")[1] - 0.164681) > 0.01


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=40, deadline=None)
@given(X=matrices)
def test_scaled_scores_lie_between_zero_and_one(name, X):
    found = scores(name, X, "scaled")
    assert (found >= 0).all()
    assert (found <= 1 + TOLERANCE).all()


@pytest.mark.parametrize("form", ["levels", "scaled"])
@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=40, deadline=None)
@given(X=matrices, row=st.integers(0, 11), column=st.integers(0, 3), part=st.floats(0.01, 1))
def test_a_score_rises_with_each_indicator_given_the_weights(name, form, X, row, column, part):
    weighting = WEIGHTINGS[name]
    w = weighting.weigh(scaled(X))
    V = scaled(X) if form == "scaled" else X
    low, high, norm = V.min(axis=0), V.max(axis=0), norms(V)
    raised = V.copy()
    raised[row, column] += part * (high[column] - V[row, column])
    assume(raised[row, column] > V[row, column] + 1e-9)
    assume(w[column] > 1e-6)
    change = weighting.score(raised, low, high, norm, w) - weighting.score(V, low, high, norm, w)
    assert change[row] > 0
    assert (np.delete(change, row) == 0).all()


def test_the_best_of_all_is_close_by_one_and_the_worst_by_zero():
    low, high, norm, w = np.zeros(2), np.ones(2), np.ones(2), np.array([0.3, 0.7])
    assert closeness(np.array([[1.0, 1.0], [0.0, 0.0]]), low, high, norm, w).tolist() == [1.0, 0.0]


def test_a_row_with_a_missing_indicator_has_no_score():
    V, ends = np.array([[np.nan, 1.0]]), (np.zeros(2), np.ones(2), np.ones(2), np.array([0.3, 0.7]))
    for weighting in WEIGHTINGS.values():
        assert np.isnan(weighting.score(V, *ends)).all()


def test_component_weights_are_those_of_the_correlations():
    Z = scaled(np.random.default_rng(1).lognormal(size=(12, 3)))
    np.testing.assert_array_equal(component_weights(Z), first_component(correlations(Z)).weights)
