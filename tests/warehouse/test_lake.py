"""Versions, pointers and variants of the lake."""

import json

import polars as pl
import pytest

from resilience_pipeline.errors import LakeError
from resilience_pipeline.warehouse.lake import Lake

KEY = ("panel", "trade_resilience", "outcomes")
OLD = pl.DataFrame({"city_code": ["330100"], "year": [2018], "ctri": [0.31]})
NEW = OLD.with_columns(ctri=0.42)


@pytest.fixture
def lake(tmp_path):
    return Lake(tmp_path / "lake")


def write(lake, frame, key=KEY, run_id="run_1", **changes):
    facts = {"code_version": "c1", "inputs": {}, "options": {}, "synthetic": False} | changes
    return lake.write(key, frame, run_id=run_id, **facts)


def test_a_table_is_read_as_it_was_written(lake):
    write(lake, OLD)
    assert lake.read(KEY).equals(OLD)


def test_a_pointer_says_how_its_version_came_about(lake):
    write(
        lake,
        OLD,
        inputs={("grid", "trade_resilience", "cells"): "a" * 32},
        options={"winsorise": "none", "winsorise_lower": 0.01},
        synthetic=True,
        notes={"cities": 1, "说明": "杭州"},
    )
    pointer = lake.current(KEY)
    assert pointer.inputs == {"grid/trade_resilience/cells": "a" * 32}
    assert pointer.options == {"winsorise": "none", "winsorise_lower": 0.01}
    assert pointer.notes == {"cities": 1, "说明": "杭州"}
    assert (pointer.rows, pointer.run_id, pointer.code_version, pointer.synthetic) == (1, "run_1", "c1", True)
    assert pointer.written_at.endswith("+00:00")


def test_an_older_version_stays_readable(lake):
    old, new = write(lake, OLD), write(lake, NEW)
    assert lake.versions(KEY) == [old.data_version, new.data_version]
    assert lake.read(KEY, old.data_version).equals(OLD)
    assert lake.read(KEY).equals(NEW)


def test_the_same_content_again_makes_no_new_file_but_renews_the_pointer(lake):
    first = write(lake, OLD)
    before = lake.file_of(first).stat()
    write(lake, OLD, run_id="run_2")
    after = lake.file_of(first).stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)
    assert lake.current(KEY).run_id == "run_2"


def test_the_same_table_gives_the_same_bytes_however_it_was_chunked(tmp_path):
    whole = pl.DataFrame({"x": range(1000)})
    pieces = pl.concat([whole[:10], whole[10:]], rechunk=False)
    one, other = Lake(tmp_path / "one"), Lake(tmp_path / "other")
    write(one, whole), write(other, pieces)
    assert one.path(KEY).read_bytes() == other.path(KEY).read_bytes()


def test_an_unknown_table_names_the_command_that_makes_it(lake):
    assert lake.current(KEY) is None
    with pytest.raises(LakeError, match="compute it with `resilience run`"):
        lake.read(KEY)


def test_a_version_that_somebody_deleted_is_named(lake):
    file = lake.file_of(write(lake, OLD))
    file.unlink()
    with pytest.raises(LakeError, match=r"not in the lake any more[\s\S]*resilience run") as error:
        lake.read(KEY)
    assert error.value.file == str(file)


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"key": ["panel"]}', '{"data_version": "../../etc"}'])
def test_a_damaged_pointer_names_its_file_and_the_remedy(lake, damage):
    file = lake.file_of(write(lake, OLD)).with_name("current.json")
    file.write_text(damage)
    with pytest.raises(LakeError, match="delete this file") as error:
        lake.current(KEY)
    assert error.value.file == str(file)


def test_a_pointer_cannot_lead_out_of_the_lake(lake):
    file = lake.file_of(write(lake, OLD)).with_name("current.json")
    record = json.loads(file.read_text())
    file.write_text(json.dumps(record | {"data_version": "../../../../secret"}))
    with pytest.raises(LakeError, match="no data version"):
        lake.read(KEY)


def test_a_damaged_version_is_named_and_healed_by_writing_it_again(lake):
    file = lake.file_of(write(lake, OLD))
    file.write_bytes(file.read_bytes()[:40])
    with pytest.raises(LakeError, match=r"damaged[\s\S]*resilience run"):
        lake.read(KEY)
    write(lake, OLD)
    assert lake.read(KEY).equals(OLD)


@pytest.mark.parametrize(
    "key",
    [("panel",), ("panel", ".."), ("panel", "a/b"), ("/etc", "x"), ("panel", "A"), ("panel", ""), ("runs", "x")],
)
def test_a_key_that_could_leave_the_lake_is_refused(lake, key):
    with pytest.raises(ValueError, match="no table key"):
        write(lake, OLD, key=key)


def test_the_lake_lists_its_tables_in_order(lake):
    write(lake, OLD, ("staging", "wind"))
    write(lake, OLD)
    lake.write_rejects("wind", OLD, run_id="run_1", synthetic=False)
    assert [p.name for p in lake.tables()] == ["panel/trade_resilience/outcomes", "rejects/wind", "staging/wind"]


def test_a_disk_that_refuses_is_an_error_with_a_remedy(lake):
    (lake.root / "panel").write_text("a file where a folder should be")
    with pytest.raises(LakeError, match=r"cannot be written[\s\S]*folder writable"):
        write(lake, OLD)


def test_a_variant_reads_the_headline_until_it_has_its_own(lake):
    write(lake, OLD)
    variant = lake.variant("winsorise_none")
    assert variant.read(KEY).equals(OLD)
    write(variant, NEW)
    assert variant.read(KEY).equals(NEW)


def test_a_variant_never_changes_the_headline(lake):
    write(lake, OLD)
    before = {file: file.read_bytes() for file in (lake.root / "panel").rglob("*") if file.is_file()}
    snapshot = lake.variant("winsorise_none").pin("run_v")
    snapshot.write(KEY, NEW, code_version="c1", options={"winsorise": "none"})
    assert {file: file.read_bytes() for file in (lake.root / "panel").rglob("*") if file.is_file()} == before
    assert lake.read(KEY).equals(OLD)
    assert lake.variants() == ["winsorise_none"]


def test_a_variant_s_name_cannot_leave_the_lake(lake):
    with pytest.raises(ValueError, match="no variant"):
        lake.variant("../panel")
