"""One small twin, run once through Dagster, for all tests that look at a finished project."""

from pathlib import Path

import pytest

from tests.integration.terminal import Terminal

SEED, CITIES = 7, 60


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
