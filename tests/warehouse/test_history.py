"""Every run's tables stay readable, by the run's id or by a date, in the order of runs and not of the clock."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import polars as pl
import pytest

from resilience_pipeline.errors import LakeError
from resilience_pipeline.warehouse import history
from resilience_pipeline.warehouse.lake import Lake

KEY, OTHER = ("report", "table_4"), ("report", "table_5")
FIRST, SECOND, THIRD = (pl.DataFrame({"estimate": [value]}) for value in (0.1, 0.2, 0.3))
PRINTED = "| Table 4 |\n" * 400


@pytest.fixture
def lake(tmp_path):
    return Lake(tmp_path)


def run(lake, run_id, frame, *, key=KEY, ended=None, failed=()):
    """One run that writes one table; `ended` moves its clock."""
    snapshot = lake.pin(run_id)
    if frame is not None:
        snapshot.write(key, frame, code_version="c", options={"winsorise": "by_year"}, notes={"markdown": PRINTED})
    snapshot.end(failed)
    if ended is not None:
        file = replace(snapshot.record(), started=ended, ended=ended)
        snapshot.file.write_text(file.text, encoding="utf-8")


def test_a_table_is_read_as_any_run_left_it(lake):
    run(lake, "run_1", FIRST), run(lake, "run_2", SECOND)
    assert history.as_of(lake, "run_1").read(KEY).equals(FIRST)
    assert history.as_of(lake, "run_2").read(KEY).equals(SECOND)
    assert history.as_of(lake, "last").read(KEY).equals(SECOND)


def test_a_run_that_did_not_compute_a_table_left_it_as_it_found_it(lake):
    run(lake, "run_1", FIRST), run(lake, "run_2", SECOND, key=OTHER), run(lake, "run_3", THIRD)
    past = history.as_of(lake, "run_2")
    assert past.read(KEY).equals(FIRST)
    assert past.current(KEY).notes == {"markdown": PRINTED}
    assert (past.current(KEY).run_id, past.current(OTHER).run_id) == ("run_1", "run_2")


def test_a_date_means_its_end_and_a_time_that_moment(lake):
    run(lake, "run_1", FIRST, ended="2026-11-22T10:00:00+00:00")
    run(lake, "run_2", SECOND, ended="2026-11-23T10:00:00+00:00")
    here = datetime(2026, 11, 24, tzinfo=UTC)
    seen = {text: history.as_of(lake, text, local=here).run.record.run_id for text in ("2026-11-22", "2026-11-23")}
    assert seen == {"2026-11-22": "run_1", "2026-11-23": "run_2"}
    assert history.as_of(lake, "2026-11-23T09:59:59", local=here).run.record.run_id == "run_1"
    assert history.as_of(lake, "2026-11-23T12:00:00+01:00").run.record.run_id == "run_2"
    with pytest.raises(LakeError, match="had ended by '2026-11-21'"):
        history.as_of(lake, "2026-11-21", local=here)


def test_the_order_of_runs_does_not_follow_a_clock_that_was_set_back(lake):
    run(lake, "run_1", FIRST, ended="2026-11-24T10:00:00+00:00")
    run(lake, "run_2", SECOND, ended="2025-01-01T00:00:00+00:00")
    assert [item.record.run_id for item in history.runs_of(lake)] == ["run_1", "run_2"]
    assert history.as_of(lake, "last").read(KEY).equals(SECOND)


def test_the_order_survives_the_loss_of_its_counter(lake):
    run(lake, "run_1", FIRST), run(lake, "run_2", SECOND)
    (lake.root / "runs" / "sequence").unlink()
    run(lake, "run_3", THIRD)
    assert [item.record.sequence for item in history.runs_of(lake)] == [1, 2, 3]


def test_a_run_says_how_it_went_what_it_computed_and_what_it_changed(lake):
    run(lake, "run_1", FIRST), run(lake, "run_2", FIRST, failed=["report/table_5"])
    lake.pin("run_3").write(KEY, SECOND, code_version="c", options={})  # killed before its end
    one, two, three = history.runs_of(lake)
    assert [item.state for item in (one, two, three)] == ["ended", "1 failed", "did not end"]
    assert [item.record.computed for item in (one, two, three)] == [("report/table_4",)] * 3
    assert [item.changed for item in (one, two, three)] == [("report/table_4",), (), ("report/table_4",)]


def test_the_run_before_is_found_by_number_whatever_the_clocks_say(lake):
    run(lake, "run_1", FIRST), run(lake, "run_2", SECOND, ended="2030-01-01T00:00:00+00:00"), run(lake, "run_3", THIRD)
    assert [history.run_before(lake, number).record.run_id for number in (2, 3)] == ["run_1", "run_2"]
    assert history.run_before(lake, 1) is None


def test_the_beginning_of_an_id_is_enough_where_it_fits_one_run_only(lake):
    run(lake, "aaaa-1", FIRST), run(lake, "aaaa-2", SECOND), run(lake, "bbbb-1", THIRD)
    assert history.as_of(lake, "bbbb").run.record.run_id == "bbbb-1"
    with pytest.raises(LakeError, match="beginning of 2 runs"):
        history.as_of(lake, "aaaa")
    with pytest.raises(LakeError, match="resilience runs"):
        history.as_of(lake, "cccc")


def test_a_variant_is_read_as_it_stood_when_a_run_of_the_headline_had_ended(lake):
    run(lake, "run_1", FIRST)
    run(lake.variant("other"), "run_2", SECOND)
    run(lake, "run_3", THIRD)
    run(lake.variant("other"), "run_4", THIRD)
    assert history.as_of(lake.variant("other"), "run_3").read(KEY).equals(SECOND)
    assert history.as_of(lake, "run_4").read(KEY).equals(THIRD)
    with pytest.raises(LakeError, match="no run"):
        history.as_of(lake.variant("other"), "run_1")


def test_a_run_s_file_is_lean_and_what_a_table_prints_is_kept_once(lake):
    for number in range(5):
        run(lake, f"run_{number}", FIRST)
    sizes = [item.file.stat().st_size for item in history.runs_of(lake)]
    records = list((lake.root / "runs" / "records").glob("*/*.json"))
    assert max(sizes) < 600
    assert len(records) == 1
    assert json.loads(records[0].read_text())["notes"]["markdown"] == PRINTED


def test_a_file_that_an_earlier_version_wrote_stays_readable(lake):
    run(lake, "run_2", SECOND)
    pointer = lake.write(
        KEY, FIRST, run_id="run_1", code_version="c", inputs={}, options={}, synthetic=False, notes={"text": "old"}
    )
    old = lake.root / "runs" / "run_1.json"
    old.write_text(json.dumps({"run_id": "run_1", "tables": {pointer.name: pointer.as_json()}}))
    past = history.as_of(lake, "run_1")
    assert past.read(KEY).equals(FIRST)
    assert past.current(KEY) == pointer
    assert [item.record.run_id for item in history.runs_of(lake)] == ["run_1", "run_2"]  # before all numbered ones


@pytest.mark.parametrize("damage", [lambda good: b"{}", lambda good: good.replace(b"e", b"f", 1)])
def test_a_damaged_record_of_a_pin_is_named_and_keeps_no_run_from_other_tables(lake, damage):
    run(lake, "run_1", FIRST), run(lake, "run_2", SECOND, key=OTHER)
    past = history.as_of(lake, "run_2")
    record = history.Records(lake.root).file(past.run.record.pins["report/table_4"].record)
    record.write_bytes(damage(record.read_bytes()))
    with pytest.raises(LakeError, match="what is known of a version"):
        past.current(KEY)
    assert past.read(OTHER).equals(SECOND)
    run(lake, "run_3", None)  # pins anew, and so mends it
    assert history.as_of(lake, "run_3").read(KEY).equals(FIRST)
