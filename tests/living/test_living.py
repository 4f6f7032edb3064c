"""The living panel beside a frozen study: a year longer, under both weights, and nothing of the study moves."""

import shutil
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from resilience_pipeline import twin
from resilience_pipeline.driver import why_stale
from resilience_pipeline.errors import LakeError
from resilience_pipeline.living.study import living_steps, living_study
from resilience_pipeline.living.variants import VARIANTS, living_panels
from resilience_pipeline.living.walk import living_step
from resilience_pipeline.options import Options
from resilience_pipeline.status import read_result
from resilience_pipeline.study.load import find_studies
from resilience_pipeline.twin.editions import as_of
from resilience_pipeline.warehouse.lake import Lake
from tests.living.project import Frames, FramesToResults, small_study

CELLS, WEIGHTS = ("grid", "small", "cells"), ("indices", "small", "weights")


@pytest.fixture(scope="module")
def editions() -> tuple[Frames, Frames]:
    """Staged tables after the first edition and after the next."""
    draw = twin.draw(7, cities=40, years=(2012, 2023), through=2022)
    return twin.frames(as_of(draw, 2022)), twin.frames(draw)


@pytest.fixture(scope="module")
def first(editions, tmp_path_factory) -> FramesToResults:
    """A frozen study, computed, and living panels that wait. Tests must not change its lake."""
    root = tmp_path_factory.mktemp("first")
    project = FramesToResults(Lake(root / "lake"), small_study(root))
    for layer in ("staging", "frozen"):
        project.deliver(layer, editions[0])
    project.compute()
    project.live()
    return project


@pytest.fixture(scope="module")
def second(first, editions, tmp_path_factory) -> FramesToResults:
    """The same after the next edition, with its living panels. Tests must not change its lake."""
    project = copy(first, tmp_path_factory.mktemp("second"))
    project.deliver("staging", editions[1])
    project.compute()
    project.live()
    return project


def copy(project: FramesToResults, folder: Path) -> FramesToResults:
    return FramesToResults(Lake(shutil.copytree(project.lake.root, folder / "lake")), project.study, project.runs)


def test_where_nothing_newer_is_there_the_living_panels_wait_and_say_why(first):
    assert set(living_panels(first.lake).values()) == {"waits: nothing was delivered for 2023"}
    assert [p.key[0] for p in first.lake.variant("living").tables() if p.variant] == ["living"], "nothing was computed"
    with pytest.raises(LakeError, match="no effect of its own") as raised:
        read_result(first.lake.root, "effect", "living")
    assert "waits" in raised.value.found


def test_the_study_itself_is_the_same_to_the_bit(first, second):
    before = {p.name: p.data_version for p in first.lake.tables() if p.key[0] not in ("staging", "living")}
    after = {p.name: p.data_version for p in second.lake.tables() if p.key[0] not in ("staging", "living")}
    own = {name: version for name, version in after.items() if name != "estimates/longer/windows"}
    assert {name: before[name] for name in own if not name.startswith("report/longer")} == {
        name: version for name, version in own.items() if not name.startswith("report/longer")
    }


@pytest.mark.parametrize(("variant", "weights"), [("living", "re-estimated"), ("living_frozen_weights", "frozen")])
def test_the_living_panel_is_one_year_longer_and_its_titles_say_so(second, variant, weights):
    assert second.lake.variant(variant).read(CELLS)["year"].max() == 2023
    assert f"(living panel 2012-2023, {weights} weights)" in read_result(second.lake.root, "effect", variant).text
    years = second.lake.variant(variant).read(("report", "years"))["year"].to_list()
    assert years == list(range(2012, 2024)), "event years follow the window"


def test_frozen_weights_are_the_studys_own_and_re_estimated_ones_are_not(second):
    lakes = (second.lake, *(second.lake.variant(name) for name in VARIANTS))
    study, living, frozen = (lake.read(WEIGHTS) for lake in lakes)
    assert_frame_equal(frozen, study)
    assert living["rows"].max() > study["rows"].max()
    scores = second.lake.variant("living_frozen_weights").read(("indices", "small", "composites"))
    table = second.lake.variant("living_frozen_weights").read(("indices", "small", "indicators"))
    weight = dict(study.filter(composite="res").select("indicator", "weight").rows())
    by_hand = table.select(sum(pl.col(name) * w for name, w in weight.items()).alias("res"))["res"]
    assert (by_hand - scores["res"]).abs().max() < 1e-9


def test_every_result_exists_under_either_weights(second):
    for variant, table in (("living", "small"), ("living_frozen_weights", "small_frozen_weights")):
        walked = second.lake.variant(variant).read(("living", table))
        assert walked.filter(pl.col("state") != "stands")["result"].to_list() == ["report.longer"]


def test_a_curve_under_frozen_weights_leaves_out_what_weighs_anew_and_says_so(second):
    living, frozen = (second.lake.variant(name).read(("report", "choices")) for name in VARIANTS)
    assert living.select("weighting", "winsorise").rows() == [
        (weighting, cut) for weighting in ("entropy", "equal") for cut in ("by_year", "none")
    ]
    assert frozen.select("weighting", "winsorise").rows() == [("entropy", "by_year"), ("entropy", "none")]
    own = second.lake.variant("living_frozen_weights").read(("estimates", "effect", "1"))["estimate"][0]
    assert frozen["estimate"][0] == pytest.approx(own, rel=1e-10)
    assert frozen["estimate"][1] not in living["estimate"].to_list(), "another rule, the frozen window's weights"
    left_out = "choices that weigh anew are left out (weighting: equal)"
    page, sheet = (
        read_result(second.lake.root, name, "living_frozen_weights").document for name in ("choices", "sheet")
    )
    assert any(left_out in note for note in page.notes)
    assert any("choices has no choice that would weigh the index anew" in note for note in sheet.notes)
    assert not any("frozen window" in note for note in read_result(second.lake.root, "sheet", "living").document.notes)


@pytest.mark.parametrize("stands", ["first", "second"])
def test_what_is_no_living_result_says_why_where_it_is_asked_for(request, stands):
    project = request.getfixturevalue(stands)
    with pytest.raises(LakeError, match="no longer of its own") as raised:
        read_result(project.lake.root, "longer", "living_frozen_weights")
    assert raised.value.found == "no living result: it has every last year in it, under both weights"
    assert "resilience run" not in raised.value.remedy


def test_no_step_of_a_living_panel_under_frozen_weights_is_told_how_to_weigh():
    for study in find_studies():
        living = living_study(study, study.last_year + 1, frozen_weights=True)
        told = {step.key for step in living_steps(living) if {"weighting", "index_form"} & set(step.options)}
        assert {key[0] for key in told} <= {"report"}, "a printed result names every option that is no default"


def test_nothing_is_computed_again_where_nothing_changed(second, tmp_path):
    project = copy(second, tmp_path)
    assert not any(outcome.computed for outcome in project.live().values())


def test_a_damaged_table_of_a_living_panel_is_made_again(second, tmp_path):
    project = copy(second, tmp_path)
    living = project.lake.variant("living")
    damaged = living.path(("estimates", "effect", "1"))
    damaged.write_bytes(damaged.read_bytes()[:-9])
    outcomes = project.live()
    assert [variant for variant, outcome in outcomes.items() if outcome.computed] == ["living"]
    assert living.read(("estimates", "effect", "1")).height > 0


def test_an_option_that_a_result_reads_counts_for_the_living_panel(second):
    snapshot = second.lake.variant("living").pin("look")
    step = living_step(second.study, "living", lambda: snapshot)
    assert why_stale(step, snapshot, Options()) is None
    assert "winsorise" in why_stale(step, snapshot, Options.of({"winsorise": "none"}))


def test_a_revision_alone_makes_a_living_panel_of_the_same_years(first, editions, tmp_path):
    project = copy(first, tmp_path)
    revised = dict(editions[0])
    figure = (pl.col("indicator") == "retail_sales_cny_10k") & (pl.col("year") == 2019)
    revised["staging", "city_yearbook"] = revised["staging", "city_yearbook"].with_columns(
        value=pl.when(figure).then(pl.col("value") * 1.01).otherwise("value")
    )
    project.deliver("staging", revised)
    project.live()
    assert "2012-2022" in living_panels(project.lake)["small, re-estimated weights"]


def test_a_withdrawn_edition_leaves_the_living_panel_again(second, editions, tmp_path):
    project = copy(second, tmp_path)
    project.deliver("staging", editions[0])
    project.live()
    assert project.lake.variant("living").read(CELLS)["year"].max() == 2022


def test_the_effect_by_last_year_tells_new_data_from_new_weights(first, second):
    before, after = (project.lake.read(("estimates", "longer", "windows")) for project in (first, second))
    assert before["last_year"].max() == 2022
    assert after["last_year"].to_list() == [year for year in range(2018, 2024) for _ in range(2)]
    assert_frame_equal(before.drop("why_no_later_year"), after.filter("in_window").drop("why_no_later_year"))
    lakes = (second.lake, *(second.lake.variant(name) for name in VARIANTS))
    of_study, of_living, of_frozen = (lake.read(("estimates", "effect", "1"))["estimate"][0] for lake in lakes)
    found = {row[:2]: row[2] for row in after.select("last_year", "weights", "estimate").rows()}
    assert found[2022, "re-estimated"] == found[2022, "frozen"] == of_study
    assert found[2023, "re-estimated"] == of_living != of_study
    assert found[2023, "frozen"] == of_frozen != of_living
