"""Placebo draws: how far they must spread, and where they must be centred."""

from scipy import special

from resilience_pipeline.audit.counts import sample_of
from resilience_pipeline.audit.design import Placebo
from resilience_pipeline.audit.findings import Checked, Finding, NotCheckableError, Rule
from resilience_pipeline.audit.implied_errors import classical_error
from resilience_pipeline.audit.paper import Paper
from resilience_pipeline.audit.printed import say
from resilience_pipeline.audit.treated_rows import treatment_of
from resilience_pipeline.words import many

#: All draws inside the printed range with a smaller probability than this is called impossible.
IMPOSSIBLE = 1e-3


def _of(paper: Paper, *drawn: str) -> tuple[Placebo, ...]:
    found = tuple(placebo for placebo in paper.design.placebo if placebo.drawn in drawn)
    if not found:
        raise NotCheckableError(f"design.toml has no [[placebo]] that draws {' or '.join(drawn)}")
    return found


def placebo_spread(paper: Paper) -> Checked:
    """The printed range of draws of false units against the printed standard error of the estimate.

    Estimates for random units vary by at least the standard error: the error claims to be their standard deviation, and
    serial correlation only adds to it. Draws are taken as normal around zero.
    """
    found = _of(paper, "units", "both")
    findings = []
    for placebo in found:
        row = paper.coefficient(placebo.estimate)
        error = row.std_error.value
        low, high = placebo.low.interval.low, placebo.high.interval.high
        inside = float((special.ndtr(high / error) - special.ndtr(low / error)) ** placebo.draws)
        expected = error * -float(special.ndtri(1 / (2 * placebo.draws)))
        if inside < IMPOSSIBLE:
            findings.append(
                Finding(
                    severity="error",
                    places=(placebo.place, placebo.estimate),
                    printed=f"{placebo.draws} draws within [{placebo.low}, {placebo.high}]; error {row.std_error}",
                    implied=f"draws with standard deviation {row.std_error}{_least(paper, placebo)} reach about "
                    f"{say(expected)} either way; all within the range has probability {inside:.1g}",
                    why="the spread of estimates for random units is what the standard error claims to measure",
                )
            )
    return Checked.of(many(len(found), "placebo range"), findings)


def _least(paper: Paper, placebo: Placebo) -> str:
    try:
        classical = classical_error(paper, paper.model(placebo.estimate.rsplit(".", 1)[0]))
    except NotCheckableError:
        return ""
    return f" (by moments at least {say(classical.did.low)})"


def leak(effect: float, start: int, false: int, first: int, last: int) -> float:
    """What a false start year shows of a constant effect that starts at `start`, in a balanced panel with both effects.

    effect x cov(false, true) / var(false) of the two period dummies: with q the shares of years under treatment,
    q / q_false for a false date before the true one, (1 - q) / (1 - q_false) for one after it.
    """
    years = last - first + 1
    true_share, false_share = (last - start + 1) / years, (last - false + 1) / years
    return effect * (true_share / false_share if false < start else (1 - true_share) / (1 - false_share))


def placebo_dates(paper: Paper) -> Checked:
    """Draws of false dates for the real treated units, on all rows, said to spread around zero."""
    found = _of(paper, "dates")
    treatment, sample = treatment_of(paper), sample_of(paper)
    findings = []
    for placebo in found:
        if placebo.units == "random" or placebo.rows == "before policy":
            continue
        effect = paper.coefficient(placebo.estimate).estimate.value
        dates = [year for year in range(sample.first_year + 1, sample.last_year + 1) if year != treatment.start_year]
        false = {year: leak(effect, treatment.start_year, year, sample.first_year, sample.last_year) for year in dates}
        if not false:
            raise NotCheckableError("the sample has no false date")
        least = min(false, key=lambda start: abs(false[start]))
        repeats = (
            f"; {len(false)} false dates exist, {placebo.draws} draws repeat them" if placebo.draws > len(false) else ""
        )
        if not placebo.low.interval.low <= false[least] <= placebo.high.interval.high or repeats:
            findings.append(
                Finding(
                    severity="warning",
                    places=(placebo.place, placebo.estimate),
                    printed=f"{placebo.draws} draws of false dates within [{placebo.low}, {placebo.high}]; units: "
                    f"{placebo.units}, rows: {placebo.rows}",
                    implied=f"an effect of {say(effect)} leaks into every false date of the real units: at least "
                    f"{say(abs(false[least]))} ({least}), up to {say(max(false.values(), key=abs))}{repeats}",
                    why="false dates give draws around zero only for random units or on earlier rows alone",
                )
            )
    return Checked.of(f"{many(len(found), 'placebo test')} of dates", findings)


RULES = (
    Rule(
        name="placebo_spread",
        asks="Do placebo estimates spread as far as the standard error demands?",
        codes=("A2",),
        reference="extremes of normal draws; Hess (2017) on randomisation inference",
        check=placebo_spread,
    ),
    Rule(
        name="placebo_dates",
        asks="Can false dates of the real units give estimates around zero?",
        codes=("A18",),
        reference="omitted-variable formula for two period dummies in a balanced panel",
        check=placebo_dates,
    ),
)
