"""The doctor names each damaged file of a lake, what rests on it, and what makes it whole."""

import json
from types import SimpleNamespace

import duckdb
import polars as pl
import pytest

from resilience_pipeline.doctor import deliveries, lake, landing, tables, warehouse
from resilience_pipeline.sources.delivered import Delivered, note_of
from resilience_pipeline.warehouse.atomic import replacing
from resilience_pipeline.warehouse.catalogue import publish
from resilience_pipeline.warehouse.deliveries import store_delivery
from resilience_pipeline.warehouse.lake import Lake
from resilience_pipeline.warehouse.lock import run_lock
from tests.faults.disks import Disk

SOURCE, STAGED, PANEL = ("sources", "wind"), ("staging", "wind"), ("panel", "study", "outcomes")


@pytest.fixture
def whole(tmp_path):
    """A lake with a source's table, what rests on it, a variant, a delivery and a warehouse."""
    (tmp_path / "landing").mkdir()
    (tmp_path / "landing" / "wind.csv").write_text("x\n1\n")
    whole = Lake(tmp_path / "lake")
    delivery = store_delivery(whole.root, tmp_path / "landing", "wind.csv")
    snapshot = whole.pin("run_1")
    note = note_of([Delivered("wind.csv", delivery.sha256, delivery.size)])
    put(snapshot, SOURCE, 1, notes={"deliveries": note})
    put(snapshot, STAGED, 2, inputs=[SOURCE])
    put(snapshot, PANEL, 3, inputs=[STAGED])
    put(whole.variant("winsorise_none").pin("run_2"), PANEL, 4, inputs=[STAGED], options={"winsorise": "none"})
    publish(whole)
    return whole


def put(snapshot, key, value, *, inputs=(), options=None, notes=None):
    return snapshot.write(
        key, pl.DataFrame({"x": [value]}), code_version="c", inputs=inputs, options=options or {}, notes=notes or {}
    )


def not_ok(findings):
    return [(finding.level, finding.message, finding.remedy) for finding in findings if finding.level != "ok"]


def test_a_whole_lake_is_well(whole):
    assert not_ok(lake.examine(whole.root)) == []
    for deep in (False, True):
        assert not_ok(tables.examine(whole.root, deep=deep)) == []
        assert not_ok(warehouse.examine(whole.root, deep=deep)) == []
    assert not_ok(deliveries.examine(whole.root, whole.root.parent / "landing")) == []
    assert not_ok(landing.examine(whole.root.parent / "landing")) == []


def test_a_damaged_table_is_named_with_all_that_rests_on_it(whole):
    file = whole.path(SOURCE)
    pl.DataFrame({"x": [99]}).write_parquet(file)
    ((level, message, remedy),) = not_ok(tables.examine(whole.root))
    assert level == "error"
    assert f"{file} is damaged or gone" in message
    assert "on which rest staging/wind, panel/study/outcomes" in message
    assert "`resilience run` computes it again" in remedy


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("winsorise_none", "`resilience run --set ...` with the options that make the variant winsorise_none"),
        ("living", "`resilience run` computes it again"),
    ],
)
def test_a_variant_s_damaged_table_says_which_run_makes_it_again(whole, name, remedy):
    put(whole.variant(name).pin("run_3"), PANEL, 4, inputs=[STAGED])
    whole.variant(name).path(PANEL).unlink()
    ((level, _, said),) = not_ok(tables.examine(whole.root))
    assert level == "error"
    assert said.startswith(remedy)


def test_a_damaged_pointer_is_named(whole):
    file = whole.path(STAGED).with_name("current.json")
    file.write_text("{")
    ((level, message, remedy),) = not_ok(tables.examine(whole.root))
    assert level == "error"
    assert message.startswith(f"{file} cannot be read")
    assert remedy.startswith("delete that file")


def test_a_damaged_old_version_is_found_when_looked_for_deeply(whole):
    old = whole.path(PANEL)
    put(whole.pin("run_3"), PANEL, 5, inputs=[STAGED])
    old.write_bytes(b"")
    assert not_ok(tables.examine(whole.root)) == []
    ((level, message, _),) = not_ok(tables.examine(whole.root, deep=True))
    assert level == "warning"
    assert f"1 of 5 kept versions are damaged: {old}" in message


def test_a_damaged_file_of_a_run_is_found_when_looked_for_deeply(whole):
    (whole.root / "runs" / "run_1.json").write_text("{")
    assert [
        level for level, message, _ in not_ok(tables.examine(whole.root, deep=True)) if "run_1.json" in message
    ] == ["error"]


def test_a_damaged_record_of_what_runs_read_is_found_when_looked_for_deeply(whole):
    record = sorted((whole.root / "runs" / "records").glob("*/*.json"))[0]
    record.write_bytes(record.read_bytes().replace(b"e", b"f", 1))
    assert not_ok(tables.examine(whole.root)) == []
    ((level, message, remedy),) = not_ok(tables.examine(whole.root, deep=True))
    assert (level, str(record) in message) == ("error", True)
    assert "resilience run" in remedy


def damage_copy(whole):
    (copy,) = (whole.root / "deliveries").glob("*/wind.csv")
    copy.chmod(0o644)
    copy.write_text("x\n2\n")
    return copy


def test_a_damaged_copy_that_landing_still_holds_is_copied_again_by_a_run(whole):
    copy = damage_copy(whole)
    ((level, message, remedy),) = not_ok(deliveries.examine(whole.root, whole.root.parent / "landing"))
    assert level == "error"
    assert message == f"{copy} is damaged or gone; sources/wind rests on it"
    assert remedy == "`resilience run` copies it again from wind.csv"


def test_a_damaged_copy_that_landing_holds_no_more_names_what_to_put_back_and_what_rests_on_it(whole):
    damage_copy(whole)
    (whole.root.parent / "landing" / "wind.csv").unlink()
    ((level, message, remedy),) = not_ok(deliveries.examine(whole.root, whole.root.parent / "landing"))
    assert level == "error"
    assert "the landing folder does not hold it any more; sources/wind rests on it" in message
    assert remedy.startswith("put wind.csv (SHA-256 ")


def test_a_copy_that_is_gone_is_missed_and_one_that_nothing_needs_is_said_to_be_so(whole, tmp_path):
    damage_copy(whole).unlink()
    spare = whole.root / "deliveries" / ("0" * 64) / "other.csv"
    spare.parent.mkdir()
    spare.write_text("other")
    messages = [message for _, message, _ in not_ok(deliveries.examine(whole.root, tmp_path / "none"))]
    assert messages[0] == f"{spare} is damaged or gone; no current table stands on it"
    assert "wind.csv is damaged or gone, and the landing folder" in messages[1]


def test_a_warehouse_that_is_gone_or_damaged_is_named_with_the_rebuild(whole):
    file = whole.root / "warehouse.duckdb"
    content = file.read_bytes()
    file.write_bytes(content[:5_000])
    ((level, message, remedy),) = not_ok(warehouse.examine(whole.root))
    assert (level, "resilience rebuild" in remedy) == ("error", True)
    file.unlink()
    ((level, message, remedy),) = not_ok(warehouse.examine(whole.root))
    assert (level, message, "resilience rebuild" in remedy) == ("warning", "there is no warehouse.duckdb", True)


def test_a_warehouse_that_is_behind_names_the_tables(whole):
    put(whole.pin("run_3"), PANEL, 5, inputs=[STAGED])
    ((level, message, _),) = not_ok(warehouse.examine(whole.root))
    assert (level, message) == ("warning", "1 tables are not as in the lake: panel.study_outcomes")


def test_a_table_of_the_warehouse_that_cannot_be_read_to_its_end_is_found_when_looked_for_deeply(whole):
    with duckdb.connect(str(whole.root / "warehouse.duckdb")) as connection:
        connection.execute("DELETE FROM staging.wind")
    assert not_ok(warehouse.examine(whole.root)) == []
    ((level, message, _),) = not_ok(warehouse.examine(whole.root, deep=True))
    assert (level, message) == ("error", "tables cannot be read to their end: staging.wind")


def test_little_room_and_too_little_room_are_told_apart(whole, monkeypatch):
    levels = {}
    for free in (1 << 20, 500 << 20):
        monkeypatch.setattr(lake.shutil, "disk_usage", lambda root, free=free: SimpleNamespace(free=free))
        levels[free] = {finding.level for finding in lake.examine(whole.root)}
    assert levels == {1 << 20: {"ok", "error"}, 500 << 20: {"ok", "warning"}}


def test_what_a_killed_writer_left_is_counted(whole):
    with replacing(whole.root / "panel" / "x.json") as hidden:
        hidden.write_text("half")
        ((level, message, _),) = not_ok(lake.examine(whole.root))
    assert (level, message) == ("warning", "killed writers left 1 hidden files, 4 bytes")


def test_who_runs_is_said(whole):
    with run_lock(whole.root, "resilience run 7", 0):
        messages = [finding.message for finding in lake.examine(whole.root)]
    assert "a run is going on: resilience run 7" in messages


def test_a_table_from_the_future_says_that_a_clock_was_wrong(whole):
    file = whole.path(PANEL).with_name("current.json")
    file.write_text(json.dumps(json.loads(file.read_text()) | {"written_at": "2099-01-01T00:00:00+00:00"}))
    ((level, message, _),) = not_ok(lake.examine(whole.root))
    assert level == "warning"
    assert message.endswith("panel/study/outcomes")


def test_a_lake_that_cannot_be_written_is_an_error(tmp_path):
    disk = Disk(tmp_path / "disk", "4m")
    try:
        Lake(disk.path / "lake")
        disk.make_read_only()
        levels = {finding.message: finding.level for finding in lake.examine(disk.path / "lake")}
    finally:
        disk.unmount()
    assert [level for message, level in levels.items() if "cannot be written (Read-only file system)" in message] == [
        "error"
    ]


def test_the_landing_folder_s_state_is_said(tmp_path, monkeypatch):
    ((level, message, _),) = not_ok(landing.examine(tmp_path / "none"))
    assert (level, message) == ("warning", f"{tmp_path / 'none'} is not there")
    (tmp_path / "wind").mkdir()
    (tmp_path / "wind" / "a.csv").write_text("x\n1\n")
    (tmp_path / "notes.csv").write_text("x\n1\n")
    ((level, message, _),) = not_ok(landing.examine(tmp_path))
    assert (level, message) == ("warning", "no source takes in notes.csv")
    monkeypatch.setattr(landing, "_opens", lambda file: False)
    assert ("error", "files cannot be read: wind/a.csv") in [f[:2] for f in not_ok(landing.examine(tmp_path))]

    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(landing, "recognise", refuse)
    ((level, message, _),) = not_ok(landing.examine(tmp_path))
    assert (level, message) == ("error", f"{tmp_path} cannot be read (Permission denied)")
