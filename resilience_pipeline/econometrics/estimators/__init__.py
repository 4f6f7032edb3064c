"""Estimators behind one Specification and one Estimate, a module each. To add one: its module, and a line here."""

from collections.abc import Sequence

import polars as pl

from resilience_pipeline.econometrics import estimation
from resilience_pipeline.econometrics.absorption import AbsorptionError
from resilience_pipeline.econometrics.estimate import Estimate
from resilience_pipeline.econometrics.estimators import (
    bacon,
    cs,
    drdid,
    event_study,
    imputation,
    match,
    mc,
    sdid,
    sunab,
    twfe,
)
from resilience_pipeline.econometrics.estimators.effects import versions
from resilience_pipeline.econometrics.estimators.estimator import Estimator
from resilience_pipeline.econometrics.sample import NotEstimableError
from resilience_pipeline.econometrics.specification import Specification
from resilience_pipeline.errors import SpecificationError

ESTIMATORS: dict[str, Estimator] = {
    module.ESTIMATOR.name: module.ESTIMATOR
    for module in (twfe, event_study, match, bacon, cs, drdid, imputation, sunab, sdid, mc)
}


def estimator_of(spec: Specification) -> Estimator:
    """The estimator that the specification names.

    Raises
    ------
    SpecificationError : there is none of this name, or it has not the options given.
    """
    if spec.estimator not in ESTIMATORS:
        raise SpecificationError(
            what=f"there is no estimator {spec.estimator!r}",
            expected=", ".join(ESTIMATORS),
            remedy="use one of the expected names",
        )
    found = ESTIMATORS[spec.estimator]
    found.chosen(spec)
    return found


def estimate(spec: Specification, frame: pl.DataFrame, *, engines: Sequence[str] = estimation.ENGINES) -> Estimate:
    """Estimate a specification by the estimator that it names; what the data do not allow is a record with its reason.

    Parameters
    ----------
    engines : of twfe, as for `estimation.estimate`.

    Raises
    ------
    SpecificationError : the specification is not well formed; no data could make it so.
    """
    chosen = estimator_of(spec)
    if spec.estimator == "twfe":
        return estimation.estimate(spec, frame, engines=engines)
    try:
        return chosen.run(spec, frame, chosen.chosen(spec))
    except NotEstimableError as refusal:
        return Estimate(spec, refusal.status, refusal.reason, spec_hash=spec.hash, versions=versions())
    except AbsorptionError as failure:
        return Estimate(spec, "failed", str(failure), spec_hash=spec.hash, versions=versions())
