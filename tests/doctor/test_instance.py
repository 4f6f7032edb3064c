"""The doctor looks at Dagster's home and the user's own files, and starts nothing."""

import json
import time
from types import SimpleNamespace

import dagster as dg
import pytest
from sqlalchemy.exc import OperationalError
from typer.testing import CliRunner

from resilience_pipeline.cli import app
from resilience_pipeline.doctor import installation, instance, settings
from resilience_pipeline.doctor.examination import examine
from resilience_pipeline.doctor.finding import Finding
from resilience_pipeline.project import find_project, set_up
from resilience_pipeline.serving import Card


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A project's home in which a Dagster instance was opened once."""
    home = tmp_path_factory.mktemp("project")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RESILIENCE_PROJECT", str(home))
        patch.delenv("DAGSTER_HOME", raising=False)
        set_up(find_project())
    with dg.DagsterInstance.from_config(str(home / ".dagster_home")) as opened:
        opened.get_runs_count()
    return home


@pytest.fixture
def project(home, monkeypatch):
    monkeypatch.setenv("RESILIENCE_PROJECT", str(home))
    monkeypatch.setenv("DAGSTER_HOME", str(home / ".dagster_home"))
    monkeypatch.setenv("DAGSTER_DISABLE_TELEMETRY", "yes")
    return find_project()


def levels(findings):
    return {finding.message: finding.level for finding in findings}


def test_a_home_as_setup_writes_it_is_well(project):
    found = levels(instance.examine(project, deep=True))
    assert set(found.values()) == {"ok"}
    assert "Dagster's telemetry is off" in found
    assert any(message.startswith("no daemon runs, so sensors and schedules rest") for message in found)


def test_a_home_that_was_not_set_up_says_so(tmp_path, project, monkeypatch):
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    (found,) = instance.examine(find_project())
    assert (found.level, found.remedy) == ("warning", "resilience setup")


@pytest.mark.parametrize("text", ["telemetry: [", "telemetry: {enabled: perhaps}", "no_such_section: {}"])
def test_a_dagster_yaml_that_cannot_be_used_is_named(project, text):
    file = project.dagster_home / "dagster.yaml"
    good = file.read_text()
    try:
        file.write_text(text)
        found = list(instance.examine(project))
    finally:
        file.write_text(good)
    assert [finding.level for finding in found] == ["error"]
    assert str(file) in found[0].message
    assert "mend that file" in found[0].remedy


def test_telemetry_and_several_runs_at_once_are_warned_of(project, monkeypatch):
    file = project.dagster_home / "dagster.yaml"
    good = file.read_text()
    monkeypatch.delenv("DAGSTER_DISABLE_TELEMETRY")
    try:
        file.write_text(
            good.replace("enabled: false", "enabled: true", 1).replace(
                "max_concurrent_runs: 1", "max_concurrent_runs: 4"
            )
        )
        found = levels(instance.examine(project))
    finally:
        file.write_text(good)
    assert found["Dagster's telemetry is on: it tells its makers of runs"] == "warning"
    assert found["Dagster may start 4 runs at a time, the lake takes one"] == "warning"


def test_a_damaged_history_is_an_error_and_the_lake_does_not_depend_on_it(project):
    file = project.dagster_home / "history" / "runs.db"
    good = file.read_bytes()
    try:
        file.write_bytes(b"no database" * 1000)
        found = {deep: list(instance.examine(project, deep=deep)) for deep in (False, True)}
    finally:
        file.write_bytes(good)
    for findings in found.values():
        assert [finding.level for finding in findings if finding.level != "ok"] == ["error"]
        assert findings[-1].remedy.startswith("results do not depend on it")


@pytest.mark.parametrize(
    "refusal",
    [
        OperationalError("insert", {}, Exception("attempt to write a readonly database")),
        OperationalError("select", {}, Exception("unable to open database file")),
        PermissionError(13, "Permission denied"),
    ],
)
def test_a_home_of_another_owner_is_not_called_damaged(project, monkeypatch, refusal):
    def refuse(_home):
        raise refusal

    monkeypatch.setattr(dg.DagsterInstance, "from_config", refuse)
    (found,) = instance.examine(project)
    assert found.level == "error"
    assert "writable for you" in found.remedy
    assert "move" not in found.remedy


def test_another_release_s_schema_asks_for_a_migration():
    store = SimpleNamespace(alembic_version=lambda: ("old", "new"))
    opened = SimpleNamespace(run_storage=store, event_log_storage=store, schedule_storage=None)
    (found,) = instance._schema(opened)
    assert found.level == "error"
    assert "runs (is old, should be new)" in found.message
    assert "dagster instance migrate" in found.remedy


def daemons(healthy, errors=(), at=None):
    beat = SimpleNamespace(timestamp=at or time.time(), errors=[SimpleNamespace(message=words) for words in errors])
    return {"SENSOR": SimpleNamespace(required=True, healthy=healthy, last_heartbeat=beat)}


@pytest.mark.parametrize(
    ("statuses", "served", "level", "words"),
    [
        (
            daemons(True),
            Card(7, "127.0.0.1", 3000, "now"),
            "ok",
            "1 daemons are alive, served by process 7 on port 3000",
        ),
        (daemons(False), None, "ok", "no daemon runs"),
        (daemons(False, at=4e9), None, "ok", "in the future: a clock was set"),
        (daemons(False), Card(7, "127.0.0.1", 3000, "now"), "warning", "daemons are silent"),
        (daemons(True, ["You likely have multiple daemon processes"]), None, "error", "more than one daemon"),
        (daemons(True, ["sensor failed\ntrace"]), None, "error", "daemons report: sensor failed"),
    ],
)
def test_daemons_are_alive_silent_or_too_many(tmp_path, monkeypatch, statuses, served, level, words):
    monkeypatch.setattr(instance, "served_by", lambda home: served)
    (found,) = instance._daemons(statuses, tmp_path)
    assert found.level == level
    assert words in found.message


def test_two_homes_are_warned_of(project, monkeypatch, tmp_path):
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    assert any("DAGSTER_HOME names" in message for message in levels(instance.examine(project)))


def test_mistakes_in_the_user_s_files_are_errors(project):
    assert set(levels(settings.examine(project)).values()) == {"ok"}
    study = project.studies / "mine.toml"
    study.parent.mkdir(exist_ok=True)
    try:
        project.settings_file.write_text("[options]\nwinsorise = 'perhaps'\n")
        study.write_text("name = 'mine'\n")
        found = list(settings.examine(project))
    finally:
        project.settings_file.unlink()
        study.unlink()
    assert [finding.level for finding in found] == ["error", "error"]
    assert "winsorise" in found[0].message
    assert "mine.toml" in found[1].message


def test_the_command_prints_what_to_do_and_its_exit_code_says_whether_all_is_well(project, monkeypatch):
    monkeypatch.setattr(installation, "examine", lambda: iter([Finding("installation", "ok", "as it should be")]))
    result = CliRunner().invoke(app, ["doctor", "--json"])
    record = json.loads(result.output)
    assert (result.exit_code, record["ok"]) == (0, True)
    assert {finding["area"] for finding in record["findings"]} == {
        "installation",
        "settings",
        "lake",
        "tables",
        "deliveries",
        "warehouse",
        "instance",
        "landing",
    }
    monkeypatch.setattr(
        "resilience_pipeline.doctor.examination.examine",
        lambda *_, **__: iter([Finding("lake", "error", "it is full", "make room")]),
    )
    printed = CliRunner().invoke(app, ["doctor"])
    assert printed.exit_code == 1
    assert "error" in printed.output
    assert "-> make room" in printed.output


def test_a_project_without_a_lake_is_told_how_to_begin(project, tmp_path, monkeypatch):
    monkeypatch.setenv("RESILIENCE_LAKE", str(tmp_path / "none"))
    (found,) = [finding for finding in examine(find_project()) if finding.area == "lake"]
    assert (found.level, found.remedy) == ("warning", "resilience demo, or resilience run")
    assert not (tmp_path / "none").exists()
