"""`resilience dev` as a user meets it: it shows the terminal's runs, and its graph reads in flow order."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

LAYERS = ["sources", "staging", "grid", "indices", "panel", "estimates", "report"]
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def server(finished):
    """`resilience dev` in the finished project."""
    port = free_port()
    command = [sys.executable, "-m", "resilience_pipeline", "dev", "--port", str(port)]
    environment = finished.environment
    dev = subprocess.Popen(
        command,
        cwd=finished.root,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        wait_for(url)
        yield url
    finally:
        os.killpg(dev.pid, signal.SIGINT)
        try:
            dev.wait(timeout=30)
        except subprocess.TimeoutExpired:
            os.killpg(dev.pid, signal.SIGKILL)


def wait_for(url: str, seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{url}/server_info", timeout=2):
                return
        except OSError:
            time.sleep(0.5)
    raise TimeoutError(f"{url} did not come up in {seconds} s")


@pytest.fixture
def page(server):
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no Chromium on this machine")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=chromium, args=CHROMIUM_FLAGS)
        page = browser.new_page(viewport={"width": 2200, "height": 1200})
        page.foreign = []
        page.on(
            "request",
            lambda r: page.foreign.append(r.url) if not r.url.startswith((server, "data:", "blob:")) else None,
        )
        yield page
        browser.close()


def test_dagster_finds_the_runs_of_the_terminal(finished, server):
    query = '{"query": "{ runsOrError { ... on Runs { results { runId status } } } }"}'
    request = urllib.request.Request(
        f"{server}/graphql", data=query.encode(), headers={"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        text = answer.read().decode()
    run_ids = {table["run_id"] for table in finished.json("status")["tables"]}
    assert len(run_ids) == 1
    assert re.search(rf'"runId": ?"{run_ids.pop()}", ?"status": ?"SUCCESS"', text)


@pytest.mark.browser
def test_the_groups_of_the_asset_graph_stand_left_to_right_in_flow_order(server, page):
    page.goto(f"{server}/asset-groups")
    page.wait_for_selector("svg foreignObject", timeout=60_000)
    page.wait_for_timeout(2500)
    places = {
        layer: page.evaluate(
            """(name) => { for (const e of document.querySelectorAll('svg foreignObject *'))
            if (e.childElementCount == 0 && e.textContent.trim() === name) return e.getBoundingClientRect().x;
            return null; }""",
            layer,
        )
        for layer in LAYERS
    }
    folder = os.environ.get("RESILIENCE_SCREENSHOTS")
    if folder:
        page.screenshot(path=str(Path(folder) / "asset_graph.png"))
    assert None not in places.values(), places
    assert [places[layer] for layer in LAYERS] == sorted(places.values()), places
    assert page.foreign == []


@pytest.mark.browser
def test_a_result_shows_its_table_and_that_it_is_synthetic(server, page):
    page.goto(f"{server}/assets/report/table_4")
    page.wait_for_selector("text=SYNTHETIC", timeout=60_000)
    folder = os.environ.get("RESILIENCE_SCREENSHOTS")
    if folder:
        page.screenshot(path=str(Path(folder) / "table_4.png"))
