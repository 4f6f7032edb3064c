"""`from resilience_pipeline import results`: what a notebook gets, and the example notebook run from top to bottom."""

import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from resilience_pipeline import results
from resilience_pipeline.errors import LakeError

NOTEBOOK = Path(__file__).resolve().parents[2] / "docs" / "results.ipynb"


@pytest.fixture(scope="module")
def lake(finished):
    return finished.root / "data_lake"


def test_the_names_are_those_of_the_terminal_in_printed_order(lake, finished):
    found = results.names(lake=lake)
    assert sorted(found) == sorted(entry["name"] for entry in finished.json("status")["results"])
    assert found.index("table_3") < found.index("table_4") < found.index("table_9")


def test_a_table_has_the_rows_of_show_and_says_that_they_are_synthetic(lake, finished):
    shown = finished.json("show", "table_4")["rows"]
    table = results.table("table_4", lake=lake)
    assert table.drop("synthetic").to_dicts() == shown
    assert table["synthetic"].all()


def test_an_estimate_is_one_row_per_term_in_printed_order(lake):
    column = results.estimate("table_4.3", lake=lake)
    assert column["term"][0] == "did"
    assert column["n_obs"].n_unique() == 1


def test_any_table_is_found_by_its_name_in_duckdb(lake, finished):
    (row,) = finished.json("sql", "select count(*) n from grid.trade_resilience_cells")
    assert results.data("grid.trade_resilience_cells", lake=lake).height == row["n"]


@pytest.mark.parametrize(
    ("ask", "named"),
    [
        (lambda lake: results.table("table_44", lake=lake), "did you mean"),
        (lambda lake: results.estimate("table_4.9", lake=lake), r"table_4\.3"),
        (lambda lake: results.estimate("../secret", lake=lake), "there is no estimate"),
        (lambda lake: results.data("panel.nothing", lake=lake), "there is no table"),
    ],
)
def test_what_is_not_there_is_an_error_that_names_what_is(lake, ask, named):
    with pytest.raises(LakeError, match=named):
        ask(lake)


def test_a_lake_that_is_not_there_is_not_made(tmp_path, monkeypatch):
    monkeypatch.setenv("RESILIENCE_PROJECT", str(tmp_path))
    for ask in (results.names, lambda: results.table("table_4", lake=tmp_path / "typo")):
        with pytest.raises(LakeError, match="there is no lake"):
            ask()
    assert list(tmp_path.iterdir()) == []


def test_the_results_are_read_without_dagster():
    code = "import sys; from resilience_pipeline import results; sys.exit('dagster' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_example_notebook_runs_from_top_to_bottom(finished, monkeypatch):
    monkeypatch.setenv("RESILIENCE_PROJECT", str(finished.root))
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    assert all(not cell.get("outputs") for cell in notebook.cells)  # committed without what a run prints
    NotebookClient(
        notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(finished.root)}}
    ).execute()
    printed = "".join(str(output) for cell in notebook.cells for output in cell.get("outputs", ()))
    assert "SYNTHETIC" in printed
    assert "image/png" in printed
