"""Estimator "cs": effects of each cohort in each period, and their averages (Callaway and Sant'Anna).

A cohort's change since the period before its start is compared with that of units never (or not yet) treated, the
controls of the earlier period conditioned on by doubly robust, regression or weighting estimates. Numbers and influence
functions are moderndid's, which reproduces R's did; errors sum the influence functions by cluster (analytic, normal
law: R's bstrap = FALSE).

References
----------
Callaway and Sant'Anna (2021), Journal of Econometrics 225(2), 200-230: Theorem 1, table 1 of the averages.
"""

import warnings as python_warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl

from resilience_pipeline.econometrics.absorption import Floats
from resilience_pipeline.econometrics.estimate import Estimate
from resilience_pipeline.econometrics.estimators.adoption import Adoption, adoption
from resilience_pipeline.econometrics.estimators.effects import Effect, clustered, event_term, record
from resilience_pipeline.econometrics.estimators.estimator import Estimator, NotInstalledError, Option, whole_number
from resilience_pipeline.econometrics.sample import NotEstimableError
from resilience_pipeline.econometrics.specification import Specification

AGGREGATES = ("simple", "group", "dynamic", "calendar")
OPTIONS = (
    Option("control", "never", "whom cohorts are compared with: never or not_yet treated", ("never", "not_yet")),
    Option("method", "dr", "how controls enter: doubly robust, regression, weighting", ("dr", "reg", "ipw")),
    Option("base", "varying", "base of periods before the start: varying or universal", ("varying", "universal")),
    Option("anticipation", "0", "periods before the start that the treatment may already move"),
    Option("aggregate", "all", "which averages", (*AGGREGATES, "group_time", "all")),
)


def run(spec: Specification, frame: pl.DataFrame, options: Mapping[str, str]) -> Estimate:
    """Terms att_simple, att_group, att_dynamic, att_calendar with their parts, and att_G_T, as `aggregate` says."""
    try:
        import moderndid
    except ImportError:
        raise NotInstalledError("moderndid", "estimators") from None
    anticipation = whole_number(spec, "anticipation", options["anticipation"])
    found = adoption(spec, frame, balanced=True)
    if options["control"] == "never" and np.isfinite(found.first).all():
        raise NotEstimableError("no unit is never treated; compare with those not yet treated (control=not_yet)")
    asked = (*AGGREGATES, "group_time") if options["aggregate"] == "all" else (options["aggregate"],)
    columns = [f"x{position}" for position in range(found.controls.shape[1])]
    with python_warnings.catch_warnings(record=True) as said:
        python_warnings.simplefilter("always")
        try:
            result = moderndid.att_gt(
                _long(found, columns),
                yname="y",
                tname="t",
                idname="i",
                gname="g",
                xformla=f"~ {' + '.join(columns)}" if columns else None,
                est_method=options["method"],
                control_group="nevertreated" if options["control"] == "never" else "notyettreated",
                anticipation=anticipation,
                base_period=options["base"],
                boot=False,
                cband=False,
            )
            averages = {name: moderndid.aggte(result, type=name, na_rm=True) for name in asked if name in AGGREGATES}
        except (ValueError, np.linalg.LinAlgError) as failure:
            raise NotEstimableError(f"moderndid: {str(failure).rstrip('.')}") from None
    effects: list[tuple[str, float, Floats]] = []
    for name, average in averages.items():
        effects += _of_average(name, average)
    if "group_time" in asked:
        pairs = zip(result.groups, result.times, result.att_gt, np.asarray(result.influence_func).T, strict=True)
        effects += [(f"att_{g:g}_{t:g}", float(att), influence) for g, t, att, influence in pairs]
    clusters = found.clusters_of_units
    influence = np.column_stack([pull for _, _, pull in effects]) / len(found.first)
    errors = clustered(influence, clusters)
    told = dict.fromkeys(str(warning.message).splitlines()[0] for warning in said)
    return record(
        spec,
        found,
        [Effect(name, att, se) for (name, att, _), se in zip(effects, errors, strict=True)],
        options=options,
        n_clusters=int(clusters.max()) + 1,
        engine="moderndid",
        package="moderndid",
        warnings=tuple(f"moderndid: {text.rstrip('.')}" for text in told),
    )


def _long(found: Adoption, columns: list[str]) -> pl.DataFrame:
    first = np.where(np.isfinite(found.first), found.first, 0.0)[found.units]
    data = {"i": found.units, "t": found.times, "g": first, "y": found.outcome}
    return pl.DataFrame(data | {name: found.controls[:, place] for place, name in enumerate(columns)})


def _of_average(name: str, average: Any) -> list[tuple[str, float, Floats]]:
    """The average's name, number and influence function, shape (G,), then those of its parts."""
    overall = np.asarray(average.influence_func_overall, dtype=np.float64).ravel()
    effects = [(f"att_{name}", float(average.overall_att), overall)]
    if name == "simple":
        return effects
    parts = np.asarray(average.influence_func, dtype=np.float64)
    for place, (part, att) in enumerate(zip(average.event_times, average.att_by_event, strict=True)):
        term = event_term(part) if name == "dynamic" else f"att_{name}_{part:g}"
        effects.append((term, float(att), parts[:, place]))
    return effects


ESTIMATOR = Estimator(
    "cs", "group-time effects and their averages (Callaway and Sant'Anna 2021)", run, OPTIONS, extra="estimators"
)
