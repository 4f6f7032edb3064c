"""Estimator "imputation": what untreated rows say that treated ones would have been (Borusyak, Jaravel and Spiess).

On untreated rows y = a_i + b_t + x'c is fitted; each treated row's effect is y less that fit. Averages of the effects
are linear in y, sum v_it y_it, and their variance is

    sum_clusters (sum_it v_it e_it)^2,

e_it the residual of an untreated row and, of a treated one, its effect less the mean effect of its cohort and period
(which overstates the variance unless effects are the same in a cohort and period). No small-sample factor, normal law.

References
----------
Borusyak, Jaravel and Spiess (2024), Review of Economic Studies 91(6), 3253-3285: Theorem 1, section 4.3.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from resilience_pipeline.econometrics.absorption import Codes, Floats, compact, level_sums
from resilience_pipeline.econometrics.estimate import Estimate
from resilience_pipeline.econometrics.estimators.adoption import Adoption, adoption
from resilience_pipeline.econometrics.estimators.aggregates import AGGREGATE, averages
from resilience_pipeline.econometrics.estimators.effects import Effect, clustered, record
from resilience_pipeline.econometrics.estimators.estimator import Estimator
from resilience_pipeline.econometrics.sample import NotEstimableError
from resilience_pipeline.econometrics.specification import Specification

_RANK = 1e-10  # share of the largest singular value below which one counts as nothing
_IDENTIFIED = 1e-8  # share of a row's regressors that may lie outside the space of the untreated rows


def run(spec: Specification, frame: pl.DataFrame, options: Mapping[str, str]) -> Estimate:
    """Terms att (all treated rows alike), att_group_G, lag_H and att_G_T as `aggregate` says."""
    found = adoption(spec, frame)
    imputed = _imputed(found)
    effects, identified = imputed.effects, imputed.identified
    warnings: tuple[str, ...] = ()
    if not identified.all():
        warnings += (f"{int((~identified).sum())} treated rows have no untreated counterpart and are left out",)
    treated = np.flatnonzero(found.treated)[identified]
    if not len(treated):
        raise NotEstimableError("no treated row has an untreated counterpart: no unit is untreated in their periods")
    first, times = found.first[found.units[treated]], found.times[treated]
    names, weights = averages(first, times, np.ones(len(treated)), options["aggregate"])
    estimates = weights @ effects
    cell = compact(np.unique(np.column_stack([first, times]), axis=0, return_inverse=True)[1].ravel())
    counts = np.bincount(cell)
    means = np.bincount(cell, weights=effects) / counts
    if (counts == 1).any():
        warnings += (f"{int((counts == 1).sum())} cohort-periods have one unit only: errors take it as free of noise",)
    influence = np.zeros((len(found.units), len(names)))
    influence[treated] = weights.T * (effects - means[cell])[:, None]
    influence += imputed.pull(weights)
    errors = clustered(influence, found.clusters)
    return record(
        spec,
        found,
        map(Effect, names, estimates, errors),
        options=options,
        n_clusters=int(found.clusters.max()) + 1,
        warnings=warnings,
    )


@dataclass(frozen=True)
class Imputed:
    """Treated rows less what the untreated ones say of them.

    effects : of the n treated rows that are identified, shape (n,). identified : which of the treated rows those are.
    units : of all rows, shape (N,). untreated : shape (N,). counts : untreated rows of each unit, shape (G,).
    Z : periods and controls off their unit's untreated mean, shape (N, q). inverse : of their cross-product over
    untreated rows, shape (q, q). residuals : outcome less the fit, shape (N,).
    """

    effects: Floats
    identified: NDArray[np.bool_]
    units: Codes
    untreated: NDArray[np.bool_]
    counts: Floats
    Z: Floats
    inverse: Floats
    residuals: Floats

    def pull(self, weights: Floats) -> Floats:
        """v_it e_it of the untreated rows under weights on the effects, shape (m, n); zero elsewhere, shape (N, m)."""
        rows = np.flatnonzero(~self.untreated)[self.identified]
        of_units = level_sums(weights.T, self.units[rows], len(self.counts)) / self.counts[:, None]
        v = -of_units[self.units] - self.Z @ self.inverse @ (weights @ self.Z[rows]).T
        return np.where(self.untreated[:, None], v * self.residuals[:, None], 0.0)


def _imputed(found: Adoption) -> Imputed:
    units, untreated = found.units, ~found.treated
    dummies = (found.times[:, None] == found.periods[1:]).astype(np.float64)
    columns = np.column_stack([found.outcome, dummies, found.controls])
    counts = np.bincount(units[untreated], minlength=len(found.first)).astype(np.float64)
    means = level_sums(columns[untreated], units[untreated], len(counts)) / counts[:, None]
    within = columns - means[units]
    scale = np.linalg.norm(within[untreated, 1:], axis=0)
    scale[scale == 0] = 1.0  # a period without an untreated row
    y, Z = within[:, 0], within[:, 1:] / scale
    _, values, right = np.linalg.svd(Z[untreated], full_matrices=False)
    right = right[values > values[0] * _RANK]
    inverse = right.T / values[: len(right)] ** 2 @ right
    residuals = y - Z @ (inverse @ (Z[untreated].T @ y[untreated]))
    rows = Z[~untreated]
    outside = np.linalg.norm(rows - rows @ right.T @ right, axis=1)
    identified = outside <= _IDENTIFIED * np.maximum(np.linalg.norm(rows, axis=1), np.finfo(np.float64).tiny)
    return Imputed(residuals[~untreated][identified], identified, units, untreated, counts, Z, inverse, residuals)


ESTIMATOR = Estimator("imputation", "imputed untreated outcomes (Borusyak, Jaravel and Spiess 2024)", run, (AGGREGATE,))
