"""Exports from Wind and iFinD."""

import pytest

from resilience_pipeline.errors import DeliveryError
from resilience_pipeline.sources.naming import match_heading
from resilience_pipeline.sources.wind import SOURCE, year_of
from tests.sources.deliveries import deliver, workbook

NAMES = ["指标名称", "北京:固定资产投资完成额", "杭州:出口金额", "杭州:上市公司前五大供应商采购额占比"]


def export(frequency="年", dates=("2017-12-31", "2018-12-31")):
    return [
        NAMES,
        ["频率", frequency, "年", "年"],
        ["单位", "亿元", "万美元", "%"],
        ["指标ID", "M001", "M002", "M003"],
        ["来源", "统计局", "海关", "Wind"],
        [dates[0], 8370.4, 0, 31.5],
        [dates[1], None, 12.0, 30],
        ["数据来源：Wind"],
    ]


def rows(cells):
    return cells.select("entity", "heading", "unit", "period", "text", "row", "column").rows()


EXPECTED = [
    ("北京", "固定资产投资完成额", "亿元", "2017", "8370.4", 6, 2),
    ("北京", "固定资产投资完成额", "亿元", "2018", None, 7, 2),
    ("杭州", "出口金额", "万美元", "2017", "0", 6, 3),
    ("杭州", "出口金额", "万美元", "2018", "12", 7, 3),
    ("杭州", "上市公司前五大供应商采购额占比", "%", "2017", "31.5", 6, 4),
    ("杭州", "上市公司前五大供应商采购额占比", "%", "2018", "30", 7, 4),
]


def test_a_workbook_gives_city_heading_unit_and_year_of_each_cell(tmp_path):
    assert rows(SOURCE.read(deliver(tmp_path, "wind.xlsx", workbook({"Sheet1": export()})))) == EXPECTED


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8-sig"])
def test_a_delimited_export_reads_the_same(tmp_path, encoding):
    text = "\r\n".join(",".join("" if cell is None else str(cell) for cell in row) for row in export())
    cells = SOURCE.read(deliver(tmp_path, "wind.csv", text.replace("12.0", "12").encode(encoding)))
    assert rows(cells) == EXPECTED


def test_an_export_that_says_wind_in_its_first_cell_and_one_of_ifind_are_read(tmp_path):
    wind = [["Wind", *NAMES[1:]], *export()[1:]]
    ifind = [*export()[:3], *export()[5:7], ["数据来源：同花顺iFinD"], []]
    assert rows(SOURCE.read(deliver(tmp_path, "a.xlsx", workbook({"Sheet1": wind})))) == EXPECTED
    assert SOURCE.read(deliver(tmp_path, "b.xlsx", workbook({"Sheet1": ifind}))).height == 6


@pytest.mark.parametrize(
    ("date", "year"),
    [
        ("43100", "2017"),
        ("2017-12-31", "2017"),
        ("2017/12/31", "2017"),
        ("2017-12", "2017"),
        ("2017", "2017"),
        ("2017年", "2017"),
        ("2017年12月31日", "2017"),
        ("12", None),
        ("数据来源", None),
        (None, None),
    ],
)
def test_dates_of_every_kind_give_their_year(date, year):
    assert year_of(date) == year


def test_serial_numbers_of_excel_are_dates(tmp_path):
    cells = SOURCE.read(deliver(tmp_path, "a.xlsx", workbook({"Sheet1": export(dates=(43100, 43465))})))
    assert rows(cells) == EXPECTED


def test_a_row_whose_date_cannot_be_read_keeps_its_label_for_the_refusal(tmp_path):
    cells = SOURCE.read(deliver(tmp_path, "a.xlsx", workbook({"Sheet1": export(dates=("2017-12-31", "去年"))})))
    assert set(cells.filter(cells["row"] == 7)["period"]) == {"去年"}


def test_a_series_without_a_city_in_its_name_has_no_entity(tmp_path):
    sheet = [["指标名称", "出口金额"], ["2018-12-31", 5]]
    cells = SOURCE.read(deliver(tmp_path, "a.xlsx", workbook({"Sheet1": sheet})))
    assert cells.select("entity", "heading").rows() == [(None, "出口金额")]


def test_a_quarterly_series_is_refused_with_its_column(tmp_path):
    with pytest.raises(DeliveryError, match="not annual") as caught:
        SOURCE.read(deliver(tmp_path, "wind.xlsx", workbook({"Sheet1": export(frequency="季")})))
    error = caught.value
    assert (error.file, error.sheet, error.row, error.column, error.found) == ("wind.xlsx", "Sheet1", 2, 2, "季")
    assert "年" in error.remedy


def test_two_dates_of_one_year_are_refused_with_their_row(tmp_path):
    book = workbook({"Sheet1": export(dates=("2018-06-30", "2018-12-31"))})
    with pytest.raises(DeliveryError, match="not annual") as caught:
        SOURCE.read(deliver(tmp_path, "wind.xlsx", book))
    assert (caught.value.row, caught.value.found) == (7, "2018 stands in more than one row")


def test_another_table_is_no_export(tmp_path):
    with pytest.raises(DeliveryError, match="no Wind or iFinD export") as caught:
        SOURCE.read(deliver(tmp_path, "wind.xlsx", workbook({"表一": [["年份", "城市"], [2018, "杭州"]]})))
    assert (caught.value.sheet, caught.value.found) == ("表一", "年份")


def test_a_formula_among_the_series_is_refused(tmp_path):
    sheet = [["指标名称", "杭州:出口金额"], ["2018-12-31", "=1+1"]]
    with pytest.raises(DeliveryError, match="holds a formula") as caught:
        SOURCE.read(deliver(tmp_path, "wind.xlsx", workbook({"Sheet1": sheet})))
    assert (caught.value.row, caught.value.column) == (2, 2)


@pytest.mark.parametrize(
    ("heading", "indicator"),
    [
        ("固定资产投资完成额", "fixed_investment_cny_10k"),
        ("出口金额", "exports_cny_10k"),
        ("进口金额", "imports_cny_10k"),
        ("上市公司前五大供应商采购额占比", "supplier_top5_share_pct"),
        ("上市公司前五大客户销售额占比", "customer_top5_share_pct"),
    ],
)
def test_series_names_name_their_indicator(heading, indicator):
    assert match_heading(SOURCE, None, heading).indicator == indicator
