"""Runs whose process is gone: Dagster goes on calling them started, and a queue of one run waits for them for ever.

A run that lives holds its lake's lock, or waits for it and says so every minute. One that does neither has lost its
process: it was killed, or the machine went down. Dagster notices that of a run only while the server that launched it
still stands.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg

from resilience_pipeline.project import Project
from resilience_pipeline.warehouse.lock import NOTICE_SECONDS, UNKNOWN_HOLDER, holder_of

#: A run that neither holds its lake nor has said a word for so long is lost.
SILENCE = timedelta(seconds=5 * NOTICE_SECONDS)
GONE = (
    "the process of this run is gone: it was killed, or the machine went down. Tables that it wrote stand; the rest "
    "comes with the next run (`resilience run`)"
)


def close_lost_runs(instance: dg.DagsterInstance, project: Project, *, now: datetime | None = None) -> list[str]:
    """Call lost runs failed, so that the queue goes on; their ids.

    Of those that the daemon launched Dagster then starts one more, as `run_retries` of `dagster.yaml` says.
    """
    before = (now or datetime.now(UTC)) - SILENCE
    lost = [
        record.dagster_run
        for record in instance.get_run_records(
            dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED], updated_before=before)
        )
        if _is_silent(instance, record.dagster_run, before) and not _holds_its_lake(record.dagster_run, project)
    ]
    for run in lost:
        instance.report_run_failed(run, GONE)
    return [run.run_id for run in lost]


def _is_silent(instance: dg.DagsterInstance, run: dg.DagsterRun, before: datetime) -> bool:
    last = instance.get_records_for_run(run.run_id, limit=1, ascending=False).records
    return not last or last[0].timestamp < before.timestamp()


def _holds_its_lake(run: dg.DagsterRun, project: Project) -> bool:
    """Whether the run holds its lake's lock, or somebody does who has not said yet who he is."""
    resources: Any = run.run_config.get("resources") or {}
    root = resources.get("lake", {}).get("config", {}).get("root") or project.lake
    return holder_of(Path(root)) in (f"dagster run {run.run_id}", UNKNOWN_HOLDER)
