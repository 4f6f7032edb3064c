"""Status goes on where something of the lake is damaged, and says of what stands whether anything declares it."""

from pathlib import Path

import polars as pl
import pytest

from resilience_pipeline.frozen.pins import FILE
from resilience_pipeline.project import Project, find_project
from resilience_pipeline.status import read_status
from resilience_pipeline.warehouse.lake import Lake

TABLES = (("sources", "wind"), ("sources", "inventory"), ("report", "table_4"), ("report", "mine"), ("report", "drift"))


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.setenv("RESILIENCE_PROJECT", str(tmp_path))
    project = find_project()
    columns = pl.DataFrame(schema=dict.fromkeys(("file", "state", "source", "reason"), pl.String))
    for lake in (Lake(project.lake), Lake(project.lake).variant("uncut")):
        for key in TABLES:
            lake.pin("one").write(key, columns, code_version="c", options={})
    return project


@pytest.mark.parametrize("key", TABLES)
@pytest.mark.parametrize("variant", ["", "variants/uncut/"])
def test_a_pointer_that_cannot_be_read_is_named_and_the_rest_is_shown(project, key, variant):
    damaged = project.lake / variant / "/".join(key) / "current.json"
    damaged.write_bytes(b"{")
    status = read_status(project)
    (found,) = status.damaged
    assert (found.table, found.file) == (".".join(key), str(damaged))
    assert "delete this file" in found.remedy
    assert len(status.tables) == len(TABLES) - (not variant)


def test_a_source_whose_pointer_is_damaged_was_not_never_run(project):
    (project.lake / "sources/wind/current.json").write_text("{")
    states = {source.name: source.state for source in read_status(project).sources}
    assert (states["wind"], states["city_yearbook"]) == ("damaged", "never run")


def test_files_that_cannot_be_read_are_named(project):
    Lake(project.lake).path(("sources", "inventory")).write_bytes(b"no parquet")
    (project.lake / FILE).write_text("{")
    status = read_status(project)
    assert [damage.table for damage in status.damaged] == ["sources.inventory", FILE]
    assert (status.deliveries, status.frozen) == ((), "not known")


def test_a_result_that_no_study_declares_is_named_apart(project):
    status = read_status(project)
    assert status.undeclared == ("mine",)
    assert [result.name for result in status.results] == ["table_4", "drift"]
    (project.root / "studies").mkdir()
    (project.root / "studies" / "mine.toml").write_text('[tables.mine]\ntitle = "M"\n')
    assert read_status(project).undeclared == ()


def test_where_a_study_file_cannot_be_read_nothing_is_said_to_be_undeclared(project):
    (project.root / "studies").mkdir()
    (project.root / "studies" / "mine.toml").write_text("[tables.mine")
    assert read_status(project).undeclared == ()
