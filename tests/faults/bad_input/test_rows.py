"""Rows against a rule: the row goes to the rejects, the rest of the table is updated. And what is no fault."""

from dataclasses import dataclass

import pytest

from tests.faults.bad_input.ground import Ground, assert_all_others_are_refreshed, change
from tests.faults.landing import (
    GDP_2020,
    PANEL,
    PILOTS,
    PKU,
    POPULATION_2020,
    WIND,
    Table,
    gdp,
    panel,
    pku,
    population,
    put,
    wind,
)

BODY = panel()[1:]


@dataclass(frozen=True)
class BadRow:
    """A table with one bad row, and what must be said of it. `row` is where it stands, `lost` the values it held."""

    source: str
    file: str
    content: Table
    rule: str
    row: int
    reason: str
    remedy: str
    lost: int = 1


ROW_FAULTS: dict[str, BadRow] = {
    "text where a number is due": BadRow(
        "city_yearbook", GDP_2020, change(gdp(), 6, 2, "约一百万"), "number_is_readable", 6,
        'the text "约一百万" is not a number', "type the number as printed",
    ),
    "a number with the residue of a scan": BadRow(
        "city_yearbook", GDP_2020, change(gdp(), 6, 2, "1 2O0.5l"), "number_is_readable", 6,
        'the text "1 2O0.5l" is not a number', "type the number as printed",
    ),
    "a city that nobody knows": BadRow(
        "city_yearbook", POPULATION_2020, change(population(), 5, 1, "虚构市"), "city_is_known", 5,
        "no prefecture-level unit is called 虚构市", "reference/city_aliases.csv", lost=2,
    ),
    "a city name that is a command to a spreadsheet": BadRow(
        "compiled_city_panel", PANEL, [*panel(), [2015, "=cmd|'/c calc'!A1", None, 60, 20]], "city_is_known", 38,
        "no prefecture-level unit is called =cmd|'/ccalc'!A1", "correct the name in the file", lost=2,
    ),
    "a row that names no city": BadRow(
        "compiled_city_panel", PANEL, [*panel(), [2015, None, None, 60, 20]], "city_is_named", 38,
        "names no city and no code", "fill in the city's name or code", lost=2,
    ),
    "a city after it was merged into another": BadRow(
        "wind", WIND, change(wind(), 1, 7, "莱芜:固定资产投资完成额"), "city_exists_in_the_year", 9,
        "莱芜市 is no prefecture-level unit in 2019: merged into 济南", "under the successor's name",
    ),
    "a code that is another city's": BadRow(
        "pku_finance_index", PKU, change(pku(), 3, 2, "3303"), "code_and_name_agree", 3,
        "the name 宁波市 is 330200, the code 3303 is 330300", "correct the name or the code", lost=2,
    ),
    "a year that cannot be read": BadRow(
        "compiled_city_panel", PANEL, change(panel(), 4, 1, "去年"), "year_is_readable", 4,
        'no year can be read from "去年"', "write the year with four digits", lost=2,
    ),
    "half a year": BadRow(
        "compiled_city_panel", PANEL, [*panel(), ["2016年上半年", "杭州市", "330100", 60, 20]], "year_is_readable", 38,
        'no year can be read from "2016年上半年"', "write the year with four digits", lost=2,
    ),
    "production below zero": BadRow(
        "city_yearbook", GDP_2020, change(gdp(), 9, 2, -5), "value_is_not_negative", 9,
        "gdp_cny_10k is -5.0 cny_10k, below zero", "a lone hyphen before a number may be a mark",
    ),
    "growth of two hundred per cent": BadRow(
        "compiled_city_panel", PANEL,
        [[*panel()[0], "地区生产总值增长率_%_全市"], *([*row, 200 if i == 10 else 7] for i, row in enumerate(BODY))],
        "value_is_plausible", 12, "gdp_growth_pct is 200.0 pct, outside -60.0 to 100.0", "reference/indicators.csv",
    ),
    "a pilot that is not on the list": BadRow(
        "pilot_list", PILOTS, [["序号", "城市"], [1, "Atlantis"], *([i, "Beijing"] for i in range(2, 32))],
        "pilot_is_known", 2, 'the printed name "Atlantis" is not among the 55', "reference/pilot_names.csv",
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", ROW_FAULTS)
def test_a_bad_row_goes_to_the_rejects_and_the_rest_of_the_table_is_updated(fault: str, ground: Ground) -> None:
    bad = ROW_FAULTS[fault]
    staged = ("staging", bad.source)
    put(ground.landing, bad.file, bad.content)
    run = ground.run()
    assert run.failed == []
    rejects = ground.lake.read(("rejects", bad.source))
    assert rejects.select("file", "row", "rule").unique().rows() == [(bad.file, bad.row, bad.rule)]
    assert rejects["sheet"].unique().to_list() == ["表1" if bad.file.endswith(".xlsx") else None]
    assert rejects.height == bad.lost
    assert bad.reason in rejects["reason"][0]
    assert bad.remedy in rejects["remedy"][0]
    for words in (bad.file, f"row {bad.row}", bad.reason, bad.remedy):
        assert words in run.message(staged)
    outcome = run.outcomes[staged].result
    assert ground.lake.read(staged).equals(outcome.table)
    kept = ground.lake.read(("sources", bad.source)).height - bad.lost
    assert outcome.table.height == kept - outcome.notes["repetitions_dropped"]
    assert_all_others_are_refreshed(ground)


def test_a_row_delivered_twice_alike_counts_once(ground: Ground) -> None:
    before = ground.lake.read(("staging", "compiled_city_panel"))
    put(ground.landing, PANEL, [*panel(), panel()[-1]])
    run = ground.run()
    assert run.failed == []
    assert run.outcomes["staging", "compiled_city_panel"].pointer.notes["repetitions_dropped"] == 2
    columns = ["city_code", "year", "indicator", "value"]
    assert ground.lake.read(("staging", "compiled_city_panel")).select(columns).equals(before.select(columns))


@pytest.mark.parametrize("written", ["1,000,000", "１，０００，０００", "1000000.0", " 1000000\u3000", "1e6"])
def test_a_number_may_be_written_with_separators_or_in_full_width(written: str, ground: Ground) -> None:
    put(ground.landing, GDP_2020, change(gdp(), 4, 2, written))
    run = ground.run()
    before = {"city_code": "330100", "year": 2019, "indicator": "gdp_cny_10k", "scope": "city"}
    row = ground.lake.read(("staging", "city_yearbook")).filter(**before)
    assert run.failed == []
    assert (row["value"].to_list(), row["text"].to_list()) == ([1_000_000.0], [written])


def test_a_city_name_that_is_a_command_is_kept_as_text_and_nothing_more(ground: Ground) -> None:
    bad = ROW_FAULTS["a city name that is a command to a spreadsheet"]
    put(ground.landing, bad.file, bad.content)
    ground.run()
    assert ground.lake.read(("rejects", bad.source))["entity"].unique().to_list() == ["=cmd|'/c calc'!A1"]
