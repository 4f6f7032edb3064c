"""Tables against a rule: nothing of the table is written, its last good version stays."""

import polars as pl
import pytest

from resilience_pipeline.warehouse.attempts import last_attempt
from tests.faults.bad_input.ground import Ground, assert_all_others_are_refreshed, change
from tests.faults.landing import (
    GDP_2020,
    NATION,
    NATION_ROWS,
    PANEL,
    PKU,
    POPULATION_2020,
    Table,
    gdp,
    panel,
    pku,
    population,
    put,
)

BODY = panel()[1:]

TABLE_FAULTS: dict[str, tuple[str, str, bytes | Table, str, tuple[str, ...]]] = {
    "a required table that is another table": (
        "pku_finance_index",
        PKU,
        change(pku(), 1, 4, "payment"),
        "required_headings_are_there",
        ("not found: finance_index", "sheet 表1", "original headings"),
    ),
    "a required heading in other words": (
        "compiled_fdi",
        "compiled/fdi.csv",
        [["年份", "城市", "单位", "外资"], [2018, "杭州市", "百万美元", 1]],
        "required_headings_are_there",
        ("not found: foreign_investment_usd_10k", "外资", "add the new wording"),
    ),
    "a heading without a unit": (
        "city_yearbook",
        GDP_2020,
        change(gdp(), 2, 2, "地区生产总值（当年价格）"),
        "units_convert",
        ("sheet 表1, row 4, column 2", "has no unit", "万元", "print the unit in the heading"),
    ),
    "a unit that nobody knows": (
        "compiled_city_panel",
        PANEL,
        change(panel(), 1, 4, "地区生产总值_亿人次_全市"),
        "units_convert",
        ("row 2, column 4", "亿人次", "reference/units.csv"),
    ),
    "persons where money is due": (
        "city_yearbook",
        GDP_2020,
        change(gdp(), 2, 2, "地区生产总值（当年价格）（万人）"),
        "units_convert",
        ("sheet 表1, row 4, column 2", "the unit 万人", "converts to cny_10k", "print the unit in the heading"),
    ),
    "a city twice in one year with two values": (
        "compiled_city_panel",
        PANEL,
        [*panel(), [2015, "杭州市", "330100", 999, 20]],
        "key_has_one_value",
        ("row 32, column 4", "row 38, column 4", "999", "correct the wrong one of the cells"),
    ),
    "one table delivered twice with different values": (
        "city_yearbook",
        "yearbook/edition_2020/2-7 修订.xlsx",
        gdp(7),
        "key_has_one_value",
        (GDP_2020, "sheet 表1, row 4, column 2", "resilience withdraw FILE"),
    ),
    "a table cut short after its fourth city": (
        "city_yearbook",
        POPULATION_2020,
        population()[:7],
        "enough_cities",
        ("sheet 表1, row 7", "the last of 4 cities", "fullest table has 6", "deliver the complete table"),
    ),
    "a table whose every third number is unreadable": (
        "compiled_city_panel",
        PANEL,
        [panel()[0], *([*row[:3], "约60", row[4]] if i % 3 == 0 else row for i, row in enumerate(BODY))],
        "few_rejects",
        ("12 of 72 values refused", "row 2, column 4", "约60", "look at the rejects"),
    ),
    "a price index of another base year": (
        "national_accounts",
        NATION,
        change(NATION_ROWS, 2, 3, 699),
        "few_rejects",
        ("row 2, column 3", "consumer_price_index is 699.0 index, outside 50.0 to 200.0", "look at the rejects"),
    ),
    "values that are not those of the last good version": (
        "compiled_city_panel",
        PANEL,
        [panel()[0], *([*row[:3], 10 * int(str(row[3])), row[4]] for row in BODY)],
        "agrees_with_previous_version",
        ("36 of 72 shared values", "row 2, column 4", "before 600000", "run once with --accept-revisions"),
    ),
}


@pytest.mark.parametrize("fault", TABLE_FAULTS)
def test_a_table_against_a_rule_leaves_its_last_good_version(fault: str, ground: Ground) -> None:
    source, file, content, rule, said = TABLE_FAULTS[fault]
    staged = ("staging", source)
    before = ground.file(staged)
    put(ground.landing, file, content)
    run = ground.run()
    assert run.failed == [staged]
    assert run.failed_checks(staged) == [rule]
    for words in (file, *said):
        assert words in run.message(staged)
    assert ground.file(staged) == before
    assert rule in [check["name"] for check in last_attempt(ground.lake, staged).checks if not check["passed"]]
    assert_all_others_are_refreshed(ground, staged)


def test_a_true_revision_is_let_through_once_it_is_accepted(ground: Ground) -> None:
    _, file, content, _, _ = TABLE_FAULTS["values that are not those of the last good version"]
    put(ground.landing, file, content)
    assert ground.run(accept_revisions=True).failed == []
    hangzhou = pl.col("city_code") == "330100", pl.col("indicator") == "gdp_cny_10k", pl.col("year") == 2010
    assert ground.lake.read(("staging", "compiled_city_panel")).filter(*hangzhou)["value"].to_list() == [6_000_000]
