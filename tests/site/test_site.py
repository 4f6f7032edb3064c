"""The report as a site: complete, in two languages, marked where synthetic, asking nobody, the same bytes each time."""

import re

import pytest

from resilience_pipeline.errors import LakeError
from resilience_pipeline.site.anchors import Column, anchors
from resilience_pipeline.site.build import write_site
from resilience_pipeline.site.words import LANGUAGES, Words
from resilience_pipeline.status import read_result
from resilience_pipeline.study.load import find_studies
from tests.site.lake import FILE, SHA, write_lake

RESULTS = ("table_4", "figure_1", "hypotheses", "referee")


@pytest.fixture(scope="module")
def studies(tmp_path_factory):
    return find_studies(tmp_path_factory.mktemp("none") / "studies")


@pytest.fixture(scope="module")
def site(tmp_path_factory, studies):
    folder = tmp_path_factory.mktemp("site")
    write_lake(folder / "lake")
    write_site(folder / "lake", folder / "out", studies)
    return folder / "out"


def pages_of(site):
    return {path.relative_to(site).as_posix(): path.read_text(encoding="utf-8") for path in site.rglob("*.html")}


def test_every_result_has_a_page_in_both_languages_and_each_leads_to_the_other(site):
    pages = pages_of(site)
    for name in (*RESULTS, "index", "cities", "trace"):
        assert '<html lang="en">' in pages[f"{name}.html"]
        assert '<html lang="zh-Hans">' in pages[f"zh/{name}.html"]
        assert f'href="zh/{name}.html"' in pages[f"{name}.html"]
        assert f'href="../{name}.html"' in pages[f"zh/{name}.html"]
    assert "基准回归" in pages["zh/table_4.html"]
    assert "营商" not in pages["table_4.html"]


def test_every_page_of_a_synthetic_lake_says_so_and_none_of_a_real_one(site, tmp_path, studies):
    assert all(("SYNTHETIC" if "zh/" not in name else "合成数据") in page for name, page in pages_of(site).items())
    write_lake(tmp_path / "lake", synthetic=False)
    write_site(tmp_path / "lake", tmp_path / "out", studies)
    read = {
        name: re.sub(r"<script.*?</script>", "", page, flags=re.S) for name, page in pages_of(tmp_path / "out").items()
    }
    assert [name for name, page in read.items() if "SYNTHETIC" in page or "合成" in page] == []


def test_every_link_and_file_a_page_asks_for_stands_beside_it(site):
    for name, page in pages_of(site).items():
        for asked in re.findall(r'(?:href|src)="([^"#]+)', page):
            assert not re.match(r"(?!data:)[a-z]+:|//", asked), f"{name} asks another host: {asked}"
            if not asked.startswith("data:"):
                assert (site / name).parent.joinpath(asked).resolve().is_file(), f"{name}: {asked}"


def test_a_number_leads_to_its_trace_and_a_published_one_nowhere(site):
    page = (site / "table_4.html").read_text(encoding="utf-8")
    for text, name in (("3.462***", "table_4.1.did"), ("(0.668)", "table_4.1.did"), ("3,085", "table_4.3")):
        assert f'href="trace.html#{name}">{text}</a>' in page
    assert not re.search(r">4\.238\*\*\*</a>", page)
    assert 'id="table_4"' in (site / "trace.html").read_text(encoding="utf-8")


def test_words_of_results_and_files_are_text_on_the_page_and_never_markup(site):
    pages = pages_of(site)
    assert "A note &amp; &lt;more&gt;." in pages["table_4.html"]
    assert FILE not in pages["trace.html"]
    assert "&lt;script&gt;alert(1)" in pages["trace.html"]
    assert SHA in pages["trace.html"]


def test_the_front_page_says_each_claim_with_its_verdict_also_where_it_is_awaited(site):
    front = (site / "index.html").read_text(encoding="utf-8")
    assert re.search(r"consistent with it.*?0\.606</a> \(95 % interval 0\.506 – 0\.706\)", front, re.S)
    assert "awaiting" in front
    assert "Together, the years differ." in front


def test_cities_are_counted_by_role_and_city_years_by_reason(site):
    cities = (site / "cities.html").read_text(encoding="utf-8")
    assert "Pilot 1, Control 1, Left out 1" in cities
    assert cities.count("<circle cx") >= 2
    assert re.search(r"the city left: exports are missing</th><td class=\"n\">−1</td>", cities)


def test_the_same_lake_gives_the_same_bytes_and_draws_nothing_twice(tmp_path, studies):
    write_lake(tmp_path / "lake")
    write_site(tmp_path / "lake", tmp_path / "out", studies)
    first = {
        path: (path.read_bytes(), path.stat().st_mtime_ns) for path in (tmp_path / "out").rglob("*.*") if path.is_file()
    }
    mine = tmp_path / "out" / "files" / "mine.txt"
    mine.write_text("mine")
    write_lake(tmp_path / "lake", effect=0.7)
    write_site(tmp_path / "lake", tmp_path / "out", studies)
    assert mine.read_text() == "mine", "what is not ours stays"
    drawn = {
        path.name
        for path, (_, time) in first.items()
        if path.parent.name == "files" and path.stat().st_mtime_ns != time
    }
    assert drawn == {"table_4.csv", "table_4.tex", "table_4.docx", "table_4.md", "hypotheses.csv", "made_from.json"} | {
        f"hypotheses.{suffix}" for suffix in ("tex", "docx", "md")
    }
    write_lake(tmp_path / "lake")
    again = write_site(tmp_path / "lake", tmp_path / "other", studies)
    written = {
        path.relative_to(tmp_path / "other"): path.read_bytes()
        for path in (tmp_path / "other").rglob("*.*")
        if path.is_file()
    }
    pages = {path.relative_to(tmp_path / "out"): data for path, (data, _) in first.items()}
    dated = re.compile(rb"<dd>20\d\d-[^<]*</dd>")  # when the table was written, as its pointer says
    assert {name: dated.sub(b"", data) for name, data in written.items()} == {
        name: dated.sub(b"", data) for name, data in pages.items()
    }
    assert again.pages == 2 * (len(RESULTS) + 3)


def test_a_lake_without_results_is_refused_with_a_remedy(tmp_path, studies):
    with pytest.raises(LakeError, match="resilience demo"):
        write_site(tmp_path / "empty", tmp_path / "out", studies)


def test_a_number_is_named_by_its_column_s_own_term_and_by_no_more_than_the_index_knows(tmp_path):
    write_lake(tmp_path)
    table, figure = (read_result(tmp_path, name).document for name in ("table_4", "figure_1"))
    pooled = Column("table_4.3", {"did": "did_pooled"})  # the symbol of another column's variable
    columns = (Column("table_4.1", {"did": "did"}), Column("table_4.2", {}), pooled)
    assert anchors(table, columns, {}) == {
        **{(1, 1): "table_4.1.did", (1, 3): "table_4.3.did_pooled"},
        **{(2, 1): "table_4.1.did", (2, 3): "table_4.3.did_pooled"},
        **{(3, 1): "table_4.1", (3, 3): "table_4.3"},
    }
    assert anchors(figure, (), {})[1, 1] == "figure_1.2018"
    assert anchors(figure, (), {}, ["figure_1.2018"]) == {(0, 1): "figure_1", (1, 1): "figure_1.2018"}


def test_every_label_has_both_languages_and_the_script_asks_for_none_that_is_missing():
    from importlib import resources

    script = resources.files("resilience_pipeline.site").joinpath("static/plots.js").read_text(encoding="utf-8")
    for language in LANGUAGES:
        labels = Words(language).labels
        assert all(labels.values())
        assert set(re.findall(r"WORDS\.(\w+)", script)) <= set(labels)
