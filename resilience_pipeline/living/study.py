"""The study of a living panel: the same file, a later last year, deliveries as they stand, its own titles."""

from collections.abc import Mapping
from dataclasses import replace

from resilience_pipeline.options import Options
from resilience_pipeline.plan import study_plan
from resilience_pipeline.step import Step
from resilience_pipeline.study.kinds.curve import with_weights_settled
from resilience_pipeline.study.kinds.referee import Referee
from resilience_pipeline.study.load import with_last_year
from resilience_pipeline.study.needs import weighing_options, weight_tables
from resilience_pipeline.study.study import ResultTable, Study

#: Kinds that are no result of a living panel, and why.
LEFT_OUT: Mapping[str, str] = {
    "by_last_year": "it has every last year in it, under both weights",
    "audit": "it reads the printed paper alone, which no year changes",
}


def living_study(study: Study, last_year: int, *, frozen_weights: bool) -> Study:
    """The study up to `last_year`, reading staged tables as they stand."""
    longer = with_last_year(study, last_year)
    words = f"living panel {study.first_year}-{last_year}, {'frozen' if frozen_weights else 're-estimated'} weights"
    tables = tuple(
        replace(table, title=f"{table.title} ({words})") for table in longer.tables if table.kind not in LEFT_OUT
    )
    if frozen_weights:
        tables = _with_weights_settled(study, tables)
    return replace(longer, tables=tables, reads="staging", frozen_weights=frozen_weights)


def left_out(study: Study) -> dict[str, str]:
    """Result of the study that a living panel does not have -> why."""
    return {table.name: LEFT_OUT[table.kind] for table in study.tables if table.kind in LEFT_OUT}


def living_steps(living: Study) -> tuple[Step, ...]:
    """Steps of a living study; with frozen weights, all but those that weigh, so that the frozen window's are read."""
    given = set(weight_tables(living)) if living.frozen_weights else set()
    return tuple(step for step in study_plan(living) if step.key not in given)


def _with_weights_settled(study: Study, tables: tuple[ResultTable, ...]) -> tuple[ResultTable, ...]:
    """Curves without the choices that weigh the index anew; a referee's sheet that asks one of them says so, too."""
    weighing = weighing_options(study)
    curves = {table.name: with_weights_settled(table, weighing, Options()) for table in tables if table.kind == "curve"}
    shorter = [table.name for table in tables if curves.get(table.name, table).notes != table.notes]
    return tuple(_asking(curves.get(table.name, table), shorter) for table in tables)


def _asking(table: ResultTable, shorter: list[str]) -> ResultTable:
    """The table; a referee's sheet with a note where it asks a curve that lacks choices."""
    asked = {question.result for question in table.settings.questions} if isinstance(table.settings, Referee) else set()
    notes = tuple(
        f"{name} has no choice that would weigh the index anew: the weights are the frozen window's."
        for name in shorter
        if name in asked
    )
    return replace(table, notes=(*table.notes, *notes))
