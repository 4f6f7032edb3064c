"""A run sees the versions that it pinned and what it wrote itself."""

import os
import time

import polars as pl
import pytest

from resilience_pipeline.errors import LakeError
from resilience_pipeline.warehouse.lake import Lake

GRID, PANEL = ("grid", "study", "cells"), ("panel", "study", "outcomes")
OLD, NEW = pl.DataFrame({"x": [1]}), pl.DataFrame({"x": [2]})


@pytest.fixture
def lake(tmp_path):
    lake = Lake(tmp_path)
    write(lake, GRID, OLD)
    return lake


def write(lake, key, frame, synthetic=False):
    return lake.write(key, frame, run_id="other", code_version="c", inputs={}, options={}, synthetic=synthetic)


def test_a_run_does_not_see_what_another_writes_meanwhile(lake):
    snapshot = lake.pin("run_1")
    write(lake, GRID, NEW)
    write(lake, PANEL, NEW)
    assert snapshot.read(GRID).equals(OLD)
    assert snapshot.current(PANEL) is None
    with pytest.raises(LakeError, match="panel/study/outcomes is not in the lake"):
        snapshot.read(PANEL)


def test_a_run_sees_what_it_wrote_itself_even_when_another_wrote_later(lake):
    snapshot = lake.pin("run_1")
    snapshot.write(GRID, NEW, code_version="c", options={})
    write(lake, GRID, OLD)
    assert snapshot.read(GRID).equals(NEW)


def test_the_same_run_opened_again_continues_its_pins(lake):
    lake.pin("run_1").write(PANEL, NEW, code_version="c", options={})
    write(lake, GRID, NEW)
    again = Lake(lake.root).pin("run_1")
    assert again.read(GRID).equals(OLD)
    assert again.read(PANEL).equals(NEW)


def test_a_new_run_sees_the_newest(lake):
    lake.pin("run_1")
    write(lake, GRID, NEW)
    assert lake.pin("run_2").read(GRID).equals(NEW)


def test_inputs_are_recorded_with_the_versions_that_the_run_saw(lake):
    snapshot = lake.pin("run_1")
    seen = snapshot.current(GRID).data_version
    write(lake, GRID, NEW)
    pointer = snapshot.write(PANEL, OLD, code_version="c", inputs=[GRID], options={})
    assert pointer.inputs == {"grid/study/cells": seen}
    assert lake.current(PANEL).run_id == "run_1"


def test_what_is_made_from_a_synthetic_table_is_synthetic(lake):
    write(lake, GRID, NEW, synthetic=True)
    snapshot = lake.pin("run_1")
    assert snapshot.write(PANEL, OLD, code_version="c", inputs=[GRID], options={}).synthetic
    assert not snapshot.write(PANEL, OLD, code_version="c", options={}).synthetic


def test_an_input_that_is_not_there_is_an_error(lake):
    with pytest.raises(LakeError, match="not in the lake"):
        lake.pin("run_1").write(GRID, OLD, code_version="c", inputs=[PANEL], options={})


def test_a_damaged_pointer_keeps_no_run_from_writing_the_table_again(lake):
    lake.root.joinpath(*GRID, "current.json").write_text("{")
    snapshot = lake.pin("run_1")
    with pytest.raises(LakeError, match="delete this file"):
        snapshot.read(GRID)
    snapshot.write(GRID, NEW, code_version="c", options={})
    assert snapshot.read(GRID).equals(NEW)
    assert lake.read(GRID).equals(NEW)


def test_damaged_pins_are_named(lake):
    snapshot = lake.pin("run_1")
    snapshot.file.write_text("{")
    with pytest.raises(LakeError, match=r"run_1[\s\S]*start a new run"):
        snapshot.read(GRID)


def test_rejects_are_kept_beside_the_tables(lake):
    lake.pin("run_1").write_rejects("wind", NEW, synthetic=True)
    assert lake.read(("rejects", "wind")).equals(NEW)
    assert lake.current(("rejects", "wind")).synthetic


def test_a_run_id_cannot_lead_out_of_the_lake(lake):
    with pytest.raises(ValueError, match="no run id"):
        lake.pin("../run")


def test_a_new_run_removes_what_killed_writers_left_but_not_what_living_ones_write(lake):
    folder = lake.root.joinpath(*GRID)
    dead, alive = folder / ".incoming-dead.parquet", folder / ".incoming-alive.parquet"
    dead.touch(), alive.touch()
    two_hours_ago = time.time() - 7200
    os.utime(dead, (two_hours_ago, two_hours_ago))
    lake.pin("run_1")
    assert (dead.exists(), alive.exists()) == (False, True)
