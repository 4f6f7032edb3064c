"""The pages in a browser, opened from the disk: they draw, lead to traces, fit a phone, and shut nobody out."""

import shutil

import pytest

from resilience_pipeline.site.build import write_site
from resilience_pipeline.study.load import find_studies
from tests.integration.test_ui import CHROMIUM_FLAGS
from tests.site.lake import write_lake

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


def test_pages_fit_a_phone_and_the_list_of_results_is_folded(site, page):
    page.set_viewport_size({"width": 360, "height": 700})
    for name in ("index", "table_4", "figure_1", "cities", "trace"):
        page.goto((site / f"{name}.html").as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, name
        assert page.get_attribute(".contents details", "open") is None


def test_no_page_bars_anybody(site, page):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed").Axe()
    for name in ("index", "zh/index", "table_4", "figure_1", "referee", "cities", "trace"):
        page.goto((site / f"{name}.html").as_uri())
        found = axe.run(page).response["violations"]
        assert [(v["id"], v["nodes"][0]["html"]) for v in found] == [], name
