"""Arithmetic of observations: units x years, missing values, periods, what is called balanced."""

from collections.abc import Iterator

from resilience_pipeline.audit.design import Sample
from resilience_pipeline.audit.findings import Checked, Finding, NotCheckableError, Rule
from resilience_pipeline.audit.paper import Paper, needed
from resilience_pipeline.audit.printed import Printed
from resilience_pipeline.words import many


def sample_of(paper: Paper) -> Sample:
    """The design's sample."""
    if paper.design.sample is None:
        raise NotCheckableError("design.toml has no [sample]")
    return paper.design.sample


def widest_count(paper: Paper) -> int:
    """The largest number of rows printed anywhere."""
    counts = [row.n_obs for row in paper.descriptives] + [model.n_obs for model in paper.models]
    if not counts:
        raise NotCheckableError("neither models.csv nor descriptives.csv gives a number of observations")
    return max(counts)


def regression_units(paper: Paper) -> int:
    """Units of the widest sample: its rows over the years where that is whole, else a complete split's, else claimed.

    Raises
    ------
    NotCheckableError : none of the three is given.
    """
    sample, rows = sample_of(paper), widest_count(paper)
    if rows % sample.years == 0:
        return rows // sample.years
    for split in paper.design.splits:
        counts = [paper.model(column).n_cities for column in split.columns]
        cities = [count for count in counts if count is not None]
        if len(cities) == len(counts) and sum(cities) <= (sample.units or sum(cities)):
            return sum(cities)
    if sample.units is None:
        raise NotCheckableError("the number of units follows from no count and is not claimed ([sample] units)")
    return sample.units


def sample_units(paper: Paper) -> Checked:
    """Units claimed against rows over years."""
    sample, rows = sample_of(paper), widest_count(paper)
    claimed = needed(sample.units, "the number of units is not claimed ([sample] units)")
    places = tuple(dict.fromkeys(claim.place for claim in paper.claims_of("units"))) or ("design",)
    full, findings = claimed * sample.years, []
    printed = f"{claimed:,} units, {sample.years} years"
    if rows > full:
        findings.append(
            Finding(
                "error", places, printed, f"{rows:,} rows of at most {full:,}", "a panel has no more rows than that"
            )
        )
    elif rows % sample.years == 0 and rows != full:
        units = rows // sample.years
        sums = [" + ".join(map(str, cities)) for cities in _whole_splits(paper) if sum(cities) == units]
        also = f"; subsamples of {sums[0]} units add up to the same" if sums else ""
        findings.append(
            Finding(
                "warning",
                places,
                printed,
                f"{rows:,} rows = {units} x {sample.years}: {units} units, {claimed - units} fewer{also}",
                "the regressions rest on fewer units than the paper says",
            )
        )
    return Checked.of(f"{claimed} units x {sample.years} years against {rows:,} rows", findings)


def _whole_splits(paper: Paper) -> Iterator[list[int]]:
    for split in paper.design.splits:
        cities = [model.n_cities for model in paper.models if model.column in split.columns]
        if cities and all(count is not None for count in cities):
            yield [count for count in cities if count is not None]


def balanced_panel(paper: Paper) -> Checked:
    """A panel called balanced whose baseline has a number of rows that no balanced panel has."""
    sample = sample_of(paper)
    if not sample.balanced or sample.baseline is None:
        raise NotCheckableError("the panel is not called balanced, or no baseline column is named ([sample])")
    rows = paper.model(sample.baseline).n_obs
    whole, rest = divmod(rows, sample.years)
    finding = Finding(
        severity="warning",
        places=("design", f"{sample.baseline}.n_obs"),
        printed=f"a balanced panel; {rows:,} rows in {sample.baseline}",
        implied=f"{rows:,} = {whole} x {sample.years} + {rest}",
        why="a balanced panel has a whole number of units in every year",
    )
    return Checked.of(f"{rows:,} rows over {sample.years} years", [finding] if rest else [])


def listwise_counts(paper: Paper) -> Checked:
    """Rows of the baseline's table against the missing values that the descriptives show."""
    sample = sample_of(paper)
    needed(paper.descriptives, "descriptives.csv has no rows")
    baseline = needed(sample.baseline, "no baseline column is named ([sample] baseline)")
    table = baseline.split(".", 1)[0]
    findings, compared, left_out = [], 0, []
    for model in (model for model in paper.models if model.table == table):
        names = [row.term for row in paper.terms(model.column) if row.term != "const"]
        names += [row.outcome for row in paper.terms(model.column)[:1]]
        try:
            counts = [paper.moments(name).n_obs for name in names]
        except NotCheckableError as error:
            left_out.append(f"{model.column}: {error}")
            continue
        if not counts:
            left_out.append(f"{model.column}: coefficients.csv has no rows of it")
            continue
        compared += 1
        missing = [max(counts) - count for count in counts]
        fewest, most = max(counts) - sum(missing), min(counts)
        if not fewest <= model.n_obs <= most:
            findings.append(
                Finding(
                    severity="error",
                    places=(f"{model.column}.n_obs", paper.design.descriptives),
                    printed=f"{model.n_obs:,} rows",
                    implied=f"{fewest:,} to {most:,} rows hold all its variables",
                    why="listwise deletion leaves no other number of rows",
                )
            )
    if not compared:
        raise NotCheckableError("; ".join(left_out) or f"models.csv has no column of {table}")
    return Checked.of(f"{many(compared, 'column')} against the descriptives' counts", findings, left_out)


def period_counts(paper: Paper) -> Checked:
    """Rows of a shorter period, in the table and in the text, against units x years kept."""
    needed(paper.design.periods, "design.toml has no [[periods]]")
    sample, units = sample_of(paper), regression_units(paper)
    findings = []
    for period in paper.design.periods:
        years = period.last_year - period.first_year + 1
        missing = max(0, units * sample.years - paper.model(period.baseline).n_obs)
        most, fewest = units * years, units * years - missing
        name = f"{period.column}.n_obs"
        said = [(claim.place, Printed(claim.value)) for claim in paper.claims_of("value") if claim.refers_to == name]
        for place, rows in [(period.column, paper.figure(name)), *said]:
            if not fewest <= rows.value <= most:
                findings.append(
                    Finding(
                        severity="error",
                        places=(place, name),
                        printed=f"{rows} rows in {period.first_year} to {period.last_year}",
                        implied=f"{units} units x {years} years = {most:,}, and {period.baseline} lacks {missing} rows "
                        f"in all years: {fewest:,} to {most:,}",
                        why="fewer years cannot lack more rows than all years do, nor have more than units x years",
                    )
                )
    return Checked.of(many(len(paper.design.periods), "shorter period"), findings)


RULES = (
    Rule(
        name="sample_units",
        asks="Do units x years give the rows printed?",
        codes=("A7",),
        reference="rows = units x years in a panel without gaps",
        check=sample_units,
    ),
    Rule(
        name="balanced_panel",
        asks="Is the panel that is called balanced balanced?",
        codes=("A7",),
        reference="rows = units x years",
        check=balanced_panel,
    ),
    Rule(
        name="listwise_counts",
        asks="Do missing values of the descriptives explain the rows of the baseline?",
        codes=("A7",),
        reference="listwise deletion: most rows where gaps coincide, fewest where they do not",
        check=listwise_counts,
    ),
    Rule(
        name="period_counts",
        asks="Do rows of a shorter period fit units x years?",
        codes=("A6", "A7"),
        reference="rows = units x years less missing ones",
        check=period_counts,
    ),
)
