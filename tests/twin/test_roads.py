"""Two roads from one draw, through files and in memory, meet in one panel; the panel counts what the truth expects."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from resilience_pipeline import twin
from resilience_pipeline.econometrics.estimate import Estimate
from resilience_pipeline.econometrics.estimation import estimate
from resilience_pipeline.options import Options
from resilience_pipeline.panel.analysis import analysis_frame, analysis_tables
from resilience_pipeline.panel.chain import panel_frames
from resilience_pipeline.sources.intake import take_in
from resilience_pipeline.sources.inventory import take_inventory
from resilience_pipeline.sources.recognise import recognise
from resilience_pipeline.sources.registry import SOURCES
from resilience_pipeline.sources.source import Source
from resilience_pipeline.staging.stage import stage
from resilience_pipeline.step import StepResult, TableKey
from resilience_pipeline.study.columns import specification_columns, specification_under
from resilience_pipeline.study.load import find_studies
from resilience_pipeline.study.needs import sources_for
from resilience_pipeline.twin import mechanisms
from resilience_pipeline.twin.estimands import leap
from resilience_pipeline.twin.inversion import composites_of, indicators_of
from resilience_pipeline.twin.truth import truth
from resilience_pipeline.warehouse.deliveries import store_delivery
from resilience_pipeline.warehouse.fingerprint import data_version

Tables = dict[TableKey, pl.DataFrame]

STUDY = next(study for study in find_studies() if study.name == "trade_resilience")
PLACES = ["delivery_sha256", "file", "sheet", "row", "column", "text"]  # where a cell stands: frames have no files
SEEDS = (1, pytest.param(2, marks=pytest.mark.slow), pytest.param(3, marks=pytest.mark.slow))


@dataclass(frozen=True)
class Road:
    """One twin on disk and what the pipeline's own readers make of it."""

    landing: Path
    lake: Path

    def staged(self, source: Source) -> tuple[StepResult, StepResult]:
        """Cells as delivered, and the staged table."""
        files = recognise(self.landing, SOURCES).files_of(source.name)
        cells = take_in(source, files, lambda file: store_delivery(self.lake, self.landing, file))
        return cells, stage(source, cells.table)

    def panel(self) -> Tables:
        """The study's tables from the files."""
        lists = tuple(source.name for source in SOURCES if source.shape != "observations")
        needed = (*sources_for(STUDY, SOURCES), *lists)
        by_name = {source.name: source for source in SOURCES}
        staged = {("staging", name): self.staged(by_name[name])[1].table for name in needed}
        return panel_frames(STUDY, staged, Options())


@pytest.fixture(scope="module")
def road(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., tuple[twin.Draw, Road]]:
    """Writes a twin; the same one only once."""

    @cache
    def written(seed: int, cities: int = 285) -> tuple[twin.Draw, Road]:
        out = tmp_path_factory.mktemp(f"twin_{seed}_{cities}")
        draw = twin.draw(seed, cities=cities)
        twin.write(draw, out)
        return draw, Road(out / "landing", out / "lake")

    return written


def _versions(tables: Tables) -> dict[TableKey, str]:
    """Of every table that does not list the observations themselves; without the places of cells."""
    return {
        key: data_version(table.drop(PLACES, strict=False))
        for key, table in tables.items()
        if (key[0], key[-1]) != ("grid", "observations")  # files also hold series that compilers repeat
    }


def _column(panel: Tables, number: str) -> Estimate:
    specification = specification_under(STUDY, STUDY.specification(f"table_4.{number}"), Options())
    tables = {key: panel[key] for key in analysis_tables(STUDY, specification)}
    return estimate(specification, analysis_frame(tables, specification_columns(specification)), engines=("kernel",))


@pytest.mark.parametrize("seed", SEEDS)
def test_files_and_frames_give_the_same_tables_to_the_byte(seed: int, road: Callable) -> None:
    draw, files = road(seed)
    got, expected = _versions(files.panel()), _versions(panel_frames(STUDY, twin.frames(draw), Options()))
    assert {key for key in expected if key[0] == "panel"} >= {
        ("panel", STUDY.name, name)
        for name in ("outcomes", "controls", "treatment", "sample", "value_status", "pilots")
    }
    assert got == expected


def test_every_staged_table_in_memory_is_what_the_readers_make_of_the_files(road: Callable) -> None:
    draw, files = road(4, cities=60)
    by_name = {source.name: source for source in SOURCES}
    staged = twin.frames(draw)
    assert {source for _, source in staged} == set(by_name) - {"compiled_city_panel", "compiled_fdi"}
    for (_, name), expected in staged.items():
        got = files.staged(by_name[name])[1].table
        if by_name[name].shape == "observations":  # files also hold districts, and series that the study does not read
            scopes = expected["scope"].unique().to_list()
            got = got.filter(
                pl.col("indicator").is_in(expected["indicator"].unique().to_list()), pl.col("scope").is_in(scopes)
            )
        assert data_version(got.drop(PLACES)) == data_version(expected.drop(PLACES)), name


def test_the_sample_is_as_large_as_the_truth_expects() -> None:
    draw = twin.draw(1)
    expected = truth(draw)["expected"]
    panel = panel_frames(STUDY, twin.frames(draw), Options())
    cities, treatment = panel["grid", STUDY.name, "cities"], panel["panel", STUDY.name, "treatment"]
    controls = panel["panel", STUDY.name, "controls"]
    got = {
        "delivered_cities": cities.height,
        "kept_cities": cities["kept"].sum(),
        "treated_cities": treatment.filter(pl.col("treat") == 1)["city_code"].n_unique(),
        "treated_rows": int(treatment["did"].sum()),
        "grid_rows_of_delivered_cities": panel["panel", STUDY.name, "sample"].height,
        "rows_without_controls": _column(panel, "1").n_obs,
        "rows_with_controls": _column(panel, "3").n_obs,
        "rows_with_fixed_investment": controls["log_fixed_investment"].count(),
        "rows_with_loans": controls["financing"].count(),
    }
    assert got == expected


def test_the_pipelines_measures_are_those_that_the_twin_planted() -> None:
    draw = twin.draw(1)
    panel = panel_frames(STUDY, twin.frames(draw), Options.of({"winsorise": "none"}))
    cpi, kept = draw.national["consumer_price_index"], draw.kept
    forces, _ = mechanisms.productive_forces(mechanisms.system_indicators(draw.treated, cpi), kept)
    outcome = composites_of(indicators_of(draw.treated, cpi), kept)[0]["CTRI"]
    planted = {
        "digital_policy": draw.moderators.digital,
        "ip_high": draw.moderators.ip_high,
        "resource_based": ~draw.moderators.non_resource,
        "business_environment": draw.treated["business_environment_index"],
        "industrial_synergy": mechanisms.industrial_synergy(draw.treated, kept),
        "new_quality_productive_forces": forces,
        "resilience_leap": leap(outcome, draw.year_list, "whole_sample"),
    }
    for name, values in planted.items():
        table = panel["panel", STUDY.name, name].sort("city_code", "year")
        got, expected = table[name].to_numpy(), values[kept].ravel().astype(float)
        if name in ("digital_policy", "ip_high", "resource_based"):
            assert (got == expected).all(), name
        else:  # publishers print digits, and holes of the outcome's series are interpolated
            assert np.median(np.abs(got - expected)) < 1e-4, name


def test_nothing_of_the_twin_is_refused_that_was_not_meant_to_be(road: Callable) -> None:
    _, files = road(4, cities=60)
    inventory = take_inventory(recognise(files.landing, SOURCES))
    assert inventory.checks[0].passed, inventory.checks[0].message
    for source in SOURCES:
        cells, staged = files.staged(source)
        assert cells.synthetic
        assert [check.message for check in (*cells.checks, *staged.checks) if not check.passed] == []
        assert staged.table.height > 0
        assert staged.rejects is None or staged.rejects.height == 0, source.name


@pytest.mark.parametrize("wrong", ["{not JSON", json.dumps({"synthetic": False, "kept_cities": [], "blemishes": []})])
def test_the_pipeline_does_not_read_the_truth(wrong: str, road: Callable, tmp_path: Path) -> None:
    _, files = road(4, cities=60)
    before = _versions(files.panel())
    truth_file = files.landing.parent / "truth.json"
    kept = truth_file.read_bytes()
    try:
        truth_file.unlink()
        (files.landing / "truth.json").write_text(wrong, encoding="utf-8")
        assert take_inventory(recognise(files.landing, SOURCES)).checks[0].passed
        assert _versions(files.panel()) == before
    finally:
        (files.landing / "truth.json").unlink()
        truth_file.write_bytes(kept)
