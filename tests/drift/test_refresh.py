"""A refresh that moved a coefficient leaves a report, kept by run; one that moved none leaves nothing."""

import dagster as dg
import polars as pl
import pytest

from resilience_pipeline.assets import run_end
from resilience_pipeline.drift.refresh import KEY, SHOWN_NAMES, drift_between, last_refresh, report_refresh, state_of
from resilience_pipeline.drift.report import PRINTED_ROWS
from resilience_pipeline.errors import LakeError
from resilience_pipeline.plan import Plan
from resilience_pipeline.project import find_project
from resilience_pipeline.status import read_result
from resilience_pipeline.warehouse.history import as_of, runs_of
from resilience_pipeline.warehouse.lake import Lake
from tests.drift.test_attribution import ESTIMATE, cells, run, steps

PLAN = Plan(tuple(steps()[:1]), (), tuple(steps()[1:]))
ONE, TWO, BOTH = cells({"a-1": 1.0}), cells({"a-1": 1.0, "b-1": 3.0}), cells({"a-2": 2.0, "b-1": 3.0})


@pytest.fixture
def lake(tmp_path):
    return Lake(tmp_path)


def refresh(lake, run_id, delivered, **how):
    """A run and its report, as they come when a run ends."""
    run(lake, run_id, delivered, **how)
    return report_refresh(lake, run_id, PLAN)


def test_the_first_run_has_nothing_to_compare_with(lake):
    assert refresh(lake, "r1", ONE) is None
    assert lake.current(KEY) is None
    assert last_refresh(lake) is None


def test_a_run_that_moved_no_coefficient_leaves_no_report(lake):
    refresh(lake, "r1", ONE)
    assert refresh(lake, "r2", ONE) is None
    assert last_refresh(lake) is None


def test_a_refresh_leaves_a_report_of_old_new_and_what_moved_it(lake):
    refresh(lake, "r1", ONE), refresh(lake, "r2", TWO)
    rows = lake.read(KEY).to_dicts()
    assert [(row["part"], row["old"], row["new"], row["change"]) for row in rows] == [
        ("all", 2.0, 8.0, 6.0),
        ("book: new b", 2.0, 8.0, 6.0),
    ]
    shown = read_result(lake.root, "drift")
    assert "All of it comes from the one thing that changed: book: new b." in " ".join(shown.text.split())
    assert shown.pointer.notes["older_run"] == "r1"
    assert list(shown.pointer.inputs) == ["estimates/t/1"]


def test_an_earlier_refresh_s_report_is_read_as_of_its_run(lake):
    refresh(lake, "r1", ONE), refresh(lake, "r2", TWO), refresh(lake, "r3", BOTH)
    assert read_result(lake.root, "drift").table["new"][0] == 10.0
    assert read_result(lake.root, "drift", as_of="r2").table["new"][0] == 8.0


def test_two_states_far_apart_are_compared_over_the_runs_between(lake):
    for number, delivered in enumerate((ONE, TWO, BOTH), start=1):
        refresh(lake, f"r{number}", delivered, year=2018 if number < 3 else 2019)
    found = drift_between(as_of(lake, "r1"), as_of(lake, "r3"), PLAN, lake.root)
    assert found.attribution.causes == (
        "book: corrected a",
        "book: new b",
        "option start_year: 2018 to 2019",
        "interaction",
    )
    parts = found.table.filter(pl.col("part") != "all")
    assert parts["change"].sum() == found.rows["change"].sum() == 48.0
    only_compared = drift_between(as_of(lake, "r1"), as_of(lake, "r3"), PLAN, lake.root, largest=0)
    assert only_compared.table["part"].to_list() == ["all"]


def test_a_variant_is_compared_with_the_headline_by_its_name(lake):
    refresh(lake, "r1", ONE)
    run(lake.variant("other"), "r2", ONE, year=2019)
    assert report_refresh(lake.variant("other"), "r2", PLAN) is None
    found = drift_between(state_of(lake, "r1"), state_of(lake, "other"), PLAN, lake.root)
    assert (found.attribution.causes, found.rows["new"][0]) == (("option start_year: 2018 to 2019",), 10.0)


def test_a_variant_is_compared_by_its_own_results_and_what_it_lacks_is_named(lake):
    refresh(lake, "r1", ONE)
    extra = lake.read(ESTIMATE).with_columns(pl.col("estimate") * 9)
    lake.pin("r1").write(("estimates", "other", "1"), extra, code_version="c", options={})
    run(lake.variant("uncut"), "r2", ONE, year=2019)
    for old, new in (("r1", "uncut"), ("uncut", "r1")):
        found = drift_between(state_of(lake, old), state_of(lake, new), PLAN, lake.root)
        assert found.lacking == {"the variant uncut": ("other.1",)}
        assert found.rows["result"].to_list() == ["t_1"]
        assert "Not compared, because the variant uncut has none of its own: other.1." in found.document.notes


def test_of_many_that_a_variant_lacks_the_page_names_some(lake):
    refresh(lake, "r1", ONE)
    for number in range(SHOWN_NAMES + 2):
        lake.pin("r1").write(("estimates", "other", f"{number:02}"), lake.read(ESTIMATE), code_version="c", options={})
    run(lake.variant("uncut"), "r2", ONE)
    found = drift_between(state_of(lake, "r1"), state_of(lake, "uncut"), PLAN, lake.root)
    assert len(found.lacking["the variant uncut"]) == SHOWN_NAMES + 2
    assert found.attribution.notes[-1].endswith("other.07 and 2 more")


def test_a_variant_without_any_result_of_its_own_is_not_compared(lake):
    refresh(lake, "r1", ONE)
    note = {"status": "waiting", "why": "nothing was delivered for 2023"}
    living = lake.variant("living").pin("r2")
    living.write(("living", "s"), pl.DataFrame(), code_version="c", options={}, notes=note)
    with pytest.raises(LakeError, match="living has no result of its own"):
        state_of(lake, "living")


def test_the_last_two_runs_that_differ_are_found_by_default(lake):
    refresh(lake, "r1", ONE), refresh(lake, "r2", TWO), refresh(lake, "r3", TWO)
    old, new = last_refresh(lake)
    assert (old.run.record.run_id, new.run.record.run_id) == ("r1", "r2")


def test_the_page_prints_its_first_rows_and_says_how_many_there_are(lake):
    def many(value):
        rows = [{"name": "t.1", "label": "(1)", "outcome": "y", "term": f"x{number}", "estimate": value + number,
                 "std_error": 1.0, "p_value": 0.5} for number in range(PRINTED_ROWS + 5)]  # fmt: skip
        return pl.DataFrame(rows)

    for run_id, value in (("r1", 0.0), ("r2", 1.0)):
        snapshot = lake.pin(run_id)
        snapshot.write(ESTIMATE, many(value), code_version="c", options={})
        snapshot.end(())
    document = drift_between(as_of(lake, "r1"), as_of(lake, "r2"), PLAN, lake.root, largest=0).document
    assert len(document.grid.rows) == PRINTED_ROWS
    assert f"The first {PRINTED_ROWS} of {PRINTED_ROWS + 5} are printed" in document.notes[1]


@pytest.fixture
def instance(lake, monkeypatch):
    monkeypatch.setenv("RESILIENCE_PROJECT", str(lake.root))
    monkeypatch.setattr(run_end, "project_plan", lambda: PLAN)
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def test_dagster_is_told_of_the_report_and_the_run_is_closed_even_where_a_step_failed(lake, instance):
    run(lake, "r1", ONE), run(lake, "r2", TWO)
    (lake.root / "grid" / "other").mkdir(parents=True)
    (lake.root / "grid" / "other" / "attempt.json").write_text('{"run_id": "r2", "ok": false}')
    run_end.close_run(instance, lake, "r2", {}, None)
    event = instance.get_latest_materialization_event(dg.AssetKey(["report", "drift"])).asset_materialization
    assert event.metadata["run"].value == "r2"
    assert "book: new b" in event.metadata["table"].value
    assert event.metadata["coefficients"].value == 1
    assert runs_of(lake)[-1].record.failed == ("grid/other",)
    assert "report/drift" in runs_of(lake)[-1].record.pins


def test_a_report_that_cannot_be_made_leaves_the_run_as_it_is(lake, instance, monkeypatch, caplog):
    def broken(*arguments, **named):
        raise ZeroDivisionError

    run(lake, "r1", ONE), run(lake, "r2", TWO)
    monkeypatch.setattr(run_end, "report_refresh", broken)
    run_end.close_run(instance, lake, "r2", {}, None)
    assert "the tables stand" in caplog.text or "its tables stand" in caplog.text
    assert runs_of(lake)[-1].record.ok is True


def test_old_runs_go_when_a_run_ends_only_where_that_is_asked_for(lake, instance):
    for number, delivered in enumerate((ONE, TWO, BOTH), start=1):
        run(lake, f"r{number}", delivered)
    run_end.close_run(instance, lake, "r3", {}, None)
    assert len(runs_of(lake)) == 3
    find_project().settings_file.write_text("[lake]\nkeep_runs = 1\n")
    run_end.close_run(instance, lake, "r3", {}, None)
    assert [past.record.run_id for past in runs_of(lake)] == ["r3"]
    assert len(lake.versions(ESTIMATE)) == 1
