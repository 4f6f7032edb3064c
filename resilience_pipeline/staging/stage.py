"""From delivered cells to a staged table: named, converted, resolved, checked. Pure; the driver keeps or refuses it."""

import polars as pl

from resilience_pipeline.sources.source import Source
from resilience_pipeline.staging import rules
from resilience_pipeline.staging.lists import stage_list
from resilience_pipeline.staging.observations import stage_observations
from resilience_pipeline.staging.schema import REJECTS, SHAPES
from resilience_pipeline.step import StepResult


def stage(source: Source, cells: pl.DataFrame, previous: pl.DataFrame | None = None) -> StepResult:
    """The staged table of one source, its rejects and the outcome of every rule.

    Parameters
    ----------
    source : the declared record; its shape decides the columns (schema.SHAPES).
    cells : frame CELLS; empty where the source was not delivered, which is no failure.
    previous : the last good version of the same table; None where there is none.

    Returns
    -------
    Table, checks (row rules do not block, table rules do), rejects, and counts for people. Rows stand in the order of
    their key, so the same cells give the same bytes.
    """
    if cells.is_empty():
        held = tuple(rules.check(rule, REJECTS.to_frame()) for rule in rules.RULES_OF[source.shape])
        return StepResult(SHAPES[source.shape].to_frame(), held, REJECTS.to_frame(), {"status": "awaiting"})
    if source.shape == "observations":
        return stage_observations(source, cells, previous)
    return stage_list(source, cells)
