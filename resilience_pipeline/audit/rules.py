"""Every rule, and one pass of all of them over a paper."""

from resilience_pipeline.audit import (
    columns,
    counts,
    declarations,
    definitions,
    implied_errors,
    mediation,
    moments,
    placebo,
    significance,
    statements,
    subsamples,
    text_and_tables,
    timing,
    treated_list,
    treated_rows,
)
from resilience_pipeline.audit.findings import NotCheckableError, Rule, Verdict
from resilience_pipeline.audit.paper import Paper

FAMILIES = (
    significance,
    text_and_tables,
    counts,
    treated_rows,
    implied_errors,
    placebo,
    mediation,
    definitions,
    moments,
    subsamples,
    columns,
    declarations,
    treated_list,
    timing,
    statements,
)

RULES: tuple[Rule, ...] = tuple(rule for family in FAMILIES for rule in family.RULES)


def audit(paper: Paper) -> tuple[Verdict, ...]:
    """The answer of every rule, in their order."""
    return tuple(_verdict(rule, paper) for rule in RULES)


def _verdict(rule: Rule, paper: Paper) -> Verdict:
    try:
        return Verdict(rule, rule.check(paper))
    except NotCheckableError as lacking:
        return Verdict(rule, None, str(lacking))
