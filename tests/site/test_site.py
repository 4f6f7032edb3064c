"""The report as a site: complete, in two languages, marked where synthetic, asking nobody, the same bytes each time."""

import re

import polars as pl
import pytest

from resilience_pipeline.errors import LakeError
from resilience_pipeline.report.document import Document
from resilience_pipeline.report.layout import Grid
from resilience_pipeline.site.anchors import Column, anchors, printed_figures, quoted
from resilience_pipeline.site.build import write_site
from resilience_pipeline.site.words import LANGUAGES, Words
from resilience_pipeline.status import read_result
from resilience_pipeline.study.load import find_studies
from resilience_pipeline.study.needs import all_variables
from resilience_pipeline.study.vocabulary import TREATMENT
from resilience_pipeline.warehouse.lake import Lake
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


def test_a_variants_pages_show_its_own_results_alone_and_no_explorer_of_the_headlines(tmp_path, studies):
    lake = write_lake(tmp_path / "lake")
    with pytest.raises(LakeError, match="no variant 'uncut'"):
        write_site(lake.root, tmp_path / "out", studies, "uncut")
    pointer = lake.current(("report", "figure_1"))
    lake.variant("uncut").write(
        pointer.key, lake.read_pointer(pointer), run_id="2", code_version="1", inputs={}, options={}, synthetic=True,
        notes=pointer.notes,
    )  # fmt: skip
    site = write_site(lake.root, tmp_path / "out", studies, "uncut").site
    assert [shown.name for shown in site.collection.results] == ["figure_1"]
    assert not site.explorer
    assert not (tmp_path / "out" / "table_4.html").exists()


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
    assert re.search(r"\(a\*b\): <a [^>]*>0\.236</a>", front), "a channel's claim is about what runs through it"
    assert "0.017" not in front
    plain = re.sub("<[^>]+>", "", front)
    said = "CTRI (Urban trade resilience, composite of resistance, recovery and transformation) in the pilot cities is"
    assert (
        f"{said} estimated to stand 0.606 higher than it would have without it (95 % interval of the effect 0.506"
        in plain
    )
    assert "only if pilots and other cities would otherwise have moved alike" in plain
    assert "城市贸易韧性估计比没有政策时高" in re.sub(
        "<[^>]+>", "", (site / "zh/index.html").read_text(encoding="utf-8")
    )
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
    assert anchors(figure, (), {}, {"figure_1.2018": ()}) == {(0, 1): "figure_1", (1, 1): "figure_1.2018"}


def test_a_number_among_many_rows_leads_to_the_row_with_its_words_and_its_figure():
    names = {
        "m.alone.business.bootstrap.indirect": printed_figures(0.236, 0.025),
        "m.alone.business.least_squares.b": printed_figures(13.535, 1.117),
        "m.alone.synergy.bootstrap.indirect": printed_figures(0.039, 0.010),
        "m.together.business.bootstrap.indirect": printed_figures(0.249, 0.024),
        "m.draws": (),
    }
    rows = (
        ("alone", "BUET", "indirect", "bootstrap", "0.236", "(0.025)", "[0.187, 0.287]", "9,999"),
        ("alone", "IS", "indirect", "bootstrap", "0.039", "(0.010)", "[0.022, 0.061]", "9,999"),
        ("alone", "BUET", "b", "least squares", "13.535***", "(1.117)", "[11.3, 15.7]", ""),
    )
    grid = Grid(("Model", "Mediator", "Quantity", "Method", "Estimate", "Std. error", "95 % interval", "Draws"), rows)
    found = anchors(Document("m", "Mediation", grid), (), {"BUET": "business", "IS": "synergy"}, names)
    assert {found[row, place] for row, place in found if row == 0} == {"m.alone.business.bootstrap.indirect"}
    assert {found[row, place] for row, place in found if row == 1} == {"m.alone.synergy.bootstrap.indirect"}
    assert {found[row, place] for row, place in found if row == 2} == {"m.alone.business.least_squares.b"}


def test_where_many_specifications_stand_under_numbered_headings_each_row_leads_to_its_own():
    names = {
        f"f.{outcome}.{n}.did": printed_figures(size + n, 0.1)
        for outcome, size in (("y", 1.0), ("z", 5.0))
        for n in (1, 2)
    }
    grid = Grid(
        ("Outcome", "(1)", "(s.e.)", "(2)", "N, (2)"),
        (("Y", "2.000", "(0.100)", "3.000", "9"), ("z", "6.000", "(0.100)", "7.000", "9")),
    )
    columns = [Column(f"f.{outcome}_{n}", {"did": "did"}) for outcome in "yz" for n in (1, 2)]
    found = anchors(Document("f", "Forms", grid), columns, {"Y": "y"}, names)
    assert found == {
        **{(0, 1): "f.y.1.did", (0, 2): "f.y.1.did", (0, 3): "f.y.2.did", (0, 4): "f.y.2.did"},
        **{(1, 1): "f.z.1.did", (1, 2): "f.z.1.did", (1, 3): "f.z.2.did", (1, 4): "f.z.2.did"},
    }


def test_a_choice_leads_to_its_own_dimension_and_what_no_word_tells_apart_to_all():
    names = {"c.summary.winsorise.none": (), "c.summary.controls.none": (), "c.test": printed_figures(4.0, None)}
    rows = (("Winsorise", ""), ("none", "0.1"), ("Controls", ""), ("none", "0.1"), ("Joint", "F = 3.9"))
    found = anchors(Document("c", "Curve", Grid(("", "median t"), rows)), (), {}, names)
    assert found == {(1, 1): "c.summary.winsorise.none", (3, 1): "c.summary.controls.none", (4, 1): "c"}
    alike = {"c.a.none": (), "c.b.none": ()}
    assert anchors(Document("c", "C", Grid(("", "t"), (("none", "1"),))), (), {}, alike) == {(0, 1): "c"}


def test_a_row_that_repeats_a_coefficient_leads_to_that_one():
    table = pl.DataFrame({"result": ["table_4.3.did", "table_4.3", "table_4"]})
    document = Document("comparison", "C", Grid(("Table", "Ours"), (("a", "1"), ("b", "2"), ("c", "3"))))
    assert quoted(table, document, ["table_4.3.did"]) == {0: "table_4.3.did", 1: "table_4.3"}
    assert quoted(table.head(2), document, ["table_4.3.did"]) == {}, "rows that cannot be told to be the same"


def test_among_words_a_number_alone_is_one_and_a_variable_s_correlation_with_itself_is_none():
    grid = Grid(("", "Rests on", "Estimate", "Why"), (("H1", "t.1.did", "[0.1, 0.2]", "3 of 4 agree"),), prose=True)
    assert anchors(Document("h", "H", grid), (), {}, {"h.h1": ()}) == {(0, 2): "h.h1"}
    matrix = Grid(("", "x", "y"), (("x", "1", ""), ("y", "0.3", "1")))
    assert anchors(Document("k", "K", matrix), (), {}, {"k.y.x": printed_figures(0.3, None)}) == {(1, 1): "k.y.x"}


def test_every_variable_of_the_bundled_studies_is_described_in_chinese(studies):
    words = Words("zh")
    described = {v.description for study in studies for v in (*TREATMENT, *all_variables(study)) if v.description}
    assert [text for text in sorted(described) if words.translated(text) == text] == []
    titles = {table.title for study in studies for table in study.tables}
    assert [title for title in sorted(titles) if words.translated(title) == title] == []


def test_a_lake_with_no_more_than_another_study_is_headed_by_that(tmp_path, studies):
    own = Document("real_1", "Descriptive statistics", Grid(("", "mean"), (("did", "0.1"),)))
    Lake(tmp_path / "lake").write(
        ("report", "real_1"),
        pl.DataFrame({"x": [1]}),
        run_id="r",
        code_version="1",
        inputs={},
        options={},
        synthetic=False,
        notes={"document": own.to_json()},
    )
    write_site(tmp_path / "lake", tmp_path / "out", studies)
    front = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    assert "<h1>Supply chain innovation pilots, fiscal self-sufficiency and income</h1>" in front


def test_every_label_has_both_languages_and_the_script_asks_for_none_that_is_missing():
    from importlib import resources

    scripts = resources.files("resilience_pipeline.site").joinpath("static")
    names = ("plots.js", "explorer.js", "explorer_cells.js")
    script = "".join(scripts.joinpath(name).read_text(encoding="utf-8") for name in names)
    for language in LANGUAGES:
        labels = Words(language).for_script()
        labels.pop("phrases")
        assert all(labels.values())
        assert set(re.findall(r"WORDS\.(\w+)", script)) <= {*labels, "phrases"}
