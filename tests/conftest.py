"""Fixtures that every part of the suite shares."""

import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of private real files; the test is skipped where it is absent."""
    folder = Path(os.environ.get("RESILIENCE_REAL_DATA", REPOSITORY.parent / "shared" / "data"))
    if not (folder / "README.md").is_file():
        pytest.skip(f"real files are not at {folder}; set RESILIENCE_REAL_DATA to their folder")
    return folder


@pytest.fixture(autouse=True)
def no_pause_for_arriving_files(monkeypatch) -> None:
    """Runs inside a test look twice at the files that it has just written, and wait for nothing between."""
    monkeypatch.setattr("resilience_pipeline.landing.arriving.PAUSE_SECONDS", 0.0)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long tests first: the last to end are short then, so that no process of the suite waits long for another."""
    items.sort(key=lambda item: not (item.get_closest_marker("slow") or "integration" in item.path.parts))
