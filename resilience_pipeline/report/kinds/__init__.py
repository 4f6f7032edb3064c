"""How each kind of result is printed, one module each. To add one: its module, and a line here."""

from resilience_pipeline.report.kinds import (
    alternatives,
    audit,
    balance,
    codebook,
    comparison,
    correlations,
    curve,
    descriptives,
    difference,
    event_study,
    honest,
    hypotheses,
    indicators,
    inference,
    matching,
    mediation,
    omitted,
    pilots,
    placebo,
    regression,
)
from resilience_pipeline.report.printer import Printer

#: Kind of result (study.kinds) -> its printer.
PRINTERS: dict[str, Printer] = {
    "regression": regression.PRINTER,
    "descriptives": descriptives.PRINTER,
    "pilots": pilots.PRINTER,
    "indicators": indicators.PRINTER,
    "event_study": event_study.PRINTER,
    "honest": honest.PRINTER,
    "hypotheses": hypotheses.PRINTER,
    "omitted": omitted.PRINTER,
    "correlations": correlations.PRINTER,
    "balance": balance.PRINTER,
    "codebook": codebook.PRINTER,
    "alternatives": alternatives.PRINTER,
    "comparison": comparison.PRINTER,
    "matching": matching.PRINTER,
    "placebo": placebo.PRINTER,
    "audit": audit.PRINTER,
    "difference": difference.PRINTER,
    "inference": inference.PRINTER,
    "mediation": mediation.PRINTER,
    "curve": curve.PRINTER,
}
