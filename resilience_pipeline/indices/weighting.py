"""The weightings of a composite: how weights arise from scaled values, and how they make a score.

To add one, add a `Weighting` to `WEIGHTINGS` under the option's value. All learn from values scaled to [0, 1] with
direction, so none depends on units or origins.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from resilience_pipeline.indices.entropy import Matrix, entropy_weights
from resilience_pipeline.indices.principal_component import correlations, first_component
from resilience_pipeline.indices.topsis import closeness

#: Sum of conflicts per indicator below which all indicators are one: rounding of correlations of 1.
NO_CONFLICT = 1e-12


def equal_weights(Z: Matrix) -> Matrix:
    """The same weight for every indicator. Shape (indicators,)."""
    return np.full(Z.shape[1], 1 / Z.shape[1])


def component_weights(Z: Matrix) -> Matrix:
    """Weights from the first principal component of the correlations, see `first_component`. Shape (indicators,)."""
    return first_component(correlations(Z)).weights


def critic_weights(Z: Matrix) -> Matrix:
    """CRITIC weights w = c / sum c with c_j = sd_j sum_k (1 - r_jk), which sum to one.

    An indicator weighs more, the more it varies and the less it repeats the others (Diakoulaki, Mavrotas and
    Papayannakis 1995). Indicators that all correlate perfectly repeat each other, c = 0, and weigh the same.

    Parameters
    ----------
    Z : shape (rows, indicators), scaled to [0, 1], at least two rows, no constant column.

    Returns
    -------
    Shape (indicators,), none negative.
    """
    conflict = (1 - correlations(Z)).sum(axis=1)
    if conflict.sum() <= NO_CONFLICT * Z.shape[1]:
        return equal_weights(Z)
    information = Z.std(axis=0, ddof=1) * conflict
    return np.asarray(information / information.sum())


def weighted_sum(X: Matrix, low: Matrix, high: Matrix, norm: Matrix, w: Matrix) -> Matrix:
    """sum_j w_j x_ij, nan where an indicator is. Shapes as in `topsis.closeness`; bounds and norm play no part."""
    # A sum column by column: a matrix product's rounding may change with the number of rows.
    return np.asarray(sum((X[:, j] * w[j] for j in range(1, len(w))), X[:, 0] * w[0]))


@dataclass(frozen=True)
class Weighting:
    """One way to weight.

    Parameters
    ----------
    weigh : scaled values, shape (rows, indicators), to weights that sum to one, none negative.
    score : (X, low, high, norm, w) to scores; X higher is better, in levels or scaled; shapes as in `topsis.closeness`.
    before_start : whether the weights are learnt from the rows before the start year only.
    bounded : whether the score lies in [0, 1] in the form "levels" too.
    """

    weigh: Callable[[Matrix], Matrix]
    score: Callable[[Matrix, Matrix, Matrix, Matrix, Matrix], Matrix] = weighted_sum
    before_start: bool = False
    bounded: bool = False


#: Value of the option `weighting` -> the weighting.
WEIGHTINGS: dict[str, Weighting] = {
    "entropy": Weighting(entropy_weights),
    "entropy_before_policy": Weighting(entropy_weights, before_start=True),
    "equal": Weighting(equal_weights),
    "pca": Weighting(component_weights),
    "critic": Weighting(critic_weights),
    "topsis": Weighting(entropy_weights, score=closeness, bounded=True),
}
