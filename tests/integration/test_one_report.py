"""A result rests on what it names: another work report re-estimates Table 6 and nothing of Table 8."""

import shutil

import pytest

from resilience_pipeline.warehouse.lake import Lake
from tests.integration.terminal import Terminal


@pytest.fixture(scope="module")
def refreshed(finished, small_twin, tmp_path_factory) -> tuple[Terminal, dict[str, dict], dict[str, dict]]:
    """A copy of the finished project, one report in it rewritten, and what rests on the reports run again."""
    root = tmp_path_factory.mktemp("one_report")
    shutil.copytree(finished.root, root / "copy", symlinks=True)
    shutil.copytree(small_twin / "landing", root / "landing")
    terminal = Terminal(root / "copy")
    (terminal.root / ".env").unlink()
    before = tables_of(terminal)
    report = _without_policy(terminal, root)
    report.write_text(
        "政府工作报告\n本年大力发展数字经济，加快大数据、云计算、人工智能应用，建设智慧城市。\n", encoding="utf-8"
    )
    terminal("run", "--landing", str(root / "landing"), "--select", 'key:"sources/work_reports"+')
    return terminal, before, tables_of(terminal)


def tables_of(terminal: Terminal) -> dict[str, dict]:
    """Tables by name, but for what a run writes of itself when it ends."""
    tables = {table["table"]: table for table in terminal.json("status")["tables"]}
    return {name: table for name, table in tables.items() if name != "report.drift" and not name.startswith("lineage.")}


def _without_policy(terminal: Terminal, root):
    """The report of a kept city and year that has no digital-economy policy yet."""
    (row,) = terminal.json(
        "sql",
        "select file from staging.work_reports join panel.trade_resilience_digital_policy using (city_code, year) "
        "where digital_policy = 0 order by file limit 1",
    )
    return root / "landing" / row["file"]


def test_table_6_was_estimated_anew_and_table_8_was_not_touched(refreshed):
    _, before, after = refreshed
    ran = {name for name in after if after[name]["run_id"] != before[name]["run_id"]}
    assert {"estimates.table_6.1", "estimates.table_6.2", "estimates.table_6_difference.draws", "report.table_6"} <= ran
    assert [name for name in ran if "table_8" in name or "table_4" in name or "table_7" in name] == []


def test_exactly_those_tables_were_computed_of_which_an_input_moved(refreshed):
    terminal, before, after = refreshed
    moved = {name for name in after if after[name]["data_version"] != before[name]["data_version"]}
    ran = {name for name in after if after[name]["run_id"] != before[name]["run_id"]}
    lake = Lake(terminal.root / "data_lake")
    behind = {".".join(p.key): {name.replace("/", ".") for name in p.inputs} for p in lake.tables()}
    always = {"sources.work_reports", "rejects.work_reports"}
    assert "staging.work_reports" in ran
    assert ran - always == {name for name in after if behind[name] & moved}
    assert len(ran) < 30


def test_the_same_files_once_more_compute_nothing(refreshed):
    terminal, _, after = refreshed
    landing = str(terminal.root.parent / "landing")
    report = terminal.json("run", "--landing", landing, "--select", 'key:"sources/work_reports"+')
    assert (report["ok"], report["computed"]) == (True, 0)
    assert report["unchanged"] == report["steps"] > 10
    now = tables_of(terminal)
    assert {name: table["data_version"] for name, table in now.items()} == {
        name: table["data_version"] for name, table in after.items()
    }


def test_the_changed_report_moved_the_flag_and_the_coefficients_of_table_6(refreshed):
    _, before, after = refreshed
    moved = {name for name in after if after[name]["data_version"] != before[name]["data_version"]}
    assert "panel.trade_resilience.digital_policy" in moved
    assert {"estimates.table_6.1", "estimates.table_6.2"} <= moved
    assert {"panel.trade_resilience.controls", "panel.trade_resilience.outcomes"}.isdisjoint(moved)
