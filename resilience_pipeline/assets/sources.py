"""One Dagster asset for each source: what lies in the landing folder now, taken in as delivered."""

from collections.abc import Callable, Iterator, Sequence

import dagster as dg

from resilience_pipeline.arrivals import Arrivals
from resilience_pipeline.assets.keys import asset_key
from resilience_pipeline.assets.resources import LakeResource
from resilience_pipeline.assets.steps import OWNERS, events
from resilience_pipeline.code_version import code_version
from resilience_pipeline.driver import execute
from resilience_pipeline.errors import PipelineError
from resilience_pipeline.options import Options
from resilience_pipeline.sources.intake import intake_step
from resilience_pipeline.sources.inventory import inventory_step
from resilience_pipeline.sources.recognise import Recognition
from resilience_pipeline.sources.source import Delivery, Source
from resilience_pipeline.step import Step


def asset_of_source(source: Source) -> dg.AssetsDefinition:
    """The asset of a source; an empty table with status "awaiting" where nothing was delivered."""
    return _asset(
        intake_step(source, files=list, store=_nowhere),
        lambda arrivals: arrivals.intake(source),
        deps=[asset_key(("landing", source.name))],
    )


def inventory_asset() -> dg.AssetsDefinition:
    """The asset that lists every file of the landing folder and what became of it."""
    nothing = Recognition((), (), ())
    return _asset(inventory_step(lambda: nothing), lambda arrivals: arrivals.inventory())


def _asset(
    declared: Step, step_for: Callable[[Arrivals], Step], deps: Sequence[dg.AssetKey] = ()
) -> dg.AssetsDefinition:
    key = asset_key(declared.key)

    @dg.asset(
        key=key,
        deps=deps,
        group_name="sources",
        description=declared.description,
        kinds=set(declared.kinds),
        owners=[OWNERS["sources"]],
        code_version=code_version(declared),
        check_specs=[dg.AssetCheckSpec(name, asset=key, blocking=blocking) for name, blocking in declared.checks],
    )
    def take_in_files(context: dg.AssetExecutionContext, lake: LakeResource) -> Iterator:
        try:
            outcome = execute(step_for(lake.arrivals(context.run_id)), lake.snapshot(context.run_id), Options())
        except PipelineError as error:
            raise dg.Failure(str(error), allow_retries=False) from None
        yield from events(outcome, lake.access, context.instance)

    return take_in_files


def _nowhere(file: str) -> Delivery:
    raise RuntimeError(f"{file}: a declared step has no lake to store deliveries in")
