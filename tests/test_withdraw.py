"""`resilience withdraw` as a user types it: what it takes, what it refuses, what `resilience status` says after."""

import json

import pytest
from typer.testing import CliRunner

from resilience_pipeline import cli, running, status
from resilience_pipeline.driver import execute
from resilience_pipeline.options import Options
from resilience_pipeline.project import find_project
from resilience_pipeline.running import RunReport
from tests.test_arrivals import GDP_2019, GDP_2020, Ground, workbook


@pytest.fixture
def ground(tmp_path, monkeypatch) -> Ground:
    """Two editions taken in, one of them gone since; the command's run is noted instead of started."""
    ground = Ground(tmp_path)
    for file in (GDP_2019, GDP_2020):
        ground.put(file, workbook(100, 200))
    ground.put(GDP_2020, workbook(110, 210))
    ground.run()
    (ground.landing / GDP_2019).unlink()
    monkeypatch.setenv("RESILIENCE_PROJECT", str(tmp_path))
    monkeypatch.setenv("RESILIENCE_LAKE", str(ground.lake.root))
    monkeypatch.setenv("RESILIENCE_LANDING", str(ground.landing))
    ground.asked = []

    def run_assets(project, **asked):
        ground.asked.append(asked)
        return RunReport("run", True, 1, {})

    monkeypatch.setattr(running, "run_assets", run_assets)
    monkeypatch.setattr(running, "asset_count", lambda project: 1)
    return ground


def resilience(*arguments: str):
    return CliRunner().invoke(cli.app, list(arguments))


@pytest.mark.parametrize("arguments", [[GDP_2019], ["edition_2020/*"], ["--gone"]])
def test_a_gone_delivery_is_withdrawn_by_name_by_pattern_or_as_all_that_are_gone(ground, arguments):
    done = resilience("withdraw", *arguments)
    assert done.exit_code == 0, done.output
    assert f"withdrawn: {GDP_2019}" in done.output
    (asked,) = ground.asked
    assert asked["deliveries"] == {"withdraw": [GDP_2019]}
    assert asked["select"] is None


@pytest.mark.parametrize("arguments", [["edition_2020/2-2.xlsx"], [], ["--undo", GDP_2019]])
def test_a_name_that_fits_nothing_starts_no_run(ground, arguments):
    assert resilience("withdraw", *arguments).exit_code != 0
    assert ground.asked == []


def test_where_nothing_is_withdrawn_undo_says_so(ground):
    done = resilience("withdraw", "--undo")
    assert "no delivery is withdrawn" in str(done.exception)
    assert ground.asked == []


def test_what_was_withdrawn_is_taken_in_again_with_undo(ground):
    ground.withdraw(GDP_2020)
    done = resilience("withdraw", "--undo", GDP_2020)
    assert done.exit_code == 0, done.output
    assert ground.asked[0]["deliveries"] == {"reinstate": [GDP_2020]}


def test_the_status_names_what_stands_though_it_is_gone_and_what_was_withdrawn(ground):
    ground.withdraw(GDP_2020)
    execute(ground.arrivals().inventory(), ground.snapshot, Options())
    found = {d.file: d.state for d in status.read_status(find_project()).deliveries}
    assert found == {GDP_2019: "standing", GDP_2020: "withdrawn"}
    printed = resilience("status").output
    assert GDP_2019 in printed
    assert "withdrawn" in printed
    listed = json.loads(resilience("status", "--json").stdout)["deliveries"]
    assert [delivery["state"] for delivery in listed] == ["standing", "withdrawn"]
