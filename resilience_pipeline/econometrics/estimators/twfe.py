"""Estimator "twfe": least squares with absorbed effects, `estimation.estimate`."""

from collections.abc import Mapping

import polars as pl

from resilience_pipeline.econometrics.estimate import Estimate
from resilience_pipeline.econometrics.estimation import estimate
from resilience_pipeline.econometrics.estimators.estimator import Estimator
from resilience_pipeline.econometrics.specification import Specification


def run(spec: Specification, frame: pl.DataFrame, options: Mapping[str, str]) -> Estimate:
    """Terms: the treatment, the controls, const."""
    return estimate(spec, frame)


ESTIMATOR = Estimator("twfe", "least squares with absorbed effects", run)
