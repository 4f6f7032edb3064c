"""Which years after a study's window are complete, and why the next one is not."""

from collections.abc import Mapping

import polars as pl

from resilience_pipeline.living.window import complete_window
from resilience_pipeline.options import Options
from resilience_pipeline.staging.schema import OBSERVATIONS
from resilience_pipeline.study.study import Study

CITIES = [f"1{n:02d}000" for n in range(10)]
STUDY = Study("s", "S", 2012, 2022, (), (), required_indicators=("gdp_cny_10k", "loans_cny_10k"))


def staged(cities: Mapping[tuple[str, int], int]) -> dict[str, pl.DataFrame]:
    """(indicator, year) -> how many cities have a value."""
    rows = [
        {"indicator": name, "year": year, "city_code": code, "value": 1.0, "scope": "city"}
        for (name, year), number in cities.items()
        for code in CITIES[:number]
    ]
    frame = pl.DataFrame(rows, schema={name: OBSERVATIONS[name] for name in rows[0]})
    missing = [pl.lit(None, dtype=dtype).alias(name) for name, dtype in OBSERVATIONS.items() if name not in rows[0]]
    return {"city_yearbook": frame.with_columns(missing).select(OBSERVATIONS.names())}


def window(**cities: Mapping[int, int]):
    counts = {(f"{name}_cny_10k", year): number for name, years in cities.items() for year, number in years.items()}
    return complete_window(STUDY, staged(counts), Options())


def test_a_year_that_has_nine_in_ten_of_the_cities_is_complete():
    assert window(gdp={2022: 10, 2023: 9}, loans={2022: 10, 2023: 10}).last_year == 2023


def test_a_year_that_lacks_a_series_waits_and_names_it():
    found = window(gdp={2022: 10, 2023: 10}, loans={2022: 10, 2023: 8})
    assert found.last_year == 2022
    assert found.reason == "2023 is not complete: it lacks loans_cny_10k (8 of 10 cities)"


def test_where_nothing_newer_is_there_it_says_so():
    found = window(gdp={2022: 10}, loans={2022: 10})
    assert (found.last_year, found.reason) == (2022, "nothing was delivered for 2023")


def test_a_series_that_the_studys_last_year_lacks_is_not_asked_for_later():
    assert window(gdp={2022: 10, 2023: 10}, loans={2016: 10}).last_year == 2023


def test_years_are_added_up_to_the_first_that_is_not_complete():
    found = window(gdp={2022: 10, 2023: 10, 2024: 10, 2025: 3, 2026: 10}, loans={2022: 4, 2023: 4, 2024: 4, 2025: 4})
    assert found.last_year == 2024
    assert "2025 is not complete: it lacks gdp_cny_10k (3 of 10 cities)" in found.reason
