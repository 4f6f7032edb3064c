"""All steps of all studies, in the order in which they can run: the one list that every driver walks."""

from dataclasses import dataclass
from functools import cache
from graphlib import CycleError, TopologicalSorter

from resilience_pipeline.errors import SpecificationError
from resilience_pipeline.frozen.steps import frozen_steps
from resilience_pipeline.grid.steps import steps as grid_steps
from resilience_pipeline.panel.steps import steps as panel_steps
from resilience_pipeline.project import find_project
from resilience_pipeline.report.steps import steps as report_steps
from resilience_pipeline.sources.registry import SOURCES
from resilience_pipeline.staging.steps import steps as staging_steps
from resilience_pipeline.step import Step, TableKey
from resilience_pipeline.study.load import find_studies
from resilience_pipeline.study.needs import sources_for, study_index_tables
from resilience_pipeline.study.steps import steps as estimate_steps
from resilience_pipeline.study.study import Study


@dataclass(frozen=True)
class Plan:
    """Steps after the sources: those that stage deliveries, the pins and what is frozen to them, then the studies'.

    Those of `frozen` are declared only: whoever runs them makes them for a lake (`frozen.steps.frozen_steps`).
    """

    staging: tuple[Step, ...]
    frozen: tuple[Step, ...]
    studies: tuple[Step, ...]
    declared: tuple[Study, ...] = ()

    @property
    def descriptions(self) -> dict[TableKey, str]:
        """What each table is, by key."""
        return {step.key: step.description for step in self.steps}

    @property
    def steps(self) -> tuple[Step, ...]:
        """Every step, inputs before those who read them."""
        return self.staging + self.frozen + self.studies


def make_plan(studies: tuple[Study, ...]) -> Plan:
    """The plan of the given studies; raises SpecificationError when a step reads a table that nothing writes."""
    staging, frozen = tuple(staging_steps()), tuple(frozen_steps())
    per_study = [step for study in studies for step in steps_of(study)]
    steps = {step.key: step for step in (*staging, *frozen, *per_study)}
    for step in per_study:
        for key in step.inputs:
            if key not in steps:
                raise SpecificationError(
                    what=f"{'.'.join(step.key)} reads {'.'.join(key)}, which no step writes",
                    remedy="declare the table's variables in the study file, or name a table that exists",
                )
    return Plan(staging, frozen, _in_order(per_study), studies)


@cache
def project_plan() -> Plan:
    """The plan of this project: the package's studies and those of its `studies` folder."""
    return make_plan(find_studies(find_project().studies))


def study_plan(study: Study) -> tuple[Step, ...]:
    """The steps of one study alone, inputs before those who read them."""
    return _in_order(steps_of(study))


def steps_of(study: Study) -> list[Step]:
    """The steps of one study, layer by layer."""
    staged = sources_for(study, SOURCES)
    return [
        *grid_steps(study, staged),
        *(table.step(study) for table in study_index_tables(study)),
        *panel_steps(study),
        *estimate_steps(study),
        *report_steps(study),
    ]


def _in_order(steps: list[Step]) -> tuple[Step, ...]:
    by_key: dict[TableKey, Step] = {step.key: step for step in steps}
    graph = {key: [k for k in step.inputs if k in by_key] for key, step in by_key.items()}
    try:
        return tuple(by_key[key] for key in TopologicalSorter(graph).static_order())
    except CycleError as error:
        raise SpecificationError(
            what=f"steps read each other in a circle: {error.args[1]}", remedy="break the circle"
        ) from None
