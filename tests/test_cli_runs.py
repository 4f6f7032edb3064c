"""What `resilience runs` and `resilience rebuild` say of a lake, at a terminal."""

import json

import polars as pl
import pytest
from typer.testing import CliRunner

from resilience_pipeline.cli import app
from resilience_pipeline.warehouse.lake import Lake
from resilience_pipeline.warehouse.lock import run_lock
from resilience_pipeline.warehouse.query import user_query


@pytest.fixture
def lake(tmp_path, monkeypatch):
    for name in ("DAGSTER_HOME", "RESILIENCE_LAKE", "RESILIENCE_LANDING"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("RESILIENCE_PROJECT", str(tmp_path))
    lake = Lake(tmp_path / "data_lake")
    lake.pin("first").write(("staging", "wind"), pl.DataFrame({"x": [1]}), code_version="c", options={})
    return lake


def said(*arguments: str) -> str:
    done = CliRunner().invoke(app, list(arguments))
    assert done.exit_code == 0, done.output
    return done.output


def test_a_run_that_holds_the_lake_goes_on_and_one_that_does_not_did_not_end(lake):
    with run_lock(lake.root, "dagster run first", 0):
        assert json.loads(said("runs", "--json"))["runs"][0]["state"] == "going on"
    assert json.loads(said("runs", "--json"))["runs"][0]["state"] == "did not end"


def test_a_warehouse_built_anew_has_the_tables_descriptions(lake):
    assert said("rebuild") == "built: 1 tables\n"
    ((comment,),) = user_query(lake.root, "select comment from duckdb_tables() where table_name = 'wind'").rows()
    assert comment
