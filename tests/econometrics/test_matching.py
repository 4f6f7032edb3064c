"""Kernel matching against its definition in two plain loops, against hand figures, and its rules of support."""

import numpy as np
import pytest

from resilience_pipeline.econometrics import matching
from resilience_pipeline.econometrics.matching import (
    ABOVE,
    ALONE,
    BELOW,
    MATCHED,
    UNUSED,
    USED,
    effective_number,
    kernel_match,
)
from resilience_pipeline.econometrics.sample import NotEstimableError

#: Sums of the same products in another order.
LOOPS = 1e-10
EXACT = 1e-12


def drawn(n=300, seed=5):
    rng = np.random.default_rng(seed)
    score = rng.beta(1.2, 5, size=n)
    treated = rng.uniform(size=n) < score
    outcome = 4 * score + treated * 1.5 + rng.normal(size=n)
    return score, treated, outcome


def by_the_definition(score, treated, outcome, bandwidth, support):
    """psmatch2's kernel, treated unit by treated unit: weights, support, effect."""
    controls = [j for j in range(len(score)) if not treated[j]]
    highest, lowest = max(score[j] for j in controls), min(score[j] for j in controls)
    weights, gaps, off = [0.0] * len(score), [], []
    for i in range(len(score)):
        if not treated[i]:
            continue
        if support == "common" and not lowest <= score[i] <= highest:
            off.append(i)
            continue
        kernel = {}
        for j in controls:
            u = (score[i] - score[j]) / bandwidth
            if abs(u) <= 1:
                kernel[j] = 0.75 * (1 - u * u)
        total = sum(kernel.values())
        if not total > 0:
            off.append(i)
            continue
        weights[i] = 1.0
        counterfactual = 0.0
        for j, k in kernel.items():
            weights[j] += k / total
            counterfactual += k / total * outcome[j]
        gaps.append(outcome[i] - counterfactual)
    return np.array(weights), off, sum(gaps) / len(gaps)


def att(outcome, treated, match):
    """Average effect on the treated on support: mean_i(y_i - sum_j w_ij y_j), from the summed weights."""
    w = match.weights
    on, used = treated & (w > 0), ~treated & (w > 0)
    return (outcome[on].sum() - w[used] @ outcome[used]) / on.sum()


@pytest.mark.parametrize("support", ["common", "none"])
@pytest.mark.parametrize("bandwidth", [0.005, 0.06, 0.5])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_weights_support_and_effect_are_those_of_two_plain_loops(seed, bandwidth, support):
    score, treated, outcome = drawn(seed=seed)
    match = kernel_match(score, treated, bandwidth, support)
    weights, off, effect = by_the_definition(score, treated, outcome, bandwidth, support)
    np.testing.assert_allclose(match.weights, weights, atol=LOOPS)
    assert np.flatnonzero(~match.on_support).tolist() == off
    assert att(outcome, treated, match) == pytest.approx(effect, abs=LOOPS)


@pytest.mark.parametrize("seed", range(5))
def test_the_controls_weights_sum_to_the_number_of_treated_on_support(seed):
    score, treated, _ = drawn(seed=seed)
    match = kernel_match(score, treated)
    on = match.weights[treated].sum()
    assert on == np.count_nonzero(match.on_support & treated)
    assert match.weights[~treated].sum() == pytest.approx(on, abs=EXACT * on)


def test_two_treated_and_three_controls_by_hand():
    score = np.array([0.30, 0.40, 0.30, 0.33, 0.45])
    treated = np.array([True, True, False, False, False])
    match = kernel_match(score, treated, 0.06, "none")
    # From 0.30: K = 1 and 1 - (0.03 / 0.06)^2 = 3/4. From 0.40: 0.33 is 0.07 away, 0.45 has 1 - (5/6)^2 = 11/36.
    np.testing.assert_allclose(match.weights, [1, 1, 4 / 7, 3 / 7, 1], atol=EXACT)
    assert att(np.array([10.0, 20, 7, 14, 18]), treated, match) == pytest.approx((0 + 2) / 2, abs=EXACT)


def test_only_treated_units_go_off_common_support_and_the_bounds_are_on_it():
    score = np.array([0.10, 0.20, 0.50, 0.51, 0.05, 0.20, 0.50, 0.30])
    treated = np.array([True, True, True, True, False, False, False, False])
    score[4] = 0.15  # controls run from 0.15 to 0.50
    match = kernel_match(score, treated, 0.2)
    assert match.fates.tolist() == [BELOW, MATCHED, MATCHED, ABOVE, USED, USED, USED, USED]
    assert match.on_support.tolist() == [False, True, True, False, True, True, True, True]
    both = kernel_match(score, treated, 0.2, "none")
    assert both.fates.tolist() == [MATCHED] * 4 + [USED] * 4
    assert both.weights.sum() == pytest.approx(8, abs=EXACT)


def test_a_treated_unit_without_a_control_in_the_bandwidth_is_off_support_and_a_distant_control_unused():
    score = np.array([0.20, 0.50, 0.21, 0.70, 0.10])
    treated = np.array([True, True, False, False, False])
    match = kernel_match(score, treated, 0.06)
    assert match.fates.tolist() == [MATCHED, ALONE, USED, UNUSED, UNUSED]
    assert match.weights.tolist() == [1, 0, 1, 0, 0]
    assert match.on_support.tolist() == [True, False, True, True, True]


def test_a_control_at_exactly_the_bandwidth_has_no_weight():
    match = kernel_match(np.array([0.5, 0.5, 0.75]), np.array([True, False, False]), 0.25)
    assert match.weights.tolist() == [1, 1, 0]


def test_blocks_of_treated_units_change_nothing(monkeypatch):
    score, treated, _ = drawn()
    whole = kernel_match(score, treated)
    monkeypatch.setattr(matching, "_BLOCK", 600)
    parts = kernel_match(score, treated)
    np.testing.assert_allclose(parts.weights, whole.weights, atol=EXACT)
    assert parts.fates.tolist() == whole.fates.tolist()


def test_the_order_of_units_changes_no_weight():
    score, treated, _ = drawn()
    order = np.random.default_rng(0).permutation(len(score))
    np.testing.assert_allclose(
        kernel_match(score[order], treated[order]).weights, kernel_match(score, treated).weights[order], atol=EXACT
    )


def test_a_wide_bandwidth_weighs_all_controls_alike():
    score, treated, outcome = drawn()
    match = kernel_match(score, treated, 1e6, "none")
    raw = outcome[treated].mean() - outcome[~treated].mean()
    assert att(outcome, treated, match) == pytest.approx(raw, abs=1e-9)
    assert effective_number(match.weights[~treated]) == pytest.approx(np.count_nonzero(~treated), rel=1e-9)


def test_nothing_to_match_is_refused():
    score, treated = np.array([0.9, 0.8, 0.1]), np.array([True, True, False])
    with pytest.raises(NotEstimableError, match="none of the 2 treated units is on support"):
        kernel_match(score, treated)
    with pytest.raises(NotEstimableError, match="3 treated and 0 control units"):
        kernel_match(score, np.array([True, True, True]))
    with pytest.raises(ValueError, match="positive"):
        kernel_match(score, treated, 0.0)


def test_the_effective_number_counts_equal_weights_whole_and_a_single_one_once():
    assert effective_number(np.array([0.2, 0.2, 0.2, 0.2])) == pytest.approx(4)
    assert effective_number(np.array([5.0, 0.0, 0.0])) == pytest.approx(1)
    assert effective_number(np.array([2.0, 1.0])) == pytest.approx(9 / 5)
