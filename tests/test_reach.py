"""A changed formula, query or declaration marks what is computed with it, and nothing else."""

from pathlib import Path

import pytest

from resilience_pipeline import code_version as module
from resilience_pipeline.code_version import code_version
from resilience_pipeline.frozen.steps import frozen_steps
from resilience_pipeline.plan import make_plan, project_plan
from resilience_pipeline.reach import REGISTRIES, reached
from resilience_pipeline.staging import steps as staging_steps
from resilience_pipeline.step import Step
from resilience_pipeline.study.load import PACKAGE_STUDIES, load_study


def versions(steps: tuple[Step, ...]) -> dict[str, str]:
    return {".".join(step.key): code_version(step) for step in steps}


def forget() -> None:
    """Read all code anew."""
    module._hash_of.cache_clear()
    module._RECORDS.clear()


@pytest.fixture
def marked_by(monkeypatch):
    """Tables of the project that are stale when one function is written otherwise."""
    before = versions(project_plan().steps)
    read = module.text_of

    def marked(place: str, name: str) -> set[str]:
        here = (f"resilience_pipeline.{place}", name)
        assert read(here), f"{name} does not stand in {place}"
        monkeypatch.setattr(module, "text_of", lambda at: read(at) + " otherwise" * (at == here))
        forget()
        after = versions(project_plan().steps)
        return {table for table in before if after[table] != before[table]}

    yield marked
    forget()


def of_sources(layer: str) -> set[str]:
    return {".".join(step.key) for step in project_plan().steps if step.key[0] == layer}


def test_an_index_formula_marks_the_tables_of_that_index(marked_by):
    assert marked_by("indices.allocation", "allocation") == {"indices.trade_resilience.allocation"}


def test_a_reader_marks_what_reads_with_it(marked_by):
    assert marked_by("sources.city_yearbook", "read") == {"staging.city_yearbook", "frozen.city_yearbook"}


def test_a_function_behind_several_modules_marks_all_that_reach_it(marked_by):
    assert marked_by("staging.stage", "stage") == of_sources("staging") | of_sources("frozen") - {"sources.pins"}


def test_interpolation_marks_the_grids_and_the_tables_that_compute_the_road_anew(marked_by):
    marked = marked_by("grid.interpolation", "interpolate")
    assert {"grid.trade_resilience.cells", "grid.real_outcomes.cells"} <= marked
    again = {name for name in marked if name.startswith("estimates.")}
    assert {name.split(".")[1] for name in again} == {
        "figure_4", "real_curve_fiscal", "real_curve_income", "effect_by_last_year",
    }  # fmt: skip
    assert len(marked) == 2 + len(again)


def test_a_bound_on_trends_marks_its_results_and_no_other_estimate(marked_by):
    marked = marked_by("econometrics.honest", "honest_rows")
    assert {name.split(".")[1].removesuffix("_honest") for name in marked} == {
        "figure_1", "real_event_fiscal", "real_event_income",
    }  # fmt: skip
    assert all("_honest" in name for name in marked)


def test_a_query_marks_the_source_that_it_stages(monkeypatch):
    before = versions(project_plan().steps)
    read = staging_steps.sql_text
    monkeypatch.setattr(staging_steps, "sql_text", lambda layer, name: read(layer, name) + " " * (name == "wind"))
    after = versions((*staging_steps.steps(), *frozen_steps()))
    assert {name for name, version in after.items() if before[name] != version} == {"staging.wind", "frozen.wind"}


def test_a_formula_of_a_study_marks_its_panel_table_and_those_who_estimate_with_it(tmp_path):
    (path,) = (path for path in PACKAGE_STUDIES if Path(path).name == "trade_resilience.toml")
    text = Path(path).read_text(encoding="utf-8")

    def plan(text: str) -> dict[str, str]:
        file = tmp_path / "trade_resilience.toml"
        file.write_text(text, encoding="utf-8")
        return versions(make_plan((load_study(file),)).steps)

    before, after = plan(text), plan(text.replace('"ln(freight_10k_tonnes)"', '"ln(1 + freight_10k_tonnes)"'))
    marked = {name for name in before if after[name] != before[name]}
    assert "panel.trade_resilience.controls" in marked
    assert {"estimates.table_4.2", "estimates.table_4.3"} <= marked
    assert "estimates.table_4.1" not in marked  # it has no controls
    assert not {name for name in marked if name.startswith(("staging.", "frozen.", "indices."))}
    assert plan(text) == before


def test_words_beside_the_code_are_no_code():
    place = ("resilience_pipeline.indices.entropy", "entropy_weights")
    text = module.text_of(place)
    assert "entropy_weights" in text
    assert "Shannon" not in text
    assert "Parameters" not in text


def test_what_a_registry_gathers_is_not_followed():
    places = reached(("resilience_pipeline.study.needs", "formulas_of"))
    assert not {module for module, _ in places} & REGISTRIES
