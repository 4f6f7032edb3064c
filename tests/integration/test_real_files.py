"""The private real files through one run: read without per-file code, matched, in agreement, estimated."""

import shutil
from pathlib import Path

import polars as pl
import pytest

from resilience_pipeline.lineage.cell_influence import strongest_cells, weigh
from resilience_pipeline.lineage.exact import staged_with, walk
from resilience_pipeline.lineage.impact import impact
from resilience_pipeline.lineage.influence import pulls, subject
from resilience_pipeline.lineage.opened import find, open_index
from resilience_pipeline.lineage.trace import trace
from resilience_pipeline.options import Options
from resilience_pipeline.plan import project_plan
from resilience_pipeline.warehouse.lake import Lake
from tests.integration.once import once
from tests.integration.terminal import Terminal

pytestmark = pytest.mark.real_data

FOLDERS = ("yearbook/edition_2021", "yearbook/edition_2024", "city_panel", "pku_dfiic", "fdi")
LISTS = ("pilot_cities_55.csv", "resource_based_prefectures_2013.csv")


@pytest.fixture(scope="module")
def project(real_data, shared) -> Terminal:
    """A project after one run on the real files. Tests must not change its lake."""

    def run(root: Path) -> None:
        landing = root / "data_lake" / "landing"
        for folder in FOLDERS:
            shutil.copytree(real_data / folder, landing / folder)
        (landing / "lists").mkdir()
        for name in LISTS:
            shutil.copy(real_data / "lists" / name, landing / "lists" / name)
        Terminal(root)("run")

    once(shared / "real", run)
    return Terminal(shared / "real")


def test_all_thirty_tables_of_chapter_2_are_read(project):
    (read,) = project.json(
        "sql",
        "select count(distinct file) n from sources.city_yearbook "
        "where file like '%edition_2024/2-%' and text is not null",
    )
    assert read["n"] == 30


def test_every_city_of_the_edition_has_its_code(project):
    (named,) = project.json(
        "sql",
        "select count(distinct city_code) n from staging.city_yearbook "
        "where indicator = 'gdp_cny_10k' and scope = 'city' and year = 2023",
    )
    assert named["n"] == 297
    unknown = project.json("sql", "select * from rejects.city_yearbook where rule = 'city_is_known'")
    assert unknown == []


@pytest.mark.parametrize("year", [2020, 2023])
def test_the_compiled_panel_agrees_with_the_yearbook_to_the_cell(project, year):
    (compared,) = project.json(
        "sql",
        "select count(*) n, count(*) filter (abs(y.value - p.value) > 1e-9 * abs(p.value)) different "
        "from staging.city_yearbook y join staging.compiled_city_panel p using (city_code, year, indicator, scope) "
        f"where indicator in ('gdp_cny_10k', 'gdp_per_capita_cny') and year = {year} "
        "and y.value is not null and p.value is not null",
    )
    assert compared["n"] > 500
    assert compared["different"] == 0


def test_models_on_real_outcomes_are_estimated_and_not_called_synthetic(project):
    for outcome in ("fiscal", "income"):
        rows = project.json("sql", f"select * from estimates.real_2_{outcome}_controls where term = 'did'")
        assert [row["status"] for row in rows] == ["estimated"]
        assert rows[0]["n_obs"] > 3000
        assert rows[0]["std_error"] > 0
    assert "SYNTHETIC" not in project("show", "real_2")


def test_the_papers_table_awaits_what_is_not_in_the_real_files(project):
    (column,) = project.json("sql", "select distinct status, reason from estimates.table_4_3")
    assert column["status"] == "awaiting"
    assert "exports_cny_10k" in column["reason"]


def test_publishers_rows_are_not_previewed(project):
    (pointer,) = (project.root / "data_lake" / "sources" / "city_yearbook").glob("current.json")
    assert "石家庄" not in pointer.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def index(project):
    return open_index(Lake(project.root / "data_lake"))


def test_every_estimated_coefficient_of_the_real_outcomes_reaches_its_cells(index):
    traced = {}
    for coefficient in find(index, "real_2") + find(index, "real_3"):
        if coefficient.status == "estimated":
            traced.setdefault(coefficient.table, trace(index, [coefficient], cells=4))

    assert len(traced) >= 6
    for found in traced.values():
        assert not found.synthetic
        assert all(cell.text for cell in found.cells if cell.status == "reported")
        assert all((index.lake.root / delivery.copy).is_file() for delivery in found.deliveries)


def test_a_real_cell_moves_only_what_is_named(index):

    observed = index.table("grid/real_outcomes/observations")
    cells = observed.filter(pl.col("standing") == "taken", pl.col("year") == 2016)
    steps = project_plan().studies
    wanted = [step.key for step in steps if step.key[:2] in (("estimates", "real_1"), ("estimates", "real_2"))]
    for indicator in ("budget_revenue_cny_10k", "gdp_per_capita_cny"):
        cell = cells.filter(indicator=indicator).row(100, named=True)
        place = {name: cell[name] for name in ("delivery_sha256", "file", "sheet", "row", "column")}
        key = ("frozen", cell["source"])
        found = impact(index, f"{cell['city_code']}/{indicator}/2016")
        for factor in (1.2, 0.8):
            changed = {key: staged_with(index.table("/".join(key)), place, lambda old, by=factor: old * by)}
            moved = walk(steps, lambda k: index.table("/".join(k)), changed, Options(), wanted).coefficients
            assert set(moved) <= found.names
            assert moved


def test_real_cells_are_weighed_as_the_strongest_are_and_cities_leave_an_event_study(index):
    plan = project_plan()
    asked = subject(index, "real_2.fiscal.did", plan.declared, plan.studies)

    found = strongest_cells(asked, 2)

    for pull in found:
        weighed = weigh(asked, f"{pull.city_code}/{pull.indicator}/{pull.year}")
        assert weighed.trials["without it"] == pull.without
        assert weighed.trials["+10 %"] == pull.more
        assert pull.without.errors != 0
    year = subject(index, "real_event_fiscal.treat_2020", plan.declared, plan.studies)
    cities = pulls(year, "city")
    assert len(cities) == year.model.sample.frame["city_code"].n_unique()
    assert all(pull.without.coefficient is not None for pull in cities)
