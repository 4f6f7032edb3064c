"""The lineage index of every lake that a run wrote: the headline's, and that of each variant with what it rests on.

A variant of options has the project's plan under its own options; a living panel has its study's steps up to its last
year, on deliveries as they stand.
"""

from collections.abc import Sequence

from resilience_pipeline.lineage.index import write_index
from resilience_pipeline.living.study import living_steps, living_study
from resilience_pipeline.living.variants import VARIANTS, last_years
from resilience_pipeline.options import Options
from resilience_pipeline.plan import Plan
from resilience_pipeline.study.study import Study
from resilience_pipeline.warehouse.lake import Lake
from resilience_pipeline.warehouse.pointer import Pointer


def write_indices(lake: Lake, run_id: str, plan: Plan, studies: Sequence[Study]) -> None:
    """Write the index of the headline, and of every variant that the run computed and that has results of its own."""
    write_index(lake.pin(run_id), plan, studies)
    for name in lake.variants():
        variant = lake.variant(name)
        if not (variant.home / "runs" / f"{run_id}.json").is_file():
            continue
        snapshot = variant.pin(run_id)
        if name not in VARIANTS:
            write_index(snapshot, plan, studies, options_of(name, snapshot.tables()))
        elif living := _living(name, variant, studies):
            write_index(snapshot, _living_plan(plan, living), living)


def options_of(variant: str, tables: Sequence[Pointer]) -> Options:
    """The options that the variant's own tables were computed under."""
    own = sorted((p for p in tables if p.variant == variant), key=lambda pointer: pointer.written_at)
    return Options.of({name: value for pointer in own for name, value in pointer.options.items()})


def _living(name: str, variant: Lake, studies: Sequence[Study]) -> list[Study]:
    until = last_years(variant)
    return [
        living_study(study, until[study.name], frozen_weights=VARIANTS[name])
        for study in studies
        if study.name in until
    ]


def _living_plan(plan: Plan, living: Sequence[Study]) -> Plan:
    return Plan(plan.staging, (), tuple(step for study in living for step in living_steps(study)), tuple(living))
