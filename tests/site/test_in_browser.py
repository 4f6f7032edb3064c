"""The pages in a browser, opened from the disk: they draw, lead to traces, fit a phone, and shut nobody out."""

import re
import shutil
from urllib.parse import unquote

import pytest

from resilience_pipeline.site.build import write_site
from resilience_pipeline.study.load import find_studies
from tests.integration.test_ui import CHROMIUM_FLAGS
from tests.site.lake import write_lake
from tests.site.world import write_world

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    write_lake(folder / "lake")
    write_site(folder / "lake", folder / "out", find_studies(folder / "studies"))
    return folder / "out"


@pytest.fixture(scope="module")
def browser():
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no Chromium on this machine")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=chromium, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser):
    page = browser.new_page(viewport={"width": 1300, "height": 900})
    page.wrong = []
    page.on("pageerror", lambda error: page.wrong.append(str(error)))
    page.on("request", lambda r: None if r.url.startswith(("file:", "data:", "blob:")) else page.wrong.append(r.url))
    yield page
    page.close()
    assert page.wrong == []


@pytest.fixture(scope="module")
def explored(tmp_path_factory):
    folder = tmp_path_factory.mktemp("explored")
    write_world(folder / "lake")
    write_site(folder / "lake", folder / "out", find_studies(folder / "studies"))
    return folder / "out"


def test_a_number_leads_to_its_graph_its_files_and_its_cell(explored, page):
    page.goto((explored / "table_4.html").as_uri())
    page.click("text=0.606***")
    page.wait_for_selector("#coefficient >> text=table_4.3.did")
    page.click("button.node:has-text('market_share')")
    assert "ln(exports_cny_10k)" in page.inner_text("#chosen")
    page.wait_for_selector("#column-series .on:has-text('exports_cny_10k')")
    assert page.locator("#column-series .on").count() == 1, "only what the variable rests on stands out"
    page.click("#column-series .on")
    page.wait_for_selector("#cells td")
    page.fill("#pick-city", "110000")
    page.press("#pick-city", "Tab")
    page.select_option("#pick-year", "2018")
    page.wait_for_selector("#cells-said >> text=cells: 1.")
    cell = page.inner_text("#cells tbody tr")
    assert "city_yearbook.csv" in cell
    assert re.search(r"R\d+", cell)
    assert "year=2018" in unquote(page.url), "the address leads to the same view"


def test_the_explorer_is_walked_with_the_keyboard_alone(explored, page):
    page.goto((explored / "zh" / "trace.html").as_uri() + "#table_4.3.did")
    page.wait_for_selector(".node")
    page.focus("#pick-name")
    page.keyboard.type("table_4.1.did")
    page.keyboard.press("Enter")
    page.wait_for_selector("#coefficient >> text=table_4.1.did")
    page.focus(".node >> nth=0")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.getAttribute('aria-pressed')") == "true"
    assert page.inner_text("#chosen h3") == page.inner_text(".node[aria-pressed=true] b")


def test_a_name_that_nobody_has_is_said_and_a_longer_one_is_cut(explored, page):
    page.goto((explored / "trace.html").as_uri() + "#table_4.3.did.std_error")
    page.wait_for_selector("#coefficient >> text=table_4.3.did")
    page.goto((explored / "trace.html").as_uri() + "#table_99.1")
    page.wait_for_selector("#asked-here:has-text('table_99.1')")


def test_a_table_is_downloaded(site, page):
    page.goto((site / "table_4.html").as_uri())
    with page.expect_download() as saved:
        page.click(".downloads a:has-text('CSV')")
    assert "3.462" in saved.value.path().read_text(encoding="utf-8")


def test_without_scripts_the_list_of_tables_and_files_is_read(explored, browser):
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto((explored / "trace.html").as_uri() + "#table_4")
    assert page.is_visible("section#table_4")
    assert page.is_visible("noscript p")
    page.close()


def test_a_coefficient_leads_to_what_it_rests_on(site, page):
    page.goto((site / "table_4.html").as_uri())
    page.click("text=0.606***")
    page.wait_for_selector("section.asked#table_4")
    assert "table_4.3.did" in page.inner_text("#asked")
    page.click("section.asked a:has-text('city_yearbook')")
    page.click("#source-city_yearbook summary")
    assert page.is_visible("text=abababab")


def test_the_paper_s_figures_can_be_hidden(site, page):
    page.goto((site / "table_4.html").as_uri())
    assert page.is_visible("text=4.238***")
    page.click("button.toggle")
    assert not page.is_visible("text=4.238***")
    assert page.get_attribute("button.toggle", "aria-pressed") == "true"


def test_a_figure_is_drawn_from_its_numbers_and_the_view_can_be_saved(site, page):
    page.goto((site / "zh" / "figure_1.html").as_uri())
    page.wait_for_selector(".plot canvas")
    inked = page.evaluate(
        """() => { const c = document.querySelector('.plot canvas');
        return c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some(v => v > 0); }"""
    )
    assert inked
    with page.expect_download() as saved:
        page.click(".plot button")
    assert saved.value.suggested_filename == "figure_1_view.png"


def test_pages_fit_a_phone_and_the_list_of_results_is_folded(site, explored, page):
    page.set_viewport_size({"width": 360, "height": 700})
    for name in ("index", "table_4", "figure_1", "cities", "trace"):
        page.goto((site / f"{name}.html").as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, name
        assert page.get_attribute(".contents details", "open") is None
    page.goto((explored / "trace.html").as_uri() + "#table_4.3.did")
    page.wait_for_selector("#cells td")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_no_page_bars_anybody(site, explored, page):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed").Axe()
    kinds = ("index", "zh/index", "table_4", "figure_1", "referee", "cities", "trace")
    addresses = [(site / f"{name}.html").as_uri() for name in kinds]
    followed = "#table_4.3.did;node=v0;city=110000"
    addresses += [(explored / name).as_uri() + followed for name in ("trace.html", "zh/trace.html")]
    for name in addresses:
        page.goto(name)
        if followed in name:
            page.wait_for_selector("#cells td")
        found = axe.run(page).response["violations"]
        assert [(v["id"], v["nodes"][0]["html"]) for v in found] == [], name
