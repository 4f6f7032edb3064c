"""Old runs go where that is asked for; what something names stays, and so does every delivery."""

from dataclasses import replace
from datetime import UTC, datetime

import polars as pl
import pytest

from resilience_pipeline.errors import LakeError
from resilience_pipeline.warehouse import history
from resilience_pipeline.warehouse.lake import Lake
from resilience_pipeline.warehouse.retention import Retention, prune

KEY, CONSTANT = ("panel", "study", "outcomes"), ("grid", "study", "cells")
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture
def lake(tmp_path):
    """Four runs, a day apart, each with a version of its own of one table and all with the same of another."""
    lake = Lake(tmp_path)
    for number in range(1, 5):
        snapshot = lake.pin(f"run_{number}")
        snapshot.write(CONSTANT, pl.DataFrame({"x": [0]}), code_version="c", options={})
        snapshot.write(KEY, pl.DataFrame({"x": [number]}), code_version="c", options={}, notes={"run": number})
        snapshot.end(())
        moment = f"2026-11-{20 + number}T12:00:00+00:00"
        snapshot.file.write_text(replace(snapshot.record(), started=moment, ended=moment).text)
    (tmp_path / "deliveries" / "abc").mkdir(parents=True)
    (tmp_path / "deliveries" / "abc" / "book.xlsx").write_bytes(b"raw")
    return lake


def left(lake):
    return [run.record.run_id for run in history.runs_of(lake)]


def test_everything_is_kept_unless_asked_otherwise(lake):
    assert prune(lake, Retention(), now=NOW).files == ()
    assert left(lake) == ["run_1", "run_2", "run_3", "run_4"]


def test_the_last_runs_are_kept_and_stay_readable(lake):
    gone = prune(lake, Retention(runs=2), now=NOW)
    assert (gone.runs, left(lake)) == (("run_1", "run_2"), ["run_3", "run_4"])
    assert [len(lake.versions(key)) for key in (KEY, CONSTANT)] == [2, 1]
    assert history.as_of(lake, "run_3").read(KEY)["x"].to_list() == [3]
    assert history.as_of(lake, "run_3").read(CONSTANT)["x"].to_list() == [0]
    with pytest.raises(LakeError, match="no run"):
        history.as_of(lake, "run_1")


def test_runs_of_the_last_days_are_kept_and_the_last_run_however_old(lake):
    prune(lake, Retention(days=2), now=NOW)
    assert left(lake) == ["run_2", "run_3", "run_4"]
    prune(lake, Retention(days=2), now=NOW.replace(year=2027))
    assert left(lake) == ["run_4"]
    assert lake.read(KEY)["x"].to_list() == [4]


def test_either_reason_is_enough_to_keep_a_run(lake):
    prune(lake, Retention(runs=3, days=1), now=NOW)
    assert left(lake) == ["run_2", "run_3", "run_4"]


def test_a_version_that_only_a_variant_names_stays(lake):
    other = lake.variant("other").pin("run_5")  # it reads the headline's fourth version
    other.write(CONSTANT, pl.DataFrame({"x": [9]}), code_version="c", options={})
    lake.pin("run_6").write(KEY, pl.DataFrame({"x": [6]}), code_version="c", options={})
    prune(lake, Retention(runs=1), now=NOW.replace(year=2027))
    assert lake.variant("other").read(CONSTANT)["x"].to_list() == [9]
    assert len(lake.versions(KEY)) == 1  # the fourth went with the run that read it


def test_deliveries_and_files_that_are_none_of_ours_stay(lake):
    (lake.root / "panel" / "study" / "outcomes" / "notes.parquet").touch()
    prune(lake, Retention(runs=1), now=NOW.replace(year=2027))
    assert (lake.root / "deliveries" / "abc" / "book.xlsx").read_bytes() == b"raw"
    assert (lake.root / "panel" / "study" / "outcomes" / "notes.parquet").exists()


def test_a_rehearsal_removes_nothing_and_says_what_would_go(lake):
    said = prune(lake, Retention(runs=1), now=NOW, dry_run=True)
    assert left(lake) == ["run_1", "run_2", "run_3", "run_4"]
    done = prune(lake, Retention(runs=1), now=NOW)
    assert (said.files, said.bytes) == (done.files, done.bytes)
    assert done.bytes > 0


def test_what_a_pin_tells_goes_with_the_last_run_that_names_it(lake):
    prune(lake, Retention(runs=1), now=NOW)
    assert len(list((lake.root / "runs" / "records").glob("*/*.json"))) == 2
    assert history.as_of(lake, "run_4").current(KEY).notes == {"run": 4}


def test_nothing_goes_while_a_run_s_file_cannot_be_read(lake):
    (lake.root / "runs" / "run_2.json").write_text("{")
    with pytest.raises(LakeError, match="run_2"):
        prune(lake, Retention(runs=1), now=NOW)
    assert len(lake.versions(KEY)) == 4
