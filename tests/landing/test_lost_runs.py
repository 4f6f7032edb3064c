"""A run whose process is gone is called failed, so that the queue behind it goes on; one that lives is let alone."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from resilience_pipeline.assets.lost_runs import SILENCE, close_lost_runs
from resilience_pipeline.project import find_project
from resilience_pipeline.warehouse.lock import run_lock

LATER = SILENCE + timedelta(minutes=1)


@dg.op(required_resource_keys={"lake"})
def rest():
    pass


@dg.job(resource_defs={"lake": dg.ResourceDefinition(lambda _: None, config_schema={"root": dg.Field(str, "")})})
def nothing():
    rest()


@pytest.fixture
def project(tmp_path: Path, monkeypatch):
    monkeypatch.setenv("RESILIENCE_PROJECT", str(tmp_path))
    for name in ("RESILIENCE_LAKE", "RESILIENCE_LANDING"):
        monkeypatch.delenv(name, raising=False)
    return find_project()


@pytest.fixture
def instance():
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def started(instance: dg.DagsterInstance, root: Path | None = None) -> dg.DagsterRun:
    config = {} if root is None else {"resources": {"lake": {"config": {"root": str(root)}}}}
    run = instance.create_run_for_job(nothing, run_config=config, status=dg.DagsterRunStatus.STARTED)
    instance.report_engine_event("it has started", run)
    return run


def state(instance: dg.DagsterInstance, run: dg.DagsterRun) -> dg.DagsterRunStatus:
    return instance.get_run_by_id(run.run_id).status


def test_a_run_that_was_killed_is_called_failed_and_says_why(instance, project):
    run = started(instance)
    assert close_lost_runs(instance, project, now=datetime.now(UTC) + LATER) == [run.run_id]
    assert state(instance, run) == dg.DagsterRunStatus.FAILURE
    (failure,) = instance.all_logs(run.run_id, of_type=dg.DagsterEventType.PIPELINE_FAILURE)
    assert "resilience run" in failure.dagster_event.message


def test_a_run_that_holds_its_lake_is_let_alone_however_long_a_step_says_nothing(instance, project, tmp_path):
    other = tmp_path / "another_lake"
    runs = [started(instance), started(instance, other)]
    with (
        run_lock(project.lake, f"dagster run {runs[0].run_id}", 0),
        run_lock(other, f"dagster run {runs[1].run_id}", 0),
    ):
        assert close_lost_runs(instance, project, now=datetime.now(UTC) + LATER) == []


def test_a_run_that_waits_for_another_and_says_so_is_let_alone_and_the_dead_one_is_not(instance, project):
    waiting, dead = started(instance), started(instance)
    later = datetime.now(UTC) + LATER
    instance.handle_new_event(
        dg.EventLogEntry(
            error_info=None,
            level=20,
            user_message="waiting for the lake",
            run_id=waiting.run_id,
            timestamp=later.timestamp() - 30,
            job_name="nothing",
        )
    )
    with run_lock(project.lake, "resilience freeze", 0):
        assert close_lost_runs(instance, project, now=later) == [dead.run_id]


def test_a_run_that_has_just_begun_is_let_alone(instance, project):
    run = started(instance)
    assert close_lost_runs(instance, project) == []
    assert state(instance, run) == dg.DagsterRunStatus.STARTED
