"""What Dagster's hooks say of a run: table, place, remedy, and that old results stand."""

import json
from pathlib import Path

import dagster as dg
import pytest

from resilience_pipeline.assets.alerts import alert_sensors
from resilience_pipeline.assets.landing import FAILED_TAG
from resilience_pipeline.sources.registry import SOURCES

SENSORS = {sensor.name: sensor for sensor in alert_sensors(SOURCES)}
ENDED = (dg.DagsterEventType.RUN_SUCCESS, dg.DagsterEventType.RUN_FAILURE)
MESSAGE = "2-7.xlsx, sheet Sheet1, row 7: a value is no number\n  remedy:   download it again"


@dg.asset(key=["sources", "city_yearbook"])
def city_yearbook() -> None:
    raise dg.Failure(MESSAGE, allow_retries=False)


@dg.asset(key=["staging", "city_yearbook"], deps=[city_yearbook])
def staged() -> None: ...


@dg.asset(key=["sources", "wind"])
def wind() -> None: ...


@pytest.fixture
def project(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("RESILIENCE_PROJECT", str(tmp_path))
    return tmp_path


def said(capsys, sensor: str, assets: list, tags: dict[str, str] | None = None) -> str:
    """The log of the sensor after a run over these assets."""
    instance = dg.DagsterInstance.ephemeral()
    result = dg.materialize(assets, instance=instance, raise_on_error=False, tags=tags)
    context = dg.build_run_status_sensor_context(
        sensor_name=sensor,
        dagster_event=next(event for event in result.all_events if event.event_type in ENDED),
        dagster_instance=instance,
        dagster_run=instance.get_run_by_id(result.run_id),
        context=dg.build_sensor_context(instance),
    )
    capsys.readouterr()  # what the run itself said
    SENSORS[sensor](context)
    return capsys.readouterr().err


def test_a_failed_run_is_told_in_the_words_of_its_errors(capsys, project):
    text = said(capsys, "alert_of_failed_runs", [city_yearbook, staged, wind])
    for words in (
        "resilience: sources.city_yearbook blocked; old results stand",
        "2-7.xlsx, sheet Sheet1, row 7: a value is no number",
        "remedy:   download it again",
        "Not computed, since they rest on what is blocked: 1 table.",
    ):
        assert words in text


def test_failed_deliveries_are_told_though_the_run_over_the_others_went_well(capsys, project):
    tags = {FAILED_TAG: json.dumps({"wind/cut.xlsx": "it is cut short"})}
    assert "wind/cut.xlsx is not taken in: it is cut short" in said(capsys, "alert_of_failed_deliveries", [wind], tags)
    assert "resilience" not in said(capsys, "alert_of_failed_deliveries", [wind])


def test_a_settings_file_that_cannot_be_read_does_not_silence_the_log(capsys, project):
    (project / "resilience.toml").write_text("[alerts.webhook]\n")
    text = said(capsys, "alert_of_failed_runs", [city_yearbook])
    assert "no alert leaves this log" in text
    assert "sources.city_yearbook blocked" in text


def test_why_a_channel_failed_stands_in_the_log_and_the_secret_does_not(capsys, project, monkeypatch):
    monkeypatch.setenv("HOOK", "https://nowhere.invalid/hunter2")
    (project / "resilience.toml").write_text('[alerts.webhook]\nurl_from = "HOOK"\n')
    text = said(capsys, "alert_of_failed_runs", [city_yearbook])
    assert "alert by webhook: not sent: gaierror" in text
    assert "hunter2" not in text


def test_an_overdue_source_is_told_once_and_again_when_the_next_edition_is_overdue(capsys, project):
    class State:
        value = "FAIL"

    class Record:
        freshness_state = State()

    overdue = {dg.AssetKey(["landing", "city_yearbook"]): Record()}
    instance = dg.DagsterInstance.ephemeral()
    cursor, told = None, []
    for state in (overdue, overdue, {}, overdue):
        instance.get_freshness_state_records = lambda keys, state=state: state
        context = dg.build_sensor_context(instance, cursor)
        SENSORS["alert_of_overdue_sources"](context)
        cursor = context.cursor
        told.append("a delivery of city_yearbook is overdue" in capsys.readouterr().err)
    assert told == [True, False, False, True]
