"""Figures of the text against the tables they speak of."""

from collections.abc import Iterator

from resilience_pipeline.audit.findings import Checked, Finding, NotCheckableError, Rule
from resilience_pipeline.audit.paper import Claim, Paper, needed
from resilience_pipeline.audit.printed import TOUCH, Printed
from resilience_pipeline.words import many


def text_against_tables(paper: Paper) -> Checked:
    """Figures of the text that no rounding reconciles with the table; and where in that table they stand instead."""
    claims = paper.claims_of("value")
    needed(claims, "claims.csv quotes no figure (value)")
    needed(paper.figures or None, "no table is given to hold the text against")
    findings, left_out = [], []
    for claim in claims:
        try:
            findings += list(_differing(paper, claim))
        except NotCheckableError as error:
            left_out.append(f"{claim.id}: {error}")
    return Checked.of(f"{len(claims) - len(left_out)} figures of the text", findings, left_out)


def _differing(paper: Paper, claim: Claim) -> Iterator[Finding]:
    name, said = claim.refers_to, Printed(claim.value)
    printed = paper.figure(name)
    if said.agrees(printed):
        return
    elsewhere = [other for other in _neighbours(paper, name) if paper.figures[other].value == said.value]
    stands = f"; {said} stands at {', '.join(elsewhere)}" if elsewhere else ""
    yield Finding(
        severity="warning",
        places=(claim.place, name),
        printed=f"{claim.statement}: {said}",
        implied=f"the table prints {printed}{stands}",
        why="text and table give two figures for one result",
    )


def _neighbours(paper: Paper, name: str) -> list[str]:
    """Figures of the same table that could be mistaken for this one: those of the term, and of the whole columns."""
    table = name.split(".", 1)[0]
    term = name.split(".")[2] if name.count(".") == 3 else None
    fields = ("n_obs", "r2", "n_cities") if term is None else ("estimate", "std_error")
    found = []
    for other in paper.figures:
        parts = other.split(".")
        same_term = term is None or (len(parts) == 4 and parts[2] == term)
        if parts[0] == table and parts[-1] in fields and same_term and other != name:
            found.append(other)
    return found


def comparisons(paper: Paper) -> Checked:
    """Statements that one printed figure is greater than another."""
    claims = paper.claims_of("greater")
    needed(claims, "claims.csv compares no two figures (greater)")
    findings = []
    for claim in claims:
        larger, smaller = paper.figure(claim.refers_to), paper.figure(claim.against)
        if larger.interval.high <= smaller.interval.low + TOUCH:
            findings.append(
                Finding(
                    severity="warning",
                    places=(claim.place, claim.refers_to, claim.against),
                    printed=claim.statement,
                    implied=f"{claim.refers_to} is {larger}, {claim.against} is {smaller}",
                    why="the figure said to be greater is the smaller one",
                )
            )
    return Checked.of(many(len(claims), "comparison"), findings)


def column_numbers(paper: Paper) -> Checked:
    """Columns that the text names by a number which is not theirs, or one number for two results."""
    claims = paper.claims_of("column")
    needed(claims, "claims.csv names no column by its number (column)")
    findings = []
    for claim in claims:
        table, _, number = claim.refers_to.partition(".")
        others = [o for o in claims if o.value == claim.value and o.refers_to != claim.refers_to and _in(o, table)]
        if number != claim.value:
            also = f"; {others[0].statement} is said to stand there, too" if others else ""
            findings.append(
                Finding(
                    severity="warning",
                    places=(claim.place, claim.refers_to),
                    printed=f"{claim.statement}: column ({claim.value})",
                    implied=f"the result stands in column ({number}) of {table}{also}",
                    why="one column cannot hold two tests",
                )
            )
    return Checked.of(f"{many(len(claims), 'column')} named in the text", findings)


def _in(claim: Claim, table: str) -> bool:
    return claim.refers_to.startswith(f"{table}.")


RULES = (
    Rule(
        name="text_against_tables",
        asks="Do figures of the text stand in the tables?",
        codes=("A5", "A6"),
        reference="both are printed in the paper; equal within rounding",
        check=text_against_tables,
    ),
    Rule(
        name="comparisons",
        asks="Is the figure said to be greater the greater one?",
        codes=("A5",),
        reference="both figures are printed in the paper",
        check=comparisons,
    ),
    Rule(
        name="column_numbers",
        asks="Do columns named in the text hold what they are said to hold?",
        codes=(),
        reference="the table's own headings",
        check=column_numbers,
    ),
)
