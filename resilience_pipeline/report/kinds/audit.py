"""Kind "audit": findings by severity, and beneath them what was compared and agrees."""

from resilience_pipeline.audit.findings import SEVERITIES
from resilience_pipeline.report import layout
from resilience_pipeline.report.layout import text_grid
from resilience_pipeline.report.printer import Page, Printed, Printer
from resilience_pipeline.step import TableKey
from resilience_pipeline.study.kinds.audit import key
from resilience_pipeline.study.study import ResultTable, Study
from resilience_pipeline.words import many

_HEADINGS = {
    "severity": "Severity",
    "rule": "Rule",
    "codes": "No.",
    "place": "Where",
    "printed": "Printed",
    "implied": "Implied",
    "why": "Why both cannot hold",
    "reference": "Reference",
}


def inputs(study: Study, table: ResultTable) -> tuple[TableKey, ...]:
    """The findings."""
    return (key(table),)


def show(page: Page) -> Printed:
    """One row per finding; rules that found nothing or lack their input as notes."""
    (tidy,) = page.tables.values()
    found = tidy.filter(outcome="found")
    counts = ", ".join(many(found.filter(severity=severity).height, severity) for severity in SEVERITIES)
    quiet = tidy.filter(outcome="nothing found")
    lacking = tidy.filter(outcome="not checkable")
    notes = [
        f"{counts}. error: arithmetically impossible; warning: contradicts itself or misleads; note: judgement.",
        *(f"Nothing found by {rule}: {compared}." for rule, compared in quiet.select("rule", "printed").iter_rows()),
        *(f"Not checkable: {rule}, {reason}." for rule, reason in lacking.select("rule", "why").iter_rows()),
    ]
    return Printed(text_grid(found, _HEADINGS), tidy, tuple(notes), tuple(lacking["rule"]))


PRINTER = Printer(
    grain="One row per finding, or per rule that found nothing or lacks its input.",
    inputs=inputs,
    show=show,
    code=(layout,),
)
