"""Series that stand in two indicator systems: a mediator that holds a part of the outcome explains it by itself."""

import polars as pl

from resilience_pipeline.indices.system import Indicator, System
from resilience_pipeline.options import Options
from resilience_pipeline.step import Check
from resilience_pipeline.study.formula import roots
from resilience_pipeline.table_checks import rule

#: Series that put others on a common scale: two systems per resident, or at constant prices, share no component.
SCALES = frozenset(
    {
        "gdp_cny_10k",
        "resident_population_10k_persons",
        "registered_population_10k_persons",
        "employment_total_persons",
        "price_level",
    }
)

#: Series that count a part of another one.
PART_OF = {"invention_patents_granted_count": "patents_granted_count"}

SHARED = pl.Schema(
    {
        "series": pl.String,  # canonical indicator, the wider one where one counts a part of the other
        "outcome": pl.String,  # system
        "outcome_indicator": pl.String,
        "mediator": pl.String,
        "mediator_indicator": pl.String,
    }
)


def shared_series(outcome: System, mediator: System, options: Options) -> pl.DataFrame:
    """Canonical series that an indicator of each system rests on under the options, with both indicators.

    A series that only puts others on a common scale (`SCALES`) is not shared: it measures neither system.

    Returns
    -------
    Columns of `SHARED`, one row per series and pair of indicators, in the order of the systems.
    """
    rows = [
        (series, outcome.name, ours.name, mediator.name, theirs.name)
        for ours in outcome.under(options).indicators
        for theirs in mediator.under(options).indicators
        for series in _measured(ours, options)
        if series in _measured(theirs, options)
    ]
    return pl.DataFrame(rows, schema=SHARED, orient="row")


def shares_no_series(outcome: System, mediator: System, options: Options) -> Check:
    """The mediator's indicators measure nothing that the outcome's measure too. Does not block: it is a choice."""
    shared = shared_series(outcome, mediator, options)
    names = ", ".join(shared["series"].unique(maintain_order=True))
    what = f"{mediator.name} holds a part of {outcome.name}: {names} stands in both, so mediation is partly built in"
    return rule("shares_no_series_with_the_outcome", shared, what, blocking=False)


def _measured(entry: Indicator, options: Options) -> tuple[str, ...]:
    names = (name for name in roots(entry.formula(options)) if name not in SCALES)
    return tuple(dict.fromkeys(PART_OF.get(name, name) for name in names))
