"""The study of a living panel: the same file, a later last year, deliveries as they stand, its own titles."""

from collections.abc import Sequence
from dataclasses import replace

from resilience_pipeline.plan import study_plan
from resilience_pipeline.step import Step, TableKey
from resilience_pipeline.study.load import with_last_year
from resilience_pipeline.study.needs import weight_tables
from resilience_pipeline.study.study import Study

#: Kinds of results that are about the living panel itself, or about the printed paper alone.
LEFT_OUT = frozenset({"by_last_year", "audit"})


def living_study(study: Study, last_year: int, *, frozen_weights: bool) -> Study:
    """The study up to `last_year`, reading staged tables as they stand."""
    longer = with_last_year(study, last_year)
    words = f"living panel {study.first_year}-{last_year}, {'frozen' if frozen_weights else 're-estimated'} weights"
    tables = tuple(
        replace(table, title=f"{table.title} ({words})") for table in longer.tables if table.kind not in LEFT_OUT
    )
    return replace(longer, tables=tables, reads="staging", frozen_weights=frozen_weights)


def living_steps(living: Study) -> tuple[Step, ...]:
    """Steps of a living study; with frozen weights, all but those that weigh, so that the frozen window's are read."""
    left_out = set(weight_tables(living)) if living.frozen_weights else set()
    return tuple(step for step in study_plan(living) if step.key not in left_out)


def weighed_anew(steps: Sequence[Step]) -> tuple[TableKey, ...]:
    """Results that weigh the index in memory, as a curve over weightings does: frozen weights leave them no sense."""
    return tuple(step.key for step in steps if step.key[0] == "estimates" and "weighting" in step.options)
