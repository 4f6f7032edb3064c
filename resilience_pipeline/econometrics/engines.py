"""Two engines on one specification: whether they agree, and how far they are apart."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from resilience_pipeline.econometrics import reference_engine
from resilience_pipeline.econometrics.absorption import AbsorptionError
from resilience_pipeline.econometrics.model import model_of
from resilience_pipeline.econometrics.sample import NotEstimableError
from resilience_pipeline.econometrics.specification import Specification

TOLERANCE = 1e-8  # what two exact algorithms may differ by; rounding is near 1e-12, a wrong formula near 1e-2


@dataclass(frozen=True)
class EngineAgreement:
    """How far two engines are apart on one specification.

    coefficient_difference : largest |b - b'|, relative where |b| exceeds one. std_error_difference : largest relative.
    Both None where there is nothing to compare; `reason` then says why.
    """

    specification: str
    coefficient_difference: float | None = None
    std_error_difference: float | None = None
    tolerance: float = TOLERANCE
    reason: str | None = None

    @property
    def compared(self) -> bool:
        """Whether both engines gave numbers."""
        return self.coefficient_difference is not None

    @property
    def agrees(self) -> bool:
        """Whether no difference exceeds the tolerance; true where there was nothing to compare."""
        differences = (self.coefficient_difference, self.std_error_difference)
        return all(difference is None or difference <= self.tolerance for difference in differences)


def compare_engines(spec: Specification, frame: pl.DataFrame) -> EngineAgreement:
    """Fit one specification by linearmodels and by the kernel and compare all coefficients and errors."""
    try:
        model = model_of(spec, frame)
        if not reference_engine.can_express(model.design):
            return EngineAgreement(spec.name, reason="too large for linearmodels' dense design")
        reference, own = model.fit("linearmodels"), model.fit("kernel")
    except (NotEstimableError, AbsorptionError) as refusal:
        return EngineAgreement(spec.name, reason=str(refusal))
    scale = np.maximum(np.abs(reference.coefficients), 1.0)
    coefficient = np.abs(reference.coefficients - own.coefficients) / scale
    # Of a two-way covariance a variance can be negative in both engines; its size is compared all the same.
    ours, theirs = (np.sqrt(np.abs(np.diag(fit.covariance))) for fit in (own, reference))
    floor = np.finfo(np.float64).tiny
    std_error = np.abs(ours - theirs) / np.maximum(theirs, floor)
    return EngineAgreement(spec.name, float(coefficient.max()), float(std_error.max()))
