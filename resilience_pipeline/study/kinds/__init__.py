"""The kinds of results that a study file may declare, one module each. To add one: its module, and a line here."""

from resilience_pipeline.study.kind import Kind
from resilience_pipeline.study.kinds import (
    alternatives,
    audit,
    balance,
    by_last_year,
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
    referee,
    regression,
)

KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        regression.KIND,
        descriptives.KIND,
        pilots.KIND,
        indicators.KIND,
        event_study.KIND,
        honest.KIND,
        hypotheses.KIND,
        omitted.KIND,
        correlations.KIND,
        balance.KIND,
        codebook.KIND,
        alternatives.KIND,
        comparison.KIND,
        matching.KIND,
        placebo.KIND,
        referee.KIND,
        audit.KIND,
        difference.KIND,
        inference.KIND,
        mediation.KIND,
        curve.KIND,
        by_last_year.KIND,
    )
}
