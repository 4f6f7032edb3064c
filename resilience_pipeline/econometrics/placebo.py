"""Placebo tests of a difference-in-differences with one start year: fake cities, fake years, or both at once.

A form says what is fake and on which rows. Only fake cities under the true date are a randomisation test: the
observed coefficient is one of the equally likely ones. A fake date is estimated before the policy only, where the true
effect cannot leak into it; the forms on all rows do what the paper did, and where the treated cities are the true
ones, the true effect is in every one of their coefficients.

Each statistic is what the specification would print for that fake treatment on those rows (`fake_treatments`).

References
----------
Hess (2017), ritest; MacKinnon and Webb (2020); Wu and Ding (2021).
"""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import polars as pl

from resilience_pipeline.econometrics.absorption import EXACT_LEVELS, Codes, Floats
from resilience_pipeline.econometrics.assignments import (
    Assignments,
    fake_cities,
    fake_cities_and_common_dates,
    fake_common_dates,
    fake_own_dates,
)
from resilience_pipeline.econometrics.error_rules import PLAIN
from resilience_pipeline.econometrics.estimate import Estimate
from resilience_pipeline.econometrics.estimation import estimate
from resilience_pipeline.econometrics.fake_treatments import FakeTreatments, Statistics
from resilience_pipeline.econometrics.sample import NotEstimableError, Sample, draw_sample
from resilience_pipeline.econometrics.specification import Specification


@dataclass(frozen=True)
class Form:
    """What is fake, and on which rows.

    cities, dates : "true" or "fake"; dates "own": each city has one of its own.
    rows : "before" the policy, or "all".
    """

    name: str
    title: str
    cities: Literal["true", "fake"]
    dates: Literal["true", "fake", "own"]
    rows: Literal["before", "all"]

    @property
    def is_randomisation_test(self) -> bool:
        """Whether the observed treatment is one of the equally likely ones."""
        return self.dates == "true"

    @property
    def contaminated(self) -> bool:
        """Whether the true effect is in the coefficients of the fake treatments."""
        return self.cities == "true" and self.rows == "all"


FORMS = {
    form.name: form
    for form in (
        Form("cities", "Fake cities, true date", "fake", "true", "all"),
        Form("years_before", "True cities, one fake date, rows before the policy", "true", "fake", "before"),
        Form("own_years_before", "True cities, a fake date each, rows before the policy", "true", "own", "before"),
        Form("years_all", "True cities, one fake date, all rows", "true", "fake", "all"),
        Form("own_years_all", "True cities, a fake date each, all rows", "true", "own", "all"),
        Form("both_before", "Fake cities, one fake date, rows before the policy", "fake", "fake", "before"),
        Form("both_all", "Fake cities, one fake date, all rows", "fake", "fake", "all"),
    )
}


@dataclass(frozen=True)
class Placebo:
    """The fake treatments of one form and what the specification gives for each.

    observed : the specification's own estimate; status and reason where there are no draws.
    assignments, statistics : B fake treatments; None where status is not "estimated".
    cities : names by position, sorted. start_years : calendar years by position.
    true_start : first treated year. recomputed : the true treatment's statistic by the placebo's own algebra.
    n_obs, n_treated : rows, and treated cities, of the fake regressions. dof : of their t.
    """

    form: Form
    observed: Estimate
    status: str
    reason: str | None = None
    assignments: Assignments | None = None
    statistics: Statistics | None = None
    cities: tuple[str, ...] = ()
    start_years: tuple[int, ...] = ()
    true_start: int | None = None
    recomputed: Statistics | None = None
    n_obs: int | None = None
    n_treated: int | None = None
    dof: float | None = None

    @property
    def holds_observed(self) -> bool:
        """Whether the fake treatments are a full list in which the true one stands."""
        return bool(self.assignments and self.assignments.listed and self.form.rows == "all")


def placebo(spec: Specification, frame: pl.DataFrame, form: Form, *, draws: int, rng: np.random.Generator) -> Placebo:
    """Fake treatments of one form and their statistics.

    Parameters
    ----------
    spec : a specification whose treatment is 1 in some units from one time on, else 0; with unit and time.
    frame : one row per observation, with the columns that `spec` names.
    draws : how many to draw where there are more to draw from; a single fake date for all is always listed.
    rng : gives the draws.

    Returns
    -------
    Status "estimated"; else the specification's own status and reason, or "failed" with the reason why it has no
    placebo: several start years, an error rule that cuts units apart, no year before the policy.
    """
    if spec.error_rule.kind in ("cv3", "wcr"):
        spec = replace(spec, vcov="cluster")  # thousands of fakes are studentised by CV1
    observed = estimate(spec, frame, engines=("kernel",))
    if observed.status != "estimated":
        return Placebo(form, observed, observed.status, observed.reason)
    try:
        return _placebo(observed, frame, form, draws, rng)
    except NotEstimableError as refusal:
        return Placebo(form, observed, refusal.status, refusal.reason)


def _placebo(observed: Estimate, frame: pl.DataFrame, form: Form, draws: int, rng: np.random.Generator) -> Placebo:
    spec = observed.specification
    full = draw_sample(spec, frame)
    treated, start = policy_of(full)
    everything = prepared_for(full)
    places, at = places_of(full, treated), everything.start_years.index(start)
    recomputed = everything.statistics(places[None, :], np.full((1, len(places)), at))
    sample, prepared = full, everything
    if form.rows == "before":
        sample = draw_sample(spec, frame.filter(pl.col(_time(spec)) < start))
        prepared, places = prepared_for(sample), places_of(sample, treated)
        if not len(places):
            raise NotEstimableError(f"no treated {spec.unit} has a row before {start}")
    starts = np.arange(len(prepared.start_years))
    n, cities = len(places), prepared.n_cities
    if form.dates == "true":
        assignments = fake_cities(cities, n, at, draws, rng)
    elif form.cities == "fake":
        assignments = fake_cities_and_common_dates(cities, n, starts, draws, rng)
    elif form.dates == "own":
        assignments = fake_own_dates(places, starts, draws, rng)
    else:
        assignments = fake_common_dates(places, starts)
    return Placebo(
        form,
        observed,
        "estimated",
        assignments=assignments,
        statistics=prepared.statistics(assignments.cities, assignments.starts),
        cities=names_of(sample),
        start_years=prepared.start_years,
        true_start=start,
        recomputed=recomputed,
        n_obs=sample.frame.height,
        n_treated=n,
        dof=prepared.dof,
    )


def _time(spec: Specification) -> str:
    if spec.time is None:
        raise NotEstimableError("a placebo needs the column of time")
    return spec.time


def policy_of(sample: Sample) -> tuple[list[str], int]:
    """Treated units, as text, and their start; NotEstimableError where they have no single start inside the sample."""
    spec = sample.specification
    if spec.treatment is None or sample.unit is None:
        raise NotEstimableError("a placebo needs a treatment and the column of units")
    unit, time, treatment = pl.col(sample.unit), pl.col(_time(spec)), pl.col(spec.treatment).cast(pl.Float64)
    on = sample.frame.filter(treatment != 0)
    start = int(on.select(time.min()).item())
    treated = on.select(unit.unique().sort()).to_series()
    implied = (unit.is_in(treated.implode()) & (time >= start)).cast(pl.Float64)
    odd = sample.frame.filter(treatment != implied)
    if odd.height:
        first = odd.select(unit, time).row(0)
        raise NotEstimableError(
            f"a placebo needs one start for all: {spec.treatment!r} is not 1 in the treated {sample.unit} from {start} "
            f"on and 0 else, first at {first[0]}, {first[1]}"
        )
    if start <= int(sample.frame.select(time.min()).item()):
        raise NotEstimableError(f"there is no row before {start}, the start of {spec.treatment!r}")
    return treated.cast(pl.String).to_list(), start


def prepared_for(sample: Sample, outcome: Floats | None = None) -> FakeTreatments:
    """The sample's outcome, controls, effects and error rule, ready for fake treatments from its second year on.

    outcome : in the place of the specification's own, shape (N,).
    """
    spec, unit = sample.specification, str(sample.unit)
    if spec.error_rule.kind not in PLAIN:
        raise NotEstimableError(f"no placebo under the error rule {spec.vcov}: a fake's error is a sum over clusters")
    years = sample.frame[_time(spec)].cast(pl.Int64).to_numpy()
    others = [sample.codes(effect) for effect in spec.absorb if effect != unit]
    if sum(int(codes.max()) + 1 for codes in others) > EXACT_LEVELS:
        raise NotEstimableError(f"a placebo has room for {EXACT_LEVELS} levels of effects beside {unit}")
    starts = np.unique(years)[1:].tolist()
    if not starts:
        raise NotEstimableError(f"a fake date needs two years; there is only {years[0]}")
    controls = [sample.column(name) for name in spec.controls]
    try:
        return FakeTreatments(
            sample.column(spec.outcome) if outcome is None else outcome,
            np.column_stack(controls) if controls else np.empty((len(years), 0)),
            sample.codes(unit),
            years,
            starts,
            absorb_city=unit in spec.absorb,
            effects=others,
            weights=sample.column(spec.weights) if spec.weights else None,
            vcov=spec.error_rule.plain,
            clusters=[sample.codes(name) for name in spec.cluster] if spec.vcov == "cluster" else (),
            ssc=spec.ssc,
        )
    except ValueError as error:
        raise NotEstimableError(f"no placebo under this error rule: {error}") from error


def names_of(sample: Sample) -> tuple[str, ...]:
    """Units by level number, as text."""
    return tuple(sample.frame[str(sample.unit)].unique().sort().cast(pl.String))


def places_of(sample: Sample, treated: list[str]) -> Codes:
    """Level numbers of those of the treated units that the sample has, ascending."""
    wanted = set(treated)
    return np.array([place for place, name in enumerate(names_of(sample)) if name in wanted], dtype=np.intp)
