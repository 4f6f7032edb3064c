"""A finished run taken along: every result in every format, and files that check every regression of it."""

import json

import pandas as pd
import pytest

from resilience_pipeline.report.export import PICTURES
from resilience_pipeline.report.formats import FORMATS
from resilience_pipeline.report.layout import SYNTHETIC
from tests.replication.do_file import Program
from tests.report.test_formats import READERS


def results(finished):
    tables = finished.json("status")["tables"]
    return [table["table"].split(".")[-1] for table in tables if table["table"].startswith("report.")]


def test_every_result_is_written_in_every_format_of_tables(exported, finished):
    found = results(finished)
    assert len(found) > 10
    for name in found:
        for form in FORMATS.values():
            assert (exported / f"{name}.{form.suffix}").stat().st_size > 0, (name, form.suffix)


@pytest.mark.parametrize("form", READERS)
def test_every_format_of_every_result_holds_the_cells_of_its_csv(exported, finished, form):
    for name in results(finished):
        expected = READERS["csv"]((exported / f"{name}.csv").read_bytes())
        found = READERS[form]((exported / f"{name}.{FORMATS[form].suffix}").read_bytes())
        assert found == expected, name


def test_every_file_of_a_result_from_the_twin_says_so_and_the_audit_of_the_paper_does_not(exported, finished):
    contents = json.loads((exported / "contents.json").read_text())
    marked = {entry["result"]: entry["synthetic"] for entry in contents}
    assert [name for name, synthetic in marked.items() if not synthetic] == ["audit"]  # on printed figures alone
    for suffix in ("txt", "md", "tex", "csv"):
        for name in results(finished):
            first = (exported / f"{name}.{suffix}").read_text("utf-8-sig").splitlines()[0]
            assert (SYNTHETIC in first) == marked[name], name


def test_the_figures_of_the_paper_are_drawn(exported):
    for figure in ("figure_1", "figure_2", "figure_3"):
        for form in PICTURES:
            assert (exported / f"{figure}.{form}").stat().st_size > 1000


def test_the_do_file_comes_to_every_figure_of_every_estimated_column(exported, finished):
    folder = exported / "replication"
    data = {path.name: path.read_bytes() for path in folder.glob("*.dta")}
    program = Program((folder / "trade_resilience.do").read_text(), data)
    estimated = finished.json("sql", "select distinct status from estimates.table_4_3")
    assert estimated == [{"status": "estimated"}]
    assert "table_4.3" in program.columns
    assert len(program.columns) >= 20
    assert len(program.checked) > 10 * len(program.columns)


def test_the_exported_panel_is_the_panel_of_the_lake(exported, finished):
    frame = pd.read_stata(exported / "replication" / "trade_resilience.dta", convert_categoricals=False)
    rows = finished.json("sql", "select count(*) as n, sum(ctri) as s from panel.trade_resilience_outcomes")[0]
    assert len(frame) == rows["n"]
    assert frame["ctri"].sum() == pytest.approx(rows["s"], rel=1e-12)
