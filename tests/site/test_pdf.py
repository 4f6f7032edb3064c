"""The report as a PDF: every result in it, marked on every page where synthetic; refused in words without a browser."""

import re
import shutil
import subprocess
from dataclasses import replace

import pytest

from resilience_pipeline.errors import LakeError
from resilience_pipeline.report.layout import Grid, blocks
from resilience_pipeline.site import pdf
from resilience_pipeline.site.build import write_site
from resilience_pipeline.site.pages import PAPER_WIDTH, document, pages, rows_of
from resilience_pipeline.study.load import find_studies
from tests.site.lake import write_lake


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("paper")
    write_lake(folder / "lake")
    return write_site(folder / "lake", folder / "out", find_studies(folder / "studies"))


def test_the_document_holds_every_result_once_and_its_contents_lead_to_each(written):
    page = document(written.site, "en")
    for name in ("table_4", "figure_1", "hypotheses", "referee", "cities", "rests"):
        assert page.count(f'<article id="{name}">') == 1
        assert page.count(f'href="#{name}"') == 1
    assert '@top-center { content: "SYNTHETIC' in page
    led = set(re.findall(r'<a [^>]*href="([^"]*)"', page))
    assert [where for where in led if not where.startswith("#")] == [], "paper lies beside no other page"
    assert {where[1:] for where in led} <= set(re.findall(r'id="([^"]*)"', page))
    assert "合成数据" in document(written.site, "zh")


def test_a_table_wider_than_paper_is_printed_in_parts_with_the_paper_s_columns_marked():
    head = ("Variable", *(name for n in range(1, 9) for name in (f"({n})", "paper")))
    rows = (("did", *("-12.714***", "-30.630***") * 8), ("N", *("3,085", "3,085") * 8))
    grid = Grid(head, rows, published=tuple(range(2, 17, 2)))
    parts = blocks(grid, PAPER_WIDTH)
    assert [part.headings[1] for part in parts] == ["(1)", "(6)"]
    assert all(part.headings[place] == "paper" for part in parts for place in part.published)
    assert sum(len(part.published) for part in parts) == 8


def test_what_is_a_variant_s_says_so_on_every_page_and_on_paper(written):
    one = replace(written.site, variant="living")
    said = "Results of the variant living, not of the headline"
    english = [page for name, page in pages(one) if "zh/" not in name]
    assert all(said in page for page in (*english, document(one, "en")))
    assert not any("of the variant living" in page for page in (document(written.site, "en"),))


def test_on_paper_only_long_names_may_be_broken_over_lines():
    grid = Grid(
        ("City", "Code", "Why"), (("Hangzhou", "330100", "rests on table_9.2.business_environment"),), prose=True
    )
    assert [cell["long"] for cell in rows_of(grid)[0]["cells"]] == [False, True]


@pytest.mark.browser
def test_every_page_of_the_pdf_says_that_it_is_synthetic(written, tmp_path):
    if not any(shutil.which(name) for name in pdf.BROWSERS):
        pytest.skip("no Chromium on this machine")
    if shutil.which("pdftotext") is None:
        pytest.skip("no pdftotext on this machine")
    file = tmp_path / "deep" / "report.pdf"
    pdf.write_pdf(written.site, written.index.parent, file)
    text = subprocess.run(["pdftotext", "-layout", file, "-"], capture_output=True, text=True, check=True).stdout
    pages = text.split("\f")[:-1]
    assert len(pages) >= 6
    assert [number for number, page in enumerate(pages, start=1) if "SYNTHETIC" not in page] == []
    assert "3.462***" in text
    assert not list(written.index.parent.glob("print_*")), "the page it was printed from is gone"


def test_without_a_browser_it_is_refused_with_a_remedy(written, tmp_path, monkeypatch):
    monkeypatch.setattr(pdf, "BROWSERS", ("no-such-browser",))
    monkeypatch.setattr(pdf, "PLACES", ())
    monkeypatch.delenv(pdf.CHOICE, raising=False)
    with pytest.raises(LakeError, match=pdf.CHOICE):
        pdf.write_pdf(written.site, written.index.parent, tmp_path / "report.pdf")


def test_a_program_that_prints_nothing_is_named_as_such(written, tmp_path, monkeypatch):
    monkeypatch.setenv(pdf.CHOICE, shutil.which("true") or "")
    with pytest.raises(LakeError, match="printed nothing"):
        pdf.write_pdf(written.site, written.index.parent, tmp_path / "report.pdf")
    assert not (tmp_path / "report.pdf").exists()
