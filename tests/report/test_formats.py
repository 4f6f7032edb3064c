"""Every format holds the same cells, says what is synthetic, runs no hostile text, and repeats to the byte."""

import csv
import io
import re
import subprocess
import sys
import zipfile

import docx
import pytest
from lxml import html as lxml_html

from resilience_pipeline.report.document import Document
from resilience_pipeline.report.formats import FORMATS
from resilience_pipeline.report.formats.delimited import guarded
from resilience_pipeline.report.formats.latex import escaped
from resilience_pipeline.report.layout import SYNTHETIC, Grid

HOSTILE = (
    r"\input{/etc/passwd}",
    "<script>alert(1)</script>",
    "=cmd|' /C calc'!A0",
    "@SUM(A1)",
    'a & b % # _ ~ ^ $x$ {y} "z" `w` | [v] -- ---',
    "*first",
    "杭州市、宁波市",
)


def regression(*, synthetic=False):
    grid = Grid(
        ("Variable", "(1)", "paper", "difference", "(2)"),
        (
            ("did", "0.760**", "0.656***", "+1.00", "-12.510***"),
            ("", "(0.300)", "(0.104)", "", "(0.00170)"),
            ("MS", "", "-0.210***", "", ""),
            ("", "", "(0.070)", "", ""),
            ("City effects", "yes", "yes", "", "no"),
            ("N", "3,091", "3,085", "", "2,150"),
        ),
        published=(2, 3),
    )
    notes, comparison = ("Standard errors in parentheses.",), ("Difference: ours less the paper's.",)
    return Document("table_4", "Benchmark regressions", grid, notes, comparison, synthetic=synthetic)


def words(*, synthetic=False):
    rows = tuple((str(number), text, text) for number, text in enumerate(HOSTILE, start=1))
    grid = Grid(("No.", "As printed", "As resolved"), rows, prose=True)
    return Document("table_1", "Pilots: 试点城市 <b>\\&", grid, HOSTILE, synthetic=synthetic)


def hostile_figures():
    return Document("table_9", "Text among figures", Grid(("Name", "(1)"), tuple((text, text) for text in HOSTILE)))


def long_figures():
    return Document("table_8", "Many", Grid(("Name", "(1)"), tuple((f"row {n}", f"{n}.50*") for n in range(60))))


DOCUMENTS = pytest.mark.parametrize(
    "document", [regression(), words(), hostile_figures(), long_figures(), regression(synthetic=True)]
)


def cells_of_docx(data):
    (table,) = docx.Document(io.BytesIO(data)).tables
    return [[cell.text for cell in row.cells] for row in table.rows]


def cells_of_html(data):
    (table,) = lxml_html.fromstring(data.decode("ascii")).iter("table")
    rows, below = [], 0
    for row in table.iter("tr"):
        cells = [cell.text_content() for cell in row]
        rows.append(["", *cells] if below else cells)
        below = below - 1 if below else int(row[0].get("rowspan", 1)) - 1
    return rows


def cells_of_csv(data):
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    start = next(place for place, row in enumerate(rows) if len(row) > 1)
    cells = [row for row in rows[start:] if len(row) > 1]
    return [[cell.removeprefix("'") for cell in row] for row in cells]


LATEX_LETTERS = {
    "textbackslash": "\\",
    "textasciitilde": "~",
    "textasciicircum": "^",
    "textless": "<",
    "textgreater": ">",
    "textbar": "|",
    "textasciigrave": "`",
    "textquotedbl": '"',
    "allowbreak": "",
}


def latex_text(source):
    """What LaTeX prints for an escaped cell; any other command in it fails."""
    source = re.sub(r"^\\multicolumn\{1\}\{c\}\{(.*)\}$", r"\1", source.strip())
    source = re.sub(r"^\$(.*)\$$", r"\1", source)
    source = re.sub(r"\^\{(\*+)\}$", r"\1", source)
    printed, rest = "", source
    while rest:
        if found := re.match(r"\\([a-z]+)\{\}", rest):
            printed += LATEX_LETTERS[found[1]]
        elif found := re.match(r"\\([{}$&#%_])|\{([][*,])\}", rest):
            printed += found[1] or found[2]
        elif found := re.match(r"\{\}", rest):
            pass
        else:
            found = re.match(r"[^\\{}$&#%_~^]", rest)
            assert found, f"LaTeX would act on {rest!r}"
            printed += found[0]
        rest = rest[found.end() :]
    return printed


def cells_of_latex(data):
    source = data.decode()
    body = re.split(r"\\endfirsthead.*\\endfoot", source, flags=re.DOTALL)
    head = re.search(r"\\toprule\n(.*) \\\\\n", source)[1]
    rows = re.search(r"(?:\\midrule|^)\n(.*?)(?:\n\\bottomrule|\n\\end\{longtable\})", body[-1], re.DOTALL)[1]
    lines = [head, *(line.removesuffix(r" \\") for line in rows.splitlines())]
    return [[latex_text(cell) for cell in re.split(r"(?<!\\) ?& ?", line)] for line in lines]


READERS = {"docx": cells_of_docx, "html": cells_of_html, "csv": cells_of_csv, "latex": cells_of_latex}


@DOCUMENTS
@pytest.mark.parametrize("form", READERS)
def test_every_format_holds_the_cells_of_the_grid(form, document):
    found = READERS[form](FORMATS[form].write(document))
    assert found == [list(row) for row in (document.grid.headings, *document.grid.rows)]


@DOCUMENTS
@pytest.mark.parametrize("form", FORMATS)
def test_the_same_result_gives_the_same_bytes(form, document):
    assert FORMATS[form].write(document) == FORMATS[form].write(document)


def text_of(form, data):
    if form == "docx":
        return "\n".join(paragraph.text for paragraph in docx.Document(io.BytesIO(data)).paragraphs)
    if form == "html":
        return lxml_html.fromstring(data.decode()).text_content()
    return data.decode("utf-8-sig")


@pytest.mark.parametrize("form", FORMATS)
def test_a_synthetic_result_says_so_first_and_in_its_title_and_another_does_not(form):
    text = text_of(form, FORMATS[form].write(regression(synthetic=True))).strip()
    assert SYNTHETIC in text.splitlines()[0]
    assert f"Benchmark regressions ({SYNTHETIC})" in text
    assert "SYNTHETIC" not in text_of(form, FORMATS[form].write(regression()))


@pytest.mark.parametrize("form", FORMATS)
def test_chinese_notes_title_and_cells_survive(form):
    data = FORMATS[form].write(words())
    whole = text_of(form, data) if form != "docx" else text_of(form, data) + str(cells_of_docx(data))
    assert "试点城市" in whole
    assert whole.count("杭州市、宁波市") == 3


def test_html_names_the_scope_of_every_heading_and_has_a_caption():
    table = next(lxml_html.fromstring(FORMATS["html"].write(regression()).decode()).iter("table"))
    assert {head.get("scope") for head in table.iter("th")} == {"col", "row", "rowgroup"}
    assert table.find("caption").text == "Table 4: Benchmark regressions"
    assert not list(table.iter("script"))


def test_html_runs_nothing_of_a_cell():
    assert not list(lxml_html.fromstring(FORMATS["html"].write(words()).decode()).iter("script", "b"))


def test_markdown_shows_a_tag_as_letters():
    assert r"\<script>" in FORMATS["markdown"].write(words()).decode()


def test_latex_runs_nothing_of_a_cell_a_note_or_a_title():
    source = FORMATS["latex"].write(words()).decode()
    commands = set(re.findall(r"(?<!\\)\\([a-zA-Z]+)", re.sub("(?m)^%.*", "", source)))
    assert "input" not in commands
    assert "\\textbackslash{}input\\{/etc/passwd\\}\\par" in source


def test_latex_hyphens_stay_hyphens():
    assert escaped("a--b---c") == "a-{}-b-{}-{}-c"


def test_latex_aligns_numbers_at_the_point_and_lifts_the_stars():
    source = FORMATS["latex"].write(regression()).decode()
    assert "D{.}{.}{2.6}" in source  # (0 before the point, 656*** behind it
    assert "did & 0.760^{**} & 0.656^{***} & +1.00 & -12.510^{***} \\\\" in source
    assert r"\multicolumn{1}{c}{3,091}" in source


def test_latex_of_a_long_table_goes_over_pages():
    assert r"\begin{longtable}{lD{.}{.}{2.3}}" in FORMATS["latex"].write(long_figures()).decode()
    assert r"\begin{longtable}" not in FORMATS["latex"].write(regression()).decode()


def test_latex_of_chinese_says_how_to_compile_it():
    assert "ctex" in FORMATS["latex"].write(words()).decode()
    assert "ctex" not in FORMATS["latex"].write(regression()).decode()


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("=1+1", "'=1+1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("+cmd|x", "'+cmd|x"),
        ("-2+3", "'-2+3"),
        ("=1\t+1", "'=1\t+1"),
        ("-0.210***", "'-0.210***"),
        ("-0.210", "-0.210"),
        ("+1.00", "+1.00"),
        ("1.5e-05", "1.5e-05"),
        ("(0.300)", "'(0.300)"),
        ("(3) label", "(3) label"),
    ],
)
def test_csv_marks_as_text_what_a_spreadsheet_would_run_or_misread(cell, written):
    assert guarded(cell) == written


def test_csv_opens_in_excel_as_utf8():
    assert FORMATS["csv"].write(words()).startswith(b"\xef\xbb\xbf")


def test_word_holds_a_heading_row_that_repeats_and_no_date_but_the_fixed_one():
    data = FORMATS["docx"].write(regression())
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert {entry.date_time[0] for entry in archive.infolist()} == {1980}
        assert b"w:tblHeader" in archive.read("word/document.xml")
        properties = archive.read("docProps/core.xml").decode()
    assert set(re.findall(r"\d{4}-\d\d-\d\dT[\d:]+Z", properties)) == {"1980-01-01T00:00:00Z"}


def test_word_bytes_do_not_hang_on_the_clock(monkeypatch):
    first = FORMATS["docx"].write(regression())
    monkeypatch.setattr("time.time", lambda: 2e9)
    monkeypatch.setattr("time.localtime", lambda *_: (2030, 1, 1, 0, 0, 0, 0, 1, 0))
    assert FORMATS["docx"].write(regression()) == first


def test_control_characters_break_no_format():
    document = Document("t", "x\x00\x1b[31m", Grid(("a\x07",), (("b\x0bc\ud800",),)))
    for form in FORMATS.values():
        assert form.binary or b"\x1b" not in form.write(document)


def test_ours_drops_the_papers_columns_its_rows_and_the_notes_on_it():
    plain = regression(synthetic=True).ours()
    assert plain.grid.headings == ("Variable", "(1)", "(2)")
    assert [row[0] for row in plain.grid.rows] == ["did", "", "City effects", "N"]
    assert plain.lines_beneath == ("Standard errors in parentheses.",)
    assert plain.synthetic


def test_ours_keeps_a_row_that_has_no_figure_of_anyone():
    document = Document("t", "t", Grid(("a", "b", "paper"), (("did", "", ""), ("MS", "", "1")), published=(2,)))
    assert document.ours().grid.rows == (("did", ""),)


@DOCUMENTS
def test_a_document_comes_back_from_its_json(document):
    assert Document.from_json(document.to_json()) == document


def test_python_docx_is_not_imported_with_the_module():
    code = "import sys, resilience_pipeline.report.formats; print('docx' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "False"
