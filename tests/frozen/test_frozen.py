"""Frozen means frozen: a new edition, a correction and a withdrawal reach the staged tables and no frozen study."""

import json
import shutil
from pathlib import Path

import pytest

from resilience_pipeline import twin
from resilience_pipeline.errors import DeliveryError, LakeError
from resilience_pipeline.frozen.freeze import freeze, thaw
from resilience_pipeline.frozen.pins import read_pins
from resilience_pipeline.study.load import find_studies
from resilience_pipeline.twin.layouts.wind import write_wind
from resilience_pipeline.warehouse.history import runs_of
from resilience_pipeline.warehouse.lake import Lake
from tests.frozen.project import FilesToPanel

INVESTMENT, ENVIRONMENT = Path("wind/wind_固定资产投资.xlsx"), Path("营商环境/营商环境指数.xlsx")
(STUDY,) = (study for study in find_studies() if study.name == "trade_resilience")


@pytest.fixture(scope="module")
def frozen(tmp_path_factory: pytest.TempPathFactory) -> tuple[FilesToPanel, dict[str, str], dict[str, str]]:
    """A lake frozen after the first edition; its tables then, and after everything that came later."""
    root = tmp_path_factory.mktemp("frozen")
    twin.write(twin.draw(3, cities=40, years=(2012, 2023), through=2022), root / "twin")
    project = FilesToPanel(Lake(root / "lake"), root / "twin" / "landing", STUDY)
    before = project.run()
    freeze(project.lake)
    shutil.copytree(root / "twin" / "editions" / "2024", project.landing, dirs_exist_ok=True)
    write_wind(twin.draw(4, cities=40, years=(2012, 2023), through=2022), root / "other")
    shutil.copy(root / "other" / INVESTMENT, project.landing / INVESTMENT)  # the same path, other bytes, also of 2019
    (project.landing / ENVIRONMENT).unlink()
    return project, before, project.run()


def test_nothing_of_a_frozen_study_changes_when_everything_delivered_does(frozen) -> None:
    project, before, after = frozen
    assert len(before) > 40
    assert after == before
    assert project.lake.read(("staging", "city_yearbook"))["year"].max() == 2023
    assert project.lake.read(("frozen", "city_yearbook"))["year"].max() == 2022


def test_what_freezing_wrote_is_a_run_that_has_ended(frozen) -> None:
    project, _, _ = frozen
    states = [run.state for run in runs_of(project.lake) if run.record.run_id.startswith("pins-")]
    assert states == ["ended"]


def test_the_staged_tables_take_the_correction_and_the_withdrawal(frozen) -> None:
    project, _, _ = frozen
    wind = {layer: project.lake.read((layer, "wind")).filter(year=2019) for layer in ("frozen", "staging")}
    indicator = "fixed_investment_cny_10k"
    values = {layer: frame.filter(indicator=indicator)["value"].to_list() for layer, frame in wind.items()}
    assert values["frozen"] != values["staging"]
    assert project.lake.read(("staging", "business_environment")).is_empty()
    assert project.lake.read(("frozen", "business_environment")).height > 0


def test_each_frozen_table_says_to_how_many_deliveries_it_is_frozen(frozen) -> None:
    project, _, _ = frozen
    notes = project.lake.current(("frozen", "wind")).notes
    assert (notes["frozen"], notes["deliveries"]) == (True, 3)
    pins = read_pins(project.lake.root)
    assert pins.words.endswith(f"to {sum(map(len, pins.sources.values()))} deliveries")


def test_freezing_again_needs_to_be_said_twice(frozen) -> None:
    project, _, _ = frozen
    with pytest.raises(LakeError, match="freeze --renew"):
        freeze(project.lake)


def test_a_pinned_copy_that_is_damaged_is_an_error_only_once_it_is_needed(frozen, tmp_path: Path) -> None:
    project, before, _ = frozen
    lake = Lake(shutil.copytree(project.lake.root, tmp_path / "lake"))
    landing = shutil.copytree(project.landing, tmp_path / "landing")
    pins = read_pins(lake.root)
    (needed,) = (pinned for pinned in pins.sources["wind"] if pinned.file == str(INVESTMENT))
    (spare,) = (pinned for pinned in pins.sources["pilot_list"])
    for pinned in (needed, spare):
        copy = pinned.stored(lake.root).path
        copy.chmod(0o644)
        copy.write_bytes(b"rot")
    other = FilesToPanel(lake, landing, STUDY, runs=10)
    (landing / INVESTMENT).unlink()  # so that the source changes, and what is pinned of it has to be found again
    with pytest.raises(DeliveryError, match="damaged") as raised:
        other.run()
    assert str(INVESTMENT) in str(raised.value)
    assert "thaw" in raised.value.remedy
    assert lake.current(("frozen", "wind")).data_version == before["frozen/wind"], "the last good table stays"


def test_after_a_thaw_the_study_follows_the_deliveries(frozen, tmp_path: Path) -> None:
    project, before, _ = frozen
    lake = Lake(shutil.copytree(project.lake.root, tmp_path / "lake"))
    thaw(lake)
    for source in ("wind", "city_yearbook"):
        followed, staged = (lake.current((layer, source)).data_version for layer in ("frozen", "staging"))
        assert followed == staged != before[f"frozen/{source}"]
    with pytest.raises(LakeError, match="nothing is frozen"):
        thaw(lake)


def test_a_source_whose_last_delivery_was_refused_is_not_frozen_half_way(frozen, tmp_path: Path) -> None:
    project, _, _ = frozen
    lake = Lake(shutil.copytree(project.lake.root, tmp_path / "lake"))
    thaw(lake)
    pointer = lake.root / "staging" / "wind" / "current.json"
    record = json.loads(pointer.read_text(encoding="utf-8"))
    record["inputs"]["sources/wind"] = "0" * 16  # what it was staged from is not what was taken in last
    pointer.write_text(json.dumps(record), encoding="utf-8")
    with pytest.raises(LakeError, match="wind"):
        freeze(lake)
    assert read_pins(lake.root) is None
