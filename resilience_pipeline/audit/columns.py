"""What a column can be, given the effects, terms, R2 and rows that it is said to have."""

from collections.abc import Iterator

from resilience_pipeline import reference
from resilience_pipeline.audit.counts import regression_units, sample_of
from resilience_pipeline.audit.findings import Checked, Finding, Rule
from resilience_pipeline.audit.paper import Coefficient, Paper, needed
from resilience_pipeline.audit.printed import say
from resilience_pipeline.audit.significance import p_value
from resilience_pipeline.audit.treated_rows import treatment_of
from resilience_pipeline.words import many

#: Level at which a control's sign counts.
LEVEL = 0.05
_UNIT_WORDS, _TIME_WORDS = {"city", "unit", "id", "firm"}, {"year", "time"}


def mixed_r2(paper: Paper) -> Checked:
    """Tables whose columns print R2 by different definitions under one name."""
    known = [model for model in paper.models if model.r2 is not None and model.r2_kind is not None]
    needed(tuple(known), "models.csv gives no kind of R2 (r2_kind)")
    findings = []
    tables = list(dict.fromkeys(model.table for model in known))
    for table in tables:
        columns = [model for model in known if model.table == table]
        if len({model.r2_kind for model in columns}) > 1:
            listed = ", ".join(f"{model.column} {model.r2} ({model.r2_kind})" for model in columns)
            findings.append(
                Finding(
                    severity="warning",
                    places=tuple(f"{model.column}.r2" for model in columns),
                    printed=", ".join(str(model.r2) for model in columns),
                    implied=listed,
                    why="one row of the table holds two measures: R2 that counts the effects, and R2 within them",
                )
            )
    return Checked.of(many(len(tables), "table"), findings)


def pooled_columns(paper: Paper) -> Checked:
    """Columns with the interaction alone, without effects and without its main terms."""
    treatment = treatment_of(paper)
    needed(paper.models, "models.csv has no rows")
    needed(paper.coefficients, "coefficients.csv has no rows")
    pooled: list[Coefficient] = []
    held: list[Coefficient] = []
    for model in paper.models:
        terms = {row.term: row for row in paper.terms(model.column)}
        if treatment.term not in terms:
            continue
        main_terms = set(treatment.main_terms)  # none named: none can stand in for the effects
        whole = (model.city_fe and model.year_fe) or (main_terms and main_terms <= set(terms))
        (held if whole else pooled).append(terms[treatment.term])
    finding = Finding(
        severity="warning",
        places=tuple(row.place for row in pooled),
        printed=", ".join(f"{row.place} {row.beside}" for row in pooled),
        implied="treated rows against all other rows, earlier years of the treated units among them"
        + (f"; with both effects {held[0].place} is {held[0].beside}" if held else ""),
        why=f"without {' and '.join(treatment.main_terms) or 'main terms'} or effects the interaction is no "
        "difference-in-differences",
    )
    return Checked.of(f"{many(len(pooled) + len(held), 'column')} with {treatment.term}", [finding] if pooled else [])


def absorbed_treatment(paper: Paper) -> Checked:
    """Effects said to be absorbed that would leave nothing of the treatment, or other rows than printed."""
    effects = paper.design.effects
    needed(effects, "design.toml has no [[effects]]")
    treatment, sample = treatment_of(paper), sample_of(paper)
    findings = []
    for entry in effects:
        fatal = [name for name in entry.stated if _unit_by_time(name)]
        if not fatal:
            continue
        model, base = paper.model(entry.column), paper.model(entry.base)
        row = paper.coefficient(f"{entry.column}.{treatment.term}")
        lost = base.n_obs - model.n_obs
        others = [name for name in entry.stated if name not in fatal]
        groups, rest = divmod(lost, sample.years)
        fits = (
            f"{lost} rows fewer are {groups} x {sample.years}, {groups} groups of one unit"
            if not rest
            else f"{lost} rows fewer"
        )
        findings.append(
            Finding(
                severity="error",
                places=tuple(dict.fromkeys((entry.column, row.place, *_where_said(paper, entry.column)))),
                printed=f"effects: {', '.join(entry.stated)}; {treatment.term} {row.beside}, {model.n_obs:,} rows",
                implied=f"{fatal[0]} effects leave one row a level: all {base.n_obs:,} rows are singletons and "
                f"{treatment.term} is absorbed. {fits}, as effects of a wider group by year would lose"
                + (f" ({', '.join(others)})" if others else "")
                + f"; provinces by year would lose {_one_city_provinces()} x {sample.years} = "
                f"{_one_city_provinces() * sample.years} for the municipalities alone",
                why="a treatment that varies by unit and year only has no variation within unit-years",
            )
        )
    return Checked.of(f"{many(len(effects), 'column')} with further effects", findings)


def _unit_by_time(effect: str) -> bool:
    parts = {part.strip() for part in effect.split("^")}
    return bool(parts & _UNIT_WORDS) and bool(parts & _TIME_WORDS)


def _where_said(paper: Paper, column: str) -> tuple[str, ...]:
    return tuple(claim.place for claim in paper.claims_of("statement") if claim.refers_to.startswith(column))


def _one_city_provinces() -> int:
    """Municipalities: provinces that are one prefecture-level unit."""
    cities = reference.cities()
    return (
        cities.filter(type="municipality")
        .filter(cities.filter(type="municipality")["province_code"].is_unique())
        .height
    )


def relative_outcome(paper: Paper) -> Checked:
    """Ratios to a unit's past mean that lose no first year."""
    entries = paper.design.relative_outcomes
    needed(entries, "design.toml has no [[relative_outcomes]]")
    units, findings = regression_units(paper), []
    for entry in entries:
        rows, base = paper.model(entry.column).n_obs, paper.model(entry.base).n_obs
        missing = units * sample_of(paper).years - base
        most = base - (units - missing)
        if entry.denominator == "past" and rows > most:
            findings.append(
                Finding(
                    severity="warning",
                    places=(f"{entry.column}.n_obs", f"{entry.base}.n_obs"),
                    printed=f"ratio to the unit's past mean; {rows:,} rows, as many as {base:,} of {entry.base}"
                    if rows == base
                    else f"ratio to the unit's past mean; {rows:,} rows",
                    implied=f"the first year has no past: {units} rows would go, {say(most)} rows at most",
                    why="the mean must run over other years, then over years after the policy: the outcome's "
                    "denominator would hold a part of the effect",
                )
            )
    return Checked.of(many(len(entries), "relative outcome"), findings)


def control_signs(paper: Paper) -> Checked:
    """Controls significantly positive in one column and significantly negative in another, on the same outcome."""
    controls = {variable.name for variable in paper.variables if variable.role == "control"}
    needed(tuple(controls), "variables.csv has no control")
    needed(paper.coefficients, "coefficients.csv has no rows")
    outcomes = dict.fromkeys(row.outcome for row in paper.coefficients)
    findings = [finding for outcome in outcomes for finding in _turning(paper, outcome, controls)]
    return Checked.of(many(len(controls), "control"), findings)


def _turning(paper: Paper, outcome: str, controls: set[str]) -> Iterator[Finding]:
    for name in sorted(controls):
        rows = [row for row in paper.coefficients if row.term == name and row.outcome == outcome]
        clear = [row for row in rows if p_value(row.ratio) < LEVEL]
        up, down = ([row for row in clear if (row.estimate.value > 0) is sign] for sign in (True, False))
        if up and down:
            yield Finding(
                severity="warning",
                places=tuple(row.place for row in (*up, *down)),
                printed=", ".join(f"{row.place} {row.beside}" for row in (*up, *down)),
                implied=f"{many(len(up), 'column')} above zero and {len(down)} below at 5 %, from "
                f"{min(row.estimate.value for row in clear)} to {max(row.estimate.value for row in clear)}",
                why=f"{name} stands for something else in each model: a control that the policy moves, or that is "
                "part of the outcome, does that",
            )


RULES = (
    Rule(
        name="mixed_r2",
        asks="Is R2 one measure within a table?",
        codes=("A16",),
        reference="Stata: xtreg, fe prints R2 within, reghdfe and areg the overall one",
        check=mixed_r2,
    ),
    Rule(
        name="pooled_columns",
        asks="Is every column with the interaction a difference-in-differences?",
        codes=("A17",),
        reference="Y on treat, post and treat x post, or both effects",
        check=pooled_columns,
    ),
    Rule(
        name="absorbed_treatment",
        asks="Would the effects that are said to be absorbed absorb the treatment?",
        codes=("A12",),
        reference="Correia (2015) on singletons; rank of nested effects",
        check=absorbed_treatment,
    ),
    Rule(
        name="relative_outcome",
        asks="Does a ratio to the past lose the first year?",
        codes=("A13",),
        reference="the first year of a panel has no past",
        check=relative_outcome,
    ),
    Rule(
        name="control_signs",
        asks="Do controls keep their sign across columns?",
        codes=("A14",),
        reference="Caetano and Callaway (2024) on bad controls",
        check=control_signs,
    ),
)
