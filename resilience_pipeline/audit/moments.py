"""Printed moments against what is said to have been done to a variable, and against each other."""

import math

from resilience_pipeline.audit.counts import sample_of
from resilience_pipeline.audit.definitions import described
from resilience_pipeline.audit.findings import Checked, Finding, NotCheckableError, Rule
from resilience_pipeline.audit.paper import Paper, needed
from resilience_pipeline.audit.printed import percent, say
from resilience_pipeline.words import many

#: Winsorised at 1 % a variable rarely keeps a value this many standard deviations from its mean.
FAR = 5.0


def dummy_moments(paper: Paper) -> Checked:
    """Dummies: values 0 and 1, standard deviation sqrt(p (1 - p))."""
    dummies = [row for variable, row in described(paper) if variable.kind == "dummy"]
    if not dummies:
        raise NotCheckableError("variables.csv describes no dummy")
    findings = []
    for row in dummies:
        share, n = row.mean.interval, row.n_obs
        sds = [math.sqrt(max(0.0, p * (1 - p)) * n / (n - 1)) for p in (share.low, share.high)]
        sds += [0.5 * math.sqrt(n / (n - 1))] if share.low <= 0.5 <= share.high else []
        outside = row.minimum.value != 0 or row.maximum.value != 1
        if outside or row.sd.interval.high < min(sds) or row.sd.interval.low > max(sds):
            findings.append(
                Finding(
                    severity="error",
                    places=(f"{paper.design.descriptives}.{row.variable}",),
                    printed=f"mean {row.mean}, sd {row.sd}, {row.minimum} to {row.maximum}",
                    implied=f"a dummy with this mean has sd {say(min(sds))} to {say(max(sds))} and ends 0 and 1",
                    why="a dummy's mean fixes its standard deviation",
                )
            )
    return Checked.of(f"{len(dummies)} of kind dummy", findings)


def possible_moments(paper: Paper) -> Checked:
    """Mean outside the extremes, or a standard deviation that no values between them have.

    Values in [a, b] with mean m have variance at most (b - m) (m - a), times N / (N - 1) for the sample's.
    """
    needed(paper.descriptives, "descriptives.csv has no rows")
    findings = []
    for row in paper.descriptives:
        low, high = row.minimum.interval.low, row.maximum.interval.high
        mean = row.mean.interval
        most = max(
            ((high - m) * (m - low) for m in (mean.low, mean.high, (low + high) / 2) if mean.low <= m <= mean.high),
            default=0.0,
        )
        sd = math.sqrt(max(0.0, most) * row.n_obs / (row.n_obs - 1))
        if mean.high < low or mean.low > high or row.sd.interval.low > sd:
            findings.append(
                Finding(
                    severity="error",
                    places=(f"{paper.design.descriptives}.{row.variable}",),
                    printed=f"mean {row.mean}, sd {row.sd}, {row.minimum} to {row.maximum}",
                    implied=f"with these ends and this mean sd is at most {say(sd)}",
                    why="no values between the extremes have these moments",
                )
            )
    return Checked.of(many(len(paper.descriptives), "variable"), findings)


def winsorised_extremes(paper: Paper) -> Checked:
    """Extremes that winsorising should have pulled in; impossible ones where it ran over the whole sample.

    At least a share `tail` of the rows sits at a winsorised end, so its distance is at most
    sqrt((1 - tail) / tail) standard deviations; by year the tail of a single year counts, tail / years.
    """
    rule = needed(paper.design.winsorising, "design.toml does not say that variables were winsorised ([winsorising])")
    needed(paper.descriptives, "descriptives.csv has no rows")
    dummies = {variable.name.lower() for variable in paper.variables if variable.kind == "dummy"}
    tail = rule.tail / (sample_of(paper).years if rule.within == "year" else 1)
    bound = math.sqrt((1 - tail) / tail)
    rows = [row for row in paper.descriptives if row.variable.lower() not in dummies]
    far = [(row, end) for row in rows for end in (row.minimum, row.maximum) if abs(row.z(end.value)) > FAR]
    beyond = any(abs(row.z(end.value)) > bound for row, end in far)
    listed = ", ".join(f"{row.variable} {end} at {row.z(end.value):+.1f} sd" for row, end in far)
    finding = Finding(
        severity="error" if beyond else "warning",
        places=(paper.design.descriptives, *(f"{paper.design.descriptives}.{row.variable}" for row, _ in far)),
        printed=f"all continuous variables winsorised at {percent(rule.tail)} in either tail, within {rule.within}",
        implied=f"{listed}; over the whole sample no end could lie beyond "
        f"{math.sqrt((1 - rule.tail) / rule.tail):.1f} sd, by this rule {bound:.1f}",
        why="with one row in a hundred at either end such distances do not remain in series of this kind",
    )
    return Checked.of(f"ends of {len(rows)} variables", [finding] if far else [])


def source_years(paper: Paper) -> Checked:
    """Variables used in years for which their source has no values."""
    sample = sample_of(paper)
    dated = [(v, v.source_last_year) for v in paper.variables if v.source_last_year is not None]
    needed(tuple(dated), "variables.csv gives no last year of a source (source_last_year)")
    findings = []
    for variable, last in dated:
        if last < sample.last_year:
            rows = {row.variable: row.n_obs for row in paper.descriptives}.get(variable.name)
            printed = f"{variable.name} to {sample.last_year}" + (f", {rows:,} rows" if rows else "")
            findings.append(
                Finding(
                    severity="warning",
                    places=(variable.place, f"{paper.design.descriptives}.{variable.name}"),
                    printed=printed,
                    implied=f"its source ends in {last}: {sample.last_year - last} of {sample.years} years lack values",
                    why="values after a series' end are imputed, which interpolation inside a series does not cover",
                )
            )
    return Checked.of(f"{many(len(dated), 'variable')} with dated sources", findings)


RULES = (
    Rule(
        name="dummy_moments",
        asks="Do a dummy's mean and standard deviation fit?",
        codes=(),
        reference="sd of a dummy = sqrt(p (1 - p))",
        check=dummy_moments,
    ),
    Rule(
        name="possible_moments",
        asks="Can values between the extremes have the printed mean and standard deviation?",
        codes=(),
        reference="Bhatia and Davis (2000): variance <= (max - mean) (mean - min)",
        check=possible_moments,
    ),
    Rule(
        name="winsorised_extremes",
        asks="Is winsorising visible in the extremes?",
        codes=("A9",),
        reference="mass `tail` at distance z needs tail z^2 <= 1 - tail (Cantelli)",
        check=winsorised_extremes,
    ),
    Rule(
        name="source_years",
        asks="Does each source have values in all years used?",
        codes=("A19",),
        reference="last year published by the source (variables.csv)",
        check=source_years,
    ),
)
