"""Min-max scaling with direction, and entropy weights from scaled values.

The entropy weight method gives more weight to an indicator whose values are spread unevenly over the rows. Its
known weakness: a skewed scale variable takes most of the weight. The other weightings stand in `weighting.py`.
"""

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]


def scale(X: Matrix, signs: Matrix, minimum: Matrix, maximum: Matrix) -> Matrix:
    """Min-max scaling with direction: z = (x - min) / (max - min), or (max - x) / (max - min) where the sign is -1.

    Parameters
    ----------
    X : shape (rows, indicators). signs, minimum, maximum : shape (indicators,).

    Returns
    -------
    Shape (rows, indicators), in [0, 1] for rows within the bounds.
    """
    return np.where(signs > 0, X - minimum, maximum - X) / (maximum - minimum)


def entropies(Z: Matrix) -> Matrix:
    """Entropy of each column of scaled values: e = -(1 / ln n) sum p ln p with p = z / sum z and 0 ln 0 = 0.

    Parameters
    ----------
    Z : shape (rows, indicators), at least two rows, no nan, no constant column.

    Returns
    -------
    Shape (indicators,), in [0, 1]; 1 where all rows are equal.
    """
    p = Z / Z.sum(axis=0)
    logs = np.log(p, out=np.zeros_like(p), where=p > 0)
    return -(p * logs).sum(axis=0) / np.log(len(Z))


def entropy_weights(Z: Matrix) -> Matrix:
    """Entropy weights w = (1 - e) / sum(1 - e), which sum to one. Shape (indicators,)."""
    divergence = 1 - entropies(Z)
    return divergence / divergence.sum()
