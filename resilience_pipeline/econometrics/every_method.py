"""One coefficient by every method of inference that this package has, a row each.

A method that the data do not allow is a row with its reason; the others stand. Errors, p values and intervals are those
of `estimate` under the method's error rule wherever it is one; the rest re-samples the same rows.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from resilience_pipeline.econometrics.absorption import AbsorptionError
from resilience_pipeline.econometrics.estimation import estimate
from resilience_pipeline.econometrics.inference import Inference
from resilience_pipeline.econometrics.inversion import InvertibleTest
from resilience_pipeline.econometrics.kernel import CollinearColumnsError
from resilience_pipeline.econometrics.model import Model, model_of
from resilience_pipeline.econometrics.moments import TooManyDummiesError
from resilience_pipeline.econometrics.printed_errors import cluster_table
from resilience_pipeline.econometrics.randomisation_inference import randomisation_inference
from resilience_pipeline.econometrics.resampling import bootstrap, jackknife, percentile_interval
from resilience_pipeline.econometrics.sample import NotEstimableError
from resilience_pipeline.econometrics.specification import Specification
from resilience_pipeline.econometrics.wild import wild_bootstrap

REFUSALS = (NotEstimableError, AbsorptionError, CollinearColumnsError, TooManyDummiesError)
KILOMETRES = (200, 500)
INFLUENTIAL = 5

COEFFICIENT = "coefficient"
LEFT_OUT = "leaving one unit out"


@dataclass(frozen=True)
class Draws:
    """How many of each, and the seed of all: every method starts its own generator from it."""

    wild: int
    pairs: int
    randomisation: int
    seed: int


@dataclass(frozen=True)
class Question:
    """The coefficient that is asked about.

    Parameters
    ----------
    spec : with a treatment, unit and time, clustered by one column of units.
    frame : its columns, and those named below.
    region : a column of larger clusters that hold whole units. name : the unit's name for people.
    latitude, longitude : columns in degrees.
    """

    spec: Specification
    frame: pl.DataFrame
    region: str
    name: str
    latitude: str
    longitude: str


def every_method(question: Question, draws: Draws) -> list[Inference]:
    """All rows, in printed order.

    Raises
    ------
    NotEstimableError : the specification itself is not estimable on these rows.
    MomentMismatchError : the table of moments does not give the kernel's coefficients.
    """
    spec, frame = replace(question.spec, vcov="cluster"), question.frame
    model = model_of(spec, frame)
    by_region = replace(spec, cluster=(question.region,))
    unit, time = str(spec.unit), str(spec.time)
    jackknifed, two_way = replace(spec, vcov="cv3"), replace(spec, cluster=(unit, time))
    by, region = spec.cluster[0], question.region
    one_left = "clusters independent; each left out in turn, so that few or uneven clusters count"
    both = "rows dependent within a unit and within a period; t with the fewer clusters less one"
    rows = [
        _estimated(replace(spec, vcov="iid"), frame, "classical (the paper's)", "rows independent, of equal variance"),
        _estimated(replace(spec, vcov="hc1"), frame, "heteroskedasticity-robust (HC1)", "rows independent"),
        _estimated(spec, frame, f"clustered by {by} (CV1)", "clusters independent; t with clusters less one"),
        _estimated(jackknifed, frame, f"cluster jackknife by {by} (CV3)", one_left),
        *_tried(f"wild cluster bootstrap by {by} (WCR)", _wild_rows, spec, frame, draws),
        *_tried(f"pairs bootstrap of {by}", _pairs_rows, spec, frame, draws),
        *_tried("randomisation inference", _randomisation_rows, spec, frame, draws),
        _estimated(by_region, frame, f"clustered by {region} (CV1)", "clusters independent; t with clusters less one"),
        *_tried(f"wild cluster bootstrap by {region} (WCR)", _wild_rows, by_region, frame, draws),
        _estimated(two_way, frame, f"clustered by {unit} and {time}", both),
    ]
    for kilometres in KILOMETRES:
        near = replace(spec, vcov=f"conley:{kilometres}", latitude=question.latitude, longitude=question.longitude)
        note = "units within this distance dependent within a period, rows of a unit always; uniform kernel"
        rows.append(_estimated(near, frame, f"spatial within {kilometres} km (Conley)", note))
    names = dict(frame.select(unit, question.name).unique().iter_rows())
    return rows + _left_out_rows(model, names)


def _estimated(spec: Specification, frame: pl.DataFrame, method: str, note: str) -> Inference:
    result = estimate(spec, frame, engines=("kernel",))
    subject = str(spec.treatment)
    if result.status != "estimated":
        return Inference(subject, method, COEFFICIENT, status=result.status, reason=result.reason)
    term = result.terms[0]
    return Inference(
        subject,
        method,
        COEFFICIENT,
        term.estimate,
        term.std_error,
        term.ci_low,
        term.ci_high,
        term.p_value,
        n_obs=result.n_obs,
        n_clusters=result.n_clusters,
        note="; ".join((note, *(w for w in result.warnings if "negative eigenvalues" in w))),
    )


def _tried(
    method: str,
    rows: Callable[[str, Specification, pl.DataFrame, Draws], Iterator[Inference]],
    spec: Specification,
    frame: pl.DataFrame,
    draws: Draws,
) -> list[Inference]:
    """The rows, or one with the reason why there are none."""
    try:
        return list(rows(method, spec, frame, draws))
    except REFUSALS as refusal:
        status = refusal.status if isinstance(refusal, NotEstimableError) else "failed"
        return [Inference(str(spec.treatment), method, COEFFICIENT, status=status, reason=str(refusal))]


def _wild_rows(method: str, spec: Specification, frame: pl.DataFrame, draws: Draws) -> Iterator[Inference]:
    model = model_of(spec, frame)
    table, treatment = cluster_table(model), model.terms[0]
    fit = table.fit(spec.outcome, model.terms, spec.ssc)
    test = wild_bootstrap(
        table, fit, spec.outcome, model.terms, (treatment,), draws=draws.wild, rng=np.random.default_rng(draws.seed)
    )[treatment]
    how = "all sign vectors" if test.listed else "Rademacher signs"
    yield _inverted(
        test,
        treatment,
        method,
        f"clusters independent; the null imposed, {how}; the error is CV1's",
        std_error=test.std_error,
        seed=None if test.listed else draws.seed,
        n_obs=len(model.design.y),
        n_clusters=len(table.present),
    )


def _pairs_rows(method: str, spec: Specification, frame: pl.DataFrame, draws: Draws) -> Iterator[Inference]:
    model = model_of(spec, frame)
    table = cluster_table(model)
    fit = table.fit(spec.outcome, model.terms, spec.ssc)
    drawn = bootstrap(table, np.random.default_rng(draws.seed), draws.pairs)
    found = drawn.coefficients(spec.outcome, model.terms)[:, 0]
    low, high = percentile_interval(found)
    yield Inference(
        model.terms[0],
        method,
        COEFFICIENT,
        float(fit.coefficients[0]),
        float(np.nanstd(found, ddof=1)),
        low,
        high,
        draws=draws.pairs,
        undefined_draws=int(np.isnan(found).sum()),
        seed=draws.seed,
        n_obs=len(model.design.y),
        n_clusters=len(table.present),
        note="clusters drawn with all their rows; the interval holds the middle 95 % of the draws; no p value",
    )


def _randomisation_rows(method: str, spec: Specification, frame: pl.DataFrame, draws: Draws) -> Iterator[Inference]:
    result = randomisation_inference(spec, frame, draws=draws.randomisation, rng=np.random.default_rng(draws.seed))
    model = model_of(spec, frame)
    found = (
        (result.studentised, f"{method}, studentised", "the p value to quote, right where variances differ, too"),
        (result.coefficient, f"{method}, coefficient", "right where all units' errors have one law only"),
    )
    who = f"{result.n_treated} of {result.n_units} units treated at random from the true start on"
    for test, name, note in found:
        yield _inverted(
            test,
            model.terms[0],
            name,
            f"{note}; {who}; the interval takes the effect as constant",
            seed=None if test.listed else draws.seed,
            n_obs=len(model.design.y),
            n_clusters=result.n_units,
        )


def _inverted(
    test: InvertibleTest,
    subject: str,
    method: str,
    note: str,
    *,
    seed: int | None,
    n_obs: int,
    n_clusters: int,
    std_error: float | None = None,
) -> Inference:
    ends = test.interval()
    endless = [word for word, end in zip(("lower", "upper"), ends, strict=True) if np.isinf(end)]
    low, high = (None if np.isinf(end) else end for end in ends)
    return Inference(
        subject,
        method,
        COEFFICIENT,
        test.estimate,
        std_error,
        low,
        high,
        test.p_value(),
        draws=len(test),
        undefined_draws=test.undefined(),
        seed=seed,
        n_obs=n_obs,
        n_clusters=n_clusters,
        note=note + "".join(f"; the interval has no {word} end" for word in endless),
    )


def _left_out_rows(model: Model, names: dict[str, str]) -> list[Inference]:
    """The smallest and the largest coefficient without one cluster, and those farthest from the estimate."""
    spec = model.sample.specification
    table = cluster_table(model)
    fit = table.fit(spec.outcome, model.terms, spec.ssc)
    left_out = jackknife(table, spec.outcome, model.terms)
    without = left_out.coefficients[:, 0]
    labels = model.sample.frame[spec.cluster[0]].unique().sort().to_list()
    defined = np.flatnonzero(~np.isnan(without))
    if not len(defined):
        return []
    ranked = defined[np.argsort(-np.abs(without[defined] - fit.coefficients[0]), kind="stable")]

    def row(statistic: str, place: int) -> Inference:
        label = labels[place]
        return Inference(
            model.terms[0],
            LEFT_OUT,
            statistic.format(f"{names.get(label, '')} {label}".strip()),
            float(without[place]),
            n_obs=int(len(model.design.y) - (model.design.clusters[0] == place).sum()),
            n_clusters=len(labels) - 1,
            note=f"{len(labels)} refits; {left_out.undefined} of them do not identify the coefficient",
        )

    ends = (("smallest, without {}", np.nanargmin(without)), ("largest, without {}", np.nanargmax(without)))
    rows = [row(statistic, int(place)) for statistic, place in ends]
    return rows + [row("without {}", int(place)) for place in ranked[:INFLUENTIAL]]
