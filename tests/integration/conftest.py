"""One small twin, run once through Dagster, for all tests that look at a finished project.

Both are made once for all processes of the suite: a full run costs more than most tests together.
"""

from pathlib import Path

import pytest

from tests.integration.once import once
from tests.integration.terminal import Terminal

SEED, CITIES = 7, 60


@pytest.fixture(scope="session")
def shared(tmp_path_factory, worker_id) -> Path:
    """A folder that all processes of this suite have in common."""
    own = tmp_path_factory.getbasetemp()
    return own if worker_id == "master" else own.parent


@pytest.fixture(scope="session")
def small_twin(shared) -> Path:
    """A synthetic twin of sixty cities: `landing/` and `truth.json`."""
    out = shared / "small_twin" / "twin"
    once(
        out.parent,
        lambda folder: Terminal(folder)("twin", "--out", str(out), "--seed", str(SEED), "--cities", str(CITIES)),
    )
    return out


@pytest.fixture(scope="session")
def finished(shared, small_twin) -> Terminal:
    """A project after one full run on the small twin. Tests must not change its lake."""
    root = shared / "finished"
    once(root, lambda folder: Terminal(folder)("run", "--landing", str(small_twin / "landing")))
    return Terminal(root)


@pytest.fixture(scope="session")
def exported(shared, finished) -> Path:
    """The folder of one export of the finished run."""
    out = shared / "exported"
    once(out, lambda folder: finished("export", "--out", str(folder)))
    return out
