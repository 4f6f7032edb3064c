"""What Dagster's UI shows beside a result: the files that it rests on, and where its code and its study stand."""

from pathlib import Path

import dagster as dg

from resilience_pipeline.assets.code_links import code_links
from resilience_pipeline.assets.rests_on import rests_on
from resilience_pipeline.plan import project_plan
from resilience_pipeline.step import Step
from resilience_pipeline.study import load
from resilience_pipeline.warehouse.lake import Lake
from tests.lineage.world import build


def step_of(*key: str) -> Step:
    return next(step for step in project_plan().steps if step.key == key)


def links_of(*key: str) -> dict[str, int | None]:
    (said,) = code_links(step_of(*key)).values()
    found = [link for link in said.code_references if isinstance(link, dg.LocalFileCodeReference)]
    assert all(Path(link.file_path).is_file() for link in found)
    return {Path(link.file_path).name: link.line_number for link in found}


def test_an_asset_links_to_its_function_its_sql_and_its_study():
    assert links_of("report", "table_4").keys() == {"steps.py", "trade_resilience.toml"}
    assert links_of("staging", "city_yearbook").keys() >= {"city_yearbook.sql"}
    assert links_of("panel", "real_outcomes", "outcomes").keys() >= {"real_outcomes.toml"}
    assert (links_of("report", "table_4")["steps.py"] or 0) > 1
    line = links_of("report", "table_4")["trade_resilience.toml"] or 0
    study = Path(load.__file__).with_name("trade_resilience.toml").read_text(encoding="utf-8").splitlines()
    assert study[line - 1] == "[tables.table_4]"


def test_a_result_names_its_files_with_hashes_and_says_what_its_cells_and_values_are(tmp_path):
    build(tmp_path, ("table_4",))
    said = rests_on(step_of("report", "table_4"), Lake(tmp_path).pin("later"))
    files = str(said["rests on"].value)
    assert "city_yearbook.csv" in files
    assert "pilot_list.csv" not in files or files.count("pilot_list.csv") == 1
    assert "reported" in str(said["cells"].value)
    assert "winsorised" in str(said["values"].value)


def test_a_result_that_rests_on_no_cell_says_nothing(tmp_path):
    assert rests_on(step_of("report", "audit"), Lake(tmp_path).pin("empty")) == {}
