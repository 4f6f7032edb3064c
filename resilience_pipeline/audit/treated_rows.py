"""How many rows are treated, from the printed mean and standard deviation of the treatment dummy."""

import math
from collections.abc import Iterator

from resilience_pipeline.audit.counts import sample_of
from resilience_pipeline.audit.design import Treatment
from resilience_pipeline.audit.findings import Checked, Finding, NotCheckableError, Rule
from resilience_pipeline.audit.paper import Moments, Paper, needed
from resilience_pipeline.audit.printed import TOUCH, Interval, Printed, percent, say


def treatment_of(paper: Paper) -> Treatment:
    """The design's treatment."""
    if paper.design.treatment is None:
        raise NotCheckableError("design.toml has no [treatment]")
    return paper.design.treatment


def by_mean(row: Moments) -> range:
    """Treated rows that the printed mean allows."""
    ends = row.mean.interval
    return range(math.ceil(ends.low * row.n_obs - TOUCH), math.floor(ends.high * row.n_obs + TOUCH) + 1)


def by_mean_and_sd(row: Moments) -> list[int]:
    """Treated rows that mean and standard deviation allow: a dummy has variance p (1 - p) N / (N - 1)."""
    n, fitting = row.n_obs, []
    for treated in by_mean(row):
        share = treated / n
        sd = math.sqrt(share * (1 - share) * n / (n - 1))
        if row.sd.interval.meets(Interval(sd, sd)):
            fitting.append(treated)
    return fitting


def treated_share(paper: Paper) -> Interval:
    """Share of treated rows, as narrow as mean and standard deviation leave it."""
    row = paper.moments(treatment_of(paper).variable)
    fitting = by_mean_and_sd(row)
    if not fitting:
        raise NotCheckableError(f"mean and standard deviation of {row.variable} are no dummy's")
    return Interval(fitting[0] / row.n_obs, fitting[-1] / row.n_obs)


def treated_count(paper: Paper) -> Checked:
    """Treated rows against any number of cities times the years after the start, all pairs that fit listed."""
    treatment, sample = treatment_of(paper), sample_of(paper)
    row = paper.moments(treatment.variable)
    places = (f"{paper.design.descriptives}.{row.variable}",)
    mean_only, both = by_mean(row), by_mean_and_sd(row)
    printed = f"mean {row.mean}, sd {row.sd}, {row.n_obs:,} rows; treated from {treatment.start_year}"
    if not both:
        implied = f"{_list(mean_only)} treated rows by the mean, none with that standard deviation"
        why = "a dummy's mean fixes its standard deviation, sqrt(p (1 - p))"
        return Checked.of("mean and sd of the treatment", [Finding("error", places, printed, implied, why)])
    years = sample.last_year - treatment.start_year + 1
    missing = -row.n_obs % sample.years if sample.units is None else max(0, sample.units * sample.years - row.n_obs)
    gaps = 0 if row.n_obs % sample.years == 0 else missing
    fits = [n for n in both if any((n + gap) % years == 0 for gap in range(gaps + 1))]
    compared = f"{_list(both)} treated rows over {years} years"
    if fits:
        return Checked.of(compared)
    nearest = both[0] // years
    shares = [f"{cities} units give {cities * years / row.n_obs:.4f}" for cities in (nearest, nearest + 1)]
    implied = (
        f"{_list(mean_only)} treated rows by the mean, {_list(both)} by mean and sd; none is a multiple of {years} "
        f"({', '.join(shares)}). Units x years that fit the mean: {_pairs(mean_only, sample.years)}; "
        f"mean and sd: {_pairs(both, sample.years)}"
    )
    why = f"each treated unit gives {years} rows, and no gap in {row.n_obs:,} rows explains another count"
    return Checked.of(compared, [Finding("error", places, printed, implied, why)])


def _list(counts: range | list[int]) -> str:
    if not counts:
        return "no whole number of"
    return str(counts[0]) if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"


def _pairs(counts: range | list[int], most_years: int) -> str:
    """All units x years, with no more years than the panel has, that make one of the counts."""
    pairs = [f"{n // years} x {years}" for years in range(1, most_years + 1) for n in counts if n % years == 0]
    return ", ".join(pairs)


def unit_share(paper: Paper) -> Checked:
    """A mean over rows that the text takes for a share of units."""
    claims = paper.claims_of("unit_share")
    needed(claims, "claims.csv takes no mean for a share of units (unit_share)")
    return Checked.of(f"{len(claims)} shares of units", _misread(paper))


def _misread(paper: Paper) -> Iterator[Finding]:
    treatment, sample = treatment_of(paper), sample_of(paper)
    years = sample.last_year - treatment.start_year + 1
    for claim in paper.claims_of("unit_share"):
        rows, said = paper.figure(claim.refers_to), Printed(claim.value)
        share = rows.value * sample.years / years
        units = rows.value * paper.moments(treatment.variable).n_obs / years
        if not Interval(said.interval.low / 100, said.interval.high / 100).meets(Interval(share, share).widened(0.01)):
            yield Finding(
                severity="warning",
                places=(claim.place, claim.refers_to),
                printed=f"{claim.statement}: {said} %",
                implied=f"{rows} is the share of rows; over {years} of {sample.years} years that is {percent(share)} "
                f"of the units, about {say(round(units, 1))} units",
                why="the mean of treat x post counts unit-years, not units",
            )


RULES = (
    Rule(
        name="treated_count",
        asks="Can the mean of the treatment dummy come from whole units over the treated years?",
        codes=("A7", "A20"),
        reference="mean x rows = treated units x treated years; sd of a dummy = sqrt(p (1 - p))",
        check=treated_count,
    ),
    Rule(
        name="unit_share",
        asks="Is a share of rows taken for a share of units?",
        codes=("A8",),
        reference="share of units = mean x years / treated years",
        check=unit_share,
    ),
)
