"""Runs that are killed or meet each other leave good tables, and the next run completes."""

import os
import random
import signal
import subprocess
import sys
import time

import pytest

from tests.integration.terminal import HEADLINE, Terminal

pytestmark = pytest.mark.slow


def start(terminal: Terminal, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "resilience_pipeline", *arguments],
        cwd=terminal.root,
        env=terminal.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def versions(terminal: Terminal) -> dict[str, str]:
    """Data versions of all tables but the index of what a lake holds, which tells of its own runs."""
    tables = terminal.json("status")["tables"]
    return {table["table"]: table["data_version"] for table in tables if not table["table"].startswith("lineage.")}


def test_after_a_kill_two_runs_started_at_once_complete_and_neither_corrupts_the_other(tmp_path, small_twin, finished):
    terminal, landing = Terminal(tmp_path), str(small_twin / "landing")
    (tmp_path / "data_lake").mkdir()
    killed_after = random.Random(5).randrange(2, 9)  # many more moments: tests/faults/campaign.py
    run = start(terminal, "run", "--landing", landing, *HEADLINE)
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and run.poll() is None:
        if sum(1 for _ in (tmp_path / "data_lake").rglob("current.json")) >= killed_after:
            break
        time.sleep(0.01)
    os.killpg(run.pid, signal.SIGKILL)
    run.communicate()
    good, left = versions(finished), versions(terminal)
    assert left == {table: good[table] for table in left} != {}

    runs = [start(terminal, "run", "--landing", landing, *HEADLINE) for _ in range(2)]
    outcomes = [(run.communicate()[1], run.returncode) for run in runs]
    codes = sorted(code for _, code in outcomes)
    assert codes in ([0, 0], [0, 1], [0, 2]), outcomes
    for message, code in outcomes:
        if code:
            assert "lock" in message or "another run" in message

    terminal("run", "--landing", landing, *HEADLINE)
    written = versions(terminal)
    assert written == {table: good[table] for table in written}
    assert {"report.table_4", "report.real_2"} <= set(written)
    (count,) = terminal.json("sql", "select count(*) n from estimates.table_4_3")
    assert count["n"] == 8
