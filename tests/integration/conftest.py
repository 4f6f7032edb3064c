"""One small twin, run once through Dagster, for all tests that look at a finished project."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

SEED, CITIES = 7, 60


@dataclass(frozen=True)
class Terminal:
    """The `resilience` command in a project folder of its own."""

    root: Path

    def __call__(self, *arguments: str, expect: int = 0) -> str:
        done = self.run(*arguments)
        assert done.returncode == expect, f"{arguments}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "resilience_pipeline", *arguments],
            cwd=self.root,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def json(self, *arguments: str, expect: int = 0):
        return json.loads(self(*arguments, "--json", expect=expect))

    @property
    def environment(self) -> dict[str, str]:
        drop = ("DAGSTER_HOME", "RESILIENCE_LAKE", "RESILIENCE_LANDING")
        kept = {name: value for name, value in os.environ.items() if name not in drop}
        return {**kept, "RESILIENCE_PROJECT": str(self.root), "DAGSTER_DISABLE_TELEMETRY": "yes"}


@pytest.fixture(scope="session")
def small_twin(tmp_path_factory) -> Path:
    """A synthetic twin of sixty cities: `landing/` and `truth.json`."""
    out = tmp_path_factory.mktemp("twin") / "small"
    Terminal(out.parent)("twin", "--out", str(out), "--seed", str(SEED), "--cities", str(CITIES))
    return out


@pytest.fixture(scope="session")
def finished(tmp_path_factory, small_twin) -> Terminal:
    """A project after one full run on the small twin. Tests must not change its lake."""
    terminal = Terminal(tmp_path_factory.mktemp("finished"))
    terminal("run", "--landing", str(small_twin / "landing"))
    return terminal
