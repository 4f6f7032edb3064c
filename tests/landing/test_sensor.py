"""The sensor as Dagster calls it: on an ephemeral instance, with a lake and a landing folder of its own."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest

from resilience_pipeline.assets.landing import FAILED_TAG, freshness, landing_sensor
from resilience_pipeline.assets.schedules import editions_due, monthly_recheck
from resilience_pipeline.definitions import defs
from resilience_pipeline.frozen.pins import NO_PINS, Pins, write_pins
from resilience_pipeline.frozen.steps import PINS_KEY
from resilience_pipeline.landing.rules import Rules
from resilience_pipeline.sources.registry import SOURCES
from resilience_pipeline.sources.source import Due
from resilience_pipeline.warehouse.lake import Lake
from resilience_pipeline.warehouse.lock import run_lock

WIND = "wind/a.csv"


@pytest.fixture
def project(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("RESILIENCE_PROJECT", str(tmp_path))
    for name in ("RESILIENCE_LAKE", "RESILIENCE_LANDING"):
        monkeypatch.delenv(name, raising=False)
    landing = tmp_path / "data_lake" / "landing"
    landing.mkdir(parents=True)
    return tmp_path


@dg.job
def nothing():
    pass


@pytest.fixture
def filled(project, monkeypatch) -> Path:
    """A project whose lake has every table."""
    everything = defs.get_repository_def().asset_graph.materializable_asset_keys
    monkeypatch.setattr("resilience_pipeline.assets.landing._written", lambda lake: set(everything))
    return project


class Daemon:
    """Calls the sensor as Dagster's daemon does, keeping its cursor."""

    def __init__(self, rules: Rules = Rules()) -> None:  # noqa: B008 -- frozen
        self.sensor, self.cursor, self.instance = landing_sensor(rules), None, dg.DagsterInstance.ephemeral()

    def tick(self) -> dg.SensorResult:
        with dg.build_sensor_context(self.instance, self.cursor, repository_def=defs.get_repository_def()) as context:
            result = self.sensor(context)
        self.cursor = result.cursor or self.cursor
        return result


def put(project: Path, file: str, content: str | bytes) -> None:
    target = project / "data_lake" / "landing" / file
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content if isinstance(content, bytes) else content.encode())


def test_a_delivery_asks_for_the_inventory_its_source_and_all_that_rests_on_it_and_nothing_else(filled):
    daemon = Daemon()
    put(filled, WIND, "x")
    assert daemon.tick().run_requests == []
    arrived = daemon.tick()
    (request,) = arrived.run_requests
    asked = {key.to_user_string() for key in request.asset_selection}
    assert {"sources/inventory", "sources/wind", "staging/wind", "report/table_4"} <= asked
    assert {key for key in asked if key.startswith(("sources/", "staging/", "landing/"))} == {
        "sources/inventory",
        "sources/wind",
        "staging/wind",
    }
    assert request.tags["resilience/delivery"] == "wind"
    assert [event.asset_key.to_user_string() for event in arrived.asset_events] == ["landing/wind"]
    assert daemon.tick().run_requests == []


def test_the_first_delivery_asks_for_all_that_the_lake_never_had(project):
    daemon = Daemon()
    put(project, WIND, "x")
    daemon.tick()
    (request,) = daemon.tick().run_requests
    assert set(request.asset_selection) == set(defs.get_repository_def().asset_graph.materializable_asset_keys)


def test_pins_moved_since_the_last_run_go_with_the_next_delivery(filled):
    daemon = Daemon()
    lake = Lake(filled / "data_lake")
    put(filled, WIND, "x")
    daemon.tick()
    write_pins(lake.root, Pins("2026-11-24T00:00:00+00:00", {}))
    (request,) = daemon.tick().run_requests
    assert {"sources/pins", "frozen/pilot_list"} <= {key.to_user_string() for key in request.asset_selection}
    told = {"frozen": True, "frozen_at": "2026-11-24T00:00:00+00:00"}
    lake.write(PINS_KEY, NO_PINS, run_id="r", code_version="c", inputs={}, options={}, synthetic=False, notes=told)
    put(filled, "wind/b.csv", "y")
    daemon.tick()
    (request,) = daemon.tick().run_requests
    assert "sources/pins" not in {key.to_user_string() for key in request.asset_selection}


def test_the_cursor_is_as_small_for_five_hundred_files_as_for_none(project):
    daemon = Daemon()
    daemon.tick()
    empty = len(daemon.cursor)
    for number in range(500):
        put(project, f"wind/{number}.csv", "x")
    daemon.tick()
    daemon.tick()
    assert len(daemon.cursor) == empty < 100


def test_nothing_is_asked_for_while_another_run_holds_the_lake(project):
    daemon = Daemon()
    put(project, WIND, "x")
    daemon.tick()
    with run_lock(project / "data_lake", "resilience run", 1):
        waiting = daemon.tick()
    assert waiting.run_requests == []
    assert "asked for when resilience run has ended" in waiting.skip_reason.skip_message
    assert len(daemon.tick().run_requests) == 1


def test_nothing_is_asked_for_while_a_run_is_about_to_start(project):
    daemon = Daemon()
    starting = daemon.instance.create_run_for_job(nothing, status=dg.DagsterRunStatus.STARTING)
    put(project, WIND, "x")
    daemon.tick()
    assert f"when Dagster run {starting.run_id} has ended" in daemon.tick().skip_reason.skip_message


def test_a_run_told_of_failed_deliveries_carries_them_and_does_without_them(project):
    daemon = Daemon(Rules(patience_ticks=1, give_up_ticks=2))
    put(project, "wind/cut.xlsx", b"PK\x03\x04half")
    requests = [request for _ in range(5) for request in daemon.tick().run_requests]
    (request,) = requests
    assert json.loads(request.tags[FAILED_TAG]) == {
        "wind/cut.xlsx": "it is cut short: the directory at a workbook's end is missing or damaged"
    }
    assert [key.to_user_string() for key in request.asset_selection] == ["sources/inventory"]
    assert request.run_config == {"resources": {"lake": {"config": {"held_back": ["wind/cut.xlsx"]}}}}


def test_a_name_that_is_no_text_breaks_no_tick(project):
    daemon = Daemon()
    put(project, "wind/\udcff.csv", "x")
    results = [daemon.tick() for _ in range(2)]
    said = [results[0].skip_reason.skip_message, results[1].asset_events[0].metadata["first_files"].value]
    assert said == ["arriving: wind/\\udcff.csv (it is still being written)", "wind/\\udcff.csv"]
    put(project, "wind/\udcfe.csv", "")
    put(project, "wind/b.csv", "y")
    requests = [request for _ in range(13) for request in daemon.tick().run_requests]
    assert [request.run_config for request in requests] == [{}]


def test_a_lake_that_cannot_be_written_is_said_and_nothing_is_forgotten(project, monkeypatch):
    daemon = Daemon()
    put(project, WIND, "x")
    daemon.tick()

    def full(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("resilience_pipeline.assets.landing.write_memory", full)
        said = daemon.tick()
    assert "cannot be written (No space left on device)" in said.skip_reason.skip_message
    assert len(daemon.tick().run_requests) == 1


def test_every_automation_is_on_in_code():
    repository = defs.get_repository_def()
    sensors = {sensor.name: sensor.default_status for sensor in repository.sensor_defs}
    assert {name for name, status in sensors.items() if status == dg.DefaultSensorStatus.RUNNING} >= {
        "landing",
        "alert_of_failed_runs",
        "alert_of_failed_deliveries",
        "alert_of_overdue_sources",
    }
    assert {schedule.name: schedule.default_status for schedule in repository.schedule_defs} == dict.fromkeys(
        ("editions_due", "monthly_recheck"), dg.DefaultScheduleStatus.RUNNING
    )


def test_a_yearbook_is_overdue_in_april_where_nothing_came_since_november():
    policy = freshness(Due(appears=12, overdue=4))
    assert policy.deadline_cron == "0 0 1 4 *"
    assert 150 <= policy.lower_bound_delta.days <= 160


def test_each_source_with_a_calendar_has_a_freshness_policy_and_the_others_have_none():
    graph = defs.resolve_asset_graph()
    dated = {source.name for source in SOURCES if source.due is not None}
    policies = {
        key.path[1]
        for key in graph.get_all_asset_keys()
        if key.path[0] == "landing" and graph.get(key).freshness_policy
    }
    assert (
        policies
        == dated
        == {"city_yearbook", "science_yearbook", "pku_finance_index", "national_accounts", "work_reports"}
    )


def tick_of(schedule: dg.ScheduleDefinition, at: datetime) -> dg.RunRequest:
    with dg.build_schedule_context(
        dg.DagsterInstance.ephemeral(), scheduled_execution_time=at, repository_def=defs.get_repository_def()
    ) as context:
        return schedule(context)


def test_in_december_the_yearbooks_are_looked_at_and_in_february_the_work_reports(filled):
    asked = {}
    schedule = editions_due(SOURCES, Rules())
    for month in (2, 12):
        request = tick_of(schedule, datetime(2026, month, 15, 4, tzinfo=UTC))
        keys = {key.to_user_string() for key in request.asset_selection}
        asked[request.run_key] = sorted(key for key in keys if key.startswith("sources/"))
        assert "report/table_4" in keys or month == 2
    assert asked == {
        "due 2026-02": ["sources/inventory", "sources/work_reports"],
        "due 2026-12": ["sources/city_yearbook", "sources/inventory", "sources/science_yearbook"],
    }


def test_the_monthly_recheck_leaves_unread_what_is_arriving_at_that_moment(project):
    schedule, at = monthly_recheck(Rules()), datetime(2026, 12, 1, 3, tzinfo=UTC)
    assert tick_of(schedule, at).run_config == {}
    daemon = Daemon()
    put(project, WIND, "x")
    daemon.tick()
    held_back = {"resources": {"lake": {"config": {"held_back": [WIND]}}}}
    assert tick_of(schedule, at).run_config == held_back
    memory = project / "data_lake" / "landing.json"
    os.utime(memory, (1_000_000_000, 1_000_000_000))  # the sensor has not looked for years
    assert tick_of(schedule, at).run_config == {}
