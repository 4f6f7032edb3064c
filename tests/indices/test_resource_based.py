"""Resource-based cities under each reading of the list."""

import polars as pl
import pytest

from resilience_pipeline.indices.resource_based import CLASSES, resource_based
from resilience_pipeline.staging.schema import CITY_CLASSES
from tests.indices.frames import by_city

CITIES = ("growing", "mature", "declining", "regenerating", "none")
INDEX = by_city({city: [0.0, 0.0] for city in CITIES}, "x").select("city_code", "year")


def the_list(*cities):
    return pl.DataFrame([{"city_code": city, "city_class": city} for city in cities], schema=CITY_CLASSES)


@pytest.mark.parametrize(
    ("classes", "flags"),
    [("all", [1, 1, 1, 1, 0]), ("without_regenerating", [1, 1, 1, 0, 0]), ("declining", [0, 0, 1, 0, 0])],
)
def test_each_reading_counts_its_classes_in_every_year(classes, flags):
    table = resource_based(INDEX, the_list(*CITIES[:4]), classes)
    assert table["resource_based"].to_list() == [flag for flag in flags for _ in range(2)]


def test_a_city_that_a_delivered_list_does_not_name_is_none():
    assert resource_based(INDEX, the_list("elsewhere"), "all")["resource_based"].to_list() == [0] * 10


@pytest.mark.parametrize("classes", CLASSES)
def test_without_a_list_nothing_is_known(classes):
    table = resource_based(INDEX, the_list(), classes)
    assert table["resource_based"].null_count() == table.height == 10


def test_the_rows_are_those_of_the_index():
    assert resource_based(INDEX, the_list("growing"), "all").select("city_code", "year").equals(INDEX)
