"""Estimator "event_study": a dummy for every period before and after each treated unit's start, but the base.

Two-way effects; no binning of far leads or lags. Under staggered starts a coefficient can hold other periods' effects
with negative weights (Sun and Abraham 2021, Proposition 3): `sunab` then is the one to print.

References
----------
Freyaldenhoven, Hansen, Perez and Shapiro (2021), "Visualization, identification, and estimation in the linear panel
event-study design".
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import polars as pl

from resilience_pipeline.econometrics.estimate import Estimate
from resilience_pipeline.econometrics.estimation import estimate
from resilience_pipeline.econometrics.estimators.adoption import unit_and_time
from resilience_pipeline.econometrics.estimators.effects import event_term
from resilience_pipeline.econometrics.estimators.estimator import Estimator, Option, whole_number
from resilience_pipeline.econometrics.sample import NotEstimableError
from resilience_pipeline.econometrics.specification import Specification

BASE = Option("base", "-1", "period left out, relative to the start: -1 = the one before it")
DATE = Option("date", "", "the start of all treated units; empty = each unit's first treated period")


def run(spec: Specification, frame: pl.DataFrame, options: Mapping[str, str]) -> Estimate:
    """Terms lead_H and lag_H, then the controls and const, under the specification's error rule."""
    unit, time = unit_and_time(spec)
    base = whole_number(spec, "base", options["base"])
    for name in (unit, time, str(spec.treatment)):
        if name not in frame.columns:
            raise NotEstimableError(f"the data have no column {name!r}")
    if not frame[time].dtype.is_numeric():
        raise NotEstimableError(f"column {time!r} holds {frame[time].dtype}; periods are numbers here")
    treated = pl.col(str(spec.treatment)).cast(pl.Float64) == 1
    period = pl.col(time).cast(pl.Float64)
    start = period.filter(treated).min().over(unit)
    if options["date"]:
        date = whole_number(spec, "date", options["date"])
        start = pl.when(treated.any().over(unit)).then(pl.lit(float(date)))
    relative = frame.select((period - start).alias("relative"))["relative"]
    values = [value for value in sorted(relative.drop_nulls().unique().to_list()) if value != base]
    if not values:
        raise NotEstimableError(f"no unit is treated by {spec.treatment!r} in a period other than the base")
    dummies = {event_term(value): (relative == value).fill_null(value=False).cast(pl.Float64) for value in values}
    inner = replace(
        spec,
        treatment=None,
        controls=(*dummies, *spec.controls),
        absorb=spec.absorb or (unit, time),
        unit=unit,
        time=time,
        estimator="twfe",
        estimator_options=(),
    )
    result = estimate(inner, frame.with_columns(**dummies))
    n_treated = int(frame.filter(relative.is_not_null())[unit].n_unique())
    kept = tuple(term for term in result.terms if np.isfinite(term.estimate))
    return replace(
        result, specification=spec, spec_hash=spec.hash, options=dict(options), n_treated_units=n_treated, terms=kept
    )


ESTIMATOR = Estimator("event_study", "leads and lags around the start, two-way effects", run, (BASE, DATE))
