"""An instance left to itself: an edition is dropped and refreshes what rests on it, a bad one changes nothing."""

import os
import shutil
import time
from pathlib import Path

import openpyxl
import pytest

from resilience_pipeline.living.variants import living_panels
from tests.alerts.servers import web_server
from tests.integration.daemons import Daemons, serving
from tests.integration.terminal import Terminal
from tests.integration.test_ui import CHROMIUM_FLAGS
from tests.sources.deliveries import workbook

GDP_2023 = "城市统计年鉴/2023/2-6 地区生产总值.xlsx"
SETTINGS = """
[sensor]
interval_seconds = 1
patience_ticks = 10

[alerts.webhook]
url = "{hook}"
"""


@pytest.fixture(scope="module")
def twin(tmp_path_factory) -> Path:
    """A twin of forty cities as of edition 2023, and edition 2024 beside it."""
    out = tmp_path_factory.mktemp("twin") / "out"
    years = ("--years", "2012-2023", "--through", "2022")
    Terminal(out.parent)("twin", "--out", str(out), "--seed", "7", "--cities", "40", *years)
    return out


@pytest.mark.slow
def test_editions_run_by_themselves_a_bad_one_is_blocked_and_the_corrected_one_goes_through(twin, tmp_path):
    with web_server() as (hook, alerts), serving(tmp_path, SETTINGS.format(hook=hook)) as daemons:
        # The first delivery: hundreds of files, copied in the time of several ticks, one run.
        shutil.copytree(twin / "landing", daemons.landing, dirs_exist_ok=True)
        first = daemons.wait_for_runs(1, 300)
        assert first.is_success
        assert {"sources/city_yearbook", "estimates/table_4_3", "report/table_4"} <= daemons.computed(first)
        table_4 = result(daemons, "table_4")
        assert set(living_panels(daemons.lake).values()) == {"waits: nothing was delivered for 2023"}

        # The next edition, copied file by file: one run, which finds the paper's window as it was.
        for file in sorted((twin / "editions" / "2024").rglob("*")):
            if file.is_file():
                target = daemons.landing / file.relative_to(twin / "editions" / "2024")
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(file, target)
                time.sleep(0.05)
        second = daemons.wait_for_runs(2, 300)
        assert second.is_success
        computed = daemons.computed(second)
        assert {"sources/city_yearbook", "staging/city_yearbook", "grid/trade_resilience_cells"} <= computed
        estimated = {key for key in computed if key.startswith("estimates/")}
        assert {table for table in estimated if "by_last_year" not in table} == set()
        assert not {"sources/pilot_list", "staging/pilot_list"} & set(daemons.told(second))
        assert result(daemons, "table_4") == table_4
        panels = living_panels(daemons.lake)
        assert [words.split(",")[0] for words in panels.values()] == ["2012-2023", "2012-2023"], panels
        years = {row["last_year"] for row in daemons.terminal.json("show", "effect_by_last_year")["rows"]}
        assert max(years) == 2023

        # A correction of an older edition that cannot be read: blocked, told, old results stand.
        good = (daemons.landing / GDP_2023).read_bytes()
        (daemons.landing / GDP_2023).write_bytes(workbook({"Sheet1": [["地区生产总值"], ["nothing here"]]}))
        third = daemons.wait_for_runs(3, 120)
        assert not third.is_success
        assert result(daemons, "table_4") == table_4
        (status,) = [s for s in daemons.terminal.json("status")["sources"] if s["name"] == "city_yearbook"]
        assert status["state"] == "failed"
        assert GDP_2023 in status["message"]
        assert "no sheet has a column of cities" in status["message"]
        until = time.monotonic() + 60
        while not alerts and time.monotonic() < until:
            time.sleep(0.5)
        (_, _, alert), *_ = alerts
        assert "sources.city_yearbook" in alert["text"].splitlines()[0]
        assert GDP_2023 in alert["text"]
        assert "old results stand" in alert["text"].lower()

        # The corrected one: goes through, and the report of the refresh says what moved, and by which delivery.
        (daemons.landing / GDP_2023).write_bytes(revised(good, tmp_path / "revised.xlsx"))
        fourth = daemons.wait_for_runs(4, 180)
        assert fourth.is_success
        assert {"sources/city_yearbook", "panel/trade_resilience_outcomes", "estimates/table_4_3"} <= (
            daemons.computed(fourth)
        )
        assert result(daemons, "table_4") != table_4
        drift = daemons.terminal("show", "drift")
        assert "table_4_3" in drift
        assert GDP_2023 in drift
        look_at(
            daemons,
            [
                f"runs/{third.run_id}",
                "assets/report/drift",
                "assets/living/trade_resilience",
                "asset-groups",
                "automation",
            ],
        )


def result(daemons: Daemons, name: str) -> str:
    """Version of a printed result."""
    return daemons.terminal.json("show", name)["data_version"]


def revised(content: bytes, scratch: Path) -> bytes:
    """The workbook with one city's figures a fifth higher."""
    scratch.write_bytes(content)
    book = openpyxl.load_workbook(scratch)
    sheet = book.worksheets[0]
    for row in sheet.iter_rows():
        if any(isinstance(cell.value, int | float) for cell in row[1:]):
            for cell in row[1:]:
                if isinstance(cell.value, int | float):
                    cell.value = cell.value * 1.2
            break
    book.save(scratch)
    return scratch.read_bytes()


def look_at(daemons: Daemons, pages: list[str]) -> None:
    """The message of the blocked run is on its page; with RESILIENCE_SCREENSHOTS, pictures of all pages."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        return
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    folder = os.environ.get("RESILIENCE_SCREENSHOTS")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=chromium, args=CHROMIUM_FLAGS)
        page = browser.new_page(viewport={"width": 2000, "height": 1200})
        page.goto(f"{daemons.url}/{pages[0]}")
        page.wait_for_selector("text=no sheet has a column of cities", timeout=60_000)
        for number, address in enumerate(pages if folder else ()):
            page.goto(f"{daemons.url}/{address}")
            page.wait_for_timeout(2500)
            page.screenshot(path=str(Path(str(folder)) / f"it_lives_{number}.png"))
        browser.close()
