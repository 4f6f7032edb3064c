"""One coefficient for each pair of a treatment and an outcome that share rows, effects and controls, all at once.

By Frisch, Waugh and Lovell the coefficient of treatment d in a regression of y on d, controls and absorbed effects is

    b = d*'y* / d*'d*,    s_c = sum over rows i of cluster c of d*_i (y*_i - b d*_i),    V(b) = sum_c s_c^2 / (d*'d*)^2

with * what is left of a column off the effects and the controls. Columns are taken off the effects once per sample and
off the controls once per set of controls; a pair is then a product of two columns. Exact for unbalanced panels, weights
and any effects. No small-sample factor is in here (`covariance.small_sample_factor`).

References
----------
Frisch and Waugh (1933); Lovell (1963).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from resilience_pipeline.econometrics.absorption import Absorber, Codes, Floats
from resilience_pipeline.econometrics.kernel import COLLINEAR, tolerances


@dataclass(frozen=True)
class PairFits:
    """Treatments by outcomes, shape (p, m): coefficients, and for each partition the errors of a plain sandwich."""

    estimate: Floats
    std_errors: tuple[Floats, ...]


class SharedRows:
    """Rows, effects and weights that many regressions share.

    Parameters
    ----------
    effects : absorbed effects as level numbers 0..L-1, each of shape (N,); none = a constant.
    weights : analytic weights, shape (N,); only their ratios count.

    Attributes
    ----------
    rank : parameters of the effects, the constant among them.
    """

    def __init__(self, effects: Sequence[Codes], weights: Floats | None = None) -> None:
        self._weights = None if weights is None else weights / weights.mean()
        self._absorber = Absorber(effects, self._weights) if effects else None
        self._root = None if self._weights is None else np.sqrt(self._weights)[:, None]
        self.rank = 1 if self._absorber is None else self._absorber.rank

    def within(self, columns: Floats) -> Floats:
        """Columns off the effects, times the root of the weights; shape (N, m) in and out."""
        if self._absorber is not None:
            left = self._absorber.residualise(columns)
        else:
            means = columns.mean(axis=0) if self._weights is None else self._weights @ columns / len(columns)
            left = columns - means
        return left if self._root is None else left * self._root


def basis_of(raw: Floats, within: Floats) -> tuple[Floats, list[int]]:
    """Orthonormal basis of the controls that have variation of their own, and their places, in order.

    A dependent control leaves before the next is judged, as `estimation` leaves it out. Shapes (N, k) and (N, k) in.
    """
    limits = np.maximum(tolerances(raw, raw.mean(axis=0)), COLLINEAR * np.linalg.norm(within, axis=0))
    kept = list(range(raw.shape[1]))
    while kept:
        basis, R = np.linalg.qr(within[:, kept])
        own = np.abs(np.diag(R))
        dependent = np.flatnonzero(own <= limits[kept]) if len(own) == len(kept) else np.array([len(own)])
        if not len(dependent):
            return basis, kept
        kept.pop(int(dependent[0]))
    return np.empty((len(raw), 0)), kept


def off(basis: Floats, columns: Floats) -> Floats:
    """Residuals of the columns on an orthonormal basis; the second pass removes the rounding of the first."""
    for _ in range(2 if basis.shape[1] else 0):
        columns = columns - basis @ (basis.T @ columns)
    return columns


def varies(raw: Floats, within: Floats) -> NDArray[np.bool_]:
    """Whether more than rounding is left of each column off the effects; shape (m,)."""
    found: NDArray[np.bool_] = np.linalg.norm(within, axis=0) > tolerances(raw, raw.mean(axis=0))
    return found


def identified(raw: Floats, within: Floats, left: Floats) -> NDArray[np.bool_]:
    """Whether each treatment has variation of its own: `within` off the effects, `left` off the controls, too."""
    limits = np.maximum(tolerances(raw, raw.mean(axis=0)), COLLINEAR * np.linalg.norm(within, axis=0))
    found: NDArray[np.bool_] = np.linalg.norm(left, axis=0) > limits
    return found


def fit_pairs(d: Floats, y: Floats, partitions: Sequence[Codes]) -> PairFits:
    """Coefficient and clustered error of every pair; what is not identified is nan or noise, to be left out.

    Parameters
    ----------
    d, y : treatments, shape (N, p), and outcomes, shape (N, m), off effects and controls.
    partitions : clusters as level numbers 0..G-1, each of shape (N,).
    """
    squares = (d * d).sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        b = (d.T @ y) / squares[:, None]
        errors = tuple(np.sqrt(_squared_scores(d, y, b, codes)) / squares[:, None] for codes in partitions)
    return PairFits(b, errors)


def _squared_scores(d: Floats, y: Floats, b: Floats, codes: Codes) -> Floats:
    """Sum over clusters of the squared score of each pair, shape (p, m)."""
    order = np.argsort(codes, kind="stable")
    d, y, bounds = d[order], y[order], np.flatnonzero(np.diff(codes[order], prepend=-1, append=-1))
    total = np.zeros_like(b)
    for first, last in pairwise(bounds):
        own = d[first:last]
        total += (own.T @ y[first:last] - b * (own * own).sum(axis=0)[:, None]) ** 2
    return total
