"""One Dagster asset for each step of the plan; nothing here knows what a step computes."""

from collections.abc import Callable, Iterator

import dagster as dg

from resilience_pipeline.assets.code_links import code_links
from resilience_pipeline.assets.keys import asset_key
from resilience_pipeline.assets.metadata import Metadata, check_result, rows_may_show, table_metadata
from resilience_pipeline.assets.resources import LakeResource
from resilience_pipeline.assets.rests_on import rests_on
from resilience_pipeline.code_version import code_version
from resilience_pipeline.driver import Outcome, execute
from resilience_pipeline.errors import PipelineError
from resilience_pipeline.options import Options
from resilience_pipeline.settings import Access
from resilience_pipeline.step import Step

NOTHING: Metadata = {}
OWNERS = {
    "sources": "team:data_engineering",
    "staging": "team:data_engineering",
    "frozen": "team:data_engineering",
    "grid": "team:data_engineering",
    "indices": "team:economics",
    "panel": "team:economics",
    "estimates": "team:economics",
    "report": "team:economics",
}


def asset_of(step: Step, step_for: Callable[[LakeResource], Step] | None = None) -> dg.AssetsDefinition:
    """The asset of a step, always under the default options; other options have a job of their own.

    Parameters
    ----------
    step_for : makes the step for a lake, where `step` is only declared.
    """
    key = asset_key(step.key)

    @dg.asset(
        key=key,
        deps=[asset_key(upstream) for upstream in step.inputs],
        group_name=step.key[0],
        description=step.description,
        kinds=set(step.kinds),
        owners=[OWNERS[step.key[0]]],
        code_version=code_version(step),
        metadata=code_links(step),
        check_specs=[dg.AssetCheckSpec(name, asset=key, blocking=blocking) for name, blocking in step.checks],
    )
    def materialise(context: dg.AssetExecutionContext, lake: LakeResource) -> Iterator:
        snapshot = lake.snapshot(context.run_id)
        try:
            outcome = execute(
                step if step_for is None else step_for(lake),
                snapshot,
                Options(),
                accept_revisions=lake.accept_revisions,
                force=lake.force,
            )
        except PipelineError as error:
            raise dg.Failure(str(error), allow_retries=False) from None
        beside = rests_on(step, snapshot) if outcome.computed and step.key[0] == "report" else {}
        yield from events(outcome, lake.access, context.instance, beside)

    return materialise


def events(outcome: Outcome, access: Access, instance: dg.DagsterInstance, beside: Metadata = NOTHING) -> Iterator:
    """What Dagster is told of a step: its checks, then the table, or the reason why the last good one stays.

    A table that stands unchanged is told again under the same data version, with what was shown beside it.

    Parameters
    ----------
    beside : further metadata of a table that was computed.
    """
    key = outcome.step.key
    synthetic = outcome.pointer is not None and outcome.pointer.synthetic
    with_rows = rows_may_show(key, synthetic=synthetic, access=access)
    checks = [check_result(check, key, with_rows=with_rows) for check in outcome.checks]
    if outcome.pointer is None:
        yield from checks
        message = "\n".join(check.message for check in outcome.failures)
        raise dg.Failure(
            f"{'.'.join(key)}: nothing written, the last good table stays.\n{message}", allow_retries=False
        )
    yield dg.MaterializeResult(
        asset_key=asset_key(key),
        metadata=table_metadata(outcome, access, {} if outcome.computed else _metadata_before(instance, asset_key(key)))
        | dict(beside),
        data_version=dg.DataVersion(outcome.pointer.data_version),
        check_results=checks,
    )


def _metadata_before(instance: dg.DagsterInstance, key: dg.AssetKey) -> Metadata:
    """Metadata of the asset's last materialisation."""
    event = instance.get_latest_materialization_event(key)
    materialisation = None if event is None else event.asset_materialization
    return {} if materialisation is None else materialisation.metadata
