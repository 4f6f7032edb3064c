"""The twin's two roads meet: its files, read and staged, give the panel that its frames give in memory, to the byte."""

import json
from pathlib import Path

import pytest

from resilience_pipeline.options import Options
from resilience_pipeline.panel.chain import panel_frames
from resilience_pipeline.sources.intake import take_in
from resilience_pipeline.sources.recognise import recognise
from resilience_pipeline.sources.registry import SOURCES
from resilience_pipeline.staging.stage import stage
from resilience_pipeline.study.load import find_studies
from resilience_pipeline.study.needs import sources_for
from resilience_pipeline.twin import draw, frames, write
from resilience_pipeline.warehouse.fingerprint import data_version
from resilience_pipeline.warehouse.lake import Lake

STUDY = next(study for study in find_studies() if study.name == "trade_resilience")
NEEDED = (*sources_for(STUDY, SOURCES), "pilot_list")
#: Columns that say where a value came from; the memory road has no files.
ORIGIN = ("source", "delivery_sha256", "file", "sheet", "row", "column", "text", "origin")


def staged_from_files(folder: Path, lake: Lake) -> dict:
    """The staged tables that the files give."""
    landing = folder / "landing"
    recognised = recognise(landing, SOURCES)
    staged = {}
    for source in SOURCES:
        if source.name in NEEDED:
            files = recognised.files_of(source.name)
            cells = take_in(source, files, lambda file: lake.store_delivery(landing, file)).table
            result = stage(source, cells)
            assert all(check.passed for check in result.checks if check.blocking), result.checks
            staged["staging", source.name] = result.table
    return staged


def versions(tables: dict) -> dict[str, str]:
    plain = {key: table.drop(*[c for c in ORIGIN if c in table.columns]) for key, table in tables.items()}
    return {".".join(key): data_version(table) for key, table in plain.items() if key[-1] not in PROVENANCE}


#: Tables whose rows list every delivered cell, overruled ones of the compiled panels included.
PROVENANCE = ("observations",)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_files_and_frames_give_the_same_panel_to_the_byte(seed, tmp_path):
    economy = draw(seed)
    write(economy, tmp_path / "twin")
    from_files = panel_frames(STUDY, staged_from_files(tmp_path / "twin", Lake(tmp_path / "lake")), Options())
    in_memory = panel_frames(STUDY, frames(economy), Options())
    assert versions(from_files) == versions(in_memory)


def test_the_pipelines_counts_are_the_ones_that_the_truth_expects(tmp_path):
    economy = draw(4)
    write(economy, tmp_path / "twin")
    expected = json.loads((tmp_path / "twin" / "truth.json").read_text(encoding="utf-8"))["expected"]
    tables = panel_frames(STUDY, frames(economy), Options())
    cities = tables["grid", "trade_resilience", "cities"]
    sample = tables["panel", "trade_resilience", "sample"]
    treatment = tables["panel", "trade_resilience", "treatment"]
    found = {
        "delivered_cities": cities.height,
        "kept_cities": cities["kept"].sum(),
        "treated_rows": treatment["did"].sum(),
        "rows_without_controls": sample["complete_outcomes"].sum(),
        "rows_with_controls": sample["complete"].sum(),
    }
    assert found == {name: expected[name] for name in found}
    assert (found["delivered_cities"], found["kept_cities"], found["rows_with_controls"]) == (285, 281, 3085)
