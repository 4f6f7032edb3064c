"""Dagster's storage in Postgres: one process runs, another finds the run, and nobody finds the password."""

import json
import subprocess
import sys

import pytest

from tests.integration.postgres_server import postgres_server
from tests.integration.terminal import Terminal

pytest.importorskip("dagster_postgres", reason="the extra postgres is not installed")

URL = "DAGSTER_POSTGRES_URL"
#: What a colleague's process sees of the instance, and what the UI's page of its configuration shows.
LOOK = """
import json, dagster as dg
from resilience_pipeline.project import find_project
find_project()
with dg.DagsterInstance.get() as instance:
    record = instance.get_latest_materialization_event(dg.AssetKey(["sources", "wind"]))
    print(json.dumps({
        "runs": [[run.run_id, run.status.value] for run in instance.get_runs()],
        "materialised_by": record.run_id,
        "storage": type(instance.event_log_storage).__name__,
        "shown": instance.info_str(),
    }))
"""


@pytest.fixture(scope="module")
def server():
    with postgres_server() as (url, password):
        yield url, password


#: Where alerts go; their secrets stand in the environment.
ALERTS = """
[alerts.email]
host = "127.0.0.1"
from = "pipeline@example.org"
to = ["me@example.org"]
password_from = "MAIL_PASSWORD"
[alerts.webhook]
url_from = "HOOK_URL"
token_from = "HOOK_TOKEN"
"""
SECRETS = {"MAIL_PASSWORD": "planted-mail", "HOOK_URL": "https://127.0.0.1/planted-hook", "HOOK_TOKEN": "planted-token"}


def test_a_run_kept_in_postgres_is_found_by_another_process_and_secrets_by_nobody(server, tmp_path):
    url, password = server
    terminal = Terminal(tmp_path)
    terminal("setup", "--postgres")
    (tmp_path / "resilience.toml").write_text(ALERTS)
    with (tmp_path / ".env").open("a") as env:
        env.writelines(f"{name}={value}\n" for name, value in {URL: url, **SECRETS}.items())
    (tmp_path / "data_lake" / "landing" / "pilot_list.xlsx").write_bytes(b"no workbook")
    report = terminal.json("run", "--select", 'key:"sources/pilot_list" or key:"sources/wind"', expect=1)
    (run_id,) = report["run_ids"]
    colleague = subprocess.run(
        [sys.executable, "-c", LOOK], cwd=tmp_path, env=terminal.environment, capture_output=True, text=True, check=True
    )
    seen = json.loads(colleague.stdout)
    assert seen["storage"] == "PostgresEventLogStorage"
    assert seen["runs"] == [[run_id, "FAILURE"]]
    assert seen["materialised_by"] == run_id
    assert not list(tmp_path.rglob("*.db")), "a run or an event went to SQLite"
    told = {"the page of the instance": seen["shown"], **texts_of_database(url), **texts_below(tmp_path)}
    planted = (password, *SECRETS.values())
    assert [place for place, text in told.items() if any(secret in text for secret in planted)] == []


def texts_of_database(url: str) -> dict[str, str]:
    """Table -> all its rows as text."""
    import psycopg2

    connection = psycopg2.connect(url)
    with connection, connection.cursor() as cursor:
        cursor.execute("select table_name from information_schema.tables where table_schema = 'public'")
        names = [name for (name,) in cursor.fetchall()]
        texts = {}
        for name in names:
            cursor.execute(f'select t::text from "{name}" t')
            texts[name] = "\n".join(row for (row,) in cursor.fetchall())
    connection.close()
    assert "pilot_list.xlsx" in texts["event_logs"]
    return texts


def texts_below(folder) -> dict[str, str]:
    """File -> its content, of all files but `.env`, where secrets belong."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != ".env"]
    return {str(path): path.read_bytes().decode("latin-1") for path in files}


@pytest.mark.parametrize(
    ("url", "words"),
    [
        (None, "is not set"),
        ("postgresql://team:swordfish@127.0.0.1:9/postgres", "refuses"),
        ("team:swordfish@nowhere", "no address"),
    ],
    ids=["no address", "no server", "a mangled address"],
)
def test_a_storage_that_cannot_be_opened_is_named_with_a_remedy_and_no_password(tmp_path, monkeypatch, url, words):
    from resilience_pipeline.errors import PipelineError
    from resilience_pipeline.postgres import demand_server, use_postgres
    from resilience_pipeline.project import find_project

    monkeypatch.setenv("RESILIENCE_PROJECT", str(tmp_path))
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))
    monkeypatch.delenv(URL, raising=False)
    if url:
        monkeypatch.setenv(URL, url)
    project = find_project()
    use_postgres(project)
    with pytest.raises(PipelineError, match=words) as told:
        demand_server(project)
    assert ".env" in told.value.remedy
    assert "swordfish" not in str(told.value)


def test_setting_up_postgres_keeps_what_dagster_yaml_says_and_refuses_another_storage(tmp_path, monkeypatch):
    from resilience_pipeline.errors import PipelineError
    from resilience_pipeline.postgres import use_postgres
    from resilience_pipeline.project import find_project

    monkeypatch.setenv("RESILIENCE_PROJECT", str(tmp_path))
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))
    project = find_project()
    file = tmp_path / "home" / "dagster.yaml"
    file.parent.mkdir()
    file.write_text("telemetry:\n  enabled: false\n")
    use_postgres(project)
    assert file.read_text().startswith("telemetry:\n  enabled: false\nstorage:\n  postgres:")
    before = file.read_text()
    assert file not in use_postgres(project)
    assert file.read_text() == before
    file.write_text("storage:\n  sqlite:\n    base_dir: here\n")
    with pytest.raises(PipelineError, match="another storage"):
        use_postgres(project)
