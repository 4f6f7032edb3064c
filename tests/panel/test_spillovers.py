"""Rings around pilots: real distances, only from the start year on, never a pilot itself."""

import polars as pl
import pytest

from resilience_pipeline.panel.spillovers import spillovers

#: Seats on the equator, where a degree of longitude is 111.195 km: the pilot, then 89, 167 and 556 km from it.
PLACES = pl.DataFrame(
    {"city_code": ["p", "near", "further", "far"], "latitude": [0.0] * 4, "longitude": [0.0, 0.8, 1.5, 5.0]}
)


def treated(treat: dict[str, int | None]) -> pl.DataFrame:
    rows = [(city, year, flag, int(year >= 2018)) for city, flag in treat.items() for year in (2017, 2018)]
    schema = {"city_code": pl.String, "year": pl.Int32, "treat": pl.Int32, "post": pl.Int32}
    return pl.DataFrame(rows, schema=schema, orient="row")


ALL = {"p": 1, "near": 0, "further": 0, "far": 0}


def test_distances_are_great_circles_to_the_nearest_pilot():
    table = spillovers(treated(ALL), PLACES, 100.0).filter(year=2018)
    assert table["distance_to_pilot_km"].to_list() == pytest.approx(
        [0, 0.8 * 111.195, 1.5 * 111.195, 5 * 111.195], rel=1e-4
    )
    two = spillovers(treated({**ALL, "far": 1}), PLACES, 100.0).filter(year=2018)
    assert two["distance_to_pilot_km"][2] == pytest.approx(1.5 * 111.195, rel=1e-4)


def test_rings_hold_neighbours_from_the_start_year_on():
    table = spillovers(treated(ALL), PLACES, 100.0)
    after, before = table.filter(year=2018), table.filter(year=2017)
    assert after["near_pilot"].to_list() == [0, 1, 0, 0]
    assert after["further_from_pilot"].to_list() == [0, 0, 1, 0]
    assert before["near_pilot"].sum() == before["further_from_pilot"].sum() == 0


def test_wider_rings_hold_more():
    after = spillovers(treated(ALL), PLACES, 300.0).filter(year=2018)
    assert after["near_pilot"].to_list() == [0, 1, 1, 0]
    assert after["further_from_pilot"].to_list() == [0, 0, 0, 1]


def test_a_pilot_beside_a_pilot_is_in_no_ring():
    after = spillovers(treated({**ALL, "near": 1}), PLACES, 100.0).filter(year=2018)
    assert after["near_pilot"].to_list() == [0, 0, 1, 0]  # "further" lies 78 km from "near"


def test_a_pilot_that_left_the_sample_has_neighbours_all_the_same():
    kept = treated({"near": 0, "further": 0, "far": 1})
    after = spillovers(kept, PLACES, 100.0, ("p", "far")).filter(year=2018)
    assert after["city_code"].to_list() == ["near", "further", "far"]
    assert after["near_pilot"].to_list() == [1, 0, 0]
    assert after["further_from_pilot"].to_list() == [0, 1, 0]
    assert after["distance_to_pilot_km"][0] == pytest.approx(0.8 * 111.195, rel=1e-4)


def test_without_a_pilot_list_or_a_place_nothing_is_known():
    unknown = spillovers(treated(dict.fromkeys(ALL)), PLACES, 100.0)
    assert unknown.select(pl.exclude("city_code", "year").null_count()).row(0) == (8, 8, 8)
    lost = spillovers(treated(ALL), PLACES.filter(pl.col("city_code") != "far"), 100.0).filter(city_code="far")
    assert lost.select(pl.exclude("city_code", "year").null_count()).row(0) == (2, 2, 2)
