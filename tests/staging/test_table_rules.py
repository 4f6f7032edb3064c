"""Rules on a whole table: each fails the table, shows the rows and says what to do."""

import polars as pl
import pytest

from resilience_pipeline.sources.source import CELLS, Delivery, Heading, Source, TableRules
from resilience_pipeline.staging import rules
from resilience_pipeline.staging.stage import stage
from resilience_pipeline.step import Check, StepResult


def never_read(delivery: Delivery) -> pl.DataFrame:
    raise AssertionError("staging reads no file")


HEADINGS = (Heading("gdp_cny_10k", "^地区生产总值"), Heading("loans_cny_10k", "贷款"))


def staged(
    *cells: dict[str, object],
    previous: pl.DataFrame | None = None,
    headings: tuple[Heading, ...] = HEADINGS,
    rules: TableRules | None = None,
) -> StepResult:
    source = Source(
        name="city_yearbook",
        publisher="nobody",
        title="A table",
        description="",
        licence="",
        cadence="",
        patterns=(),
        read=never_read,
        headings=headings,
        rules=rules or TableRules(maximum_rejected_share=1.0),
    )
    return stage(source, pl.DataFrame(list(cells), schema=CELLS), previous)


def cell(entity: str = "杭州市", text: str | None = "1", **other: object) -> dict[str, object]:
    """GDP of Hangzhou in 2018, unless said otherwise."""
    return {
        "source": "city_yearbook",
        "delivery_sha256": "ab" * 32,
        "file": "2-7.xlsx",
        "edition": 2019,
        "sheet": "Sheet1",
        "title": "地区生产总值",
        "row": 8,
        "column": 3,
        "entity": entity,
        "entity_code": None,
        "period": "2018",
        "heading": "地区生产总值",
        "unit": "亿元",
        "text": text,
        "imputed": None,
        **other,
    }


def the_failed(result: StepResult) -> Check:
    """The one blocking check that failed, with its rows."""
    broken = [check for check in result.checks if check.blocking and not check.passed]
    assert len(broken) == 1, [check.name for check in broken]
    assert broken[0].failures is not None
    assert broken[0].failures.height > 0
    return broken[0]


def passes(result: StepResult) -> bool:
    return all(check.passed for check in result.checks if check.blocking)


def test_a_missing_required_heading_fails_the_table_and_says_which_headings_were_seen() -> None:
    result = staged(cell(), rules=TableRules(required=("gdp_cny_10k", "loans_cny_10k")))
    check = the_failed(result)
    assert check.name == "required_headings_are_there"
    assert "not found: loans_cny_10k" in check.message
    assert "headings seen in 2-7.xlsx sheet Sheet1: 地区生产总值" in check.message
    assert check.failures is not None
    assert check.failures["heading_looked_for"].to_list() == ["贷款"]


def test_a_delivery_without_any_known_heading_fails_though_none_is_required() -> None:
    check = the_failed(staged(cell(heading="公共厕所")))
    assert check.name == "required_headings_are_there"


def test_an_unknown_unit_fails_the_table_and_names_heading_unit_and_what_would_do() -> None:
    check = the_failed(staged(cell(unit="斤")))
    assert check.name == "units_convert"
    for part in ("2-7.xlsx", "地区生产总值", "斤", "cny_10k", "亿元"):
        assert part in check.message


def test_a_unit_of_another_dimension_fails_the_table() -> None:
    assert the_failed(staged(cell(unit="万人"))).name == "units_convert"


def test_a_heading_without_a_unit_fails_unless_its_source_assumes_one() -> None:
    assert "no unit" in the_failed(staged(cell(unit=None))).message
    assert passes(staged(cell(unit=None), headings=(Heading("gdp_cny_10k", "^地区生产总值", unit="亿元"),)))


def test_a_heading_that_reads_as_two_indicators_fails_the_table() -> None:
    both = (*HEADINGS, Heading("gdp_per_capita_cny", "生产总值"))
    broken = {check.name for check in staged(cell(), headings=both).checks if not check.passed}
    assert "heading_is_one_indicator" in broken


def test_a_key_with_two_values_fails_the_table_and_names_both_places() -> None:
    check = the_failed(staged(cell(text="1"), cell(text="2", file="2-7(1).xlsx", row=9)))
    assert check.name == "key_has_one_value"
    assert "2-7.xlsx, sheet Sheet1, row 8" in check.message
    assert "2-7(1).xlsx, sheet Sheet1, row 9" in check.message
    assert check.failures is not None
    assert check.failures["value"].to_list() == [20_000, 10_000]


def test_a_key_with_one_value_twice_is_kept_once_and_counted() -> None:
    result = staged(cell(text="1.5"), cell(text="15000", unit="万元", file="copy.xlsx"))
    assert passes(result)
    assert result.table["file"].to_list() == ["2-7.xlsx"]
    assert result.notes["repetitions_dropped"] == 1


def test_a_value_goes_before_an_empty_cell_of_the_same_key() -> None:
    result = staged(cell(text=None), cell(text="1", file="z.xlsx"))
    assert passes(result)
    assert result.table["value"].to_list() == [10_000]


def test_a_reported_value_goes_before_an_equal_imputed_one() -> None:
    result = staged(cell(imputed=True), cell(imputed=False, file="z.xlsx"))
    assert result.table["imputed"].to_list() == [False]


def test_a_table_cut_short_fails_with_its_year_and_indicator() -> None:
    limit = TableRules(minimum_city_share=0.8)
    check = the_failed(staged(cell(), cell("宁波市"), cell(period="2017"), rules=limit))
    assert check.name == "enough_cities"
    assert check.failures is not None
    assert check.failures.select("indicator", "year", "cities", "fullest").rows() == [("gdp_cny_10k", 2017, 1, 2)]


def test_empty_cells_do_not_cut_a_table_short() -> None:
    limit = TableRules(minimum_city_share=0.8)
    empty = [cell(text=None, period="2017"), cell("宁波市", text=None, period="2017")]
    assert passes(staged(cell(), cell("宁波市"), *empty, rules=limit))


def test_many_rejects_fail_the_table_with_their_count_by_rule() -> None:
    cells = [cell(), cell("宁波市"), cell("某某市"), cell("绍兴市", "£05")]
    assert passes(staged(*cells, rules=TableRules(maximum_rejected_share=0.5)))
    result = staged(*cells, rules=TableRules(maximum_rejected_share=0.49))
    check = the_failed(result)
    assert check.name == "few_rejects"
    assert "2 of 4 values refused (50.0%)" in check.message
    assert check.failures is not None
    assert dict(check.failures.iter_rows()) == {"city_is_known": 1, "number_is_readable": 1}
    assert result.rejects is not None
    assert result.rejects.height == 2


def test_rows_of_provinces_do_not_count_among_the_rejects() -> None:
    assert passes(staged(cell(), cell("浙江省"), rules=TableRules(maximum_rejected_share=0.0)))


def test_a_new_version_that_revises_many_values_fails_and_shows_old_and_new() -> None:
    before = staged(cell(text="100"), cell("宁波市", "100")).table
    limit = TableRules(maximum_revision_share=0.4)
    assert passes(staged(cell(text="100.9"), cell("宁波市", "99.1"), previous=before, rules=limit))
    check = the_failed(staged(cell(text="102"), cell("宁波市", "100"), previous=before, rules=limit))
    assert check.name == "agrees_with_previous_version"
    assert "1 of 2 shared values" in check.message
    assert "--accept-revisions" in check.message
    assert check.failures is not None
    assert check.failures.select("value", "previous_value").rows() == [(1_020_000, 1_000_000)]


def test_values_that_the_previous_version_lacks_are_no_revision() -> None:
    before = staged(cell(text=None)).table
    assert passes(staged(cell(text="5"), previous=before, rules=TableRules(maximum_revision_share=0.0)))


@pytest.mark.parametrize("rule", [*rules.ROW_RULES, *rules.TABLE_RULES], ids=lambda rule: rule.name)
def test_every_rule_says_what_it_asks_and_what_to_do(rule: rules.Rule) -> None:
    assert rule.says
    assert rule.remedy
    assert rule.blocking == (rule.level == "table")


def test_rules_have_names_of_their_own() -> None:
    names = [rule.name for rule in (*rules.ROW_RULES, *rules.TABLE_RULES)]
    assert len(set(names)) == len(names)
