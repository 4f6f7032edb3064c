"""What is left to do when a run has ended, however it went: note how, and let old runs go where that is asked for.

Nothing here may break a run whose tables are written already: what fails is logged and the rest goes on.
"""

import logging
from collections.abc import Mapping

import dagster as dg

from resilience_pipeline.errors import PipelineError
from resilience_pipeline.project import find_project
from resilience_pipeline.settings import load_retention
from resilience_pipeline.step import TableKey
from resilience_pipeline.warehouse.attempts import failed_in
from resilience_pipeline.warehouse.history import end_run
from resilience_pipeline.warehouse.lake import Lake
from resilience_pipeline.warehouse.retention import prune


def close_run(
    instance: dg.DagsterInstance | None,
    lake: Lake,
    run_id: str,
    assets: Mapping[str, TableKey],
    log: logging.Logger | None,
) -> None:
    """Note how the run went, then prune. The caller holds the run lock.

    Parameters
    ----------
    assets : name of an asset's step in Dagster -> the table that it writes.
    """
    try:
        failed = {*failed_in(lake, run_id), *_failed_steps(instance, run_id, assets)}
        end_run(lake, run_id, sorted(failed))
        prune(lake, load_retention(find_project().settings_file))
    except (PipelineError, OSError) as error:
        (log or logging.getLogger(__name__)).warning(
            "the run is over and its tables stand; what comes after a run could not be done: %s", error
        )


def _failed_steps(instance: dg.DagsterInstance | None, run_id: str, assets: Mapping[str, TableKey]) -> list[str]:
    """Tables whose step failed in Dagster, by a mistake of ours too, which no attempt notes."""
    if instance is None:
        return []
    entries = instance.all_logs(run_id, of_type=dg.DagsterEventType.STEP_FAILURE)
    steps = [str(entry.step_key) for entry in entries]
    return ["/".join(assets[step]) if step in assets else step.replace("__", "/") for step in steps]
