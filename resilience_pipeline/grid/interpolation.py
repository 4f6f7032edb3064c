"""Linear interpolation inside a series: between two delivered values, never past the first or the last."""

import numpy as np
from numpy.typing import NDArray


def interpolate(
    values: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
    """Fill the inner gaps of each series.

    x(t) = x(a) + (x(b) - x(a)) (t - a) / (b - a), where a and b are the nearest years with a value around t.

    Parameters
    ----------
    values : shape (..., years), nan where missing; one series along the last axis, nothing passes between series.

    Returns
    -------
    filled : same shape; nan stays before a series' first value and after its last.
    before, after : same shape; positions a and b of an interpolated cell, -1 for all other cells.
    """
    known = ~np.isnan(values)
    positions = np.broadcast_to(np.arange(values.shape[-1]), values.shape)
    before = np.maximum.accumulate(np.where(known, positions, -1), axis=-1)
    last = values.shape[-1]
    after = np.minimum.accumulate(np.where(known, positions, last)[..., ::-1], axis=-1)[..., ::-1]
    inner = ~known & (before >= 0) & (after < last)
    a, b = np.where(inner, before, 0), np.where(inner, after, 0)
    left, right = np.take_along_axis(values, a, -1), np.take_along_axis(values, b, -1)
    span = np.where(inner, b - a, 1)
    filled = np.where(inner, left + (right - left) * (positions - a) / span, values)
    return filled, np.where(inner, before, -1), np.where(inner, after, -1)
