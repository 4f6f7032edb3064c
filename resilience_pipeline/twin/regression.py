"""Least squares with absorbed city effects: the generator's own, for what a regression would make of the truth.

It shares no line with the pipeline's `econometrics/`.
"""

from collections.abc import Sequence

import numpy as np

from resilience_pipeline.twin.processes import Array


def coefficients(outcome: Array, regressors: Sequence[Array], city: np.ndarray, period: np.ndarray) -> Array:
    """Coefficients of `regressors`, city effects and an effect of each period given.

    Frisch, Waugh and Lovell: everything less its city mean, then least squares with a dummy a period.

    Parameters
    ----------
    outcome, regressors : shape (rows,) each.
    city, period : labels of any kind, shape (rows,); rows that are alone in their city or period add nothing.

    Returns
    -------
    Array
        shape (len(regressors),).
    """
    _, place, counts = np.unique(city, return_inverse=True, return_counts=True)
    levels, time = np.unique(period, return_inverse=True)
    columns = np.column_stack([outcome, *regressors, np.eye(len(levels))[time][:, 1:]])
    means = np.stack([np.bincount(place, column) / counts for column in columns.T], axis=1)
    within = columns - means[place]
    solution = np.linalg.lstsq(within[:, 1:], within[:, 0], rcond=None)[0]
    return np.asarray(solution[: len(regressors)], dtype=np.float64)
