"""Classical standard errors from printed moments, and identities that least squares cannot break.

For one regressor x with residual variance, error and R2 follow from printed moments:

    se = sqrt( (1 - R2) (N - 1) sd_y^2 / dof / (N v) ),

v the variance of x that is left: p (1 - p) for a dummy alone; for treat x post with unit and year effects in a
balanced panel p1 (1 - p1) q (1 - q), q the share of treated years, p1 = p / q. With controls this is the least that
the classical error can be: it equals the printed one where they explain 1 - (least / printed)^2 of what is left of x.
"""

import math
from dataclasses import dataclass

from resilience_pipeline.audit.counts import regression_units, sample_of
from resilience_pipeline.audit.findings import Checked, Finding, NotCheckableError, Rule
from resilience_pipeline.audit.paper import Coefficient, Model, Paper, needed
from resilience_pipeline.audit.printed import Interval, Printed, image, percent
from resilience_pipeline.audit.treated_rows import treated_share, treatment_of
from resilience_pipeline.words import many

#: A column uses the descriptives' sample where it lacks at most this share of their rows.
SAME_SAMPLE = 0.01
#: Classical and printed error of a column with controls are called close below this share of x explained by controls.
CLOSE = 0.10


@dataclass(frozen=True)
class Classical:
    """Range of the treatment's classical error, the constant's where there are no effects; exact without controls."""

    did: Interval
    constant: Interval | None
    exact: bool


def classical_error(paper: Paper, model: Model) -> Classical:
    """The treatment's classical error in a column, from printed moments.

    Raises
    ------
    NotCheckableError : the outcome's moments or the kind of R2 are not known, or only one of both effects is absorbed.
    """
    treatment, rows = treatment_of(paper), paper.all_terms(model.column)
    own = [row for row in rows if row.term == treatment.term]
    if not own or model.r2 is None or model.r2_kind != "overall":
        raise NotCheckableError(f"{model.column} has no {treatment.term}, or no R2 that counts the effects")
    outcome = paper.moments(own[0].outcome)
    if abs(outcome.n_obs - model.n_obs) > SAME_SAMPLE * outcome.n_obs:
        raise NotCheckableError(f"{model.column} has another sample than the descriptives")
    if model.city_fe != model.year_fe:
        raise NotCheckableError(f"{model.column} absorbs one of the two effects only")
    others = [row.term for row in rows if row.term not in (treatment.term, "const")]
    n, share = model.n_obs, treated_share(paper)
    parameters = 2 + len(others)
    if model.city_fe:
        sample, units = sample_of(paper), regression_units(paper)
        q = (sample.last_year - treatment.start_year + 1) / sample.years
        left = image(lambda p: p / q * (1 - p / q) * q * (1 - q), share)
        parameters = units + sample.years - 1 + 1 + len(others)
    else:
        left = image(lambda p: p * (1 - p), share)
    dof = n - parameters

    def residual_sd(r2: float, sd: float) -> float:
        return sd * math.sqrt((1 - r2) * (n - 1) / dof)

    spread = image(residual_sd, model.r2.interval, outcome.sd.interval)
    did = image(lambda s, v: s / math.sqrt(n * v), spread, left)
    alone = not (others or model.city_fe)
    constant = image(lambda s, p: s / math.sqrt(n * (1 - p)), spread, share) if alone else None
    return Classical(did, constant, exact=not others)


def classical_errors(paper: Paper) -> Checked:
    """Printed errors that are the classical ones to every digit."""
    needed(paper.models, "models.csv has no rows")
    treatment = treatment_of(paper)
    equal: list[str] = []
    near: list[str] = []
    printed: list[str] = []
    places: list[str] = []
    compared, left_out = 0, []
    for model in paper.models:
        try:
            classical = classical_error(paper, model)
        except NotCheckableError as error:
            left_out.append(str(error))
            continue
        row = paper.coefficient(f"{model.column}.{treatment.term}")
        compared += classical.exact
        if classical.exact and row.std_error.interval.meets(classical.did):
            equal.append(f"{row.place} {classical.did}")
            printed.append(f"{row.place} {row.std_error}")
            places.append(row.place)
            equal += _constant(paper, model, classical)
        elif not classical.exact:
            printed_error = row.std_error.value
            explained = image(lambda s, p=printed_error: 1 - (s / p) ** 2, classical.did)
            if explained.low >= 0 and explained.high <= CLOSE:
                near.append(
                    f"{row.place} is {row.std_error}, at least {classical.did} if classical: equal once the controls "
                    f"explain {percent(explained.low)} to {percent(explained.high)} of the treatment"
                )
    if not compared:
        raise NotCheckableError("; ".join(left_out) or "no column holds the treatment without controls")
    said = paper.design.errors or "not stated"
    finding = Finding(
        severity="warning",
        places=tuple(places),
        printed=f"standard errors: {said}; {', '.join(printed)}",
        implied=f"classical errors from sd, R2 and treated share: {'; '.join([*equal, *near])}",
        why="errors clustered by unit would not be the classical ones to every digit; the treatment is constant within "
        "units, so classical errors are too small",
    )
    return Checked.of(f"{many(compared, 'column')} of the treatment alone", [finding] if equal else [], left_out)


def _constant(paper: Paper, model: Model, classical: Classical) -> list[str]:
    rows = [row for row in paper.terms(model.column) if row.term == "const"]
    if not rows or classical.constant is None:
        return []
    agrees = "printed" if rows[0].std_error.interval.meets(classical.constant) else "not the printed"
    return [f"{rows[0].place} {classical.constant} ({agrees} {rows[0].std_error})"]


def through_the_means(paper: Paper) -> Checked:
    """Constant + coefficients x means = mean of the outcome, in columns on the descriptives' sample."""
    needed(paper.descriptives, "descriptives.csv has no rows")
    findings, compared, left_out = [], 0, []
    for model in paper.models:
        try:
            implied, outcome = _fitted_mean(paper, model)
        except NotCheckableError as error:
            left_out.append(str(error))
            continue
        compared += 1
        if not implied.meets(outcome.mean_interval):
            findings.append(
                Finding(
                    severity="error",
                    places=(model.column, f"{paper.design.descriptives}.{outcome.name}.mean"),
                    printed=f"mean of {outcome.name} {outcome.printed}",
                    implied=f"constant + coefficients x printed means = {implied}",
                    why="least squares with a constant passes through the means of its sample",
                )
            )
    if not compared:
        raise NotCheckableError("no column with a constant has all its variables in the descriptives")
    return Checked.of(f"{many(compared, 'column')} through their means", findings, left_out)


@dataclass(frozen=True)
class _Outcome:
    name: str
    printed: Printed
    mean_interval: Interval


def _fitted_mean(paper: Paper, model: Model) -> tuple[Interval, _Outcome]:
    rows = paper.all_terms(model.column)
    constant = [row for row in rows if row.term == "const"]
    if not constant:
        raise NotCheckableError(f"{model.column} prints no constant")
    outcome = paper.moments(constant[0].outcome)
    lost = abs(outcome.n_obs - model.n_obs) / outcome.n_obs
    if lost > SAME_SAMPLE or _holds_more(paper, rows):
        raise NotCheckableError(f"{model.column} has another sample or controls that are not printed")
    total = constant[0].estimate.interval
    for row in rows:
        if row.term != "const":
            moments = paper.moments(row.term)
            # Rows lost to other variables' gaps move a mean by at most their share of its range.
            moved = lost * (moments.maximum.value - moments.minimum.value)
            total = total + row.estimate.interval * moments.mean.interval.widened(moved)
    slack = lost * (outcome.maximum.value - outcome.minimum.value)
    return total, _Outcome(outcome.variable, outcome.mean, outcome.mean.interval.widened(slack))


def _holds_more(paper: Paper, rows: tuple[Coefficient, ...]) -> bool:
    """Whether some term has no moments: a mediator, say, whose controls are then often not printed either."""
    known = {row.variable.lower() for row in paper.descriptives} | {"const"}
    return any(row.term.lower() not in known for row in rows) or any(row.outcome.lower() not in known for row in rows)


def single_regressor_r2(paper: Paper) -> Checked:
    """R2 = (b sd_x / sd_y)^2 where the treatment is the only regressor and nothing is absorbed."""
    treatment = treatment_of(paper)
    needed(paper.models, "models.csv has no rows")
    findings, compared = [], 0
    for model in paper.models:
        if model.table in paper.design.controls_not_printed:
            continue
        rows = paper.terms(model.column)
        if {row.term for row in rows} - {"const"} != {treatment.term} or model.city_fe or model.year_fe:
            continue
        own = next(row for row in rows if row.term == treatment.term)
        outcome, x = paper.moments(own.outcome), paper.moments(treatment.variable)
        if (
            model.r2 is None
            or model.n_obs != outcome.n_obs
            or own.estimate.interval.low <= 0 <= own.estimate.interval.high
        ):
            continue
        compared += 1
        implied = image(lambda b, sx, sy: (b * sx / sy) ** 2, own.estimate.interval, x.sd.interval, outcome.sd.interval)
        if not implied.meets(model.r2.interval):
            findings.append(
                Finding(
                    severity="error",
                    places=(f"{model.column}.r2", own.place),
                    printed=f"R2 {model.r2}, coefficient {own.estimate}",
                    implied=f"(coefficient x sd of {x.variable} / sd of {outcome.variable})^2 = {implied}",
                    why="with one regressor R2 is the squared correlation",
                )
            )
    if not compared:
        raise NotCheckableError("no column has the treatment as its only regressor without effects")
    return Checked.of(f"{many(compared, 'column')} with one regressor", findings)


RULES = (
    Rule(
        name="classical_errors",
        asks="Are the printed errors the classical ones?",
        codes=("A1",),
        reference="Bertrand, Duflo and Mullainathan (2004); Cameron and Miller (2015)",
        check=classical_errors,
    ),
    Rule(
        name="through_the_means",
        asks="Does the regression pass through the printed means?",
        codes=(),
        reference="normal equation of the constant",
        check=through_the_means,
    ),
    Rule(
        name="single_regressor_r2",
        asks="Is R2 the squared correlation where there is one regressor?",
        codes=(),
        reference="R2 = b^2 var(x) / var(y)",
        check=single_regressor_r2,
    ),
)
