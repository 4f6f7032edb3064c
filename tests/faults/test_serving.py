"""`resilience dev` on one Dagster home: one at a time, and who comes second is told who was first."""

import os
import signal
import socket
import time
from contextlib import contextmanager

import pytest
from typer.testing import CliRunner

from resilience_pipeline import serving
from resilience_pipeline.cli import app
from resilience_pipeline.errors import PipelineError
from resilience_pipeline.project import find_project
from resilience_pipeline.serving import is_loopback, serve, served_by
from tests.faults.processes import process

pytestmark = pytest.mark.skipif(os.name == "nt", reason="sessions and signals as Unix has them")

#: Serves with a server of its own that starts a process, says which, and sleeps.
LAUNCHER = """
import os, sys
from pathlib import Path
from resilience_pipeline import serving
from resilience_pipeline.project import find_project
server = "import subprocess, sys, time; print(subprocess.Popen(['sleep', '60']).pid, flush=True); time.sleep(60)"
serving._dagster = lambda host, port, read_only: [sys.executable, "-c", server]
os.environ.update(RESILIENCE_PROJECT=sys.argv[1], DAGSTER_HOME=sys.argv[1])
sys.exit(serving.serve(find_project(), "127.0.0.1", int(sys.argv[2])))
"""


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("RESILIENCE_PROJECT", str(tmp_path))
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def launched(home, port):
    """A launcher whose server runs, and the card that it wrote."""
    with process(LAUNCHER, home, port) as launcher:
        eventually(lambda: (card := served_by(home)) is not None and card.pid > 0)
        card = served_by(home)
        try:
            yield launcher, card
        finally:
            if anything_runs(card.pid):
                os.killpg(card.pid, signal.SIGKILL)


def eventually(true, seconds=20.0):
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, "it never came about"
        time.sleep(0.05)


def anything_runs(session):
    """Whether the server or anything that it started still runs."""
    try:
        os.killpg(session, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_second_one_is_told_the_first_one_s_process_address_and_start(home, port):
    with launched(home, port) as (_, card):
        with pytest.raises(PipelineError, match="served already") as error:
            serve(find_project(), "127.0.0.1", port + 1)
        assert f"process {card.pid} on http://127.0.0.1:{port}, since {card.started}" in str(error.value)
        assert "--read-only" in str(error.value)


def test_the_server_and_all_it_started_end_with_the_launcher_and_the_home_is_free(home, port):
    with launched(home, port) as (launcher, card):
        launcher.send_signal(signal.SIGTERM)
        assert launcher.wait(timeout=20) == 0
        eventually(lambda: not anything_runs(card.pid))
        assert served_by(home) is None
        assert not (home / "dev.lock.json").exists()


def test_a_killed_launcher_s_server_still_holds_the_home_until_it_ends(home, port):
    with launched(home, port) as (launcher, card):
        launcher.kill()
        launcher.wait()
        assert served_by(home) == card
        os.killpg(card.pid, signal.SIGKILL)
        eventually(lambda: served_by(home) is None)


def test_a_taken_port_is_named_and_leaves_the_home_free(home, port):
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        for read_only in (False, True):
            with pytest.raises(PipelineError, match=rf"port {port}[\s\S]*--port {port + 1}"):
                serve(find_project(), "127.0.0.1", port, read_only=read_only)
    assert served_by(home) is None


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("localhost", True),
        ("::1", True),
        ("0.0.0.0", False),
        ("::", False),
        ("example.org", False),
    ],
)
def test_loopback_is_what_only_this_machine_reaches(host, loopback):
    assert is_loopback(host) == loopback


def test_a_host_that_others_reach_needs_a_flag_and_is_warned_of(home, port, monkeypatch):
    refused = CliRunner().invoke(app, ["dev", "--host", "0.0.0.0"])
    assert isinstance(refused.exception, PipelineError)
    assert "no login" in str(refused.exception)
    assert "warning" not in refused.output
    served = []
    monkeypatch.setattr(serving, "_run", lambda command, *_: served.append(command) or 0)
    allowed = CliRunner().invoke(
        app, ["dev", "--host", "0.0.0.0", "--port", str(port), "--allow-remote", "--read-only"]
    )
    assert served == [serving._dagster("0.0.0.0", port, read_only=True)]
    assert f"warning: there is no login; whoever reaches 0.0.0.0:{port} may see everything" in allowed.output


def test_read_only_is_dagster_s_own_read_only_web_server_without_a_daemon():
    assert serving._dagster("127.0.0.1", 3001, read_only=True)[1:4] == ["-m", "dagster_webserver", "--read-only"]
    assert serving._dagster("127.0.0.1", 3001, read_only=False)[1:4] == ["-m", "dagster", "dev"]
