"""Interpolation against a loop that looks at one cell at a time."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resilience_pipeline.grid.interpolation import interpolate

NAN = float("nan")


def by_hand(series):
    """One cell at a time: nearest value before, nearest after, straight line between."""
    out = list(series)
    for t, value in enumerate(series):
        before = [s for s in range(t) if not np.isnan(series[s])]
        after = [s for s in range(t + 1, len(series)) if not np.isnan(series[s])]
        if np.isnan(value) and before and after:
            a, b = before[-1], after[0]
            out[t] = series[a] + (series[b] - series[a]) * (t - a) / (b - a)
    return out


def test_inner_gaps_follow_the_straight_line_and_name_their_ends():
    filled, before, after = interpolate(np.array([[1.0, NAN, NAN, 4.0]]))
    assert filled.tolist() == [[1.0, 2.0, 3.0, 4.0]]
    assert before.tolist() == [[-1, 0, 0, -1]]
    assert after.tolist() == [[-1, 3, 3, -1]]


def test_end_gaps_are_not_extrapolated():
    filled, _, _ = interpolate(np.array([[NAN, 1.0, NAN, 3.0, NAN]]))
    np.testing.assert_array_equal(filled, [[NAN, 1.0, 2.0, 3.0, NAN]])


def test_nothing_passes_from_one_city_to_the_next():
    filled, _, _ = interpolate(np.array([[[1.0, NAN]], [[NAN, 4.0]]]))
    np.testing.assert_array_equal(filled, [[[1.0, NAN]], [[NAN, 4.0]]])


cell = st.one_of(st.just(NAN), st.floats(-1e6, 1e6))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.lists(cell, min_size=7, max_size=7), min_size=1, max_size=5))
def test_agrees_with_the_loop_on_any_series(rows):
    filled, _, _ = interpolate(np.array(rows))
    np.testing.assert_array_equal(filled, [by_hand(row) for row in rows])


@pytest.mark.parametrize("shape", [(0, 0, 3), (2, 1, 1)])
def test_small_shapes_pass_through(shape):
    filled, _, _ = interpolate(np.ones(shape))
    assert filled.shape == shape
