"""The publishers' own files: every table is read by the same code, whatever the edition."""

from pathlib import Path

import polars as pl
import pytest

from resilience_pipeline.sources.naming import match_heading
from resilience_pipeline.sources.recognise import recognise
from resilience_pipeline.sources.registry import SOURCES
from resilience_pipeline.sources.source import CELLS, Delivery

pytestmark = pytest.mark.real_data
BY_NAME = {source.name: source for source in SOURCES}


def read(real_data: Path, file: str, source: str) -> pl.DataFrame:
    path = real_data / file
    return BY_NAME[source].read(Delivery(path, file, "0" * 64, path.stat().st_size, synthetic=False))


def indicators(cells: pl.DataFrame, source: str) -> pl.DataFrame:
    """The cells with the indicator and scope that their heading names, where it names one."""
    rows = []
    for title, heading in cells.select("title", "heading").unique().iter_rows():
        declared = match_heading(BY_NAME[source], title, heading)
        if declared is not None:
            rows.append((title, heading, declared.indicator, declared.scope))
    named = pl.DataFrame(
        rows, schema=dict.fromkeys(("title", "heading", "indicator", "scope"), pl.String), orient="row"
    )
    return cells.join(named, on=["title", "heading"], how="inner", nulls_equal=True)


@pytest.fixture(scope="module")
def yearbook(real_data) -> pl.DataFrame:
    files = recognise(real_data, SOURCES).files_of("city_yearbook")
    return pl.concat(read(real_data, file, "city_yearbook") for file in files)


def test_every_real_file_finds_its_source(real_data):
    found = recognise(real_data, SOURCES)
    assert found.refused == ()
    assert len(found.files_of("city_yearbook")) == 50
    assert {name: found.files_of(name) for name in BY_NAME if name != "city_yearbook" and found.files_of(name)} == {
        "pku_finance_index": ["pku_dfiic/PKU_DFIIC_city.dta"],
        "pilot_list": ["lists/pilot_cities_55.csv"],
        "national_accounts": ["fdi/汇率.xlsx"],
        "resource_cities": ["lists/resource_based_prefectures_2013.csv"],
        "compiled_city_panel": ["city_panel/china_city_panel_real.csv"],
        "compiled_fdi": ["fdi/1996-2023年地级市外商直接投资FDI.xlsx"],
    }


def test_all_thirty_tables_of_chapter_two_give_headings_with_units_and_most_cities(yearbook):
    chapter = yearbook.filter(pl.col("edition") == 2024, pl.col("file").str.contains(r"/2-\d"))
    assert chapter["file"].n_unique() == 30
    assert chapter["heading"].null_count() == 0
    assert chapter["unit"].null_count() == 0
    assert set(chapter["period"]) == {"2023"}
    cities = chapter.filter(pl.col("text").is_not_null()).group_by("file").agg(pl.col("entity").n_unique())
    assert cities["entity"].min() > 270
    assert chapter.schema == CELLS


def test_the_headings_of_2024_name_these_indicators(yearbook):
    named = indicators(yearbook.filter(pl.col("edition") == 2024), "city_yearbook")
    both = {
        "gdp_cny_10k",
        "gdp_per_capita_cny",
        "gdp_growth_pct",
        "resident_population_10k_persons",
        "retail_sales_cny_10k",
        "budget_revenue_cny_10k",
        "budget_expenditure_cny_10k",
        "science_expenditure_cny_10k",
        "education_expenditure_cny_10k",
        "deposits_cny_10k",
        "loans_cny_10k",
        "high_tech_firms_count",
        "technology_contracts_cny_10k",
    }
    whole = {
        "urbanisation_pct",
        "exports_cny_10k",
        "imports_cny_10k",
        "patents_granted_count",
        "invention_patents_granted_count",
        "freight_10k_tonnes",
        "telecom_revenue_cny_10k",
        "electricity_10k_kwh",
    }
    found = set(named.select("indicator", "scope").unique().iter_rows())
    assert found == {(name, "city") for name in both | whole} | {(name, "districts") for name in both}
    assert named.group_by("indicator", "scope").agg(pl.struct("file", "column").n_unique())["file"].max() == 1


def test_gdp_of_2024_has_297_cities_and_the_units_of_its_columns(yearbook):
    named = indicators(yearbook.filter(pl.col("edition") == 2024), "city_yearbook")
    gdp = named.filter(pl.col("indicator") == "gdp_cny_10k", pl.col("scope") == "city")
    assert gdp["entity"].n_unique() == gdp.height == 297
    assert set(gdp["unit"]) == {"亿元"}
    hangzhou = gdp.filter(pl.col("entity").str.strip_chars() == "杭州市").row(0, named=True)
    assert (hangzhou["title"], hangzhou["heading"]) == ("2-6地区生产总值", "地区生产总值（当年价格）|全市")


def test_edition_2021_is_read_by_the_same_code(yearbook):
    named = indicators(yearbook.filter(pl.col("edition") == 2021), "city_yearbook")
    assert set(named["indicator"]) == {
        "gdp_cny_10k",
        "gdp_per_capita_cny",
        "gdp_growth_pct",
        "resident_population_10k_persons",
        "employment_total_persons",
        "average_wage_cny",
    }
    assert set(named["period"]) == {"2020"}


def test_no_county_level_city_names_an_indicator(yearbook):
    named = indicators(yearbook, "city_yearbook")
    assert named.filter(pl.col("entity").str.contains("辛集|义乌|昆山")).is_empty()


def test_the_pku_index_has_338_codes_of_four_digits(real_data):
    cells = read(real_data, "pku_dfiic/PKU_DFIIC_city.dta", "pku_finance_index")
    named = indicators(cells, "pku_finance_index")
    assert cells.height == 4_369 * 10
    assert set(named["indicator"]) == {"finance_index", "finance_credit_index"}
    assert named["entity_code"].n_unique() == 338
    assert set(named["entity_code"].str.len_chars()) == {4}


def test_the_fdi_series_states_million_dollars_in_each_row(real_data):
    cells = read(real_data, "fdi/1996-2023年地级市外商直接投资FDI.xlsx", "compiled_fdi")
    named = indicators(cells, "compiled_fdi")
    assert (named.height, named["entity"].n_unique()) == (8_260, 295)
    assert set(named["unit"]) == {"百万美元"}


def test_the_compiled_panel_flags_imputed_investment_and_nothing_else(real_data):
    named = indicators(
        read(real_data, "city_panel/china_city_panel_real.csv", "compiled_city_panel"), "compiled_city_panel"
    )
    assert named["entity"].n_unique() == 300
    flagged = named.filter(pl.col("imputed"))
    assert set(flagged["indicator"]) == {"fixed_investment_cny_10k"}
    assert flagged["period"].min() > "2016"
    assert named.filter(pl.col("indicator") == "gdp_cny_10k")["imputed"].null_count() == 10_200


def test_the_lists_have_their_published_lengths(real_data):
    assert read(real_data, "lists/pilot_cities_55.csv", "pilot_list").height == 55
    classes = read(real_data, "lists/resource_based_prefectures_2013.csv", "resource_cities")
    assert classes.height == 126
    assert set(classes["text"]) == {"growing", "mature", "declining", "regenerating"}
