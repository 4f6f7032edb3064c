"""Subsamples: counts that must add up, units in both groups, medians, differences."""

import math
from collections.abc import Iterator
from itertools import combinations

from resilience_pipeline.audit.counts import regression_units, sample_of
from resilience_pipeline.audit.design import Split
from resilience_pipeline.audit.findings import Checked, Finding, Rule
from resilience_pipeline.audit.paper import Coefficient, Paper, needed
from resilience_pipeline.audit.printed import percent, say
from resilience_pipeline.audit.significance import p_value
from resilience_pipeline.audit.treated_rows import treatment_of
from resilience_pipeline.words import many

#: Level at which an effect is called present or a difference shown.
LEVEL = 0.05
PRESENT = 0.10


def _splits(paper: Paper) -> tuple[Split, ...]:
    needed(paper.design.splits, "design.toml has no [[splits]]")
    return paper.design.splits


def subsample_rows(paper: Paper) -> Checked:
    """Rows of the subsamples against the baseline's, and against units x years of each."""
    splits, findings = _splits(paper), []
    years = sample_of(paper).years
    for split in splits:
        models = [paper.model(column) for column in split.columns]
        base = paper.model(split.baseline)
        total = sum(model.n_obs for model in models)
        places = tuple(f"{model.column}.n_obs" for model in (*models, base))
        if total != base.n_obs:
            counts = " + ".join(f"{model.n_obs:,}" for model in models)
            findings.append(
                Finding(
                    severity="error",
                    places=places,
                    printed=f"{split.name}: {counts} rows; {base.n_obs:,} in {base.column}",
                    implied=f"{counts} = {total:,}, {total - base.n_obs:+,} against the baseline",
                    why="groups that divide a sample add up to it",
                )
            )
        for model in models:
            if model.n_cities is not None and model.n_obs > model.n_cities * years:
                findings.append(
                    Finding(
                        severity="error",
                        places=(f"{model.column}.n_obs", f"{model.column}.n_cities"),
                        printed=f"{model.n_obs:,} rows of {model.n_cities} units",
                        implied=f"{model.n_cities} x {years} = {model.n_cities * years:,} rows at most",
                        why="a unit has one row a year",
                    )
                )
    return Checked.of(many(len(splits), "split"), findings)


def units_in_both_groups(paper: Paper) -> Checked:
    """Splits whose groups have more units together than the sample."""
    counted = []
    for split in _splits(paper):
        models = [paper.model(column) for column in split.columns]
        known = [model.n_cities for model in models if model.n_cities is not None]
        if len(known) == len(models):
            counted.append((split, known))
    needed(tuple(counted), "models.csv gives no n_cities for a whole split")
    units = regression_units(paper)
    findings = []
    for split, cities in counted:
        together = sum(cities)
        if together > units:
            findings.append(
                Finding(
                    severity="warning",
                    places=tuple(f"{column}.n_cities" for column in split.columns),
                    printed=f"{split.name}: {' and '.join(map(str, cities))} units",
                    implied=f"{' + '.join(map(str, cities))} = {together} units of {units}: at least "
                    f"{together - units} stand in both groups",
                    why="the split divides unit-years, so units change groups, after the policy too: the groups may "
                    "themselves be an outcome",
                )
            )
    return Checked.of(f"{many(len(counted), 'split')} against {units} units", findings)


def median_split(paper: Paper) -> Checked:
    """Splits at a median whose halves are not halves."""
    splits = [split for split in _splits(paper) if split.divided_by == "median"]
    needed(tuple(splits), "no split is said to be at a median (divided_by)")
    findings = []
    for split in splits:
        models = [paper.model(column) for column in split.columns]
        counts = [model.n_obs for model in models]
        # One unit on the median's other side, or one row a year; and rows that are missing on one side.
        allowed = sample_of(paper).years + max(0, regression_units(paper) * sample_of(paper).years - sum(counts))
        if max(counts) - min(counts) > allowed:
            shares = " and ".join(percent(count / sum(counts)) for count in counts)
            findings.append(
                Finding(
                    severity="warning",
                    places=tuple(model.column for model in models),
                    printed=f"{split.name}: divided at the median; {' and '.join(f'{c:,}' for c in counts)} rows",
                    implied=f"{shares}; halves differ by at most {allowed} rows",
                    why="a median leaves half on either side, unless very many values are equal to it",
                )
            )
    return Checked.of(f"{many(len(splits), 'split')} at a median", findings)


def untested_differences(paper: Paper) -> Checked:
    """Differences between groups told from the stars of each, with the z that the printed figures give."""
    splits, findings = _splits(paper), []
    term = treatment_of(paper).term
    compared = []
    for split in splits:
        rows = [paper.coefficient(f"{column}.{term}") for column in split.columns]
        pairs = [(z_of_difference(*pair), pair) for pair in combinations(rows, 2)]
        z, (one, other) = max(pairs, key=lambda entry: entry[0])
        compared.append(f"{split.name} z {say(z)}")
        if split.test != "none":
            continue
        falls = p_value(z / 2) > LEVEL
        findings.append(
            Finding(
                severity="warning",
                places=tuple(row.place for row in rows),
                printed=f"{split.name}: {one.beside} against {other.beside}, no test of the difference",
                implied=f"z = {say(z)} (p {p_value(z):.2g}) from the printed errors; were they twice as large "
                f"{say(z / 2)} (p {p_value(z / 2):.2g})" + (": the difference would not stand" if falls else ""),
                why="one effect significant and the other not is no evidence that they differ",
            )
        )
    return Checked.of("; ".join(compared), findings)


def z_of_difference(one: Coefficient, other: Coefficient) -> float:
    """|b1 - b2| / sqrt(s1^2 + s2^2), groups taken as independent."""
    gap = abs(one.estimate.value - other.estimate.value)
    return gap / math.hypot(one.std_error.value, other.std_error.value)


def universal_effect(paper: Paper) -> Checked:
    """Statements that the effect holds everywhere against the groups in which it is not there."""
    claims = paper.claims_of("universal")
    needed(claims, "claims.csv has no statement that the effect holds everywhere (universal)")
    term = treatment_of(paper).term
    absent = [row for split in _splits(paper) for row in _absent(paper, split, term)]
    finding = Finding(
        severity="warning",
        places=(*(claim.place for claim in claims), *(row.place for row in absent)),
        printed="; ".join(dict.fromkeys(claim.statement for claim in claims)),
        implied="not different from zero at 10 %: "
        + ", ".join(f"{row.place} {row.beside}, p {p_value(row.ratio):.2g}" for row in absent),
        why="an effect that groups of the paper's own tables do not show is not universal",
    )
    return Checked.of(many(len(claims), "statement"), [finding] if absent else [])


def _absent(paper: Paper, split: Split, term: str) -> Iterator[Coefficient]:
    for column in split.columns:
        row = paper.coefficient(f"{column}.{term}")
        if p_value(row.ratio) > PRESENT:
            yield row


RULES = (
    Rule(
        name="subsample_rows",
        asks="Do subsamples add up to the sample?",
        codes=("A7",),
        reference="a partition's parts add up to the whole",
        check=subsample_rows,
    ),
    Rule(
        name="units_in_both_groups",
        asks="Does a unit stand in both groups?",
        codes=("A10",),
        reference="moderators should be fixed before the policy",
        check=units_in_both_groups,
    ),
    Rule(
        name="median_split",
        asks="Is a median split half and half?",
        codes=("A23",),
        reference="definition of the median",
        check=median_split,
    ),
    Rule(
        name="untested_differences",
        asks="Are differences between groups tested?",
        codes=("A11",),
        reference="Gelman and Stern (2006); z = (b1 - b2) / sqrt(s1^2 + s2^2)",
        check=untested_differences,
    ),
    Rule(
        name="universal_effect",
        asks="Is an effect called universal there in every group?",
        codes=("A24",),
        reference="the paper's own subgroup tables",
        check=universal_effect,
    ),
)
