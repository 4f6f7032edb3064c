"""Estimator "sunab": cohorts' own event studies, averaged by the cohorts' shares (Sun and Abraham).

One regression with two-way effects has a dummy for every cohort and time since its start but the period before it;
never treated units are the comparison. Averages weight treated rows alike. Errors are those of the regression under
its error rule, the shares taken as known.

References
----------
Sun and Abraham (2021), Journal of Econometrics 225(2), 175-199: equation (27), section 4.1.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import polars as pl

from resilience_pipeline.econometrics.estimate import Estimate
from resilience_pipeline.econometrics.estimators.adoption import adoption
from resilience_pipeline.econometrics.estimators.aggregates import AGGREGATE, averages
from resilience_pipeline.econometrics.estimators.effects import Effect, record
from resilience_pipeline.econometrics.estimators.estimator import Estimator
from resilience_pipeline.econometrics.model import model_of
from resilience_pipeline.econometrics.sample import NotEstimableError
from resilience_pipeline.econometrics.specification import Specification


def run(spec: Specification, frame: pl.DataFrame, options: Mapping[str, str]) -> Estimate:
    """Terms att, att_group_G, lag_H and lead_H, att_G_T as `aggregate` says; leads are no part of att."""
    found = adoption(spec, frame)
    if not (found.first == np.inf).any():
        raise NotEstimableError("no unit is never treated: there is nothing to compare the last cohort with")
    base = np.array([found.before(g) if np.isfinite(g) else np.nan for g in found.first], dtype=np.float64)
    first = found.first[found.units]
    pairs = np.column_stack([first, found.times])[np.isfinite(first) & (found.times != base[found.units])]
    cells, rows = np.unique(pairs, axis=0, return_counts=True)
    names = [f"cohort {g:g} in {t:g}" for g, t in cells]
    dummies = {
        name: pl.Series(((first == g) & (found.times == t)).astype(np.float64))
        for name, (g, t) in zip(names, cells, strict=True)
    }
    inner = replace(found.sample.specification, treatment=None, controls=(*names, *spec.controls))
    inner = replace(inner, cluster=spec.cluster or (found.unit,), vcov=spec.error_rule.plain, ssc=spec.ssc)
    model = model_of(inner, found.sample.frame.with_columns(**dummies))
    fit = model.fit("kernel")
    place = {name: position for position, name in enumerate(model.terms)}
    lost = [name for name in names if name not in place]
    if lost:
        raise NotEstimableError(f"{', '.join(lost)} cannot be told from the effects and the other cohorts")
    at = np.array([place[name] for name in names])
    terms, weights = averages(cells[:, 0], cells[:, 1], rows.astype(np.float64), options["aggregate"])
    b, V = fit.coefficients[at], fit.covariance[np.ix_(at, at)]
    errors = np.sqrt(np.einsum("ij,jk,ik->i", weights, V, weights))
    return record(
        spec,
        found,
        map(Effect, terms, weights @ b, errors),
        options=options,
        vcov=inner.vcov,
        ssc=spec.ssc,
        dof=fit.dof,
        n_clusters=int(found.clusters.max()) + 1 if inner.vcov == "cluster" else None,
        engine="kernel",
        warnings=tuple(warning for warning in model.warnings if warning not in found.warnings),
    )


ESTIMATOR = Estimator("sunab", "interaction-weighted event study (Sun and Abraham 2021)", run, (AGGREGATE,))
