"""Our own least squares with absorbed effects: numpy only, for printed columns' second opinion and for re-sampling.

Columns are residualised (`absorption`), coefficients come from a QR decomposition (no normal equations), errors from
`covariance`. The constant is reported for every model, as xtreg does: with b the coefficients and bars for (weighted)
means over the sample,

    const = mean(y) - mean(x)'b,

its error from the same scores: const + x'b is fitted to columns whose grand means were added back. Without absorbed
effects this is the ordinary constant.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from resilience_pipeline.econometrics.absorption import Absorber, Codes, Floats
from resilience_pipeline.econometrics.covariance import fewest, meat, small_sample_factor
from resilience_pipeline.econometrics.error_rules import Covariance
from resilience_pipeline.econometrics.specification import SmallSample

COLLINEAR = 1e-9  # share of a column's own variation below which what is left of it counts as nothing
_ROUNDING = 1e-13  # share of a column's size that is rounding


class CollinearColumnsError(ArithmeticError):
    """A column has no variation of its own; `column` is its place among the regressors."""

    def __init__(self, column: int) -> None:
        super().__init__(f"regressor {column} is a linear combination of the ones before it or of the effects")
        self.column = column


@dataclass(frozen=True)
class Design:
    """Arrays of one regression.

    Parameters
    ----------
    y : outcome, shape (N,).
    X : regressors, shape (N, k), without a constant.
    effects : absorbed effects as level numbers 0..L-1, each of shape (N,).
    weights : analytic weights, positive, shape (N,); only their ratios count. None = unweighted.
    vcov : error rule.
    clusters : one or two partitions as level numbers 0..G-1, each of shape (N,).
    """

    y: Floats
    X: Floats
    effects: tuple[Codes, ...] = ()
    weights: Floats | None = None
    vcov: Covariance = "iid"
    clusters: tuple[Codes, ...] = ()

    @property
    def relative_weights(self) -> Floats | None:
        """Weights with mean one, as Stata scales analytic weights; shape (N,)."""
        return None if self.weights is None else self.weights / self.weights.mean()

    def absorber(self) -> Absorber | None:
        """The projection off the effects, None without effects."""
        return Absorber(self.effects, self.relative_weights) if self.effects else None


@dataclass(frozen=True)
class Solution:
    """What an engine hands back, before any small-sample factor.

    coefficients : shape (k + 1,), the constant last. covariance : shape (k + 1, k + 1), plain sandwich.
    rss : weighted sum of squared residuals (weights with mean one).
    """

    coefficients: Floats
    covariance: Floats
    rss: float


@dataclass(frozen=True)
class Fit:
    """A fitted regression: coefficients and covariance of k regressors and, last, the constant.

    dof : degrees of freedom of t. factor : small-sample factor already in `covariance`. rank : parameters of the
    absorbed effects (1 where none is absorbed).
    """

    coefficients: Floats
    covariance: Floats
    rss: float
    dof: float
    factor: float
    rank: int

    @property
    def std_errors(self) -> Floats:
        """Standard errors, shape (k + 1,)."""
        return np.sqrt(np.diag(self.covariance))


def solve(design: Design, absorber: Absorber | None = None) -> Solution:
    """Least squares on the residualised columns.

    Parameters
    ----------
    absorber : the design's own, where it was built already; it must carry the design's effects and weights.

    Raises
    ------
    CollinearColumnsError : the regressors are not linearly independent once the effects are out.
    """
    parts = _decompose(design, absorber)
    filling = meat(parts.scores, parts.rss / len(design.y), design.vcov, design.clusters)
    return Solution(parts.coefficients, parts.to_terms @ filling @ parts.to_terms.T, parts.rss)


def pull(design: Design, absorber: Absorber | None = None) -> Floats:
    """Each row's pull on the coefficients, (X'X)^-1 x_i u_i, the constant's last; shape (N, k + 1).

    Sums of their products over rows that may be dependent are the plain sandwich.
    """
    parts = _decompose(design, absorber)
    return parts.scores @ parts.to_terms.T


@dataclass(frozen=True)
class _Decomposed:
    """coefficients : shape (k + 1,). scores : rows of the orthonormal basis times residuals, shape (N, k + 1).

    to_terms : from that basis to the coefficients, shape (k + 1, k + 1).
    """

    coefficients: Floats
    scores: Floats
    to_terms: Floats
    rss: float


def _decompose(design: Design, absorber: Absorber | None) -> _Decomposed:
    n = len(design.y)
    weights = design.relative_weights
    columns = np.column_stack([design.y, design.X])
    means = columns.mean(axis=0) if weights is None else weights @ columns / n
    absorber = absorber or design.absorber()
    within = columns - means if absorber is None else absorber.residualise(columns)
    root = np.ones(n) if weights is None else np.sqrt(weights)
    within = within if weights is None else within * root[:, None]
    y, X = within[:, 0], within[:, 1:]
    Q, R = np.linalg.qr(X)
    _demand_independence(R, X, tolerances(columns[:, 1:], means[1:]))
    b = np.linalg.solve(R, Q.T @ y)
    residual = y - X @ b
    rss = float(residual @ residual)
    # The constant's column is orthogonal to all residualised ones, so [Q, root / sqrt(N)] is an orthonormal basis.
    scores = np.column_stack([Q, root / np.sqrt(n)]) * residual[:, None]
    R_inverse = np.linalg.inv(R)
    to_terms = np.zeros((len(b) + 1, len(b) + 1))
    to_terms[:-1, :-1] = R_inverse
    to_terms[-1, :-1] = -means[1:] @ R_inverse
    to_terms[-1, -1] = 1 / np.sqrt(n)
    constant = means[0] - means[1:] @ b
    return _Decomposed(np.append(b, constant), scores, to_terms, rss)


def tolerances(X: Floats, means: Floats) -> Floats:
    """Norm below which a residualised column counts as nothing, shape (k,).

    A share of the column's variation around its mean, and never less than the rounding of its values.
    """
    return COLLINEAR * np.linalg.norm(X - means, axis=0) + _ROUNDING * np.linalg.norm(X, axis=0)


def _demand_independence(R: Floats, X: Floats, tolerance: Floats) -> None:
    left = np.abs(np.diag(R))
    dependent = left <= np.maximum(tolerance, COLLINEAR * np.linalg.norm(X, axis=0))
    if dependent.any():
        raise CollinearColumnsError(int(np.argmax(dependent)))


def finish(solution: Solution, design: Design, ssc: SmallSample, rank: int) -> Fit:
    """The solution with its small-sample factor and the degrees of freedom of t."""
    n, k = design.X.shape
    factor = small_sample_factor(
        ssc, design.vcov, rows=n, regressors=k, rank=rank, effects=design.effects, clusters=design.clusters
    )
    dof = fewest(design.clusters) - 1 if design.vcov == "cluster" else n - k - rank
    return Fit(solution.coefficients, factor * solution.covariance, solution.rss, float(dof), factor, rank)


def fit_arrays(
    y: Floats,
    X: Floats,
    *,
    effects: Sequence[Codes] = (),
    weights: Floats | None = None,
    clusters: Sequence[Codes] = (),
    vcov: Covariance = "cluster",
    ssc: SmallSample = "reghdfe",
    absorber: Absorber | None = None,
) -> Fit:
    """Least squares with absorbed effects on arrays, for simulation and re-sampling.

    Nothing is checked but linear independence: no value may be missing, levels are numbered 0..L-1 without gaps.

    Parameters
    ----------
    y, X : outcome, shape (N,), and regressors, shape (N, k), without a constant.
    effects, clusters : level numbers, each of shape (N,).
    weights : analytic weights, shape (N,).
    absorber : `Absorber(effects, weights / weights.mean())` where many outcomes share one sample.

    Raises
    ------
    CollinearColumnsError : the regressors are not linearly independent once the effects are out.
    """
    design = Design(y, X, tuple(effects), weights, vcov, tuple(clusters))
    absorber = absorber or design.absorber()
    rank = 1 if absorber is None else absorber.rank
    return finish(solve(design, absorber), design, ssc, rank)
