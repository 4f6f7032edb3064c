"""Printed values against what the text says a variable is."""

import math
from collections.abc import Iterator

from resilience_pipeline.audit.findings import Checked, Finding, NotCheckableError, Rule
from resilience_pipeline.audit.paper import KnownSeries, Moments, Paper, Variable, needed
from resilience_pipeline.audit.printed import Printed, percent, say
from resilience_pipeline.words import many

#: A bounded index whose values fill a smaller share of its scale is hardly that index.
SCALE_USED = 0.10
#: The sample is nearly all cities, as the known series are: means further apart than this many standard deviations, or
#: standard deviations further than this factor, are not the same series'.
MEANS_APART, SD_FACTOR = 1.0, 2.0
#: Nearer than this a known series is named as one that fits.
MEAN_FITS, SD_FITS = 0.10, 1.10


def described(paper: Paper) -> list[tuple[Variable, Moments]]:
    """Declared variables with their descriptive statistics."""
    needed(paper.variables, "variables.csv has no rows")
    needed(paper.descriptives, "descriptives.csv has no rows")
    by_name = {row.variable.lower(): row for row in paper.descriptives}
    return [
        (variable, by_name[variable.name.lower()]) for variable in paper.variables if variable.name.lower() in by_name
    ]


def definition_range(paper: Paper) -> Checked:
    """Values outside the range that the definition allows, and whether a log of it would fit."""
    bounded = [(v, row) for v, row in described(paper) if v.lower is not None or v.upper is not None]
    if not bounded:
        raise NotCheckableError("no described variable has a lower or upper bound in variables.csv")
    return Checked.of(f"{many(len(bounded), 'variable')} with bounds", _outside(paper, bounded))


def _outside(paper: Paper, bounded: list[tuple[Variable, Moments]]) -> Iterator[Finding]:
    for variable, row in bounded:
        lower = -math.inf if variable.lower is None else variable.lower
        upper = math.inf if variable.upper is None else variable.upper
        if row.minimum.interval.high >= lower and row.maximum.interval.low <= upper:
            continue
        log = ""
        if lower >= 0 and upper > 0:
            ceiling = math.log(upper) if upper < math.inf else math.inf
            fits = row.maximum.interval.low <= ceiling
            log = f"; its log would {'fit' if fits else f'stay below {say(ceiling)}, so it is not that either'}"
        yield Finding(
            severity="error",
            places=(f"{paper.design.descriptives}.{row.variable}", variable.place),
            printed=f"{variable.name}: {variable.definition}; mean {row.mean}, from {row.minimum} to {row.maximum}",
            implied=f"the definition allows {_bound(variable.lower)} to {_bound(variable.upper)}{log}",
            why="the printed values are not values of what the text defines",
        )


def _bound(value: float | None) -> str:
    return "any number" if value is None else say(value)


def scale_used(paper: Paper) -> Checked:
    """Indices with two bounds whose values fill a sliver of the scale."""
    indices = [
        (variable, row, variable.lower, variable.upper)
        for variable, row in described(paper)
        if variable.kind == "index" and variable.lower is not None and variable.upper is not None
    ]
    if not indices:
        raise NotCheckableError("no described variable is an index with both bounds in variables.csv")
    findings = []
    for variable, row, lower, upper in indices:
        used = (row.maximum.value - row.minimum.value) / (upper - lower)
        if used < SCALE_USED:
            top = f"; the log of the index would end at {say(math.log(upper))}" if upper > 1 else ""
            findings.append(
                Finding(
                    severity="warning",
                    places=(f"{paper.design.descriptives}.{row.variable}", variable.place),
                    printed=f"{variable.name}: {variable.definition}; mean {row.mean}, sd {row.sd}, {row.minimum} to "
                    f"{row.maximum}",
                    implied=f"the values fill {percent(used)} of {say(lower)} to {say(upper)}{top}; as a log they span "
                    f"{say(math.exp(row.minimum.value))} to {say(math.exp(row.maximum.value))}",
                    why="an index that tells cities apart uses its scale; these read like the log of an amount",
                )
            )
    return Checked.of(f"{len(indices)} of kind index", findings)


def proxy_moments(paper: Paper) -> Checked:
    """Declared series whose known moments are far from the printed ones, and the known series that fit instead."""
    needed(paper.known_series, "reference_moments.csv has no rows")
    needed(paper.descriptives, "descriptives.csv has no rows")
    declared = [series for series in paper.known_series if series.declared]
    needed(tuple(declared), "reference_moments.csv declares no series")
    findings, left_out, compared = [], [], set()
    for name in dict.fromkeys(series.variable for series in declared):
        try:
            row = paper.moments(name)
        except NotCheckableError as error:
            left_out.append(str(error))
            continue
        compared.add(name)
        own = [series for series in declared if series.variable == name]
        if not any(_could_be(row, series) for series in own):
            findings.append(_another_series(paper, row, own))
    if not compared:
        raise NotCheckableError("; ".join(left_out))
    return Checked.of(f"{many(len(compared), 'variable')} with known series", findings, left_out)


def _apart(row: Moments, series: KnownSeries) -> tuple[float, float]:
    """Distance of the means in the series' standard deviations, ratio of the larger sd to the smaller."""
    ratio = row.sd.value / series.sd
    return abs(row.mean.value - series.mean) / series.sd, max(ratio, 1 / ratio)


def _could_be(row: Moments, series: KnownSeries) -> bool:
    means, spread = _apart(row, series)
    return means <= MEANS_APART and spread <= SD_FACTOR


def _another_series(paper: Paper, row: Moments, own: list[KnownSeries]) -> Finding:
    places = [f"{paper.design.descriptives}.{row.variable}"]
    places += [variable.place for variable in paper.variables if variable.name == row.variable]
    others = [series for series in paper.known_series if series.variable == row.variable and not series.declared]
    fitting = []
    for series in others:
        means, spread = _apart(row, series)
        if means <= MEAN_FITS and spread <= SD_FITS:
            fitting.append(f"{_moments(series)}{_ends(row, series)}")
        elif _could_be(row, series):
            fitting.append(f"(roughly) {_moments(series)}{_ends(row, series)}")
    named = "; ".join(_moments(series) for series in own)
    fits = f"; what fits: {'; '.join(fitting)}" if fitting else "; no series known to us fits"
    return Finding(
        severity="warning",
        places=tuple(places),
        printed=f"{row.variable}: mean {row.mean}, sd {row.sd}, {row.minimum} to {row.maximum}",
        implied=f"declared: {named}{fits}",
        why="the moments are not those of the declared series, so the variable is another one than the text says",
    )


def _moments(series: KnownSeries) -> str:
    return f"{series.series}, mean {say(series.mean)}, sd {say(series.sd)} ({series.source})"


def _ends(row: Moments, series: KnownSeries) -> str:
    """Ends that equal a percentile of the whole sample to the printed digits: a trace of winsorising over it."""
    equal = [
        f"{word} {printed} is its {percentile} point"
        for word, printed, percentile, value in (
            ("minimum", row.minimum, "1 %", series.p1),
            ("maximum", row.maximum, "99 %", series.p99),
        )
        if value is not None and _to_digits(value, printed)
    ]
    trace = f", {' and '.join(equal)} over all years" if equal else ""
    lowest = -math.inf if series.lowest is None else series.lowest
    highest = math.inf if series.highest is None else series.highest
    odd = [str(end) for end in (row.minimum, row.maximum) if not lowest <= end.value <= highest]
    return trace + (
        f", but no unit has {' or '.join(odd)}: it runs from {say(lowest)} to {say(highest)}" if odd else ""
    )


def _to_digits(value: float, printed: Printed) -> bool:
    return printed.interval.low <= value <= printed.interval.high


RULES = (
    Rule(
        name="definition_range",
        asks="Do printed values lie where the definition allows?",
        codes=("A19",),
        reference="the paper's own definition",
        check=definition_range,
    ),
    Rule(
        name="scale_used",
        asks="Does an index use its scale?",
        codes=("A19",),
        reference="the index's own bounds",
        check=scale_used,
    ),
    Rule(
        name="proxy_moments",
        asks="Are the moments those of the series that the text names?",
        codes=("A19",),
        reference="known moments of the series (reference_moments.csv)",
        check=proxy_moments,
    ),
)
