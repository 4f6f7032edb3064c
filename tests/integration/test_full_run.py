"""From raw files to coefficients: one run on a small twin, looked at from outside."""

import json
import shutil

import pytest

from tests.faults.campaign import content_of
from tests.integration.terminal import HEADLINE, TABLE_4, Terminal


def test_every_source_of_the_twin_is_delivered_and_nothing_failed(finished):
    status = finished.json("status")
    states = {source["name"]: source["state"] for source in status["sources"]}
    assert len(states) == 12
    assert set(states.values()) == {"delivered"}
    assert [table["table"] for table in status["tables"] if table["failed"]] == []


def test_the_three_columns_of_table_4_are_estimated_and_say_that_they_are_synthetic(finished):
    for column in "123":
        rows = finished.json("sql", f"select * from estimates.table_4_{column}")
        assert {row["status"] for row in rows} == {"estimated"}
    shown = finished.json("show", "table_4")
    assert shown["synthetic"] is True
    assert "SYNTHETIC" in finished("show", "table_4")


def test_the_planted_effect_is_found_within_three_errors(finished, small_twin):
    truth = json.loads((small_twin / "truth.json").read_text(encoding="utf-8"))
    (did,) = finished.json("sql", "select estimate, std_error from estimates.table_4_3 where term = 'did'")
    assert abs(did["estimate"] - truth["effects"]["controls_held"]["CTRI"]) < 3 * did["std_error"]


@pytest.mark.parametrize(("table", "flag"), [(6, "digital"), (7, "ip_high"), (8, "non_resource")])
def test_planted_differences_between_groups_are_found_by_stacked_scores_with_every_draw_kept(
    finished, small_twin, table, flag
):
    truth = json.loads((small_twin / "truth.json").read_text(encoding="utf-8"))
    planted = truth["groups"][flag]["difference"]["estimand"]
    (row,) = finished.json(
        "sql", f"select * from estimates.table_{table}_difference_tests where method = 'stacked scores'"
    )
    assert abs(row["estimate"] - planted) < 3.5 * row["std_error"]
    (kept,) = finished.json("sql", f"select count(*) n from estimates.table_{table}_difference_draws")
    assert kept["n"] == 9999


def test_planted_indirect_effects_are_found_and_the_equations_are_the_printed_columns(finished, small_twin):
    planted = json.loads((small_twin / "truth.json").read_text(encoding="utf-8"))["mediators"]
    rows = finished.json(
        "sql", "select * from estimates.table_9_mediation_effects where method like 'Sobel%by cluster'"
    )
    alone = {row["subject"]: row for row in rows if row["model"] == "alone"}
    assert set(alone) == set(planted) - {"all_three"}
    for name, row in alone.items():
        assert abs(row["estimate"] - planted[name]["indirect"]) < 3.5 * row["std_error"]
    assert {check["name"]: check["passed"] for check in checks_of(finished, "table_9_mediation", "effects")} == {
        "identity": True,
        "moments_agree": True,
        "as_printed": True,
        "estimated": True,
    }


def checks_of(finished: Terminal, table: str, part: str) -> list[dict]:
    attempt = finished.root / "data_lake" / "estimates" / table / part / "attempt.json"
    return json.loads(attempt.read_text(encoding="utf-8"))["checks"]


def test_the_curve_has_every_combination_and_its_marked_row_is_the_headline(finished):
    (curve,) = finished.json("sql", "select count(*) n, sum(marked::int) marked from estimates.figure_4_specifications")
    assert curve == {"n": 6 * 3 * 6 * 2 * 3 * 4 * 3 * 4 * 2, "marked": 1}
    (marked,) = finished.json("sql", "select estimate, std_error from estimates.figure_4_specifications where marked")
    (did,) = finished.json("sql", "select estimate, std_error from estimates.table_4_3 where term = 'did'")
    assert marked == pytest.approx(did, abs=1e-10)
    assert {check["name"]: check["passed"] for check in checks_of(finished, "figure_4", "specifications")} == {
        "as_printed": True,
        "the_whole_product": True,
        "estimated": True,
    }


def test_every_result_is_shown_beside_the_published_figures(finished):
    published = finished.json("sql", "select * from report.table_4 where term = 'did' order by \"column\"")
    assert [row["published"] for row in published] == pytest.approx([4.238, 0.655, 0.656])


def test_every_city_year_of_the_grid_is_accounted_for(finished):
    (count,) = finished.json("sql", "select count(*) n from panel.trade_resilience_sample")
    (grid,) = finished.json("sql", "select count(distinct city_code) * 11 n from grid.trade_resilience_cities")
    assert count == grid
    (silent,) = finished.json(
        "sql", "select count(*) n from panel.trade_resilience_sample where not complete and reason is null"
    )
    assert silent["n"] == 0


def test_the_run_is_listed_with_what_it_computed_and_its_results_are_read_as_it_left_them(finished):
    listed = finished.json("runs")
    (run,) = listed["runs"]
    tables = {table["table"].replace(".", "/") for table in finished.json("status")["tables"]}
    assert (run["ok"], set(run["computed"]), run["failed"]) == (True, tables, [])
    assert all(part["bytes"] > 0 for part in listed["disk"] if part["part"] in ("tables", "runs", "dagster"))
    now, then = finished.json("show", "table_4"), finished.json("show", "table_4", "--as-of", run["run"][:8])
    assert now == then


def test_the_same_files_give_the_same_bytes_under_another_hash_seed_and_number_of_threads(
    finished, exported, small_twin, tmp_path
):
    again = Terminal(tmp_path / "again", {"PYTHONHASHSEED": "20181016", "POLARS_MAX_THREADS": "1"})
    again.root.mkdir()
    again("run", "--landing", str(small_twin / "landing"))
    first, second = (content_of(terminal.root / "data_lake") for terminal in (finished, again))
    assert len(first) > 300
    assert {name for name in first if first[name] != second.get(name)} == set()
    assert set(first) == set(second)
    for figure in ("figure_1.svg", "figure_1.png", "figure_4.svg"):
        again("show", figure.partition(".")[0], "--out", str(tmp_path / figure))
        assert (tmp_path / figure).read_bytes() == (exported / figure).read_bytes(), figure


def versions(status):
    """Data versions of all tables but the index of what a lake holds, which tells of its own runs."""
    return {t["table"]: t["data_version"] for t in status["tables"] if not t["table"].startswith("lineage.")}


def test_other_options_get_tables_of_their_own_and_leave_the_headline(small_twin, finished, tmp_path):
    shutil.copytree(finished.root, tmp_path / "copy", symlinks=True)
    terminal = Terminal(tmp_path / "copy")
    (terminal.root / ".env").unlink()
    before = versions(terminal.json("status"))
    terminal("run", "--landing", str(small_twin / "landing"), *TABLE_4, "--set", "winsorise=none")
    status = terminal.json("status")
    assert versions(status) == before
    (variant,) = (v["name"] for v in status["variants"] if not v["name"].startswith("living"))
    theirs = terminal.json("show", "table_4", "--variant", variant)
    ours = terminal.json("show", "table_4")
    assert theirs["rows"] != ours["rows"]
    of_theirs = terminal.json("trace", "table_4.3.did", "--variant", variant)
    of_ours = terminal.json("trace", "table_4.3.did")
    assert (of_theirs["variant"], of_ours["variant"]) == (variant, None)
    assert of_theirs["rows"][0]["estimate"] != of_ours["rows"][0]["estimate"]
    (winsorised,) = {asset["options"]["winsorise"] for asset in of_theirs["assets"] if "winsorise" in asset["options"]}
    assert winsorised == "none"


def test_a_source_that_was_not_delivered_is_awaited_and_the_rest_runs(small_twin, tmp_path):
    landing = tmp_path / "landing"
    shutil.copytree(small_twin / "landing", landing)
    shutil.rmtree(landing / "wind")
    terminal = Terminal(tmp_path)
    terminal("run", "--landing", str(landing), *HEADLINE)
    sources = {source["name"]: source for source in terminal.json("status")["sources"]}
    assert sources["wind"]["state"] == "awaiting"
    assert sources["wind"]["unlocks"]
    (column,) = terminal.json("sql", "select distinct status, reason from estimates.table_4_3")
    assert column["status"] == "awaiting"
    assert "wind" in column["reason"]
    (real,) = terminal.json("sql", "select distinct status from estimates.real_2_fiscal")
    assert real["status"] == "estimated"
