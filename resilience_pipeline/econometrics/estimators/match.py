"""Estimator "match": kernel matching on the propensity score (`matched_panel`), then weighted two-way effects.

Covariates of the score are the controls, which the regression keeps.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import cast

import polars as pl

from resilience_pipeline.econometrics.estimate import Estimate
from resilience_pipeline.econometrics.estimation import estimate
from resilience_pipeline.econometrics.estimators.adoption import unit_and_time
from resilience_pipeline.econometrics.estimators.estimator import Estimator, Option, refuse
from resilience_pipeline.econometrics.matched_panel import Design, Rules, account, match_panel
from resilience_pipeline.econometrics.matching import Support
from resilience_pipeline.econometrics.predicate import keep_rows
from resilience_pipeline.econometrics.propensity import Model
from resilience_pipeline.econometrics.sample import NotEstimableError
from resilience_pipeline.econometrics.specification import Specification

DESIGN = Option(
    "design",
    "baseline",
    "baseline: one match on means before the first treated period; by_year: one a year; pooled: all rows together",
    ("baseline", "by_year", "pooled"),
)
MODEL = Option("model", "probit", "of the propensity score", ("probit", "logit"))
BANDWIDTH = Option("bandwidth", "0.06", "of the Epanechnikov kernel, in units of the score")
SUPPORT = Option("support", "common", "whether treated units beyond every control's score leave", ("common", "none"))
WEIGHT = "matching_weight"


def run(spec: Specification, frame: pl.DataFrame, options: Mapping[str, str]) -> Estimate:
    """Terms as of twfe, on the matched rows, weighted."""
    unit, time = unit_and_time(spec)
    if not spec.controls:
        raise refuse(spec, "there is nothing to match on", "name controls; they are the covariates of the score")
    if spec.weights:
        raise refuse(spec, "the weights are those of the match", "leave the weights out")
    try:
        bandwidth = float(options["bandwidth"])
    except ValueError:
        bandwidth = 0.0
    if not bandwidth > 0:
        raise refuse(spec, f"option 'bandwidth' is {options['bandwidth']!r}", "give a positive number")
    for name in (unit, time, str(spec.treatment), *spec.controls):
        if name not in frame.columns:
            raise NotEstimableError(f"the data have no column {name!r}")
    rows = keep_rows(frame, spec.where) if spec.where else frame
    treated = pl.col(str(spec.treatment)).cast(pl.Float64) == 1
    start = rows.filter(treated)[time].min()
    if start is None:
        raise NotEstimableError(f"no row is treated by {spec.treatment!r}")
    rules = Rules(
        covariates=spec.controls,
        treatment="ever treated",
        start_year=int(cast(float, start)),
        design=cast(Design, options["design"]),
        model=cast(Model, options["model"]),
        bandwidth=bandwidth,
        support=cast(Support, options["support"]),
    )
    keyed = rows.with_columns(
        pl.col(unit).cast(pl.String).alias("city_code"),
        pl.col(time).cast(pl.Int32).alias("year"),
        treated.any().over(unit).alias("ever treated"),
    )
    matched = match_panel(keyed, rules)
    weights = matched.select("city_code", "year", pl.col(WEIGHT).alias("weight of the match"))
    weighted = keyed.join(weights, on=["city_code", "year"], how="left", maintain_order="left")
    inner = replace(
        spec,
        weights="weight of the match",
        absorb=spec.absorb or (unit, time),
        unit=unit,
        time=time,
        where=None,
        estimator="twfe",
        estimator_options=(),
    )
    result = estimate(inner, weighted)
    found = account(matched, rules.design)
    units = "units" if rules.design == "baseline" else "rows"
    said = (
        f"{found.on_support} of {found.treated} treated {units} on support, {found.controls_used} of {found.controls} "
        f"others used, effective number {found.effective_controls:.1f}; errors take the weights as known"
    )
    return replace(
        result,
        specification=spec,
        spec_hash=spec.hash,
        options=dict(options),
        warnings=(*result.warnings, f"matched: {said}"),
    )


ESTIMATOR = Estimator(
    "match", "kernel matching on the propensity score, then two-way effects", run, (DESIGN, MODEL, BANDWIDTH, SUPPORT)
)
