"""The assets between staging and grid: the pins, and what studies read of each source."""

from collections.abc import Callable

import dagster as dg

from resilience_pipeline.assets.resources import LakeResource
from resilience_pipeline.assets.steps import asset_of
from resilience_pipeline.frozen.steps import frozen_steps
from resilience_pipeline.step import Step, TableKey


def frozen_assets() -> list[dg.AssetsDefinition]:
    """One asset each; a step is made for the lake of its run."""
    return [asset_of(step, _for(step.key)) for step in frozen_steps()]


def _for(key: TableKey) -> Callable[[LakeResource], Step]:
    return lambda lake: next(step for step in frozen_steps(lambda: lake.lake.root) if step.key == key)
