"""Specification and frame in, Estimate out. What the data do not allow is a record with its reason, not an exception.

What is estimated comes from `model`, numbers from an engine (`reference_engine` or `kernel`), the error rule from
`covariance`; this module writes the record.
"""

from collections.abc import Sequence
from importlib.metadata import version

import numpy as np
import polars as pl

from resilience_pipeline.econometrics import reference_engine
from resilience_pipeline.econometrics.absorption import Absorber, AbsorptionError, Floats
from resilience_pipeline.econometrics.covariance import fewest
from resilience_pipeline.econometrics.estimate import Estimate, Term
from resilience_pipeline.econometrics.kernel import Design, Fit
from resilience_pipeline.econometrics.model import Model, model_of
from resilience_pipeline.econometrics.moments import MomentMismatchError, TooManyDummiesError
from resilience_pipeline.econometrics.printed_errors import PrintedErrors, printed_errors
from resilience_pipeline.econometrics.sample import NotEstimableError
from resilience_pipeline.econometrics.specification import Specification

ENGINES = ("linearmodels", "kernel")


def estimate(spec: Specification, frame: pl.DataFrame, *, engines: Sequence[str] = ENGINES) -> Estimate:
    """Estimate a linear model with absorbed effects by (weighted) least squares.

    Parameters
    ----------
    spec : what to estimate.
    frame : one row per observation; may hold more columns and rows than the specification uses.
    engines : in order of preference; the first that can express the model prints. "kernel" always can and needs no
        slow import.

    Returns
    -------
    A record with status "estimated"; "awaiting" where a column holds no value at all; "failed" with the reason where
    the data do not identify the model. A control without variation of its own is dropped with a warning; a treatment
    is not.

    Raises
    ------
    SpecificationError : the specification itself is not well formed; no data could make it so.
    """
    try:
        model = model_of(spec, frame)
        engine = _printing_engine(model.design, engines)
        return _record(model, engine, model.fit(engine))
    except NotEstimableError as refusal:
        return Estimate(spec, refusal.status, refusal.reason, spec_hash=spec.hash, versions=_versions())
    except (AbsorptionError, MomentMismatchError, TooManyDummiesError) as failure:
        return Estimate(spec, "failed", str(failure), spec_hash=spec.hash, versions=_versions())


def _printing_engine(design: Design, engines: Sequence[str]) -> str:
    unknown = set(engines) - set(ENGINES)
    if unknown or not engines:
        raise ValueError(f"engines are {ENGINES}, not {tuple(engines)}")
    for engine in engines:
        if engine == "kernel" or reference_engine.can_express(design):
            return engine
    raise NotEstimableError("the model is too large for linearmodels' dense design; use the kernel")


def _record(model: Model, engine: str, fit: Fit) -> Estimate:
    sample, design = model.sample, model.design
    spec, n = sample.specification, len(design.y)
    errors, rule = printed_errors(model, fit), spec.error_rule
    r2 = _r2(model, fit)
    return Estimate(
        specification=spec,
        status="estimated",
        terms=_terms((*model.terms, "const"), fit.coefficients, errors),
        vcov=rule.name,
        ssc=None if rule.kind == "cv3" else spec.ssc,
        dof=fit.dof,
        n_obs=n,
        n_dropped_missing=sample.n_missing,
        n_singletons=sample.n_singletons,
        n_units=sample.frame[sample.unit].n_unique() if sample.unit else None,
        n_periods=sample.frame[spec.time].n_unique() if spec.time else None,
        n_clusters=fewest(design.clusters) if design.clusters else None,
        n_treated_units=sample.n_treated_units,
        r2_overall=r2["overall"],
        r2_within_entity=r2["within_entity"],
        r2_within_all=r2["within_all"],
        rmse=float(np.sqrt(fit.rss / (n - len(model.terms) - fit.rank))),
        engine=engine,
        spec_hash=spec.hash,
        data_hash=sample.data_hash,
        versions=_versions(),
        warnings=model.warnings + errors.warnings,
        kilometres=rule.kilometres,
        draws=errors.draws,
        undefined_draws=errors.undefined_draws,
        seed=errors.seed,
    )


def _terms(names: tuple[str, ...], b: Floats, errors: PrintedErrors) -> tuple[Term, ...]:
    stated = (b, errors.std_errors, errors.t, errors.p_values, errors.low, errors.high)
    columns = zip(names, *(map(float, column) for column in stated), strict=True)
    return tuple(Term(*column) for column in columns)


def _r2(model: Model, fit: Fit) -> dict[str, float | None]:
    """The three named R2: one minus RSS over the sum of squares around grand means, unit means, all effects."""
    design, sample = model.design, model.sample
    weights = np.ones(len(design.y)) if design.relative_weights is None else design.relative_weights
    y = design.y[:, None]

    def against(centred: Floats) -> float:
        return 1 - fit.rss / float(weights @ centred[:, 0] ** 2)

    r2: dict[str, float | None] = {"overall": against(y - weights @ y / len(y)), "within_entity": None}
    r2["within_all"] = against(model.absorber.residualise(y)) if model.absorber else None
    if sample.unit in sample.specification.absorb and sample.unit is not None:
        r2["within_entity"] = against(Absorber([sample.codes(sample.unit)], weights).residualise(y))
    return r2


def _versions() -> dict[str, str]:
    return {package: version(package) for package in ("numpy", "linearmodels", "polars")}
