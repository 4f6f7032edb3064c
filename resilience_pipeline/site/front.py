"""What the front page says before all else: the headline in plain words, each claim with the number that is about it.

A claim of a channel is about what runs through it, a*b; the effect on the channel alone says nothing of the outcome.
"""

from collections.abc import Mapping
from itertools import groupby
from typing import Any

from resilience_pipeline.report.kinds.hypotheses import PRODUCT
from resilience_pipeline.site.results import Collection, Shown
from resilience_pipeline.study.kinds.curve import Curve
from resilience_pipeline.study.needs import all_variables

CLAIMS, COMPARISON = "hypotheses", "comparison"
ESTIMATE = 3  # column of the printed claims


def front_page(collection: Collection) -> dict[str, Any]:
    """For the template: claims, headline, what speaks for its design, its row beside the paper's, the questions."""
    claims = _claims(collection)
    headline = claims[0]["name"] if claims else ""
    study = next((shown.study for shown in collection.results if shown.name == CLAIMS), "")
    return {
        "claims": claims,
        "first": headline or collection.results[0].name,
        "plain": _in_words(collection, claims[0]) if claims else None,
        "before": next(
            (s for s in collection.results if s.kind == "event_study" and s.study == study and s.finding), None
        ),
        "headline": _compared(collection, headline),
        "spread": _in_spreads(collection, headline),
        "sheet": next((shown for shown in collection.results if shown.kind == "referee"), None),
    }


def _claims(collection: Collection) -> list[dict[str, Any]]:
    """Each claim with its verdict, and of its parts the one that the claim is about."""
    claims = collection[CLAIMS]
    if claims is None:
        return []
    found = []
    rows = enumerate(claims.found.table.to_dicts())
    for _, parts in groupby(rows, key=lambda row: row[1]["hypothesis"]):
        (place, first), *others = parts
        through = [(there, row) for there, row in others if row["part"].startswith(PRODUCT)]
        place, row = through[-1] if through else (place, first)
        name = claims.anchors.get((place, ESTIMATE), CLAIMS) if through else row["part"]
        found.append({**row, "name": name, "through": bool(through)})
    return found


def _in_words(collection: Collection, claim: Mapping[str, Any]) -> dict[str, Any] | None:
    """The first claim's estimate with the outcome that it is an effect on; None where it has none."""
    name = claim["name"].rpartition(".")[0]
    for study in collection.studies:
        for table in study.tables:
            outcome = next((spec.outcome for spec in table.columns if spec.name == name), None)
            if outcome is not None and claim["ci_low"] is not None:
                variable = next((v for v in all_variables(study) if v.name == outcome), None)
                return {**claim, "outcome": outcome, "variable": variable}
    return None


def _compared(collection: Collection, name: str) -> dict[str, Any] | None:
    """The row of the comparison for one coefficient, with what was planted where that is known."""
    comparison = collection[COMPARISON]
    if comparison is None:
        return None
    row = next((row for row in comparison.found.table.to_dicts() if row["result"] == name), None)
    if row is None:
        return None
    shown: Shown | None = collection[row["table"]]
    planted = [] if shown is None else [p for p in shown.planted if p["result"] == name]
    return {**row, "planted": planted[0]["planted"] if planted else None}


def _in_spreads(collection: Collection, name: str) -> float | None:
    """The effect over the outcome's standard deviation, where a curve marks this column's specification."""
    for shown in collection.results:
        settings = None if shown.table is None else shown.table.settings
        if isinstance(settings, Curve) and name.startswith(f"{settings.of}."):
            marked = shown.found.table.filter("marked")
            return None if marked.is_empty() else marked["standardised"][0]
    return None
