"""The fault campaign in small: two sources, a kill at every third write and at a random moment."""

import json
import re
import subprocess
import sys

import pytest

from tests.faults.landing import put_good_files
from tests.faults.processes import REPOSITORY

SOURCES = ("city_yearbook", "wind")


@pytest.mark.slow
def test_after_each_kill_the_next_run_completes_with_the_tables_of_the_undisturbed_one(tmp_path):
    landing = tmp_path / "landing"
    put_good_files(landing)
    options = ["--random", "1", "--disks", "0", "--pairs", "0", "--every", "3", "--sources", ",".join(SOURCES)]
    places = ["--work", str(tmp_path / "work"), "--landing", str(landing)]
    command = [sys.executable, "-m", "tests.faults.campaign", *options, *places]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout[done.stdout.index("{") :]) == {"wrong": []}
    summary = r"renames to (\S+): (\d+) kills, (\d+) completed, (\d+) of them equal; at the end True"
    said = re.findall(summary, done.stdout)
    assert [(name, int(kills) == int(completed) == int(equal) > 0) for name, kills, completed, equal in said] == [
        (".parquet", True),
        ("current.json", True),
    ]
