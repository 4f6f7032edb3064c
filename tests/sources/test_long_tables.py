"""Sources of one row per city and year (or per city): indices, lists, compiled series."""

import struct

import pandas as pd
import pytest

from resilience_pipeline.errors import DeliveryError
from resilience_pipeline.sources import (
    business_environment,
    compiled_city_panel,
    compiled_fdi,
    ip_protection,
    pilot_list,
    pku_finance_index,
    resource_cities,
)
from tests.sources.deliveries import deliver, workbook

KEYED = ("entity", "entity_code", "period", "heading", "unit", "text")


def test_the_business_environment_table_gives_one_cell_per_row(tmp_path):
    sheet = [["年份", "城市", "营商环境指数"], [2018, "杭州市", 0.71], ["2019", "杭州市", None]]
    cells = business_environment.read(deliver(tmp_path, "a.xlsx", workbook({"Sheet1": sheet})))
    assert cells.select(*KEYED, "sheet", "row", "column").rows() == [
        ("杭州市", None, "2018", "营商环境指数", None, "0.71", "Sheet1", 2, 3),
        ("杭州市", None, "2019", "营商环境指数", None, None, "Sheet1", 3, 3),
    ]


def test_the_ip_table_keeps_the_code_as_delivered(tmp_path):
    text = "年份,城市代码,城市,知识产权保护强度\n2018,330100,杭州市,3.2\n"
    cells = ip_protection.read(deliver(tmp_path, "a.csv", text.encode("gb18030")))
    assert cells.select(KEYED).rows() == [("杭州市", "330100", "2018", "知识产权保护强度", None, "3.2")]


def test_a_table_without_its_key_columns_is_refused_with_what_stands_there(tmp_path):
    book = workbook({"甲": [["省份", "指数"], ["浙江", 1]], "乙": [["x"]]})
    with pytest.raises(DeliveryError, match="key columns") as caught:
        ip_protection.read(deliver(tmp_path, "a.xlsx", book))
    error = caught.value
    assert (error.file, error.sheet, error.found) == ("a.xlsx", "甲, 乙", "省份 | 指数")
    assert "城市" in error.expected
    assert "年份" in error.expected


def test_text_in_the_wrong_encoding_is_refused_for_want_of_a_known_heading(tmp_path):
    text = "年份,城市,知识产权保护强度\n2018,杭州市,1\n".encode("utf-16-le")
    with pytest.raises(DeliveryError, match="NUL"):
        ip_protection.read(deliver(tmp_path, "a.csv", text))


def test_a_thousands_separator_without_quotes_is_found_before_values_shift(tmp_path):
    text = "年份,城市,指数\n2018,杭州市,1\n2019,杭州市,1,234\n"
    with pytest.raises(DeliveryError, match="more fields than the heading") as caught:
        ip_protection.read(deliver(tmp_path, "a.csv", text))
    assert (caught.value.row, caught.value.column, caught.value.found) == (3, 4, "4 fields")


def test_a_formula_in_a_long_table_is_refused(tmp_path):
    sheet = [["年份", "城市", "指数"], [2018, "杭州市", "=1+1"]]
    with pytest.raises(DeliveryError, match="holds a formula") as caught:
        ip_protection.read(deliver(tmp_path, "a.xlsx", workbook({"Sheet1": sheet})))
    assert (caught.value.sheet, caught.value.row, caught.value.column) == ("Sheet1", 2, 3)


def test_notes_and_advertisements_leave_but_a_row_without_a_key_stays(tmp_path):
    sheet = [
        ["年份", "城市", "指数"],
        [2018, "杭州市", 1],
        [2018, None, 2],
        [None, "宁波市", 3],
        [],
        ["更多数据请关注公众号", None, None],
        [None, None, "https://example.com 99元"],
        ["数据来源：统计局", "整理", "1"],
        ["合成数据 SYNTHETIC TWIN"],
    ]
    cells = ip_protection.read(deliver(tmp_path, "a.xlsx", workbook({"Sheet1": sheet})))
    assert cells.select("period", "entity", "text").rows() == [
        ("2018", "杭州市", "1"),
        ("2018", None, "2"),
        (None, "宁波市", "3"),
    ]


def test_a_row_without_a_key_gives_only_the_cells_that_hold_something(tmp_path):
    sheet = [["年份", "城市", "指数", "备注"], [2018, "杭州市", None, "x"], [2018, None, 2, None]]
    cells = ip_protection.read(deliver(tmp_path, "a.xlsx", workbook({"Sheet1": sheet})))
    assert cells.select("entity", "heading", "text").rows() == [
        ("杭州市", "指数", None),
        ("杭州市", "备注", "x"),
        (None, "指数", "2"),
    ]


def test_the_fdi_series_takes_the_unit_of_its_own_row_and_skips_empty_sheets(tmp_path):
    sheet = [
        ["year", "地级市", "外商直接投资", "单位", "数据来源"],
        [2018, "七台河", 0.14, "百万美元", "七台河市统计局"],
        [2019, "七台河", 3, "万美元", "七台河市统计局"],
        ["www.example.com"],
    ]
    cells = compiled_fdi.read(deliver(tmp_path, "FDI.xlsx", workbook({"Sheet1": sheet, "Sheet2": []})))
    assert cells.filter(cells["heading"] == "外商直接投资").select(KEYED).rows() == [
        ("七台河", None, "2018", "外商直接投资", "百万美元", "0.14"),
        ("七台河", None, "2019", "外商直接投资", "万美元", "3"),
    ]


def index_columns(**values):
    columns = {
        "year": [2018],
        "pref_name_year18": ["山南市"],
        "pref_name_year18_eng": ["Shannan"],
        "pref_code_year18": [5405],
        "pref_name_year14": ["山南地区"],
        "pref_code_year14": [5422],
        "index_aggregate": [201.5],
        "credit": [-37.1],
    }
    return pd.DataFrame({**columns, **values})


EXPECTED_INDEX = [
    ("山南市", "5405", "2018", "index_aggregate", None, "201.5"),
    ("山南市", "5405", "2018", "credit", None, "-37.1"),
]


def test_the_pku_index_reads_alike_from_stata_workbook_and_text(tmp_path):
    frame = index_columns()
    frame.to_stata(tmp_path / "a.dta", write_index=False, version=118)
    provinces = [["year", "prov_name", "prov_code", "index_aggregate"], [2018, "浙江省", 33, 1]]
    counties = [["year", "pref_name", "county_name", "index_aggregate"], [2018, "杭州市", "桐庐县", 2]]
    cities = [list(frame.columns), *frame.astype(object).values.tolist()]
    book = workbook(
        {"说明": [["说明"]], "Provinces": provinces, "Prefecture_Level_Cities": cities, "Counties": counties}
    )
    for file, content in (
        ("a.dta", (tmp_path / "a.dta").read_bytes()),
        ("a.xlsx", book),
        ("a.csv", frame.to_csv(index=False).encode("utf-8-sig")),
    ):
        cells = pku_finance_index.read(deliver(tmp_path, file, content))
        assert cells.select(KEYED).rows() == EXPECTED_INDEX, file


def test_dates_and_gaps_of_a_stata_file_print_in_iso_form_and_empty(tmp_path):
    days = pd.to_datetime(["2018-12-31"]).astype("datetime64[ns]")
    index_columns(investment=days, payment=[float("nan")]).to_stata(tmp_path / "a.dta", write_index=False, version=118)
    cells = pku_finance_index.read(deliver(tmp_path, "a.dta", (tmp_path / "a.dta").read_bytes()))
    assert dict(cells.select("heading", "text").rows()) == {
        "index_aggregate": "201.5",
        "credit": "-37.1",
        "investment": "2018-12-31",
        "payment": None,
    }


def test_single_precision_prints_as_its_own_shortest_decimal(tmp_path):
    index_columns(credit=pd.array([3.3], "float32")).to_stata(tmp_path / "a.dta", write_index=False, version=118)
    cells = pku_finance_index.read(deliver(tmp_path, "a.dta", (tmp_path / "a.dta").read_bytes()))
    assert struct.unpack("f", struct.pack("f", 3.3))[0] != 3.3
    assert cells["text"][1] == "3.3"


@pytest.mark.parametrize("heading", [("序号", "城市"), ("paper_no", "paper_name")])
def test_the_pilot_list_gives_each_printed_name_with_its_number(tmp_path, heading):
    sheet = [[*heading, "note"], [1, "Beijing", "x"], [2, "Haozhou", None], [3, "Haozhou", None]]
    cells = pilot_list.read(deliver(tmp_path, "pilots.xlsx", workbook({"Sheet1": sheet})))
    assert cells.select(*KEYED, "row", "column").rows() == [
        ("Beijing", "1", None, "城市", None, "Beijing", 2, 2),
        ("Haozhou", "2", None, "城市", None, "Haozhou", 3, 2),
        ("Haozhou", "3", None, "城市", None, "Haozhou", 4, 2),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "城市,类型\n朔州市,成长型\n",
        "name_zh,category,province_zh\n朔州市,growing,山西省\n",
        "城市名称,资源型城市类型\n朔州市,成长型\n",
    ],
)
def test_resource_cities_give_their_class_as_delivered(tmp_path, text):
    cells = resource_cities.read(deliver(tmp_path, "a.csv", text))
    assert cells.select("entity", "heading").rows() == [("朔州市", "类型")]
    assert cells["text"][0] in ("成长型", "growing")


@pytest.mark.parametrize("footer", ["数据来源：国务院", "合成数据 SYNTHETIC TWIN", "注：按2013年区划", "资料来源:规划"])
def test_a_footer_of_a_list_is_no_city_and_a_note_beside_a_city_is_no_footer(tmp_path, footer):
    text = f"城市,类型,备注\n朔州市,成长型,资料来源：规划\n{footer}\n"
    cells = resource_cities.read(deliver(tmp_path, "a.csv", text))
    assert cells.select("entity", "text").rows() == [("朔州市", "成长型")]


def test_a_list_that_says_no_class_is_refused(tmp_path):
    with pytest.raises(DeliveryError, match="no class") as caught:
        resource_cities.read(deliver(tmp_path, "a.csv", "城市,省份\n朔州市,山西\n"))
    assert (caught.value.row, caught.value.found) == (1, "省份")


def test_a_chinese_panel_gives_unit_and_scope_from_its_column_names(tmp_path):
    sheet = [
        [
            "年份",
            "省份",
            "城市",
            "城市代码",
            "货物出口额_万元_全市",
            "地区生产总值(万元)",
            "当年实际使用外资金额万美元",
            None,
        ],
        [2018, "浙江", "杭州", 330100, "5", 6, 7.5, None],
        [2018, "新疆", "哈密\u200b\u200b", 650500, 1, None, 3, None],
        [2018, None, "中国", None, 9, 9, 9, None],
        [],
        ["获取更多数据 https://example.com"],
    ]
    cells = compiled_city_panel.read(deliver(tmp_path, "面板.xlsx", workbook({"面板": sheet})))
    wanted = cells.filter(cells["heading"] != "省份")
    assert wanted.select(KEYED).rows() == [
        ("杭州", "330100", "2018", "货物出口额|全市", "万元", "5"),
        ("杭州", "330100", "2018", "地区生产总值", "万元", "6"),
        ("杭州", "330100", "2018", "当年实际使用外资金额", "万美元", "7.5"),
        ("哈密\u200b\u200b", "650500", "2018", "货物出口额|全市", "万元", "1"),
        ("哈密\u200b\u200b", "650500", "2018", "地区生产总值", "万元", None),
        ("哈密\u200b\u200b", "650500", "2018", "当年实际使用外资金额", "万美元", "3"),
        ("中国", None, "2018", "货物出口额|全市", "万元", "9"),
        ("中国", None, "2018", "地区生产总值", "万元", "9"),
        ("中国", None, "2018", "当年实际使用外资金额", "万美元", "9"),
    ]


def test_one_sheet_a_year_takes_the_year_from_the_sheets_name(tmp_path):
    book = workbook(
        {"2017": [["城市", "gdp（亿元人民币）"], ["杭州", 1]], "2018年": [["城市", "gdp（亿元人民币）"], ["杭州", 2]]}
    )
    cells = compiled_city_panel.read(deliver(tmp_path, "面板.xlsx", book))
    assert cells.select("period", "heading", "unit", "text").rows() == [
        ("2017", "gdp", "亿元人民币", "1"),
        ("2018年", "gdp", "亿元人民币", "2"),
    ]


def test_a_flag_column_marks_the_cells_it_speaks_of_and_no_others(tmp_path):
    text = (
        "year,city,city_code,fai_100m,gdp_100m,fai_imputed\n2016,杭州市,330100,5,1,False\n2017,杭州市,330100,6,2,True\n"
    )
    cells = compiled_city_panel.read(deliver(tmp_path, "city_panel.csv", text))
    assert cells.select("period", "heading", "text", "imputed").rows() == [
        ("2016", "fai_100m", "5", False),
        ("2016", "gdp_100m", "1", None),
        ("2017", "fai_100m", "6", True),
        ("2017", "gdp_100m", "2", None),
    ]


def test_of_an_interpolated_sheet_only_what_the_plain_sheet_lacks_is_taken_as_imputed(tmp_path):
    heading = ["年份", "城市", "出口额_万元"]
    plain = [heading, [2016, "杭州", 1], [2017, "杭州", None], [2018, "杭州", 3], [2019, "杭州", None]]
    filled = [heading, [2016, "杭州", 1], [2017, "杭州", 2], [2018, "杭州", 3], [2019, "杭州", None]]
    book = workbook({"线性插值": filled, "原始数据": plain})
    cells = compiled_city_panel.read(deliver(tmp_path, "面板.xlsx", book)).sort("period")
    assert cells.select("period", "text", "imputed", "sheet").rows() == [
        ("2016", "1", False, "原始数据"),
        ("2017", "2", True, "线性插值"),
        ("2018", "3", False, "原始数据"),
        ("2019", None, None, "原始数据"),
    ]
