"""From staged frames to the panel in memory: the very steps that Dagster runs, walked in their order."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import polars as pl

from resilience_pipeline.errors import TableRuleError
from resilience_pipeline.grid import steps as grid
from resilience_pipeline.options import Options
from resilience_pipeline.panel import steps as panel
from resilience_pipeline.sources.registry import SOURCES
from resilience_pipeline.staging.schema import SHAPES
from resilience_pipeline.step import Inputs, Step, TableKey
from resilience_pipeline.study.needs import study_index_tables
from resilience_pipeline.study.study import Study


def study_steps(study: Study, staged_sources: Sequence[str]) -> list[Step]:
    """The study's steps from the grid to the panel, each after those it reads.

    Parameters
    ----------
    staged_sources : sources that can give what the study needs (`needs.sources_for`), in order of precedence.
    """
    indices = (table.step(study) for table in study_index_tables(study))
    return [*grid.steps(study, staged_sources), *indices, *panel.steps(study)]


def panel_frames(
    study: Study,
    staged: Mapping[TableKey, pl.DataFrame],
    options: Options,
    wanted: Collection[TableKey] | None = None,
) -> dict[TableKey, pl.DataFrame]:
    """Every table from the grid to the panel, by key.

    Parameters
    ----------
    staged : ("staging", source) -> frame, in order of precedence; a list or document source that is not there is
        empty, as one that was not delivered.
    wanted : only these tables and what they rest on are computed (a simulation wants few); None = all.

    Raises
    ------
    TableRuleError
        When a blocking check fails, with the check's message and its first failing rows.
    """
    study = replace(study, reads="staging")
    shapes = {source.name: source.shape for source in SOURCES}
    chain = study_steps(study, tuple(key[-1] for key in staged if shapes[key[-1]] == "observations"))
    lists = {name: shape for name, shape in shapes.items() if shape != "observations"}
    undelivered = {("staging", name): SHAPES[shape].to_frame() for name, shape in lists.items()}
    tables = undelivered | dict(staged)
    given = set(tables)
    for step in chain if wanted is None else behind(chain, wanted):
        tables[step.key] = computed(step, tables, options)
    return {key: table for key, table in tables.items() if key not in given}


def computed(step: Step, tables: Mapping[TableKey, pl.DataFrame], options: Options) -> pl.DataFrame:
    """The step's table from those that it reads; a TableRuleError where a blocking check fails."""
    result = step.compute(Inputs({key: tables[key] for key in step.inputs}, synthetic=False), options)
    for check in result.checks:
        if check.blocking and not check.passed:
            raise TableRuleError(
                what=f"{'.'.join(step.key)}: {check.name}: {check.message}",
                remedy="mend the delivered values that the rows point to",
                found=None if check.failures is None else str(check.failures.head(5)),
            )
    return result.table


def behind(chain: Sequence[Step], wanted: Collection[TableKey]) -> list[Step]:
    """Steps that give the wanted tables or something that they rest on, in order."""
    needed = set(wanted)
    for step in reversed(chain):
        if step.key in needed:
            needed |= set(step.inputs)
    return [step for step in chain if step.key in needed]
