"""Which staged value counts when several stand for one fact, and what becomes of the others."""

import polars as pl

from resilience_pipeline.grid.observations import observations, taken
from tests.grid.staged import series, staged


def union(imputed_values="drop", **sources):
    return observations(sources, ["loans_cny_10k", "consumer_price_index"], 2012, 2014, imputed_values)


def standings(table):
    return table.sort("year", "source").select("year", "source", "standing").rows()


def test_the_earlier_source_is_taken_and_the_later_one_stays_as_overruled():
    table = union(
        city_yearbook=staged(series("330100", "loans_cny_10k", [1])),
        wind=staged(series("330100", "loans_cny_10k", [2]), source="wind"),
    )
    assert standings(table) == [(2012, "city_yearbook", "taken"), (2012, "wind", "overruled")]


def test_an_empty_cell_does_not_overrule_a_later_source():
    table = union(
        city_yearbook=staged(series("330100", "loans_cny_10k", [None])),
        wind=staged(series("330100", "loans_cny_10k", [2]), source="wind"),
    )
    assert standings(table) == [(2012, "city_yearbook", "empty"), (2012, "wind", "taken")]


def test_an_imputed_value_is_kept_as_a_row_but_not_taken():
    table = union(compiled_city_panel=staged(series("330100", "loans_cny_10k", [1], imputed=True)))
    assert table["standing"].to_list() == ["imputed"]
    assert taken(table).is_empty()


def test_with_imputed_values_kept_a_reported_value_still_comes_first():
    table = union(
        "keep",
        city_yearbook=staged(series("330100", "loans_cny_10k", [1, 2], imputed=True)),
        wind=staged(series("330100", "loans_cny_10k", [3]), source="wind"),
    )
    assert standings(table) == [
        (2012, "city_yearbook", "overruled"),
        (2012, "wind", "taken"),
        (2013, "city_yearbook", "taken"),
    ]


def test_years_indicators_and_scopes_outside_the_study_stay_out():
    table = union(
        city_yearbook=staged(
            series("330100", "loans_cny_10k", [1], first_year=2011),
            series("330100", "loans_cny_10k", [2], first_year=2015),
            series("330100", "loans_cny_10k", [3], scope="districts"),
            series("330100", "deposits_cny_10k", [4]),
            series("000000", "loans_cny_10k", [5], scope="nation"),
            series("000000", "consumer_price_index", [102], scope="nation"),
        )
    )
    assert table.select("indicator", "value").rows() == [("consumer_price_index", 102.0)]


def test_the_order_of_delivered_rows_does_not_matter():
    frame = staged(series("330100", "loans_cny_10k", [1, 2, 3]), series("330200", "loans_cny_10k", [4, None, 6]))
    shuffled = frame.sample(fraction=1, shuffle=True, seed=1)
    assert union(city_yearbook=frame).equals(union(city_yearbook=shuffled))


def test_without_any_source_the_table_is_empty_but_has_its_columns():
    table = union()
    assert table.is_empty()
    assert table.schema["standing"] == pl.String
