"""Dagster's event log with its files kept open: the same events, readable by Dagster's own class, whatever happens."""

import logging
import shutil
import threading
from pathlib import Path

import dagster as dg
import pytest
import yaml
from dagster._core.storage.event_log import SqliteEventLogStorage

from resilience_pipeline.event_log import OPEN_FILES, OpenSqliteEventLogStorage
from resilience_pipeline.project import SQLITE_EVENT_LOG

QUIET = {"telemetry": {"enabled": False}}


@pytest.fixture
def instance(tmp_path, monkeypatch):
    monkeypatch.setattr(logging.root.manager, "disable", logging.CRITICAL)
    settings = yaml.safe_load(SQLITE_EVENT_LOG)
    home = tmp_path / "home"
    home.mkdir()
    with dg.DagsterInstance.local_temp(str(home), overrides=settings | QUIET) as instance:
        yield instance


@dg.asset
def table() -> dg.MaterializeResult:
    return dg.MaterializeResult(data_version=dg.DataVersion("a1"))


def folder(instance) -> Path:
    return Path(instance.root_directory) / "history" / "runs"


def test_the_setting_makes_this_class_in_the_folder_that_dagster_uses(instance):
    assert isinstance(instance.event_log_storage, OpenSqliteEventLogStorage)
    run = dg.materialize([table], instance=instance)
    assert (folder(instance) / f"{run.run_id}.db").is_file()


def test_a_copied_home_has_a_log_of_its_own(instance, tmp_path):
    dg.materialize([table], instance=instance)
    copy = shutil.copytree(instance.root_directory, tmp_path / "copy")
    with dg.DagsterInstance.local_temp(str(copy), overrides=yaml.safe_load(SQLITE_EVENT_LOG) | QUIET) as other:
        theirs = dg.materialize([table], instance=other)
        assert other.get_latest_materialization_event(table.key).run_id == theirs.run_id
    assert instance.all_logs(theirs.run_id) == []
    assert instance.get_latest_materialization_event(table.key).run_id != theirs.run_id


def test_a_stated_place_is_kept(tmp_path):
    stated = yaml.safe_load(f"{SQLITE_EVENT_LOG}  config:\n    base_dir: {tmp_path / 'elsewhere'}\n")
    with dg.DagsterInstance.local_temp(str(tmp_path), overrides=stated | QUIET) as instance:
        run = dg.materialize([table], instance=instance)
    assert (tmp_path / "elsewhere" / f"{run.run_id}.db").is_file()


def test_events_are_read_by_dagsters_own_class_while_the_files_are_open(instance):
    run = dg.materialize([table], instance=instance)
    theirs = SqliteEventLogStorage(str(folder(instance)))
    ours = instance.event_log_storage
    assert [e.message for e in theirs.get_logs_for_run(run.run_id)] == [
        e.message for e in ours.get_logs_for_run(run.run_id)
    ]
    (found,) = theirs.get_latest_materialization_events([table.key]).values()
    assert found.asset_materialization.tags["dagster/data_version"] == "a1"


def test_what_dagsters_own_class_writes_is_read(instance):
    dg.materialize([table], instance=instance)
    with dg.DagsterInstance.local_temp(instance.root_directory, overrides=QUIET) as other:
        assert type(other.event_log_storage) is SqliteEventLogStorage
        theirs = dg.materialize([table], instance=other)
    found = instance.get_latest_materialization_event(table.key)
    assert found.run_id == theirs.run_id


def test_no_more_files_than_the_limit_stay_open(instance):
    runs = [dg.materialize([table], instance=instance).run_id for _ in range(OPEN_FILES + 3)]
    assert len(instance.event_log_storage._engines) == OPEN_FILES
    assert all(instance.all_logs(run) for run in runs)


def test_a_deleted_run_is_gone_and_a_later_one_is_written(instance):
    first = dg.materialize([table], instance=instance)
    instance.delete_run(first.run_id)
    assert instance.all_logs(first.run_id) == []
    second = dg.materialize([table], instance=instance)
    assert instance.get_latest_materialization_event(table.key).run_id == second.run_id


def test_threads_write_at_once_and_nothing_is_lost(instance):
    def report() -> None:
        for _ in range(10):
            instance.report_runless_asset_event(dg.AssetMaterialization(table.key))

    threads = [threading.Thread(target=report) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(instance.fetch_materializations(table.key, limit=100).records) == 40


def test_what_a_step_says_of_its_table_is_not_stored_a_third_time_with_its_output(instance):
    @dg.asset
    def described() -> dg.MaterializeResult:
        return dg.MaterializeResult(metadata={"figure": "x" * 5000})

    run = dg.materialize([described], instance=instance)
    stored = {entry.dagster_event.event_type_value: entry for entry in instance.all_logs(run.run_id)}
    assert "xxx" not in str(stored["STEP_OUTPUT"])
    assert instance.get_latest_materialization_event(described.key).asset_materialization.metadata["figure"]


def test_the_file_of_a_deleted_run_goes_too(instance):
    run = dg.materialize([table], instance=instance)
    instance.delete_run(run.run_id)
    assert not list(folder(instance).glob(f"{run.run_id}*"))
