"""Cells in, observations out: names, codes, years, units, marks, and what is refused."""

import polars as pl
import pytest

from resilience_pipeline.sources.source import CELLS, Delivery, Heading, Source, TableRules
from resilience_pipeline.staging.schema import OBSERVATIONS, REJECTS
from resilience_pipeline.staging.stage import stage
from resilience_pipeline.step import StepResult


def never_read(delivery: Delivery) -> pl.DataFrame:
    raise AssertionError("staging reads no file")


HEADINGS = (
    Heading("gdp_cny_10k", "^地区生产总值"),
    Heading("gdp_cny_10k", "^地区生产总值", scope="districts"),
    Heading("gdp_growth_pct", "^增长率"),
    Heading("loans_cny_10k", "^贷款", unit="亿元"),
    Heading("employment_total_persons", "^从业人员"),
    Heading("electricity_10k_kwh", "^用电量"),
    Heading("foreign_investment_usd_10k", "^外资"),
    Heading("patents_granted_count", "^专利"),
    Heading("consumer_price_index", "^居民消费价格", scope="nation"),
    Heading("exchange_rate_cny_per_usd", "^汇率", scope="nation"),
)


def source(**rules: object) -> Source:
    return Source(
        # The select of the yearbook serves any table whose row label is the city.
        name="city_yearbook",
        publisher="nobody",
        title="A table",
        description="",
        licence="",
        cadence="",
        patterns=(),
        read=never_read,
        headings=HEADINGS,
        rules=TableRules(**{"maximum_rejected_share": 1.0, **rules}),  # type: ignore[arg-type]
    )


def cell(entity: str | None = "杭州市", text: str | None = "1", **other: object) -> dict[str, object]:
    """One delivered cell: Hangzhou's GDP of 2018 in 亿元, unless said otherwise."""
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
        "heading": "地区生产总值(当年价格)|全市",
        "unit": "亿元",
        "text": text,
        "imputed": None,
        **other,
    }


def staged(*cells: dict[str, object], previous: pl.DataFrame | None = None, **rules: object) -> StepResult:
    return stage(source(**rules), pl.DataFrame(list(cells), schema=CELLS), previous)


def only_reject(result: StepResult) -> dict[str, object]:
    assert result.rejects is not None
    assert result.rejects.schema == REJECTS
    assert result.rejects.height == 1
    return result.rejects.row(0, named=True)


def failed(result: StepResult) -> dict[str, str]:
    return {check.name: check.message for check in result.checks if check.blocking and not check.passed}


def code_of(name: str | None, year: str = "2018", code: str | None = None) -> str | None:
    result = staged(cell(name, period=year, entity_code=code))
    return result.table["city_code"].item() if result.table.height else None


def test_a_value_keeps_the_place_it_was_delivered_at() -> None:
    result = staged(cell(text="13509.2"))
    assert result.table.schema == OBSERVATIONS
    row = result.table.row(0, named=True)
    assert (row["city_code"], row["year"], row["indicator"], row["scope"]) == ("330100", 2018, "gdp_cny_10k", "city")
    assert (row["file"], row["sheet"], row["row"], row["column"], row["text"]) == (
        "2-7.xlsx",
        "Sheet1",
        8,
        3,
        "13509.2",
    )
    assert failed(result) == {}


@pytest.mark.parametrize(
    ("heading", "unit", "text", "expected"),
    [
        ("地区生产总值", "亿元", "2.5", 25_000),
        ("地区生产总值", "万元", "2.5", 2.5),
        ("地区生产总值", "（亿元）", "2.5", 25_000),
        ("地区生产总值", "100 million yuan", "2.5", 25_000),
        ("贷款余额", None, "2.5", 25_000),
        ("从业人员", "万人", "2.5", 25_000),
        ("从业人员", "人", "25", 25),
        ("用电量", "亿千瓦时", "2.5", 25_000),
        ("外资", "百万美元", "2.5", 250),
        ("外资", "亿美元", "2.5", 25_000),
        ("专利", "件", "25", 25),
        ("增长率", "％", "2.5", 2.5),
        ("居民消费价格", "上年=100", "102.1", 102.1),
        ("汇率", "元/100美元", "661.74", 6.6174),
    ],
)
def test_a_value_is_converted_once_to_the_unit_of_its_indicator(
    heading: str, unit: str | None, text: str, expected: float
) -> None:
    result = staged(cell(text=text, heading=heading, unit=unit))
    assert result.table["value"].to_list() == pytest.approx([expected], rel=1e-12)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1,234.5", 1234.5),
        ("１２３４．５", 1234.5),
        (" 1234.5 ", 1234.5),
        ("1.2345e3", 1234.5),
        ("\u200b1234.5", 1234.5),
    ],
)
def test_full_width_digits_and_thousands_separators_are_ways_of_writing_a_number(text: str, number: float) -> None:
    assert staged(cell(text=text, unit="万元")).table["value"].to_list() == [number]


@pytest.mark.parametrize("text", ["£05", "_ 2317", "12,34", "1 234", "约300", "12.3.4", "=A1", "inf", "1e999"])
def test_a_text_that_is_no_number_is_refused_with_its_place(text: str) -> None:
    reject = only_reject(staged(cell(text=text)))
    assert (reject["rule"], reject["file"], reject["row"], reject["column"]) == ("number_is_readable", "2-7.xlsx", 8, 3)
    assert text in str(reject["reason"])
    assert "type the number as printed" in str(reject["remedy"])


@pytest.mark.parametrize(
    ("text", "mark"),
    [(None, ""), ("  ", ""), ("…", "…"), ("-", "-"), ("—", "—"), ("NA", "NA"), ("..", ".."), ("/", "/")],
)
def test_a_missing_mark_becomes_null_and_is_kept_and_counted(text: str | None, mark: str) -> None:
    result = staged(cell(text=text))
    assert result.table["value"].to_list() == [None]
    assert result.table["missing_mark"].to_list() == [mark]
    assert result.notes["missing"] == 1


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("杭州市", "330100"),
        ("杭州", "330100"),
        ("  杭 州 市", "330100"),
        ("\u3000杭州市", "330100"),
        ("哈密\u200b\u200b", "650500"),
        ("荷泽市", "371700"),
        ("秦岛市", "130300"),
        ("虫进古 贝港市", "450800"),
        ("楼坊市", "370700"),
        ("襄樊市", "420600"),
        ("大兴安岭", "232700"),
        ("兴安盟", "152200"),
        ("延边州", "222400"),
        ("恩施", "422800"),
        ("毕节地区", "520500"),
        ("山东省济南市", "370100"),
        ("江苏苏州", "320500"),
        ("吉林", "220200"),
        ("Dongwan", "441900"),
    ],
)
def test_a_city_is_known_by_any_of_its_names(name: str, code: str) -> None:
    assert code_of(name) == code


@pytest.mark.parametrize("name", ["Suzhou", "Huzhou", "Taizhou", "南宁地区", "石家庄地区", "杭州湾市", "山东省苏州市"])
def test_a_name_that_may_mean_another_unit_is_refused(name: str) -> None:
    reject = only_reject(staged(cell(name)))
    assert reject["rule"] == "city_is_known"
    assert name in str(reject["reason"])


def test_a_former_name_is_read_until_a_district_takes_it_over() -> None:
    assert code_of("思茅市", "2006") == "530800"
    assert code_of("思茅市", "2018") is None
    assert code_of("普洱市", "2018") == "530800"


@pytest.mark.parametrize("code", ["330100", "3301", "330100.0", " 330100", "330100000000"])
def test_a_city_is_known_by_its_code_alone(code: str) -> None:
    assert code_of(None, code=code) == "330100"


def test_a_code_from_before_a_region_became_a_city_is_the_city() -> None:
    assert code_of(None, code="5422") == "540500"
    assert code_of("山南地区", code="542200") == "540500"


def test_a_code_decides_where_the_name_is_in_no_list() -> None:
    assert code_of("Baoji", code="130600") == "130600"


def test_a_name_and_a_code_of_two_cities_are_refused() -> None:
    reject = only_reject(staged(cell("苏州市", entity_code="341300")))
    assert reject["rule"] == "code_and_name_agree"
    assert "320500" in str(reject["reason"])
    assert "341300" in str(reject["reason"])


def test_a_row_without_name_and_code_is_refused() -> None:
    assert only_reject(staged(cell(None)))["rule"] == "city_is_named"


def test_laiwu_after_2018_is_refused_with_what_became_of_it() -> None:
    assert code_of("莱芜市", "2018") == "371200"
    reject = only_reject(staged(cell("莱芜市", period="2019")))
    assert reject["rule"] == "city_exists_in_the_year"
    assert "merged into 济南 (370100) in 2019" in str(reject["reason"])


def test_sansha_before_its_foundation_is_refused() -> None:
    assert only_reject(staged(cell("三沙市", period="2011")))["rule"] == "city_exists_in_the_year"


def test_an_empty_cell_of_a_city_that_no_longer_exists_is_no_reject() -> None:
    result = staged(cell("莱芜市", None, period="2019"), cell())
    assert result.rejects is not None
    assert result.rejects.is_empty()
    assert result.table.height == 1
    assert result.notes["empty_cells_without_a_city"] == 1


def test_a_city_under_the_code_of_its_province_is_refused_not_taken_for_a_province() -> None:
    assert only_reject(staged(cell("杭州市", entity_code="330000")))["rule"] == "code_and_name_agree"


@pytest.mark.parametrize(
    ("period", "year"),
    [
        *((form, 2018) for form in ("2018", "2018年", "2018年度", "2018.0", "２０１８", "20181231", "2018-12")),
        *((form, 2018) for form in ("2018-12-31", "2018-12-31 00:00:00", "2018/1/1", "2018年12月31日")),
    ],
)
def test_a_year_is_read_from_the_ways_it_is_written(period: str, year: int) -> None:
    assert staged(cell(period=period)).table["year"].to_list() == [year]


@pytest.mark.parametrize(
    "period", [None, "18", "合计", "201", "12018", "2018Q1", "2018年上半年", "2018-2019", "2018-06"]
)
def test_a_year_that_cannot_be_read_is_refused(period: str | None) -> None:
    assert only_reject(staged(cell(period=period)))["rule"] == "year_is_readable"


def test_a_negative_value_is_refused_where_nothing_can_be_negative() -> None:
    assert only_reject(staged(cell(text="-164")))["rule"] == "value_is_not_negative"
    assert staged(cell(text="-5.3", heading="增长率", unit="%")).table["value"].to_list() == [-5.3]


def test_a_value_outside_its_bounds_is_refused() -> None:
    reject = only_reject(staged(cell(text="420", heading="增长率", unit="%")))
    assert reject["rule"] == "value_is_plausible"
    assert "-60" in str(reject["reason"])


@pytest.mark.parametrize("label", ["城市合计", "河北省", "新疆维吾尔自治区", "新.维吾尔自治区", "中国", "海南"])
def test_rows_of_provinces_and_totals_are_counted_and_left_out(label: str) -> None:
    result = staged(cell(label), cell())
    assert result.rejects is not None
    assert result.rejects.is_empty()
    assert result.table["city_code"].to_list() == ["330100"]
    assert result.notes["rows_of_provinces_and_totals"] == 1


def test_a_province_is_told_from_a_city_of_its_name_by_the_code() -> None:
    assert staged(cell("吉林", entity_code="220000")).table.is_empty()


def test_districts_are_told_from_the_whole_city() -> None:
    result = staged(cell(text="2"), cell(text="1", heading="地区生产总值(当年价格)|市辖区", column=4))
    assert dict(result.table.select("scope", "value").iter_rows()) == {"city": 20_000, "districts": 10_000}


def test_a_series_of_the_nation_needs_no_city() -> None:
    result = staged(cell(None, "102.1", heading="居民消费价格指数", unit="上年=100"))
    assert result.table.select("city_code", "scope").row(0) == ("000000", "nation")
    assert failed(result) == {}


def test_a_value_that_its_compiler_imputed_keeps_the_flag() -> None:
    assert staged(cell(imputed=True)).table["imputed"].to_list() == [True]


def test_a_heading_of_no_indicator_is_left_out() -> None:
    result = staged(cell(), cell(heading="公共厕所", text="not a number"))
    assert result.table.height == 1
    assert (result.notes["cells"], result.notes["cells_recognised"]) == (2, 1)


def test_the_rest_of_a_table_goes_on_beside_a_refused_row() -> None:
    result = staged(cell(), cell("某某市"), cell("宁波市"))
    assert result.table["city_code"].to_list() == ["330100", "330200"]
    broken = {check.name: check for check in result.checks if not check.passed}
    assert list(broken) == ["city_is_known"]
    assert not broken["city_is_known"].blocking
    assert broken["city_is_known"].failures is not None
    assert broken["city_is_known"].failures["entity"].to_list() == ["某某市"]


def test_the_order_of_the_cells_does_not_show_in_the_table() -> None:
    cells = [cell(name, str(number), row=number) for number, name in enumerate(["宁波市", "杭州市", "北京市"], 7)]
    assert staged(*cells).table.equals(staged(*reversed(cells)).table)


def test_a_source_that_was_not_delivered_is_awaiting_and_no_failure() -> None:
    result = stage(source(required=("gdp_cny_10k",)), CELLS.to_frame(), None)
    assert result.table.schema == OBSERVATIONS
    assert result.table.is_empty()
    assert result.notes["status"] == "awaiting"
    assert all(check.passed for check in result.checks)
    assert {check.name for check in result.checks} == {check.name for check in staged(cell()).checks}
