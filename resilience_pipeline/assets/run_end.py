"""What is left to do when a run has ended, however it went: note how, and let old runs go where that is asked for.

Nothing here may break a run whose tables are written already: what fails is logged and the rest goes on.
"""

import logging
from collections.abc import Callable, Mapping

import dagster as dg

from resilience_pipeline.assets.keys import asset_key
from resilience_pipeline.dagster_runs import forget
from resilience_pipeline.drift.refresh import DESCRIPTION, report_refresh
from resilience_pipeline.drift.refresh import KEY as DRIFT_KEY
from resilience_pipeline.drift.report import summary
from resilience_pipeline.errors import PipelineError
from resilience_pipeline.lineage.indices import write_indices
from resilience_pipeline.plan import project_plan
from resilience_pipeline.project import find_project
from resilience_pipeline.settings import load_recomputations, load_retention
from resilience_pipeline.step import TableKey
from resilience_pipeline.study.load import find_studies
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
    _guarded(lambda: write_indices(lake, run_id, project_plan(), find_studies(find_project().studies)), log)
    _guarded(lambda: _report_drift(instance, lake, run_id), log)
    _guarded(lambda: _note_the_end(instance, lake, run_id, assets), log)
    _guarded(lambda: _let_go(instance, lake), log)


def drift_spec() -> dg.AssetSpec:
    """The report of a refresh as Dagster shows it: runs write it when they end, nobody materialises it."""
    return dg.AssetSpec(
        asset_key(DRIFT_KEY),
        group_name=DRIFT_KEY[0],
        description=DESCRIPTION,
        kinds={"polars"},
        owners=["team:economics"],
    )


def _report_drift(instance: dg.DagsterInstance | None, lake: Lake, run_id: str) -> None:
    largest = load_recomputations(find_project().settings_file)
    written = report_refresh(lake, run_id, project_plan(), largest=largest)
    if written is None or instance is None:
        return
    pointer, drift = written
    instance.report_runless_asset_event(
        dg.AssetMaterialization(
            asset_key(DRIFT_KEY),
            description=summary(drift.rows),
            metadata={
                "table": dg.MetadataValue.md(drift.document.markdown),
                "run": dg.MetadataValue.dagster_run(run_id),
                "coefficients": drift.moved,
                "flipped": drift.flipped,
                "recomputed_steps": drift.attribution.steps,
                "older_run": str(pointer.notes["older_run"]),
                "data_version": pointer.data_version,
                "dagster/row_count": drift.table.height,
            },
            tags={"dagster/data_version": pointer.data_version},
        )
    )


def _let_go(instance: dg.DagsterInstance | None, lake: Lake) -> None:
    retention = load_retention(find_project().settings_file)
    if instance is not None:  # first: a run that is gone from the lake nobody asks for again
        forget(instance, prune(lake, retention, dry_run=True).runs)
    prune(lake, retention)


def _note_the_end(instance: dg.DagsterInstance | None, lake: Lake, run_id: str, assets: Mapping[str, TableKey]) -> None:
    failed = {*failed_in(lake, run_id), *_failed_steps(instance, run_id, assets)}
    end_run(lake, run_id, sorted(failed))


def _guarded(work: Callable[[], object], log: logging.Logger | None) -> None:
    """Do it; whatever goes wrong is told and stops nothing: the run's own tables are written."""
    try:
        work()
    except PipelineError as error:
        (log or logging.getLogger(__name__)).warning("the run is over and its tables stand, but: %s", error)
    except Exception:  # noqa: BLE001 - a mistake of ours in what comes after must not undo a run
        (log or logging.getLogger(__name__)).exception("the run is over and its tables stand, but this failed")


def _failed_steps(instance: dg.DagsterInstance | None, run_id: str, assets: Mapping[str, TableKey]) -> list[str]:
    """Tables whose step failed in Dagster, by a mistake of ours too, which no attempt notes."""
    if instance is None:
        return []
    entries = instance.all_logs(run_id, of_type=dg.DagsterEventType.STEP_FAILURE)
    steps = [str(entry.step_key) for entry in entries]
    return ["/".join(assets[step]) if step in assets else step.replace("__", "/") for step in steps]
