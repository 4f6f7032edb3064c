"""Results as files: in the format asked for, all of them at once, and a plain message where one cannot be had."""

import json
import subprocess
import sys

import polars as pl
import pytest
from typer.testing import CliRunner

from resilience_pipeline.cli import app
from resilience_pipeline.errors import LakeError, OptionError
from resilience_pipeline.report import export
from resilience_pipeline.report.document import Document
from resilience_pipeline.report.export import ALL_FORMATS, export_results, format_of, in_format
from resilience_pipeline.report.formats import FORMATS
from resilience_pipeline.report.layout import Grid
from resilience_pipeline.report.render import draw
from resilience_pipeline.status import read_result
from resilience_pipeline.study.load import find_studies
from resilience_pipeline.warehouse.lake import Lake
from tests.report.test_formats import regression

STUDIES = find_studies()

FIGURE = Document("figure_1", "Event study", Grid(("Year", "Effect"), (("2016", "0.1"), ("2017", "0 (base)"))))
EVENTS = pl.DataFrame(
    {
        "year": [2016, 2017, 2018],
        "base": [False, True, False],
        "policy": [False, False, True],
        "estimate": [0.1, None, 0.6],
        "std_error": [0.1, None, 0.1],
        "p_value": [0.3, None, 0.0],
        "ci_low": [-0.1, None, 0.4],
        "ci_high": [0.3, None, 0.8],
        "band_low": [-0.2, None, 0.3],
        "band_high": [0.4, None, 0.9],
        "adjusted_p_value": [0.6, None, 0.0],
        "status": ["estimated"] * 3,
    },
    schema_overrides={"year": pl.Int32},
)


@pytest.fixture
def lake(tmp_path):
    """A lake with a regression table and an event study."""
    lake = Lake(tmp_path / "lake")
    put(lake, regression(synthetic=True), pl.DataFrame({"term": ["did"]}))
    put(lake, FIGURE, EVENTS)
    return lake


def put(lake, document, table, **notes):
    notes = notes or {"text": document.text, "markdown": document.markdown, "document": document.to_json()}
    lake.write(
        ("report", document.name),
        table,
        run_id="run",
        code_version="1",
        inputs={},
        options={},
        synthetic=document.synthetic,
        notes=notes,
    )


def show(lake, *arguments, expect=0):
    done = CliRunner().invoke(app, ["show", *arguments, "--lake", str(lake.root)])
    if expect == 0 and done.exception:
        raise done.exception
    return done


@pytest.mark.parametrize("form", FORMATS)
def test_a_result_is_shown_in_every_format_of_tables(lake, form):
    assert (
        show(lake, "table_4", "--format", form).stdout_bytes.strip()
        == FORMATS[form].write(regression(synthetic=True)).strip()
    )


def test_ours_alone_is_shown_in_every_format(lake):
    for form in FORMATS:
        expected = FORMATS[form].write(regression(synthetic=True).ours())
        assert show(lake, "table_4", "--ours", "--format", form).stdout_bytes == expected


def test_the_suffix_of_the_file_names_the_format(lake, tmp_path):
    for form in FORMATS:
        file = tmp_path / "deep" / f"t.{FORMATS[form].suffix}"
        show(lake, "table_4", "--out", str(file))
        assert file.read_bytes() == FORMATS[form].write(regression(synthetic=True))


@pytest.mark.parametrize(("form", "start"), [("svg", b"<?xml"), ("png", b"\x89PNG"), ("pdf", b"%PDF")])
def test_a_figure_is_drawn_from_its_rows(lake, tmp_path, form, start):
    show(lake, "figure_1", "--format", form, "--out", str(tmp_path / "f"))
    assert (tmp_path / "f").read_bytes().startswith(start)


def test_the_text_of_a_figure_is_its_table(lake):
    assert "0 (base)" in show(lake, "figure_1").stdout


def test_json_and_markdown_print_as_before(lake):
    assert json.loads(show(lake, "table_4", "--json").stdout)["rows"] == [{"term": "did"}]
    assert show(lake, "table_4", "--markdown").stdout.rstrip() == regression(synthetic=True).markdown.rstrip()


def test_a_picture_of_a_table_is_refused_with_the_formats_there_are(lake):
    with pytest.raises(OptionError, match=r"table_4 is no figure.*\n.*latex"):
        show(lake, "table_4", "--format", "png")


def test_a_format_that_is_none_is_refused(lake):
    with pytest.raises(OptionError, match="no format 'xls'"):
        show(lake, "table_4", "--format", "xls")
    with pytest.raises(OptionError, match=r"t\.xls says no format"):
        show(lake, "table_4", "--out", "t.xls")


def test_a_result_of_an_earlier_version_says_to_compute_it_again(lake):
    put(lake, Document("table_9", "Old", Grid((), ())), EVENTS, text="old", markdown="old")
    assert show(lake, "table_9").stdout == "old\n"
    with pytest.raises(LakeError, match="resilience run"):
        show(lake, "table_9", "--format", "latex")


def test_word_of_a_figure_holds_the_picture_above_the_table(lake):
    import io
    import zipfile

    data = in_format(read_result(lake.root, "figure_1"), "docx", STUDIES)
    names = zipfile.ZipFile(io.BytesIO(data)).namelist()
    assert [name for name in names if name.endswith(".png")] == ["word/media/image1.png"]


def test_export_draws_each_picture_once_though_word_documents_hold_it_too(lake, tmp_path, monkeypatch):
    drawn = []

    def draw_and_count(table, rows, form, *, synthetic):
        drawn.append((table.name, form))
        return draw(table, rows, form, synthetic=synthetic)

    monkeypatch.setattr(export, "draw", draw_and_count)
    export_results(lake.root, tmp_path / "out", STUDIES)
    assert ("figure_1", "png") in drawn
    assert len(drawn) == len(set(drawn))


def test_export_writes_every_result_in_every_format_that_it_has(lake, tmp_path):
    exported = export_results(lake.root, tmp_path / "out", STUDIES)
    expected = {f"table_4{which}.{form.suffix}" for form in FORMATS.values() for which in ("", "_ours")}
    expected |= {f"figure_1.{suffix}" for suffix in (*(form.suffix for form in FORMATS.values()), "svg", "png", "pdf")}
    assert set(exported.files) == expected | {"all_results.tex", "contents.json"}
    assert {path.name for path in (tmp_path / "out").iterdir()} == set(exported.files)
    assert exported.open == {}


def test_contents_say_what_each_file_is(lake, tmp_path):
    export_results(lake.root, tmp_path, STUDIES, formats=("csv",))
    contents = json.loads((tmp_path / "contents.json").read_text())
    assert [(entry["file"], entry["synthetic"]) for entry in contents] == [
        ("table_4.csv", True),  # in the order of the study, figures after tables
        ("table_4_ours.csv", True),
        ("figure_1.csv", False),
    ]


def test_a_second_export_writes_the_same_bytes(lake, tmp_path):
    for folder in ("a", "b"):
        export_results(lake.root, tmp_path / folder, STUDIES)
    for file in (tmp_path / "a").iterdir():
        assert file.read_bytes() == (tmp_path / "b" / file.name).read_bytes(), file.name


def test_a_result_that_cannot_be_written_is_named_and_the_others_are_written(lake, tmp_path):
    put(lake, Document("table_9", "Old", Grid((), ())), EVENTS, text="old", markdown="old")
    exported = export_results(lake.root, tmp_path, STUDIES, formats=("text",))
    assert list(exported.open) == ["table_9"]
    assert "table_4.txt" in exported.files


def test_an_empty_lake_has_nothing_to_export(tmp_path):
    with pytest.raises(LakeError, match="holds no result"):
        export_results(tmp_path / "lake", tmp_path / "out", STUDIES)


def test_every_suffix_is_known_again():
    from pathlib import Path

    suffixes = [FORMATS[form].suffix if form in FORMATS else form for form in ALL_FORMATS]
    assert [format_of(Path(f"x.{suffix}")) for suffix in suffixes] == list(ALL_FORMATS)


def test_showing_and_exporting_start_no_dagster(lake, tmp_path):
    code = f"""
import sys
from typer.testing import CliRunner
from resilience_pipeline.cli import app
for command in (["show", "table_4", "--format", "latex"], ["export", "--out", {str(tmp_path / "o")!r}]):
    done = CliRunner().invoke(app, [*command, "--lake", {str(lake.root)!r}])
    assert done.exit_code == 0, done.output
print("dagster" in sys.modules)
"""
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "False"


def test_status_lists_tables_then_figures_by_number_with_what_they_show(lake):
    for name in ("audit", "table_9_mediation", "table_4_omitted"):
        put(lake, Document(name, f"Title of {name}", FIGURE.grid), EVENTS)
    printed = CliRunner().invoke(app, ["status", "--lake", str(lake.root)]).stdout
    listed = printed.partition("result  ")[2].splitlines()[1:6]
    assert [line.split()[0] for line in listed] == [
        "table_4",
        "table_4_omitted",
        "table_9_mediation",
        "figure_1",
        "audit",
    ]
    assert "Title of table_9_mediation" in listed[2]


def test_a_misspelt_result_is_answered_by_the_names_that_are_near(lake):
    with pytest.raises(LakeError, match="did you mean table_4"):
        read_result(lake.root, "tabel_4")
    with pytest.raises(LakeError, match="`resilience status` says what each result shows"):
        read_result(lake.root, "xyz")


def test_rows_of_an_earlier_version_are_refused_for_a_drawing_and_the_rest_is_exported(lake, tmp_path):
    put(lake, FIGURE, EVENTS.drop("ci_low"))
    with pytest.raises(LakeError, match="cannot be drawn: an earlier version"):
        in_format(read_result(lake.root, "figure_1"), "png", STUDIES)
    exported = export_results(lake.root, tmp_path / "out", STUDIES, formats=("text", "png", "docx"))
    assert set(exported.open) == {"figure_1 as png", "figure_1 as docx"}
    assert {"figure_1.txt", "table_4.docx"} <= set(exported.files)
