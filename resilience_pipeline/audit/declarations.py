"""What is declared and what is used: variables, their parts, lists of tests, results that are printed nowhere."""

from resilience_pipeline.audit.findings import Checked, Finding, Rule
from resilience_pipeline.audit.paper import Paper, needed
from resilience_pipeline.words import many


def _used(paper: Paper) -> set[str]:
    """Names of outcomes and terms of any column."""
    return {row.outcome.lower() for row in paper.coefficients} | {row.term.lower() for row in paper.coefficients}


def declared_unused(paper: Paper) -> Checked:
    """Declared outcomes, controls and mediators that no column holds."""
    needed(paper.variables, "variables.csv has no rows")
    needed(paper.coefficients, "coefficients.csv has no rows")
    used = _used(paper)
    asked = [v for v in paper.variables if v.role in ("outcome", "control", "mediator", "treatment")]
    findings = [
        Finding(
            severity="warning",
            places=(variable.place,),
            printed=f"{variable.name}, {variable.role}: {variable.definition}",
            implied=f"no column of {len({row.column for row in paper.coefficients})} holds it",
            why="a variable is defined and never used",
        )
        for variable in asked
        if variable.name.lower() not in used
    ]
    return Checked.of(many(len(asked), "declared variable"), findings)


def used_undeclared(paper: Paper) -> Checked:
    """Terms and outcomes of the tables that the text does not define."""
    needed(paper.variables, "variables.csv has no rows")
    needed(paper.coefficients, "coefficients.csv has no rows")
    treatment = paper.design.treatment
    declared = {variable.name.lower() for variable in paper.variables} | {"const"}
    declared |= {name.lower() for name in (treatment.term, *treatment.main_terms)} if treatment else set()
    findings = []
    for name in sorted(_used(paper) - declared):
        rows = [row for row in paper.coefficients if name in (row.term.lower(), row.outcome.lower())]
        findings.append(
            Finding(
                severity="warning",
                places=tuple(dict.fromkeys(row.column for row in rows)),
                printed=f"{name} in {many(len({row.column for row in rows}), 'column')}",
                implied="variables.csv has no definition of it",
                why="a variable is used and never defined",
            )
        )
    return Checked.of(f"{len(_used(paper))} terms and outcomes", findings)


def undescribed(paper: Paper) -> Checked:
    """Variables of the regressions without descriptive statistics."""
    needed(paper.descriptives, "descriptives.csv has no rows")
    needed(paper.coefficients, "coefficients.csv has no rows")
    treatment = paper.design.treatment
    described = {row.variable.lower() for row in paper.descriptives} | {"const"}
    described |= {name.lower() for name in (treatment.term, *treatment.main_terms)} if treatment else set()
    missing = [v.name for v in paper.variables if v.name.lower() in _used(paper) - described]
    finding = Finding(
        severity="note",
        places=(paper.design.descriptives,),
        printed=f"statistics of {len(paper.descriptives)} variables",
        implied=f"none of {', '.join(missing)}, which regressions use",
        why="without mean and sd a reader cannot tell how large a coefficient of theirs is, nor check it",
    )
    return Checked.of(f"{len(_used(paper) - {'const'})} names in regressions", [finding] if missing else [])


def component_overlap(paper: Paper) -> Checked:
    """Mediators and controls that share a part with the outcome."""
    outcomes = [variable for variable in paper.variables if variable.role == "outcome" and variable.parts]
    needed(tuple(outcomes), "variables.csv gives no parts of an outcome")
    others = [v for v in paper.variables if v.role in ("mediator", "control") and v.parts]
    findings = []
    for outcome in outcomes:
        for variable in others:
            shared = [part for part in variable.parts if part in outcome.parts]
            if shared:
                findings.append(
                    Finding(
                        severity="warning",
                        places=(variable.place, outcome.place),
                        printed=f"{variable.name} ({variable.role}): {variable.definition}; {outcome.name}: "
                        f"{outcome.definition}",
                        implied=f"both hold {', '.join(shared)}",
                        why=_why_overlap(variable.role),
                    )
                )
    return Checked.of(f"{len(others)} mediators and controls against {len(outcomes)} outcomes", findings)


def _why_overlap(role: str) -> str:
    if role == "mediator":
        return "a mediator that holds a part of the outcome explains the outcome with itself"
    return "a control that is part of the outcome takes away some of the effect, and the policy moves it"


def robustness_lists(paper: Paper) -> Checked:
    """Lists of robustness tests that differ between sections."""
    claims = paper.claims_of("robustness")
    needed(claims, "claims.csv lists no robustness test (robustness)")
    lists: dict[str, list[str]] = {}
    for claim in claims:
        lists.setdefault(claim.place, []).append(claim.value)
    everything = list(dict.fromkeys(claim.value for claim in claims))
    gaps = {place: [test for test in everything if test not in tests] for place, tests in lists.items()}
    if len(lists) < 2:
        return Checked.of(f"one list of {len(everything)} tests")
    finding = Finding(
        severity="warning",
        places=tuple(lists),
        printed="; ".join(f"{place}: {', '.join(tests)}" for place, tests in lists.items()),
        implied="; ".join(f"{place} lacks {', '.join(tests)}" for place, tests in gaps.items() if tests),
        why="the sections name different sets of tests for the same conclusion",
    )
    return Checked.of(f"{many(len(lists), 'list')} of tests", [finding] if any(gaps.values()) else [])


def results_without_record(paper: Paper) -> Checked:
    """Tests and results that the text reports and no table or figure shows."""
    claims = paper.claims_of("robustness", "result")
    needed(claims, "claims.csv reports no result (robustness, result)")
    findings = [
        Finding(
            severity="warning",
            places=(claim.place,),
            printed=claim.statement if claim.kind == "result" else f"{claim.statement}: {claim.value}",
            implied="no table or figure of the paper shows it",
            why="a result that is printed nowhere supports no conclusion",
        )
        for claim in claims
        if not claim.refers_to
    ]
    return Checked.of(f"{many(len(claims), 'result')} of the text", findings)


RULES = (
    Rule(
        name="declared_unused",
        asks="Is every declared variable used?",
        codes=("A19",),
        reference="the paper's own definitions and tables",
        check=declared_unused,
    ),
    Rule(
        name="used_undeclared",
        asks="Is every used variable declared?",
        codes=("A19",),
        reference="the paper's own definitions and tables",
        check=used_undeclared,
    ),
    Rule(
        name="undescribed",
        asks="Does every variable of the regressions have descriptive statistics?",
        codes=("A19",),
        reference="the paper's own tables",
        check=undescribed,
    ),
    Rule(
        name="component_overlap",
        asks="Do mediators or controls hold a part of the outcome?",
        codes=("A14", "A15"),
        reference="Acharya, Blackwell and Sen (2016); Caetano and Callaway (2024)",
        check=component_overlap,
    ),
    Rule(
        name="robustness_lists",
        asks="Do the sections list the same robustness tests?",
        codes=("A19",),
        reference="the paper's own sections",
        check=robustness_lists,
    ),
    Rule(
        name="results_without_record",
        asks="Is every result of the text printed somewhere?",
        codes=("A19", "A24"),
        reference="the paper's own tables and figures",
        check=results_without_record,
    ),
)
