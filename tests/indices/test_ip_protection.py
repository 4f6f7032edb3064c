"""The median split of intellectual-property protection."""

import numpy as np
import polars as pl
import pytest

from resilience_pipeline.indices.ip_protection import ip_high
from tests.indices.frames import by_city, shuffled

#: 2015 and 2016; protection rises everywhere.
THREE = {"a": [1.0, 11.0], "b": [2.0, 12.0], "c": [3.0, 13.0]}


def flags(cities, split):
    table = ip_high(by_city(cities, "ip_protection_index"), split)
    return {city: table.filter(city_code=city)["ip_high"].to_list() for city in cities}


def test_by_year_a_city_is_compared_with_the_cities_of_its_year():
    assert flags(THREE, "by_year") == {"a": [0, 0], "b": [0, 0], "c": [1, 1]}


def test_pooled_later_years_are_high_where_protection_rises():
    assert flags(THREE, "pooled") == {"a": [0, 1], "b": [0, 1], "c": [0, 1]}


@pytest.mark.parametrize("split", ["by_year", "pooled"])
def test_a_value_at_the_median_is_low(split):
    assert flags({"a": [1.0], "b": [2.0], "c": [2.0], "d": [2.0], "e": [3.0]}, split) == {
        "a": [0],
        "b": [0],
        "c": [0],
        "d": [0],
        "e": [1],
    }


def test_the_median_of_an_even_number_lies_halfway():
    table = ip_high(by_city({"a": [1.0], "b": [2.0], "c": [4.0], "d": [8.0]}, "ip_protection_index"), "by_year")
    assert table["ip_protection_median"].to_list() == [3.0] * 4
    assert table["ip_high"].to_list() == [0, 0, 1, 1]


@pytest.mark.parametrize("split", ["by_year", "pooled"])
def test_a_missing_value_is_neither_high_nor_low_and_moves_no_median(split):
    with_gap = flags({**THREE, "d": [None, None]}, split)
    assert with_gap.pop("d") == [None, None]
    assert with_gap == flags(THREE, split)


@pytest.mark.parametrize("split", ["by_year", "pooled"])
def test_no_value_at_all_leaves_every_flag_unknown(split):
    assert flags({"a": [None], "b": [None]}, split) == {"a": [None], "b": [None]}


def random_protection(cities=31, years=4):
    rng = np.random.default_rng(8)
    return {f"33{c:02d}00": rng.normal(size=years).tolist() for c in range(cities)}


def test_numpy_agrees_with_both_splits():
    cities = random_protection()
    values = np.array(list(cities.values()))
    by_year = (values > np.median(values, axis=0)).astype(int)
    assert flags(cities, "by_year") == dict(zip(cities, by_year.tolist(), strict=True))
    pooled = (values > np.median(values)).astype(int)
    assert flags(cities, "pooled") == dict(zip(cities, pooled.tolist(), strict=True))


@pytest.mark.parametrize("split", ["by_year", "pooled"])
def test_neither_order_of_rows_nor_a_monotone_scale_changes_a_flag(split):
    frame = by_city(random_protection(), "ip_protection_index")
    expected = ip_high(frame, split)["ip_high"]
    assert ip_high(shuffled(frame), split)["ip_high"].equals(expected)
    assert ip_high(frame.with_columns(pl.col("ip_protection_index").exp()), split)["ip_high"].equals(expected)
