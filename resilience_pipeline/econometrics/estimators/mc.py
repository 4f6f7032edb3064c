"""Estimator "mc": untreated outcomes of treated cells completed by a matrix of low rank (Athey et al. 2021).

Over units i and periods t, O the untreated cells,

    min_{L, a, b}  1/2 sum_{it in O} (y_it - a_i - b_t - L_it)^2 + lambda ||L||_*

with unit and period effects free and the nuclear norm (sum of singular values) penalised. The effect is the mean over
treated cells of y less a_i + b_t + L_it. It needs no parallel trends: units may answer to common factors, each in its
own way. lambda is the one of a path whose held-out fifths of the untreated cells are foretold best; beyond the largest
singular value of what effects leave, L is zero and the estimate is that of "imputation" without controls.

Solved by soft-impute: effects by least squares on O, the other cells filled with L, singular values lowered by lambda.
Errors: jackknife over units at the chosen lambda, normal law.

References
----------
Athey, Bayati, Doudchenko, Imbens and Khosravi (2021), Journal of the American Statistical Association 116(536),
1716-1730; Mazumder, Hastie and Tibshirani (2010) for soft-impute.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from resilience_pipeline.econometrics.absorption import Floats
from resilience_pipeline.econometrics.estimate import Estimate
from resilience_pipeline.econometrics.estimators.adoption import adoption
from resilience_pipeline.econometrics.estimators.effects import Effect, record
from resilience_pipeline.econometrics.estimators.estimator import Estimator, refuse
from resilience_pipeline.econometrics.sample import NotEstimableError
from resilience_pipeline.econometrics.specification import Specification

Mask = NDArray[np.bool_]

FOLDS = 5
#: Penalties tried, as shares of the least one at which L is zero.
SHARES = tuple(float(share) for share in np.geomspace(1, 0.01, 13))
_TOLERANCE = 1e-7  # change of L, in the size of what effects leave of the untreated cells
_ROUNDING = 1e-13  # of the outcomes: without noise the effects leave nothing else
_STEPS = 2_000


@dataclass(frozen=True)
class Completed:
    """effects : a_i + b_t, shape (G, T). L : shape (G, T)."""

    effects: Floats
    L: Floats

    @property
    def untreated(self) -> Floats:
        """What each cell would be without treatment, shape (G, T)."""
        return self.effects + self.L


def run(spec: Specification, frame: pl.DataFrame, options: Mapping[str, str]) -> Estimate:
    """Term att."""
    if spec.controls:
        raise refuse(spec, "controls do not enter the matrix", "leave the controls out")
    found = adoption(spec, frame, balanced=True)
    Y, free = found.wide(found.outcome), ~found.wide(found.treated.astype(np.float64)).astype(bool)
    if not (free.any(axis=0).all() and free.any(axis=1).all()):
        raise NotEstimableError("a unit or a period has no untreated cell: nothing says what it would have been")
    lam, share = chosen_penalty(Y, free, spec.bootstrap_seed)
    whole = complete(Y, free, lam)
    rank = int((np.linalg.svd(whole.L, compute_uv=False) > 1e-8 * np.abs(Y).max()).sum())
    several = int((~free).any(axis=1).sum()) > 1
    warnings = [f"L has rank {rank}; its penalty is {share:.3g} of the least one at which it is zero"]
    if share == SHARES[-1]:
        warnings.append("the penalty is the weakest one tried")
    if not several:
        warnings.append("the jackknife needs two treated units: there is no error")
    return record(
        spec,
        found,
        [Effect("att", effect(Y, free, whole), _jackknife(Y, free, lam, whole) if several else np.nan)],
        options=options,
        vcov="jackknife",
        seed=spec.bootstrap_seed,
        warnings=tuple(warnings),
    )


def effect(Y: Floats, free: Mask, completed: Completed) -> float:
    """Mean over treated cells of what was seen less what is foretold."""
    return float((Y - completed.untreated)[~free].mean())


def complete(Y: Floats, free: Mask, lam: float, start: Floats | None = None) -> Completed:
    """The minimum at one penalty.

    Parameters
    ----------
    Y, free : outcomes, and which cells are untreated (O), shape (G, T). start : L to begin with; zero for None.
    """
    L = np.zeros_like(Y) if start is None else start
    for _ in range(_STEPS):
        effects = two_way(Y - L, free)
        filled = np.where(free, Y - effects, L)
        U, s, V = np.linalg.svd(filled, full_matrices=False)
        new = (U * np.maximum(s - lam, 0.0)) @ V
        moved = np.linalg.norm(new - L)
        L = new
        if moved <= _TOLERANCE * np.linalg.norm(filled) + _ROUNDING * np.linalg.norm(Y):
            return Completed(two_way(Y - L, free), L)
    raise NotEstimableError(f"the matrix was not completed in {_STEPS} steps")


def two_way(Y: Floats, free: Mask) -> Floats:
    """a_i + b_t by least squares on the cells of free, for every cell; shape (G, T)."""
    W = free.astype(np.float64)
    n = W.sum(axis=1)
    # Units are partialled out; the first period is the base, since effects are known up to a constant only.
    S = np.diag(W.sum(axis=0)) - W.T @ (W / n[:, None])
    total = (W * Y).sum(axis=1)
    right = (W * Y).sum(axis=0) - W.T @ (total / n)
    b = np.zeros(Y.shape[1])
    b[1:] = np.linalg.lstsq(S[1:, 1:], right[1:], rcond=None)[0]
    a = (total - W @ b) / n
    return a[:, None] + b[None, :]


def chosen_penalty(Y: Floats, free: Mask, seed: int) -> tuple[float, float]:
    """The penalty whose held-out cells are foretold best, and its share of the least at which L is zero."""
    largest = np.linalg.svd(np.where(free, Y - two_way(Y, free), 0.0), compute_uv=False)[0]
    generator = np.random.default_rng(seed)
    fold = np.where(free, generator.integers(0, FOLDS, size=free.shape), -1)
    missed = np.zeros(len(SHARES))
    for held in range(FOLDS):
        seen = free & (fold != held)
        # A unit or a period that would lose all its cells keeps them.
        seen |= free & ~(seen.any(axis=1, keepdims=True) & seen.any(axis=0, keepdims=True))
        asked, L = free & ~seen, None
        for place, share in enumerate(SHARES):  # from the strongest penalty on, each begun where the last one ended
            found = complete(Y, seen, share * largest, L)
            L = found.L
            missed[place] += ((Y - found.untreated)[asked] ** 2).sum()
    best = int(np.argmin(missed))
    return SHARES[best] * largest, SHARES[best]


def _jackknife(Y: Floats, free: Mask, lam: float, whole: Completed) -> float:
    """(G - 1) / G times the sum of squares around their mean; units whose loss leaves no effect are passed over."""
    left = []
    for unit in range(len(Y)):
        kept = np.arange(len(Y)) != unit
        if free[kept].all() or not free[kept].any(axis=0).all():
            continue
        part = complete(Y[kept], free[kept], lam, whole.L[kept])
        left.append(effect(Y[kept], free[kept], part))
    values = np.array(left)
    return float(np.sqrt((len(values) - 1) / len(values) * ((values - values.mean()) ** 2).sum()))


ESTIMATOR = Estimator("mc", "matrix completion with the nuclear norm (Athey et al. 2021)", run)
