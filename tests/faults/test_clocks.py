"""Clocks set forward or back between runs: every run refreshes what changed, and runs keep their order."""

import os
import sys
from datetime import UTC, datetime

import polars as pl
import pytest

from resilience_pipeline.warehouse.attempts import last_attempt
from resilience_pipeline.warehouse.catalogue import publish
from resilience_pipeline.warehouse.history import LAST, as_of, runs_of
from resilience_pipeline.warehouse.lake import Lake
from resilience_pipeline.warehouse.query import user_query
from tests.faults.landing import GDP_2020, gdp, put, put_good_files, run_all

CELLS = ("sources", "city_yearbook")


@pytest.fixture
def set_clock(monkeypatch):
    """Sets the clock that every module of the package reads."""

    def set_clock(year):
        class Clock(datetime):
            @classmethod
            def now(cls, tz=None):
                return datetime(year, 6, 1, tzinfo=UTC)

        for name, module in list(sys.modules.items()):
            if name.startswith("resilience_pipeline.") and hasattr(module, "datetime"):
                monkeypatch.setattr(module, "datetime", Clock)

    return set_clock


def deliver(landing, shift, year):
    """A corrected file, whose time of change is of that year, too."""
    put(landing, GDP_2020, gdp(shift))
    moment = datetime(year, 6, 1, tzinfo=UTC).timestamp()
    os.utime(landing / GDP_2020, (moment, moment))


def test_runs_under_clocks_set_forward_and_back_refresh_what_changed_alone_and_keep_their_order(tmp_path, set_clock):
    landing, lake = tmp_path / "landing", Lake(tmp_path / "lake")
    put_good_files(landing)
    versions = []
    for number, year in enumerate((2031, 2019, 2045)):
        set_clock(year)
        deliver(landing, number * 10_000, year)
        assert run_all(landing, lake, f"run_{number}", force=False).failed == []
        assert last_attempt(lake, CELLS).at.startswith(str(year))
        assert publish(lake).startswith("published: ")
        versions.append(lake.current(CELLS).data_version)
    assert len(set(versions)) == 3, "a corrected file was passed over"
    assert [run.record.run_id for run in runs_of(lake)] == ["run_0", "run_1", "run_2"]
    assert as_of(lake, LAST).current(CELLS).data_version == versions[-1]
    assert as_of(lake, "run_1").current(CELLS).data_version == versions[1]
    set_clock(2020)
    again = run_all(landing, lake, "run_3", force=False)
    assert [key for key, outcome in again.outcomes.items() if key[0] == "staging" and outcome.computed] == []
    held = user_query(lake.root, "select data_version from catalogue.tables where key = 'sources/city_yearbook'")
    assert held.rows() == [(versions[-1],)]


@pytest.mark.parametrize("year", [2019, 2045])
def test_what_a_killed_writer_left_under_another_clock_harms_no_run(tmp_path, year):
    lake = Lake(tmp_path / "lake")
    leftover = lake.root / "panel" / "study" / ".incoming-half.parquet"
    leftover.parent.mkdir(parents=True)
    leftover.write_bytes(b"half")
    moment = datetime(year, 6, 1, tzinfo=UTC).timestamp()
    os.utime(leftover, (moment, moment))
    snapshot = lake.pin("run_1")
    snapshot.write(("panel", "study", "x"), pl.DataFrame({"x": [1]}), code_version="c", options={})
    assert leftover.exists() == (year == 2045), "what may be of a living writer stays, what is old goes"
    assert publish(lake) == "published: 1 tables"
