"""A specification made ready on its sample: rows, design, terms. What the data do not allow is refused with a reason.

Rows come from `sample`. It decides what can be estimated, and estimates nothing: see `estimation`.
"""

from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from resilience_pipeline.econometrics import kernel, reference_engine
from resilience_pipeline.econometrics.absorption import Absorber, Codes, Floats
from resilience_pipeline.econometrics.covariance import fewest
from resilience_pipeline.econometrics.error_rules import EXPECTED
from resilience_pipeline.econometrics.kernel import Design, Fit
from resilience_pipeline.econometrics.sample import NotEstimableError, Sample, draw_sample
from resilience_pipeline.econometrics.specification import Specification
from resilience_pipeline.errors import SpecificationError
from resilience_pipeline.words import many

FEW_CLUSTERS = 10


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


def model_of(spec: Specification, frame: pl.DataFrame) -> Model:
    """The rows, the design and the terms on which `estimate` would estimate, for those who re-sample them.

    Raises
    ------
    NotEstimableError : the data do not allow the specification; status and reason as `estimate` records them.
    SpecificationError : the specification itself is not well formed.
    """
    _demand_well_formed(spec)
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
