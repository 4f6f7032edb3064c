"""Estimator "drdid": one change of the outcome, doubly robust to either model of the controls (Sant'Anna and Zhao).

One row a unit: the outcome after less before, the controls before. With more than two periods the outcome is averaged
over the periods before and after the one start, as the controls are over those before, unless a period is named.
Numbers and influence functions are moderndid's, which reproduces R's DRDID; errors sum the influence functions by
cluster (analytic, normal law).

References
----------
Sant'Anna and Zhao (2020), Journal of Econometrics 219(1), 101-122: equations (2.6) and (3.1). Bertrand, Duflo and
Mullainathan (2004), section IV.C, for the averages before and after.
"""

import warnings as python_warnings
from collections.abc import Mapping

import numpy as np
import polars as pl

from resilience_pipeline.econometrics.absorption import Floats
from resilience_pipeline.econometrics.estimate import Estimate
from resilience_pipeline.econometrics.estimators.adoption import Adoption, adoption
from resilience_pipeline.econometrics.estimators.effects import Effect, clustered, record
from resilience_pipeline.econometrics.estimators.estimator import Estimator, NotInstalledError, Option, refuse
from resilience_pipeline.econometrics.sample import NotEstimableError
from resilience_pipeline.econometrics.specification import Specification

OPTIONS = (
    Option("method", "improved", "improved (further doubly robust) or traditional", ("improved", "traditional")),
    Option("before", "mean", "mean of the periods before the start, or the one period to take"),
    Option("after", "mean", "mean of the periods from the start on, or the one period to take"),
)


def run(spec: Specification, frame: pl.DataFrame, options: Mapping[str, str]) -> Estimate:
    """Term att."""
    try:
        from moderndid import drdid_imp_panel, drdid_panel
    except ImportError:
        raise NotInstalledError("moderndid", "estimators") from None
    found = adoption(spec, frame, balanced=True)
    if len(found.cohorts) > 1:
        raise NotEstimableError(f"units start in {len(found.cohorts)} periods; one start is needed here (see cs)")
    if np.isfinite(found.first).all():
        raise NotEstimableError("no unit is never treated")
    start = found.cohorts[0]
    before = _chosen(spec, "before", options["before"], found.periods[found.periods < start])
    after = _chosen(spec, "after", options["after"], found.periods[found.periods >= start])
    y0, y1 = _mean(found, found.outcome, before), _mean(found, found.outcome, after)
    covariates = [_mean(found, column, before) for column in found.controls.T]
    X = np.column_stack([np.ones(len(y0)), *covariates])
    estimator = drdid_imp_panel if options["method"] == "improved" else drdid_panel
    with python_warnings.catch_warnings(record=True) as said:
        python_warnings.simplefilter("always")
        try:
            result = estimator(y1, y0, np.isfinite(found.first).astype(np.float64), X, influence_func=True)
        except (ValueError, np.linalg.LinAlgError) as failure:
            raise NotEstimableError(f"moderndid: {str(failure).rstrip('.')}") from None
    influence = np.asarray(result.att_inf_func, dtype=np.float64).reshape(-1, 1) / len(y0)
    clusters = found.clusters_of_units
    told = dict.fromkeys(str(warning.message).splitlines()[0] for warning in said)
    return record(
        spec,
        found,
        [Effect("att", float(result.att), float(clustered(influence, clusters)[0]))],
        options=options,
        n_clusters=int(clusters.max()) + 1,
        engine="moderndid",
        package="moderndid",
        warnings=tuple(f"moderndid: {text.rstrip('.')}" for text in told),
    )


def _chosen(spec: Specification, name: str, text: str, periods: Floats) -> Floats:
    if text == "mean":
        return periods
    named = [period for period in periods if f"{period:g}" == text]
    if not named:
        known = ", ".join(f"{period:g}" for period in periods)
        raise refuse(spec, f"option {name!r} is {text!r}, no period there", f"use mean or one of {known}")
    return np.array(named)


def _mean(found: Adoption, values: Floats, periods: Floats) -> Floats:
    """Each unit's mean over the periods, shape (G,)."""
    return found.wide(values)[:, np.isin(found.periods, periods)].mean(axis=1)


ESTIMATOR = Estimator(
    "drdid", "doubly robust two-period comparison (Sant'Anna and Zhao 2020)", run, OPTIONS, extra="estimators"
)
