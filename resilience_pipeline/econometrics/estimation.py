"""Specification and frame in, Estimate out. What the data do not allow is a record with its reason, not an exception.

Rows come from `sample`, numbers from an engine (`reference_engine` or `kernel`), the error rule from `covariance`;
this module decides what can be estimated and writes the record.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version

import numpy as np
import polars as pl

from resilience_pipeline.econometrics import kernel, reference_engine
from resilience_pipeline.econometrics.absorption import Absorber, AbsorptionError, Codes, Floats
from resilience_pipeline.econometrics.covariance import fewest
from resilience_pipeline.econometrics.error_rules import EXPECTED
from resilience_pipeline.econometrics.estimate import Estimate, Term
from resilience_pipeline.econometrics.kernel import Design, Fit
from resilience_pipeline.econometrics.moments import MomentMismatchError, TooManyDummiesError
from resilience_pipeline.econometrics.printed_errors import PrintedErrors, printed_errors
from resilience_pipeline.econometrics.sample import NotEstimableError, Sample, draw_sample
from resilience_pipeline.econometrics.specification import Specification
from resilience_pipeline.errors import SpecificationError
from resilience_pipeline.words import many

ENGINES = ("linearmodels", "kernel")
FEW_CLUSTERS = 10
TOLERANCE = 1e-8  # what two exact algorithms may differ by; rounding is near 1e-12, a wrong formula near 1e-2


@dataclass(frozen=True)
class Model:
    """A specification that can be estimated on its sample: the design, the terms that are left, the warnings.

    The design's regressors are the terms, in that order.
    """

    sample: Sample
    design: Design
    absorber: Absorber | None
    terms: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def rank(self) -> int:
        return 1 if self.absorber is None else self.absorber.rank

    def fit(self, engine: str) -> Fit:
        if engine == "linearmodels":
            solution = reference_engine.solve(self.design)
        else:
            solution = kernel.solve(self.design, self.absorber)
        return kernel.finish(solution, self.design, self.sample.specification.ssc, self.rank)


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
    _demand_well_formed(spec)
    try:
        model = _model(spec, frame)
        engine = _printing_engine(model.design, engines)
        return _record(model, engine, model.fit(engine))
    except NotEstimableError as refusal:
        return Estimate(spec, refusal.status, refusal.reason, spec_hash=spec.hash, versions=_versions())
    except (AbsorptionError, MomentMismatchError, TooManyDummiesError) as failure:
        return Estimate(spec, "failed", str(failure), spec_hash=spec.hash, versions=_versions())


def model_of(spec: Specification, frame: pl.DataFrame) -> Model:
    """The rows, the design and the terms on which `estimate` would estimate, for those who re-sample them.

    Raises
    ------
    NotEstimableError : the data do not allow the specification; status and reason as `estimate` records them.
    SpecificationError : the specification itself is not well formed.
    """
    _demand_well_formed(spec)
    return _model(spec, frame)


def _printing_engine(design: Design, engines: Sequence[str]) -> str:
    unknown = set(engines) - set(ENGINES)
    if unknown or not engines:
        raise ValueError(f"engines are {ENGINES}, not {tuple(engines)}")
    for engine in engines:
        if engine == "kernel" or reference_engine.can_express(design):
            return engine
    raise NotEstimableError("the model is too large for linearmodels' dense design; use the kernel")


def _demand_well_formed(spec: Specification) -> None:
    def refuse(what: str, remedy: str) -> None:
        raise SpecificationError(what=f"specification {spec.name!r}: {what}", remedy=remedy)

    if spec.estimator != "twfe":
        refuse(f"its estimator is {spec.estimator}, this is least squares", "use an estimate by twfe here")
    names = [spec.outcome, *spec.regressors]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        refuse(f"{', '.join(twice)} stands twice", "name each of outcome, treatment and controls once")
    if not spec.regressors:
        refuse("there is neither a treatment nor a control", "name at least one regressor")
    try:
        rule = spec.error_rule
    except SpecificationError as unknown:
        refuse(unknown.what, f"use {EXPECTED}")
    if spec.ssc not in ("reghdfe", "xtreg", "linearmodels", "none"):
        refuse(f"there is no small-sample rule {spec.ssc!r}", "use reghdfe, xtreg, linearmodels or none")
    if rule.kind == "cluster" and not 1 <= len(set(spec.cluster)) == len(spec.cluster) <= 2:
        refuse(f"clusters are {spec.cluster}", "name one column to cluster by, or two different ones")
    if rule.kind in ("cv3", "wcr") and len(spec.cluster) != 1:
        refuse(f"{rule.kind} re-samples clusters of one kind, clusters are {spec.cluster}", "name one column")
    if rule.kind == "conley" and not (spec.latitude and spec.longitude):
        refuse("spatial errors need to know where the units are", "name the columns of latitude and longitude")
    if rule.kind == "wcr" and not 19 <= spec.bootstrap_draws <= 10_000_000:
        refuse(f"there cannot be {spec.bootstrap_draws} draws", "ask for 19 to 10,000,000")


def _model(spec: Specification, frame: pl.DataFrame) -> Model:
    """The model on its sample, or NotEstimableError with the reason."""
    sample = draw_sample(spec, frame)
    design = Design(
        y=sample.column(spec.outcome),
        X=np.column_stack([sample.column(name) for name in spec.regressors]),
        effects=tuple(sample.codes(name) for name in spec.absorb),
        weights=sample.column(spec.weights) if spec.weights else None,
        vcov=spec.error_rule.plain,
        clusters=_clusters(sample),
    )
    if design.clusters and fewest(design.clusters) < 2:
        raise NotEstimableError(
            f"there is only one cluster in {' or '.join(spec.cluster or (str(sample.unit),))}: "
            "its variance is not defined"
        )
    absorber = design.absorber()
    rank = 1 if absorber is None else absorber.rank
    within = _within(design, absorber)
    _demand_variation(sample, design, within)
    keep, dropped = _independent(sample, design, within)
    n, k = len(design.y), len(keep)
    if n - rank - k < 1:
        raise NotEstimableError(f"too few rows: {many(n, 'row')} for {many(rank + k, 'parameter')}")
    warnings = sample.warnings + tuple(f"{name} dropped: collinear with the others or the effects" for name in dropped)
    if design.clusters and fewest(design.clusters) < FEW_CLUSTERS:
        warnings += (f"only {fewest(design.clusters)} clusters: clustered errors are unreliable",)
    terms = tuple(spec.regressors[position] for position in keep)
    return Model(sample, replace(design, X=design.X[:, keep]), absorber, terms, warnings)


def _clusters(sample: Sample) -> tuple[Codes, ...]:
    """What the plain rule clusters by; units under spatial errors, which let rows of a unit be dependent."""
    spec = sample.specification
    if spec.error_rule.kind != "conley":
        return tuple(sample.codes(name) for name in spec.cluster) if spec.error_rule.by_clusters else ()
    if sample.unit is None:
        raise NotEstimableError("spatial errors need the column that names the units")
    return (sample.codes(sample.unit),)


def _within(design: Design, absorber: Absorber | None) -> Floats:
    """Outcome and regressors off the effects (or their means), times the root of the weights; shape (N, 1 + k)."""
    columns = np.column_stack([design.y, design.X])
    weights = np.ones(len(columns)) if design.relative_weights is None else design.relative_weights
    within = columns - weights @ columns / len(columns) if absorber is None else absorber.residualise(columns)
    return within * np.sqrt(weights)[:, None]


def _demand_variation(sample: Sample, design: Design, within: Floats) -> None:
    spec = sample.specification
    effects = f"the absorbed effects {', '.join(spec.absorb)}"
    for name, raw, left in ((spec.outcome, design.y, within[:, 0]), (spec.treatment, design.X[:, 0], within[:, 1])):
        if name is None:
            continue
        role = "outcome" if name == spec.outcome else "treatment"
        if raw.min() == raw.max():
            raise NotEstimableError(f"the {role} {name!r} does not vary: it is {raw[0]:g} in all {len(raw)} rows")
        if np.linalg.norm(left) <= kernel.tolerances(raw[:, None], raw.mean(keepdims=True))[0]:
            raise NotEstimableError(f"the {role} {name!r} does not vary once {effects} are out: it is absorbed")


def _independent(sample: Sample, design: Design, within: Floats) -> tuple[list[int], list[str]]:
    """Places of the regressors that are linearly independent, in printed order, and names of the controls dropped.

    Controls are examined in printed order, then the treatment against those that are left, by the diagonal of a QR
    decomposition; a column found dependent leaves before the next is judged, since what stands in its place in Q is
    rounding.
    """
    spec = sample.specification
    tolerance = kernel.tolerances(design.X, design.X.mean(axis=0))
    X = within[:, 1:]
    norms = np.linalg.norm(X, axis=0)
    order = [p for p, name in enumerate(spec.regressors) if name != spec.treatment]
    order += [0] if spec.treatment else []
    dropped: list[str] = []
    while order:
        left = np.abs(np.diag(np.linalg.qr(X[:, order], mode="r")))
        limits = np.maximum(tolerance[order], kernel.COLLINEAR * norms[order])
        dependent = np.flatnonzero(left <= limits) if len(left) == len(order) else np.array([len(left)])
        if not len(dependent):
            return sorted(order), dropped
        name = spec.regressors[order.pop(int(dependent[0]))]
        if name == spec.treatment:
            raise NotEstimableError(f"the treatment {name!r} is a linear combination of the controls and effects")
        dropped.append(name)
    raise NotEstimableError(f"no regressor varies once the effects are out: {', '.join(dropped)}")


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
    _demand_well_formed(spec)
    try:
        model = _model(spec, frame)
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
