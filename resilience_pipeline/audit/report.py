"""The audit as text to read: what contradicts, what was compared and agrees, what could not be checked."""

from collections.abc import Iterable, Sequence
from textwrap import fill

from resilience_pipeline.audit.findings import SEVERITIES, Finding, Rule, Verdict
from resilience_pipeline.words import many

_WIDTH = 118


def audit_text(name: str, verdicts: Sequence[Verdict]) -> str:
    """Findings by severity, then what agrees, then what lacks its input."""
    found = [(verdict.rule, finding) for verdict in verdicts for finding in verdict.findings]
    quiet = [verdict for verdict in verdicts if verdict.checked and not verdict.findings]
    lacking = [verdict for verdict in verdicts if verdict.checked is None]
    blocks = [f"Audit of {name}\n{summary(verdicts)}"]
    for severity in SEVERITIES:
        blocks += [_finding(rule, finding) for rule, finding in found if finding.severity == severity]
    if quiet:
        lines = (f"{v.rule.name}: {v.checked.compared}" for v in quiet if v.checked)
        blocks.append(_listed("COMPARED, NOTHING FOUND", lines))
    if lacking:
        blocks.append(_listed("NOT CHECKABLE", (f"{v.rule.name}: {v.reason}" for v in lacking)))
    return "\n\n".join(blocks) + "\n"


def summary(verdicts: Sequence[Verdict]) -> str:
    """Numbers of findings by severity and of rules by outcome, one line."""
    severities = [finding.severity for verdict in verdicts for finding in verdict.findings]
    outcomes = [verdict.outcome for verdict in verdicts]
    parts = [many(severities.count(severity), severity) for severity in SEVERITIES]
    parts += [f"{outcomes.count('nothing found')} of {len(verdicts)} rules found nothing"]
    return ", ".join([*parts, f"{outcomes.count('not checkable')} not checkable"])


def _finding(rule: Rule, finding: Finding) -> str:
    codes = f" ({', '.join(rule.codes)})" if rule.codes else ""
    lines = [f"{finding.severity.upper()}  {rule.name}{codes}: {rule.asks}"]
    for label, text in (
        ("where", "; ".join(finding.places)),
        ("printed", finding.printed),
        ("implied", finding.implied),
        ("why", finding.why),
        ("see", rule.reference),
    ):
        lines.append(fill(text, _WIDTH, initial_indent=f"  {label:9}", subsequent_indent=" " * 11))
    return "\n".join(lines)


def _listed(heading: str, lines: Iterable[str]) -> str:
    filled = (fill(line, _WIDTH, initial_indent="  ", subsequent_indent="    ") for line in lines)
    return "\n".join([heading, *filled])
