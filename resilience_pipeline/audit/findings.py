"""What a rule is and what it may answer: findings, nothing found, or not checkable."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import polars as pl

if TYPE_CHECKING:
    from resilience_pipeline.audit.paper import Paper

#: error: arithmetically impossible; warning: contradicts itself or misleads; note: a matter of judgement.
Severity = Literal["error", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")

#: One row per finding; one row without severity per rule that found nothing or lacks its input.
FINDINGS = pl.Schema(
    {
        "rule": pl.String(),
        "codes": pl.String(),
        "outcome": pl.String(),
        "severity": pl.String(),
        "place": pl.String(),
        "printed": pl.String(),
        "implied": pl.String(),
        "why": pl.String(),
        "reference": pl.String(),
    }
)


class NotCheckableError(Exception):
    """A rule lacks its input; the message says which."""


@dataclass(frozen=True)
class Finding:
    """One contradiction.

    Parameters
    ----------
    severity : see `Severity`.
    places : where it stands in the paper: "table_5.1.did", "section 5.4".
    printed : what the paper prints or says there.
    implied : what follows from that, in figures.
    why : why both cannot hold, or what a reader is misled about.
    """

    severity: Severity
    places: tuple[str, ...]
    printed: str
    implied: str
    why: str


@dataclass(frozen=True)
class Checked:
    """What a rule compared, what it found, and what it had to leave out for want of a figure."""

    compared: str
    findings: tuple[Finding, ...] = ()
    left_out: tuple[str, ...] = ()

    @classmethod
    def of(cls, compared: str, findings: Iterable[Finding] = (), left_out: Iterable[str] = ()) -> "Checked":
        """The record, from any iterables."""
        return cls(compared, tuple(findings), tuple(left_out))


@dataclass(frozen=True)
class Rule:
    """One check of a paper.

    Parameters
    ----------
    name : of the rule.
    asks : the question it answers, one line.
    codes : the numbers of the project's list of what to look for in such a paper, A1 to A24, that it answers.
    reference : where the argument stands.
    check : the function; it raises NotCheckableError where the paper lacks what it needs.
    """

    name: str
    asks: str
    codes: tuple[str, ...]
    reference: str
    check: "Callable[[Paper], Checked]"


@dataclass(frozen=True)
class Verdict:
    """A rule's answer; `reason` where it was not checkable, else `checked`."""

    rule: Rule
    checked: Checked | None
    reason: str | None = None

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Its findings; none where it was not checkable."""
        return self.checked.findings if self.checked else ()

    @property
    def outcome(self) -> str:
        """found | nothing found | not checkable."""
        if self.checked is None:
            return "not checkable"
        return "found" if self.findings else "nothing found"


def findings_table(verdicts: Iterable[Verdict]) -> pl.DataFrame:
    """Schema `FINDINGS`: errors first, then warnings, notes, rules that found nothing, rules without their input."""
    rows: list[dict[str, str | None]] = []
    for verdict in verdicts:
        rule = verdict.rule
        shared: dict[str, str | None] = {"rule": rule.name, "codes": " ".join(rule.codes), "outcome": verdict.outcome}
        for finding in verdict.findings:
            said: dict[str, str | None] = {"printed": finding.printed, "implied": finding.implied, "why": finding.why}
            place = "; ".join(finding.places)
            rows.append(shared | said | {"severity": finding.severity, "place": place, "reference": rule.reference})
        if not verdict.findings:
            compared = verdict.checked.compared if verdict.checked else None
            rows.append(shared | {"printed": compared, "why": verdict.reason, "reference": rule.reference})
    order: dict[str, int] = {severity: place for place, severity in enumerate(SEVERITIES)}
    outcomes = {"found": 0, "nothing found": 1, "not checkable": 2}
    rows.sort(key=lambda row: (outcomes[str(row["outcome"])], order.get(str(row.get("severity")), 0)))
    return pl.DataFrame([{name: row.get(name) for name in FINDINGS} for row in rows], schema=FINDINGS)
