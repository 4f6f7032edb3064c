"""TOPSIS: how near a row stands to the best and how far from the worst, in weighted, vector-normalised indicators."""

import numpy as np

from resilience_pipeline.indices.entropy import Matrix


def closeness(X: Matrix, low: Matrix, high: Matrix, norm: Matrix, w: Matrix) -> Matrix:
    """Closeness to the ideal, D- / (D+ + D-).

    With v_ij = w_j x_ij / norm_j: D+ is the Euclidean distance of v_i from the ideal point, where every indicator is
    at its best, D- from the point where every one is at its worst (Hwang and Yoon 1981). Between the bounds it rises
    with every indicator of positive weight; 1 at the best of all, 0 at the worst.

    Parameters
    ----------
    X : shape (rows, indicators), higher is better; nan where missing.
    low, high, norm, w : shape (indicators,); worst and best value, Euclidean norm over the pooled rows, weight.

    Returns
    -------
    Shape (rows,), in [0, 1] for rows within the bounds; nan where an indicator is.
    """
    V = X / norm * w
    to_best = _distance(V, high / norm * w)
    to_worst = _distance(V, low / norm * w)
    return to_worst / (to_best + to_worst)


def _distance(V: Matrix, point: Matrix) -> Matrix:
    # Column by column, so a row's rounding does not change with the number of rows.
    squares = np.zeros(len(V))
    for j in range(V.shape[1]):
        squares = squares + (V[:, j] - point[j]) ** 2
    return np.sqrt(squares)
