"""Statements that cannot stand beside each other, and what an event-study figure can show."""

from resilience_pipeline.audit.findings import Checked, Finding, NotCheckableError, Rule
from resilience_pipeline.audit.paper import Paper, needed
from resilience_pipeline.audit.printed import percent

#: Coverage of one interval of the figure.
COVERAGE = 0.95


def contradicting_statements(paper: Paper) -> Checked:
    """Statements with the one that they cannot stand beside; judged by whoever wrote claims.csv, not computed."""
    claims = {claim.id: claim for claim in paper.claims}
    pairs = [(claim, claims[claim.against]) for claim in paper.claims_of("statement") if claim.against in claims]
    needed(paper.claims_of("statement"), "claims.csv has no statement to hold against another (statement)")
    findings = [
        Finding(
            severity="note",
            places=(claim.place, other.place),
            printed=f"{claim.statement}; against: {other.statement}",
            implied="one of the two must go or be qualified",
            why="the paper says both",
        )
        for claim, other in pairs
    ]
    return Checked.of(f"{len(paper.claims_of('statement'))} statements", findings)


def pointwise_bands(paper: Paper) -> Checked:
    """Parallel trends told from pointwise intervals, one lead at a time."""
    study = paper.design.event_study
    if study is None:
        raise NotCheckableError("design.toml has no [event_study]")
    chance = 1 - COVERAGE**study.leads
    finding = Finding(
        severity="note",
        places=(study.place,),
        printed=f"{study.leads} leads, {study.bands} {percent(COVERAGE)} intervals, "
        f"{'a' if study.joint_test else 'no'} joint test",
        implied=f"were trends parallel, some interval would miss zero with probability up to {percent(chance)}; and "
        "intervals that hold zero say nothing on trends too small for them",
        why="parallel trends are one hypothesis on all leads: a joint test and simultaneous bands answer it",
    )
    shown = study.bands == "pointwise" and not study.joint_test
    return Checked.of(f"{study.leads} leads", [finding] if shown else [])


RULES = (
    Rule(
        name="contradicting_statements",
        asks="Can all statements stand beside each other?",
        codes=("A22", "A24"),
        reference="the paper's own text",
        check=contradicting_statements,
    ),
    Rule(
        name="pointwise_bands",
        asks="Were pre-trends tested as one hypothesis?",
        codes=("A22",),
        reference="Freyaldenhoven et al. (2021); Roth (2022); Rambachan and Roth (2023)",
        check=pointwise_bands,
    ),
)
