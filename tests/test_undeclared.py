"""Tables of a study that was taken out stand until they are taken out, too, and then can be read as of their run."""

import json

import polars as pl
import pytest
from typer.testing import CliRunner

from resilience_pipeline.cli import app
from resilience_pipeline.errors import LakeError
from resilience_pipeline.project import find_project
from resilience_pipeline.status import read_result
from resilience_pipeline.warehouse.attempts import note_attempt
from resilience_pipeline.warehouse.lake import Lake
from resilience_pipeline.warehouse.query import user_query

GONE = (("report", "mine"), ("estimates", "mine", "1"), ("panel", "mine", "outcomes"), ("living", "mine"))
STAYS = (
    ("report", "table_4"),
    ("report", "drift"),
    ("estimates", "table_4", "3"),
    ("living", "trade_resilience"),
    ("staging", "wind"),
    ("lineage", "edges"),
)


@pytest.fixture
def lake(tmp_path, monkeypatch):
    """Tables of a study that is there and of one that is not, in the headline and in a variant."""
    monkeypatch.setenv("RESILIENCE_PROJECT", str(tmp_path))
    lake = Lake(find_project().lake)
    for home in (lake, lake.variant("living")):
        snapshot = home.pin("one")
        for key in (*GONE, *STAYS):
            snapshot.write(key, pl.DataFrame({"x": [1]}), code_version="c", options={}, notes={"text": key[-1]})
            note_attempt(home, key, run_id="one", ok=True, checks=[], error=None)
        snapshot.end(())
    return lake


def prune(*options: str) -> dict:
    done = CliRunner().invoke(app, ["prune", *options, "--json"], catch_exceptions=False)
    assert done.exit_code == 0
    return json.loads(done.stdout)


def keys(lake: Lake) -> set[tuple[str, ...]]:
    return set(lake.own_table_keys())


def test_nothing_goes_unless_asked_for(lake):
    assert prune()["undeclared"] == []
    named = prune("--undeclared", "--dry-run")["undeclared"]
    assert {"report.mine", "report.mine (variant living)"} < set(named)
    assert len(named) == 2 * len(GONE)
    assert keys(lake) == {*GONE, *STAYS}


def test_they_go_from_the_headline_the_variants_and_the_warehouse_and_stay_as_their_run_left_them(lake):
    prune("--undeclared")
    assert keys(lake) == keys(lake.variant("living")) == set(STAYS)
    assert not list(lake.root.glob("**/mine/**/attempt.json"))
    with pytest.raises(LakeError, match="no result 'mine'"):
        read_result(lake.root, "mine")
    assert user_query(lake.root, "select count(*) from duckdb_tables where table_name like '%mine%'").item() == 0
    assert read_result(lake.root, "mine", as_of="one").text == "mine"
    assert prune("--undeclared")["undeclared"] == []
