"""One Dagster asset for each source: what lies in the landing folder now, taken in as delivered."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import dagster as dg

from resilience_pipeline.assets.editions import EDITIONS, anew, demand_delivered, mark
from resilience_pipeline.assets.keys import asset_key
from resilience_pipeline.assets.resources import LakeResource
from resilience_pipeline.assets.steps import OWNERS, events
from resilience_pipeline.code_version import code_version
from resilience_pipeline.driver import Outcome, execute
from resilience_pipeline.errors import PipelineError
from resilience_pipeline.options import Options
from resilience_pipeline.sources.delivered import deliveries_of
from resilience_pipeline.sources.intake import intake_step
from resilience_pipeline.sources.inventory import inventory_step
from resilience_pipeline.sources.recognise import Recognition
from resilience_pipeline.sources.source import Delivery, Source
from resilience_pipeline.sources.standing import Anew
from resilience_pipeline.step import Step
from resilience_pipeline.warehouse.snapshot import Snapshot

_PARTITIONED = (
    "\nEach edition is a partition: materialise one, or a range, to read its files anew. A run without a partition "
    "takes in whatever is new.\n"
)


def asset_of_source(source: Source) -> dg.AssetsDefinition:
    """The asset of a source; an empty table with status "awaiting" where nothing was delivered."""
    declared = intake_step(source, files=list, store=_nowhere)

    def take_in_files(context: dg.AssetExecutionContext, lake: LakeResource) -> Iterator:
        arrivals = lake.arrivals(context.run.run_id)
        again = anew(context, force=lake.force) if source.by_edition else Anew(everything=lake.force)
        outcome = _kept(arrivals.intake(source, again), lake.snapshot(context.run.run_id))
        if source.by_edition and outcome.pointer is not None:
            now = deliveries_of(outcome.pointer)
            if again.alone and again.editions is not None:
                with _readable_failure():
                    demand_delivered(source, again.editions, now)
            mark(context, asset_key(declared.key), arrivals.deliveries(source.name), now)
        yield from events(outcome, lake.access, context.instance)

    with warnings.catch_warnings(action="ignore", category=dg.BetaWarning):  # backfill policies are one
        return dg.asset(
            **_attributes(declared, _PARTITIONED if source.by_edition else ""),
            partitions_def=EDITIONS if source.by_edition else None,
            deps=[asset_key(("landing", source.name))],
            backfill_policy=dg.BackfillPolicy.single_run() if source.by_edition else None,
        )(take_in_files)


def inventory_asset() -> dg.AssetsDefinition:
    """The asset that lists every file of the landing folder and what became of it."""
    nothing = Recognition((), (), ())

    @dg.asset(**_attributes(inventory_step(lambda: nothing)))
    def take_inventory(context: dg.AssetExecutionContext, lake: LakeResource) -> Iterator:
        outcome = _kept(lake.arrivals(context.run.run_id).inventory(), lake.snapshot(context.run.run_id))
        yield from events(outcome, lake.access, context.instance)

    return take_inventory


def _attributes(declared: Step, addition: str = "") -> dict[str, Any]:
    key = asset_key(declared.key)
    return {
        "key": key,
        "group_name": "sources",
        "description": declared.description + addition,
        "kinds": set(declared.kinds),
        "owners": [OWNERS["sources"]],
        "code_version": code_version(declared),
        "check_specs": [dg.AssetCheckSpec(name, asset=key, blocking=blocking) for name, blocking in declared.checks],
    }


def _kept(step: Step, snapshot: Snapshot) -> Outcome:
    with _readable_failure():
        return execute(step, snapshot, Options())


@contextmanager
def _readable_failure() -> Iterator[None]:
    """What a user can mend, as Dagster shows it: a message, no traceback, no second attempt."""
    try:
        yield
    except PipelineError as error:
        raise dg.Failure(str(error), allow_retries=False) from None


def _nowhere(file: str) -> Delivery:
    raise RuntimeError(f"{file}: a declared step has no lake to store deliveries in")
