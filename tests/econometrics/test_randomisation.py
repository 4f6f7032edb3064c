"""p values of a randomisation test, by counting on the fingers."""

import numpy as np
import pytest
from scipy.stats import binomtest

from resilience_pipeline.econometrics.randomisation import clopper_pearson, randomisation_p


def test_drawn_assignments_count_the_observed_one_as_one_more():
    got = randomisation_p(2.0, np.array([-3.0, -1.0, 0.5, 1.0, 2.5, 0.0, 0.1, 0.2, 0.3]))
    assert (got.p_value, got.p_upper, got.p_lower) == (3 / 10, 2 / 10, 9 / 10)


def test_a_statistic_beyond_all_draws_is_never_impossible():
    assert randomisation_p(9.0, np.zeros(99)).p_value == 1 / 100


def test_a_full_list_holds_the_observed_one_already():
    got = randomisation_p(2.0, np.array([-3.0, -1.0, 2.0, 1.0]), holds_observed=True)
    assert (got.p_value, got.p_upper, got.p_lower) == (2 / 4, 1 / 4, 4 / 4)
    assert (got.ci_low, got.ci_high) == (0.5, 0.5)


def test_ties_count_though_they_differ_by_rounding():
    third = 0.1 + 0.2
    got = randomisation_p(third, np.array([0.3, -0.3, 0.1]))
    assert third > 0.3
    assert (got.p_value, got.p_upper, got.p_lower) == (3 / 4, 2 / 4, 4 / 4)


def test_a_difference_beyond_rounding_is_no_tie():
    assert randomisation_p(1.0, np.array([1.0 - 1e-6])).p_value == 1 / 2


def test_assignments_without_a_statistic_are_left_out_and_counted():
    got = randomisation_p(1.0, np.array([2.0, np.nan, 0.0, np.nan]))
    assert (got.p_value, got.n, got.n_undefined) == (2 / 3, 2, 2)


@pytest.mark.parametrize(("observed", "fake"), [(np.nan, [1.0]), (1.0, []), (1.0, [np.nan])])
def test_without_a_statistic_there_is_no_p_value(observed, fake):
    with pytest.raises(ValueError, match="no statistic"):
        randomisation_p(observed, np.array(fake))


@pytest.mark.parametrize(("hits", "trials"), [(0, 50), (3, 50), (50, 50), (480, 9999)])
def test_the_interval_is_clopper_and_pearsons(hits, trials):
    expected = binomtest(hits, trials).proportion_ci(0.95, method="exact")
    assert clopper_pearson(hits, trials) == pytest.approx((expected.low, expected.high), rel=1e-9)
