"""Where a project keeps its things."""

import shutil

import pytest

from resilience_pipeline.errors import PipelineError
from resilience_pipeline.project import find_project, set_up


@pytest.fixture
def moved(tmp_path, monkeypatch):
    """A project that was set up in one folder and stands in another."""
    for name in ("RESILIENCE_PROJECT", "DAGSTER_HOME", "RESILIENCE_LAKE", "RESILIENCE_LANDING"):
        monkeypatch.setenv(name, "")  # so that what .env sets is taken back after the test
        monkeypatch.delenv(name)
    (tmp_path / "first").mkdir()
    monkeypatch.chdir(tmp_path / "first")
    set_up(find_project())
    shutil.move(tmp_path / "first", tmp_path / "second")
    monkeypatch.chdir(tmp_path / "second")
    return tmp_path / "second"


def test_a_moved_project_does_not_write_where_it_once_was(moved):
    with pytest.raises(PipelineError) as refused:
        find_project()
    assert "copied or moved" in str(refused.value)
    assert str(moved / ".env") in str(refused.value)


def test_it_goes_on_once_its_env_is_written_anew(moved):
    (moved / ".env").unlink()
    set_up(find_project())
    assert find_project().dagster_home == moved / ".dagster_home"
    assert not (moved.parent / "first").exists()
