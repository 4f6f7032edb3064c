"""The estimates layer: the steps of every result of a study, in printed order; each kind knows its own."""

from resilience_pipeline.step import Step
from resilience_pipeline.study.kinds import KINDS
from resilience_pipeline.study.study import Study


def steps(study: Study) -> list[Step]:
    """Steps of all results of the study."""
    return [step for table in study.tables for step in KINDS[table.kind].steps(study, table)]
