"""Two assets for each study with a living panel: one with re-estimated, one with the frozen window's weights."""

from collections.abc import Iterator

import dagster as dg

from resilience_pipeline.assets.keys import asset_key
from resilience_pipeline.assets.resources import LakeResource
from resilience_pipeline.assets.steps import OWNERS, events
from resilience_pipeline.code_version import code_version
from resilience_pipeline.driver import execute
from resilience_pipeline.errors import PipelineError
from resilience_pipeline.living.variants import VARIANTS
from resilience_pipeline.living.walk import is_worn, living_step
from resilience_pipeline.options import Options
from resilience_pipeline.study.study import Study
from resilience_pipeline.warehouse.snapshot import Snapshot


def living_assets(studies: tuple[Study, ...]) -> list[dg.AssetsDefinition]:
    """The assets of every study that asks for a living panel."""
    return [_asset(study, variant) for study in studies if study.living for variant in VARIANTS]


def _asset(study: Study, variant: str) -> dg.AssetsDefinition:
    declared = living_step(study, variant, _nowhere)
    key = asset_key(declared.key)

    @dg.asset(
        key=key,
        deps=[asset_key(upstream) for upstream in declared.inputs],
        group_name="living",
        description=declared.description,
        kinds=set(declared.kinds),
        owners=[OWNERS["report"]],
        code_version=code_version(declared),
        check_specs=[dg.AssetCheckSpec(name, asset=key, blocking=blocking) for name, blocking in declared.checks],
    )
    def bring_up(context: dg.AssetExecutionContext, lake: LakeResource) -> Iterator:
        snapshot = lake.lake.variant(variant).pin(context.run_id)
        try:
            step = living_step(study, variant, lambda: snapshot, force=lake.force)
            outcome = execute(step, snapshot, Options(), force=lake.force or is_worn(step.key, snapshot))
        except PipelineError as error:
            raise dg.Failure(str(error), allow_retries=False) from None
        yield from events(outcome, lake.access, context.instance)

    return bring_up


def _nowhere() -> Snapshot:
    raise RuntimeError("a declared step has no lake")
