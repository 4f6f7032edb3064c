"""One bad thing at a time in a good landing folder: the message says where and what to do, the rest goes on.

Each case starts from the lake that the good folder filled. What a fault means is the rule's level: a file that cannot
be read, or a rule on the whole table, leaves the last good table byte for byte; a rule on a row moves that row alone
to the rejects; some faults are none. Whatever it is, every other source is refreshed by the same run.
"""

import shutil
from pathlib import Path

import pytest

from resilience_pipeline.warehouse.lake import Lake
from tests.faults.bad_input.ground import Ground
from tests.faults.landing import put_good_files, run_all


@pytest.fixture(scope="session")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the good `landing` and the `lake` that it filled."""
    folder = tmp_path_factory.mktemp("good")
    put_good_files(folder / "landing")
    run = run_all(folder / "landing", Lake(folder / "lake"), "good")
    assert run.failed == []
    return folder


@pytest.fixture
def ground(good: Path, tmp_path: Path) -> Ground:
    shutil.copytree(good / "landing", tmp_path / "landing")
    shutil.copytree(good / "lake", tmp_path / "lake")
    return Ground(tmp_path / "landing", Lake(tmp_path / "lake"))
