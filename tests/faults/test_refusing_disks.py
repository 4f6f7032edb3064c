"""A disk that is full or must not be written: the message says so, and what stands stays readable."""

import os

import polars as pl
import pytest

from resilience_pipeline.driver import execute
from resilience_pipeline.errors import DeliveryError, LakeError, PipelineError
from resilience_pipeline.options import Options
from resilience_pipeline.project import find_project
from resilience_pipeline.status import read_result, read_status
from resilience_pipeline.step import Step, StepResult
from resilience_pipeline.warehouse.attempts import last_attempt
from resilience_pipeline.warehouse.catalogue import publish, rebuild
from resilience_pipeline.warehouse.deliveries import store_delivery
from resilience_pipeline.warehouse.lake import Lake
from resilience_pipeline.warehouse.lock import run_lock
from resilience_pipeline.warehouse.query import user_query
from resilience_pipeline.warehouse.snapshot import Snapshot
from tests.faults.disks import Disk

KEY = ("report", "table_1")


def step(value: int, rows: int = 2_000) -> Step:
    """A step that writes `rows` rows, so many that its file does not fit into what a test leaves free."""
    table = pl.DataFrame({"x": [value] * rows, "noise": pl.Series(range(rows)).hash(value)})
    return Step(KEY, (), lambda inputs, options: StepResult(table, text=f"the value is {value}"), "", (str(value),))


def message_of(step: Step, snapshot: Snapshot) -> str:
    """What a user reads of a step that could not be kept; empty where it was kept."""
    try:
        execute(step, snapshot, Options())
    except PipelineError as error:
        return str(error)
    return ""


@pytest.fixture
def disk(tmp_path):
    disk = Disk(tmp_path / "disk", "24m")
    yield disk
    disk.unmount()


@pytest.fixture
def lake(disk):
    lake = Lake(disk.path / "lake")
    execute(step(1), lake.pin("run_1"), Options())
    publish(lake)
    return lake


def stands(lake):
    """What a person can still ask: status, a result, SQL."""
    project = find_project(lake=lake.root, landing=lake.root.parent / "landing")
    assert [result.name for result in read_status(project).results] == ["table_1"]
    assert read_result(lake.root, "table_1").text == "the value is 1"
    assert user_query(lake.root, "select distinct x from report.table_1").rows() == [(1,)]


def test_a_read_only_lake_answers_and_refuses_runs_with_a_message(disk, lake):
    disk.make_read_only()
    stands(lake)
    with (
        pytest.raises(LakeError, match=r"cannot be written[\s\S]*[Rr]ead-only[\s\S]*--lake"),
        run_lock(lake.root, "r", 0),
    ):
        pass
    assert publish(lake).startswith("deferred: ")
    with pytest.raises(LakeError, match="could not be built"):
        rebuild(lake)
    stands(lake)


def test_a_new_lake_on_a_read_only_disk_is_refused_with_a_message(disk):
    disk.make_read_only()
    with pytest.raises(LakeError, match=r"cannot be made[\s\S]*--lake"):
        Lake(disk.path / "new" / "lake")


def test_a_read_only_landing_folder_is_read_as_any_other(disk, tmp_path):
    (disk.path / "wind.csv").write_text("x\n1\n")
    disk.make_read_only()
    delivery = store_delivery(tmp_path / "lake", disk.path, "wind.csv")
    assert delivery.path.read_text() == "x\n1\n"


def test_a_step_on_a_full_disk_fails_with_a_message_and_its_table_is_the_old_or_the_new_one(disk, lake):
    refused = 0
    for number, leave in enumerate(range(0, 40_000, 4_096)):  # each write of a step runs out of room once
        snapshot = lake.pin(f"full_{number}")
        ballast = disk.fill(leave)
        message = message_of(step(number + 2), snapshot)
        if message:
            refused += 1
            assert "No space left" in message
            assert "make room" in message
            assert lake.read(KEY)["x"].unique().to_list() in ([number + 1], [number + 2])
        assert publish(lake).startswith(("up to date", "published: ", "deferred: "))
        ballast.unlink()
        assert not list(lake.root.rglob(".incoming-*"))
        execute(step(number + 2), lake.pin(f"room_{number}"), Options())
        assert last_attempt(lake, KEY).ok
        publish(lake)
        assert user_query(lake.root, "select distinct x from report.table_1").rows() == [(number + 2,)]
    assert refused >= 6


def test_results_stay_readable_while_a_step_finds_no_room(disk, lake):
    snapshot = lake.pin("run_2")
    disk.fill(0)
    with pytest.raises(PipelineError, match="its last good version stays"):
        execute(step(2), snapshot, Options())
    publish(lake)
    stands(lake)


def test_a_run_cannot_begin_on_a_full_disk(disk, lake):
    disk.fill(0)
    with pytest.raises(LakeError, match=r"cannot be written[\s\S]*room on its disk"), run_lock(lake.root, "r", 0):
        pass
    stands(lake)


def test_a_delivery_that_does_not_fit_is_named_and_leaves_nothing(disk, tmp_path):
    landing = tmp_path / "landing"
    landing.mkdir()
    (landing / "large.csv").write_bytes(os.urandom(1 << 20))
    disk.fill(100_000)
    with pytest.raises(DeliveryError, match=r"large\.csv[\s\S]*No space left[\s\S]*leave room"):
        store_delivery(disk.path / "lake", landing, "large.csv")
    assert not [file for file in (disk.path / "lake").rglob("*") if file.is_file()]
