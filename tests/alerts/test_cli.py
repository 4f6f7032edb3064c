"""`resilience alerts` says where alerts go, tries the way, and prints no secret."""

import json

import pytest
from typer.testing import CliRunner

from resilience_pipeline.cli import app
from tests.alerts.servers import web_server


@pytest.fixture
def alerts(tmp_path, monkeypatch):
    """The command in a project of its own: settings in, exit code and output out."""
    monkeypatch.setenv("RESILIENCE_PROJECT", str(tmp_path))

    def run(settings: str, *arguments: str) -> tuple[int, str]:
        (tmp_path / "resilience.toml").write_text(settings)
        done = CliRunner().invoke(app, ["alerts", *arguments])
        return done.exit_code, done.output

    return run


def test_without_channels_it_says_that_the_log_is_the_only_one(alerts):
    assert "only to the log" in alerts("")[1]


def test_a_test_alert_reaches_the_webhook(alerts, monkeypatch):
    with web_server() as (url, received):
        monkeypatch.setenv("HOOK", f"{url}/hunter2")
        code, said = alerts('[alerts.webhook]\nurl_from = "HOOK"\n', "--test", "--json")
    assert code == 0
    assert json.loads(said) == {"channels": {"webhook": "to the address in HOOK"}, "test": {"webhook": "sent"}}
    assert "a test" in received[0][2]["text"]


def test_a_channel_that_fails_is_named_with_an_exit_code(alerts, monkeypatch):
    monkeypatch.setenv("HOOK", "https://nowhere.invalid/hunter2")
    code, said = alerts('[alerts.webhook]\nurl_from = "HOOK"\n', "--test")
    assert code == 1
    assert "not sent: gaierror" in said
    assert "hunter2" not in said
