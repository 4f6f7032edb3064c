"""Two processes on one lake: nobody corrupts, nobody waits long, and who must wait is told for whom."""

import json
import time

import dagster as dg
import duckdb
import polars as pl
import pytest

from resilience_pipeline import running
from resilience_pipeline.assets.resources import LakeResource
from resilience_pipeline.errors import LakeError
from resilience_pipeline.project import find_project
from resilience_pipeline.warehouse import lock
from resilience_pipeline.warehouse.catalogue import publish, rebuild
from resilience_pipeline.warehouse.lake import Lake
from resilience_pipeline.warehouse.lock import run_lock
from resilience_pipeline.warehouse.query import user_query
from tests.faults.processes import process

KEY = ("panel", "study", "outcomes")
FACTS = {"run_id": "r", "code_version": "c", "inputs": {}, "options": {}, "synthetic": False}

LOCK_HOLDER = """
import sys
from pathlib import Path
from resilience_pipeline.warehouse.lock import run_lock
with run_lock(Path(sys.argv[1]), "resilience run 7", 5):
    print("ready", flush=True)
    sys.stdin.readline()
"""

FILE_HOLDER = """
import duckdb, sys
connection = duckdb.connect(sys.argv[1], read_only=sys.argv[2] == "reader")
connection.execute("select 1").fetchall()
print("ready", flush=True)
sys.stdin.readline()
"""

BUSY = """
import sys
import polars as pl
from pathlib import Path
from resilience_pipeline.warehouse.catalogue import publish
from resilience_pipeline.warehouse.lake import Lake
lake = Lake(Path(sys.argv[1]))
snapshot = lake.pin("shared_run")
print("ready", flush=True)
sys.stdin.readline()
for i in range(12):  # without pause, so that the two meet
    key = ("panel", "study", f"only_{sys.argv[2]}_{i}")
    snapshot.write(key, pl.DataFrame({"x": [i]}), code_version="c", options={})
for i in range(4):
    snapshot.write(("panel", "study", "outcomes"), pl.DataFrame({"x": [i]}), code_version="c", options={})
    assert not publish(lake, wait_seconds=30).startswith("deferred"), "waited too long"
"""


def holders_file(lake, who):
    return process(FILE_HOLDER, lake.root / "warehouse.duckdb", who)


@pytest.fixture
def lake(tmp_path):
    lake = Lake(tmp_path)
    lake.write(KEY, pl.DataFrame({"x": [1]}), **FACTS)
    publish(lake)
    return lake


def test_two_processes_of_one_run_write_and_publish_at_once(lake):
    with process(BUSY, lake.root, "a") as a, process(BUSY, lake.root, "b") as b:
        for child in (a, b):
            child.stdin.write("go\n")
            child.stdin.flush()
        assert [child.wait(timeout=60) for child in (a, b)] == [0, 0]
    pins = lake.pin("shared_run")
    assert len(pins.tables()) == 25  # the shared table and twelve of each: no write lost from the run's pins
    assert lake.read(KEY)["x"].to_list() == [3]
    publish(lake)
    assert user_query(lake.root, "select count(*) from catalogue.tables").rows() == [(25,)]
    assert (
        user_query(lake.root, "select * exclude (synthetic) from panel.study_outcomes").rows() == lake.read(KEY).rows()
    )


def test_a_second_run_is_told_who_holds_the_lock_since_when_and_what_to_do(tmp_path):
    with process(LOCK_HOLDER, tmp_path) as holder:
        since = json.loads((tmp_path / "run.lock.json").read_text())["started"]
        started = time.monotonic()
        with pytest.raises(LakeError) as error, run_lock(tmp_path, "resilience run 8", 0.3):
            pass
        assert 0.3 <= time.monotonic() - started < 3
    message = str(error.value)
    for part in ("resilience run 7", f"process {holder.pid}", since, "wait until that run has ended"):
        assert part in message


def test_the_lock_of_a_killed_run_is_free_at_once(tmp_path):
    with process(LOCK_HOLDER, tmp_path) as holder:
        holder.kill()
        holder.wait()
        with run_lock(tmp_path, "resilience run 8", 0):
            assert json.loads((tmp_path / "run.lock.json").read_text())["holder"] == "resilience run 8"
    assert not (tmp_path / "run.lock.json").exists()


def test_a_waiting_run_starts_when_the_other_ends(tmp_path):
    with process(LOCK_HOLDER, tmp_path) as holder:
        holder.stdin.write("end\n")
        holder.stdin.flush()
        with run_lock(tmp_path, "resilience run 8", 20):
            pass


def test_a_run_that_waits_says_whom_for_now_and_then(tmp_path, monkeypatch):
    monkeypatch.setattr(lock, "FIRST_NOTICE_SECONDS", 0.1)
    monkeypatch.setattr(lock, "NOTICE_SECONDS", 0.1)
    notices = []
    with process(LOCK_HOLDER, tmp_path) as holder:

        def told(notice):
            notices.append(notice)
            if len(notices) == 2:
                holder.stdin.write("end\n")
                holder.stdin.flush()

        with run_lock(tmp_path, "dagster run 8", 3600, waiting=told):
            pass
    assert len(notices) >= 2
    assert all(f"held by resilience run 7, process {holder.pid}, since " in notice for notice in notices)


def test_a_run_of_dagster_s_waits_for_the_lake_and_its_log_says_whom_for(tmp_path, monkeypatch):
    monkeypatch.setattr(lock, "FIRST_NOTICE_SECONDS", 0.1)
    ran = []

    @dg.op
    def look(lake: LakeResource):
        ran.append(json.loads((tmp_path / "run.lock.json").read_text())["holder"])

    @dg.job(resource_defs={"lake": LakeResource(root=str(tmp_path))})
    def job():
        look()

    with dg.DagsterInstance.ephemeral() as instance, process(LOCK_HOLDER, tmp_path) as holder:
        whose = lock._whose

        def told(card):
            words = whose(card)
            holder.stdin.write("end\n")
            holder.stdin.flush()
            return words

        monkeypatch.setattr(lock, "_whose", told)
        result = job.execute_in_process(instance=instance)
        log = "\n".join(record.user_message for record in instance.all_logs(result.run_id))
    assert result.success
    assert ran == [f"dagster run {result.run_id}"]
    assert f"waiting for the lake, held by resilience run 7, process {holder.pid}" in log
    assert "warehouse.duckdb published: " in log


def test_a_run_that_waited_in_vain_says_so_without_the_name_of_a_class(tmp_path):
    @dg.op
    def look(lake: LakeResource):
        pass

    @dg.job(resource_defs={"lake": LakeResource(root=str(tmp_path), lock_wait_seconds=0.1)})
    def job():
        look()

    with dg.DagsterInstance.ephemeral() as instance, run_lock(tmp_path, "resilience run 7", 0):
        result = job.execute_in_process(instance=instance, raise_on_error=False)
    (event,) = [event for event in result.all_events if event.event_type == dg.DagsterEventType.PIPELINE_FAILURE]
    assert running.reason_of_run(event).startswith(f"{tmp_path / 'run.lock'}: another run is using this lake")


def test_a_terminal_waits_seconds_and_a_run_of_dagster_s_an_hour(tmp_path):
    config = running._run_config(find_project(lake=tmp_path))["resources"]["lake"]["config"]
    assert LakeResource(**config).lock_wait_seconds == 20
    assert LakeResource().lock_wait_seconds == 3600


def test_a_run_that_fails_gives_the_lock_back(tmp_path):
    with pytest.raises(RuntimeError, match="step failed"), run_lock(tmp_path, "run 1", 0):
        raise RuntimeError("step failed")
    with run_lock(tmp_path, "run 2", 0):
        pass


@pytest.mark.parametrize("who", ["reader", "writer"])
def test_publish_is_deferred_while_somebody_holds_the_file_and_the_next_one_catches_up(lake, who):
    with holders_file(lake, who):
        lake.write(KEY, pl.DataFrame({"x": [2]}), **FACTS)
        lake.write(("grid", "study", "cells"), pl.DataFrame({"x": [3]}), **FACTS)
        started = time.monotonic()
        assert publish(lake, wait_seconds=0.3).startswith("deferred: ")
        assert time.monotonic() - started < 3
    assert publish(lake) == "published: 2 tables"
    assert user_query(lake.root, "select * exclude (synthetic) from panel.study_outcomes").rows() == [(2,)]
    assert user_query(lake.root, "select * exclude (synthetic) from grid.study_cells").rows() == [(3,)]


def test_a_query_waits_for_a_writer_only_so_long(lake):
    with holders_file(lake, "writer"), pytest.raises(LakeError, match=r"held by somebody else for 0\.2 seconds"):
        user_query(lake.root, "select 1", wait_seconds=0.2)
    assert user_query(lake.root, "select 1").height == 1


def test_a_query_and_a_reader_do_not_disturb_each_other(lake):
    with holders_file(lake, "reader"):
        assert user_query(lake.root, "select * exclude (synthetic) from panel.study_outcomes").rows() == [(1,)]


def test_rebuild_goes_on_under_a_reader_who_keeps_the_old_file(lake):
    with duckdb.connect(str(lake.root / "warehouse.duckdb"), read_only=True) as reader:
        lake.write(KEY, pl.DataFrame({"x": [2]}), **FACTS)
        assert rebuild(lake) == "built: 1 tables"
        assert reader.execute("select * exclude (synthetic) from panel.study_outcomes").fetchall() == [(1,)]
    assert user_query(lake.root, "select * exclude (synthetic) from panel.study_outcomes").rows() == [(2,)]
