"""A stored regression as something to check: its specification, its rows, its figures, and how errors are rescaled."""

import math
from dataclasses import dataclass

import polars as pl

from resilience_pipeline.econometrics.absorption import Absorber
from resilience_pipeline.econometrics.covariance import small_sample_factor
from resilience_pipeline.econometrics.error_rules import PLAIN
from resilience_pipeline.econometrics.sample import NotEstimableError, Sample, draw_sample
from resilience_pipeline.econometrics.specification import Specification
from resilience_pipeline.study.vocabulary import TIME, UNIT

#: Relative; other solvers and other orders of summing agree far better, a wrong rule or row far worse.
CLOSE = 1e-6


@dataclass(frozen=True)
class Figure:
    """A stored coefficient and its standard error."""

    term: str
    estimate: float
    std_error: float


@dataclass(frozen=True)
class ReplicatedColumn:
    """One estimated specification.

    Parameters
    ----------
    specification : as it was estimated, options in force.
    label : of the printed column.
    figures : without the constant of a model with absorbed effects, which programs define differently.
    rows, clusters : N, and the number of clusters where there is one way of them.
    effects : absorbed, without those that a finer one holds already (year beside region^year).
    rescaled : variance by our small-sample rule over that by reghdfe's, which Stata and fixest are asked for.
    closeness : how close an error must come, relative. Programs agree on the number of parameters of two effects
        that are connected; on others they differ (reghdfe documents its count as an upper bound), and so do errors.
    sample : the rows themselves.
    """

    specification: Specification
    label: str
    figures: tuple[Figure, ...]
    rows: int
    clusters: int | None
    effects: tuple[str, ...]
    rescaled: float
    closeness: float
    sample: Sample

    @property
    def regressors(self) -> tuple[str, ...]:
        """Regressors that the record holds; what was dropped as collinear is not asked for again."""
        return tuple(figure.term for figure in self.figures if figure.term != "const")


class StaleRecordError(ValueError):
    """The panel's rows are not those that the record was estimated on, or its errors have no command to check them."""


def replicated_column(record: pl.DataFrame, panel: pl.DataFrame) -> ReplicatedColumn:
    """The column that a tidy record (econometrics.tidy, one specification) describes.

    Parameters
    ----------
    record : rows of one estimated specification.
    panel : every column that it names, one row per city and year.

    Raises
    ------
    StaleRecordError : the panel lacks a column, or its rows are not those of the record (their hashes differ).
    """
    model = record.row(0, named=True)
    if model["estimator"] != "twfe":
        raise StaleRecordError(f"no command checks estimator {model['estimator']}")
    if model["vcov"] not in PLAIN:
        raise StaleRecordError(f"no command checks errors by {model['vcov']}; run with vcov iid, hc1 or cluster")
    spec = Specification(
        name=model["name"],
        outcome=model["outcome"],
        treatment=model["treatment"],
        controls=tuple(model["controls"]),
        absorb=tuple(model["absorb"]),
        where=model["where"],
        weights=model["weights"],
        vcov=model["vcov"],
        cluster=tuple(model["cluster"]),
        ssc=model["ssc"],
        singletons=model["singletons"],
        unit=UNIT,
        time=TIME,
        label=model["label"] or "",
    )
    try:
        sample = draw_sample(spec, panel)
    except NotEstimableError as refusal:
        raise StaleRecordError(refusal.reason) from None
    if sample.data_hash != model["data_hash"]:
        raise StaleRecordError("the panel has changed since this was estimated; run everything again")
    figures = tuple(
        Figure(row["term"], row["estimate"], row["std_error"])
        for row in record.sort("term_position").to_dicts()
        if row["term"] != "const" or not spec.absorb
    )
    one_way = spec.vcov == "cluster" and len(spec.cluster) == 1
    k = sum(figure.term != "const" for figure in figures)
    return ReplicatedColumn(
        specification=spec,
        label=spec.label,
        figures=figures,
        rows=model["n_obs"],
        clusters=model["n_clusters"] if one_way else None,
        effects=without_coarser(spec.absorb),
        rescaled=_rescaled(spec, sample, k),
        closeness=_closeness(spec, sample, k),
        sample=sample,
    )


def without_coarser(effects: tuple[str, ...]) -> tuple[str, ...]:
    """Effects whose dummies no other, finer one adds up to."""
    parts = {effect: frozenset(effect.split("^")) for effect in effects}
    return tuple(effect for effect in effects if not any(parts[effect] < parts[other] for other in effects))


def _closeness(spec: Specification, sample: Sample, regressors: int) -> float:
    codes = [sample.codes(name) for name in without_coarser(spec.absorb)]
    if not codes:
        return CLOSE
    most = sum(int(effect.max()) + 1 for effect in codes) - len(codes) + 1
    doubtful = most - Absorber(codes).rank
    left = sample.frame.height - regressors - most
    return CLOSE + (math.sqrt((left + doubtful) / left) - 1.0 if doubtful else 0.0)


def _rescaled(spec: Specification, sample: Sample, regressors: int) -> float:
    effects = [sample.codes(name) for name in spec.absorb]
    clusters = [sample.codes(name) for name in spec.cluster] if spec.vcov == "cluster" else []
    weights = sample.column(spec.weights) if spec.weights else None
    rank = Absorber(effects, weights).rank if effects else 1
    ours, theirs = (
        small_sample_factor(
            rule,
            spec.error_rule.plain,
            rows=sample.frame.height,
            regressors=regressors,
            rank=rank,
            effects=effects,
            clusters=clusters,
        )
        for rule in (spec.ssc, "reghdfe")
    )
    return ours / theirs
