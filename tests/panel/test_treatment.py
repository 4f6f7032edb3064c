"""Which of the printed names count, for which cities, and what treat, post and did follow."""

import polars as pl
import pytest

from resilience_pipeline.panel.treatment import event_time, pilots, treated_cities, treatment
from tests.panel.small_study import pilot_list

LISTED = (
    ("municipality", "110000"),
    ("prefecture", "440300"),
    ("county", "330700"),
    ("zone", "350200"),
    ("zone", "410100"),
    ("zone", "440300"),
)


def treated(county="drop", zone="prefecture", henan="lead_city"):
    return treated_cities(pilots(pilot_list(*LISTED), county, zone, henan))


def test_by_default_county_names_are_left_out_and_zones_count_for_their_prefecture():
    assert treated() == ("110000", "350200", "410100", "440300")


def test_a_county_name_can_count_for_its_prefecture():
    assert "330700" in treated(county="parent")


def test_the_henan_zone_can_count_for_all_three_cities_or_for_none():
    assert {"410100", "410200", "410300"} <= set(treated(henan="all_three"))
    assert "410100" not in treated(henan="drop")


def test_without_zones_a_city_that_is_also_named_directly_stays_treated():
    assert treated(zone="drop") == ("110000", "440300")


def test_every_name_keeps_its_row_and_says_how_it_counts():
    table = pilots(pilot_list(*LISTED), "drop", "prefecture", "all_three")
    assert table.select("counts", "treated_codes", "reason").rows()[2:5] == [
        (False, "", "not treated: a county-level city is a small part of its prefecture"),
        (True, "350200", "the zone counts for its prefecture"),
        (True, "410100, 410200, 410300", "every city that the zone spans counts"),
    ]


INDEX = pl.DataFrame({"city_code": ["110000"] * 3 + ["120000"] * 3, "year": [2017, 2018, 2019] * 2})


@pytest.mark.parametrize(("start", "post"), [(2018, [0, 1, 1]), (2019, [0, 0, 1])])
def test_did_is_one_in_treated_cities_from_the_start_year_on(start, post):
    table = treatment(pilots(pilot_list(("municipality", "110000")), "drop", "drop", "drop"), INDEX, start)
    assert table["did"].to_list() == [*post, 0, 0, 0]
    assert table["post"].to_list() == post * 2


def test_without_a_pilot_list_nobody_is_called_untreated():
    table = treatment(pilots(pilot_list(), "drop", "drop", "drop"), INDEX, 2018)
    assert table["treat"].null_count() == table["did"].null_count() == 6
    assert table["post"].null_count() == 0


def test_event_time_has_a_dummy_for_each_year_in_treated_cities():
    treated = pl.DataFrame(
        {"city_code": ["a", "a", "b", "b"], "year": [2017, 2018, 2017, 2018], "treat": [1, 1, 0, 0]},
        schema_overrides={"year": pl.Int32, "treat": pl.Int32},
    )
    table = event_time(treated, {"treat_2017": 2017, "treat_2018": 2018})
    assert table["treat_2017"].to_list() == [1, 0, 0, 0]
    assert table["treat_2018"].to_list() == [0, 1, 0, 0]


def test_event_time_is_unknown_without_a_pilot_list():
    treated = pl.DataFrame({"city_code": ["a"], "year": [2018], "treat": [None]}, schema_overrides={"treat": pl.Int32})
    assert event_time(treated, {"treat_2018": 2018})["treat_2018"].to_list() == [None]
