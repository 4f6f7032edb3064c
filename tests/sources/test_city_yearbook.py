"""The City Statistical Yearbook in the layouts of its editions, and in ones not seen before."""

import polars as pl
import pytest

from resilience_pipeline.errors import DeliveryError
from resilience_pipeline.sources.city_yearbook import SOURCE
from resilience_pipeline.sources.naming import match_heading
from resilience_pipeline.sources.source import CELLS
from tests.sources.deliveries import deliver, series, workbook

GDP = "地区生产总值（当年价格） （亿元）          Gross Regional Product （Current Prices） （100 000 000 yuan）"
CITY, DISTRICTS = "全市                 Total City", "市辖区          Districts under City"


def edition_2021():
    return workbook(
        {
            "Sheet1": [
                [],
                ["中国2020年地级以上城市数据", None, "2-7 地区生产总值"],
                [],
                ["城 市", "City", GDP, None, "人均地区生产总值 (元)", None],
                [None, None, "Gross Regional Product", None, "Per Capita GRP (yuan)", None],
                [None, None, CITY, DISTRICTS, CITY, DISTRICTS],
                ["北京市", "Beijing", 36103, 36103, 164889, 164889],
                ["河北省", "Hebei"],
                ["  石家庄市", "  Shijiazhuang", 5935, 3581, 52961, 62195.5],
            ]
        },
        merged=["A4:A6", "B4:B6", "C4:D4", "E4:F4", "C5:D5", "E5:F5"],
    )


def edition_2022():
    return workbook(
        {
            "Sheet57": [
                ["2-7地区生产总值 Gross Regional Product"],
                [],
                ["单位：亿元                (100 000 000 yuan)"],
                ["城 市", "City", "地区生产总值 GRP", None],
                [None, None, "全市 Total City", "市辖区 Districts under City"],
                ["北京市", "Beijing", 40270, 40270],
                ["石家庄市", "Shijiazhuang", 6490, 3900],
            ]
        }
    )


def edition_2023():
    return workbook(
        {
            "Sheet1": [
                ["2-1 人口数"],
                ["Population"],
                [],
                ["单位：万人"],
                ["(10 000 persons)"],
                [],
                ["城 市", "City", "年末户籍人口 Registered Population", None, None, None],
                [None, None, None, None, "城镇人口 Urban", None],
                [None, None, "全市 Total City", "市辖区 Districts", "全市 Total City", "市辖区 Districts"],
                ["北京市", "Beijing", 1428, 1428, 1200, 1200],
                ["  石家庄市", "  Shijiazhuang", 990, 500, None, 400],
            ]
        }
    )


def edition_2024():
    return workbook(
        {
            "Sheet65": [
                [],
                ["2-9地方一般公共预算收支状况(市辖区)"],
                [],
                ["Local General Public Budget Revenue and Expenditure (Districts under City)"],
                ["注：本表口径与上年一致。"],
                ["单位：万元"],
                [],
                ["(10 000 yuan)"],
                [],
                ["城 市", "City", "地方本级一般 公共预算收入 Revenue", "地方一般公共 预算支出 Expenditure", None, None],
                [None, None, None, None, "科学技术支出 Science and Technology", "教育支出 Education"],
                ["北京市", "Beijing", "61810970", "79716333", "5219079", "12279032"],
                ["  石家庄市", "  Shijiazhuang", "4964103", 7225373, "168401", None],
            ]
        },
        merged=["E10:F10"],
    )


def test_edition_2021_gives_every_cell_with_its_place(tmp_path):
    delivery = deliver(tmp_path, "yearbook/edition_2021/2021_2021-2-7.xlsx", edition_2021())
    cells = SOURCE.read(delivery)
    assert cells.schema == CELLS
    assert series(cells) == {
        ("地区生产总值（当年价格）|全市", "亿元"): ["36103", "5935"],
        ("地区生产总值（当年价格）|市辖区", "亿元"): ["36103", "3581"],
        ("人均地区生产总值|全市", "元"): ["164889", "52961"],
        ("人均地区生产总值|市辖区", "元"): ["164889", "62195.5"],
    }
    assert cells.row(-1, named=True) == {
        "source": "city_yearbook",
        "delivery_sha256": delivery.sha256,
        "file": "yearbook/edition_2021/2021_2021-2-7.xlsx",
        "edition": 2021,
        "sheet": "Sheet1",
        "title": "2-7 地区生产总值",
        "row": 9,
        "column": 6,
        "entity": "  石家庄市",
        "entity_code": None,
        "period": "2020",
        "heading": "人均地区生产总值|市辖区",
        "unit": "元",
        "text": "62195.5",
        "imputed": None,
    }


def test_edition_2022_takes_the_unit_from_the_row_above_the_heading(tmp_path):
    cells = SOURCE.read(deliver(tmp_path, "2022-2-7 地区生产总值.xlsx", edition_2022()))
    assert series(cells) == {
        ("地区生产总值|全市", "亿元"): ["40270", "6490"],
        ("地区生产总值|市辖区", "亿元"): ["40270", "3900"],
    }
    assert set(cells["title"]) == {"2-7地区生产总值"}
    assert set(cells["period"]) == {"2021"}


def test_edition_2023_carries_a_parent_heading_over_its_sub_indicator(tmp_path):
    cells = SOURCE.read(deliver(tmp_path, "中国城市统计年鉴2023/2-1.xlsx", edition_2023()))
    assert series(cells) == {
        ("年末户籍人口|全市", "万人"): ["1428", "990"],
        ("年末户籍人口|市辖区", "万人"): ["1428", "500"],
        ("年末户籍人口|城镇人口|全市", "万人"): ["1200", None],
        ("年末户籍人口|城镇人口|市辖区", "万人"): ["1200", "400"],
    }


def test_edition_2024_takes_the_scope_from_the_title(tmp_path):
    cells = SOURCE.read(deliver(tmp_path, "2024年/2-9_预算.xlsx", edition_2024()))
    found = {
        (declared.indicator, declared.scope)
        for title, heading in cells.select("title", "heading").unique().iter_rows()
        if (declared := match_heading(SOURCE, title, heading))
    }
    assert found == {
        ("budget_revenue_cny_10k", "districts"),
        ("budget_expenditure_cny_10k", "districts"),
        ("science_expenditure_cny_10k", "districts"),
        ("education_expenditure_cny_10k", "districts"),
    }
    assert series(cells)["地方一般公共预算支出", "万元"] == ["79716333", "7225373"]


def test_a_heading_anywhere_on_the_sheet_is_found_and_the_title_may_stand_in_the_file_name(tmp_path):
    rows = [[]] * 13 + [
        [None, None, None, "序号", "城　市", "City", "全社会用电量（万千瓦时）"],
        [None, None, None, 1, "杭州市", "Hangzhou", 9_000_000],
    ]
    cells = SOURCE.read(deliver(tmp_path, "edition_2019/2-29 用电量情况(1).xlsx", workbook({"Sheet9": rows})))
    assert series(cells) == {("序号", None): ["1"], ("全社会用电量", "万千瓦时"): ["9000000"]}
    assert set(cells["title"]) == {"用电量情况"}
    assert set(cells["row"]) == {15}


def test_a_sub_heading_stays_with_its_own_parent_where_nothing_is_merged(tmp_path):
    rows = [
        ["城市", "商品房销售面积（万平方米）", None, "待售面积（万平方米）"],
        [None, None, "住宅", None],
        [None, "全市", "全市", "全市"],
        ["杭州市", 1, 2, 3],
    ]
    cells = SOURCE.read(deliver(tmp_path, "2018/2-11.xlsx", workbook({"Sheet1": rows})))
    assert cells["heading"].to_list() == ["商品房销售面积|全市", "商品房销售面积|住宅|全市", "待售面积|全市"]


def test_the_city_column_is_no_parent_of_the_column_beside_it(tmp_path):
    rows = [["2-12 出口额（万元）"], ["城市", None], [None, "全市"], ["杭州市", 1]]
    cells = SOURCE.read(deliver(tmp_path, "2018/2-12.xlsx", workbook({"Sheet1": rows})))
    assert cells.select("heading", "unit").rows() == [("全市", "万元")]


def test_tables_stacked_on_one_sheet_keep_their_own_cities_and_headings(tmp_path):
    rows = [
        ["2-5 货运量"],
        ["城市", "City", "货运量（万吨）"],
        ["杭州市", "Hangzhou", 1],
        ["宁波市", "Ningbo", 2],
        [],
        ["续表"],
        ["城市", "City", "货运量（万吨）"],
        ["温州市", "Wenzhou", 3],
    ]
    cells = SOURCE.read(deliver(tmp_path, "2018/货运.xlsx", workbook({"Sheet1": rows})))
    assert cells.select("entity", "text", "title").rows() == [
        ("杭州市", "1", "2-5 货运量"),
        ("宁波市", "2", "2-5 货运量"),
        ("温州市", "3", "2-5 货运量"),
    ]


def test_tables_side_by_side_take_the_city_from_their_own_column(tmp_path):
    rows = [["城市", "出口额（万元）", "城市", "出口额（万元）"], ["杭州市", 1, "宁波市", 2]]
    cells = SOURCE.read(deliver(tmp_path, "2018/2-12.xlsx", workbook({"Sheet1": rows})))
    assert cells.select("entity", "text").rows() == [("杭州市", "1"), ("宁波市", "2")]


def test_a_city_without_any_number_stays_as_missing_while_an_empty_province_row_leaves(tmp_path):
    rows = [["城市", "City", "出口额（万元）"], ["浙江省", "Zhejiang"], ["三沙市", "Sansha"], ["杭州市", "Hangzhou", 1]]
    cells = SOURCE.read(deliver(tmp_path, "2018/2-12.xlsx", workbook({"Sheet1": rows})))
    assert cells.select("entity", "text").rows() == [("三沙市", None), ("杭州市", "1")]


def test_missing_marks_and_scanning_errors_pass_through_as_delivered(tmp_path):
    rows = [["城市", "City", "出口额（万元）"], ["甲市", "", "…"], ["乙市", "", "£05"], [None, None, "_ 2317"]]
    cells = SOURCE.read(deliver(tmp_path, "2018/2-12.xlsx", workbook({"Sheet1": rows})))
    assert cells.select("entity", "text").rows() == [("甲市", "…"), ("乙市", "£05"), (None, "_ 2317")]


@pytest.mark.parametrize("file", ["edition_2021/3-3.xlsx", "edition_2021/表.xlsx"])
def test_county_level_tables_match_no_indicator_of_a_prefecture(tmp_path, file):
    rows = [
        ["中国2020年县级市数据", None, "3-3 地区生产总值"],
        ["城市", "City", "地区生产总值"],
        ["辛集市", "Xinji", 1],
    ]
    cells = SOURCE.read(deliver(tmp_path, file, workbook({"Sheet1": rows})))
    assert set(cells["heading"]) == {"县级市|地区生产总值"}
    assert match_heading(SOURCE, cells["title"][0], cells["heading"][0]) is None


def test_a_list_of_cities_of_chapter_one_gives_no_cells(tmp_path):
    rows = [["1—2 续表 2 continued"], ["省级单位", "地级及以上城市"], ["浙江", "杭 州 Hangzhou"]]
    cells = SOURCE.read(deliver(tmp_path, "edition_2024/1-2_续表 2.xlsx", workbook({"Sheet1": rows})))
    assert cells.schema == CELLS
    assert cells.is_empty()


@pytest.mark.parametrize(
    ("file", "edition"),
    [
        ("edition_2019/表.xlsx", 2019),
        ("a/2019/表.xlsx", 2019),
        ("2019年/表.xlsx", 2019),
        ("中国城市统计年鉴2019/表.xlsx", 2019),
        ("2013-2023/edition_2019/表.xlsx", 2019),
        ("2019-2-7.xlsx", 2019),
        ("2019_2019-2-7.xlsx", 2019),
        ("city_yearbook/2019-2-7 地区生产总值.xlsx", 2019),
    ],
)
def test_the_edition_is_read_from_the_path(tmp_path, file, edition):
    rows = [["城市", "City", "出口额（万元）"], ["甲市", "", 1]]
    cells = SOURCE.read(deliver(tmp_path, file, workbook({"Sheet1": rows})))
    assert cells.select("edition", "period").rows() == [(edition, str(edition - 1))]


def test_the_edition_is_read_from_the_banner_where_the_path_is_silent(tmp_path):
    cells = SOURCE.read(deliver(tmp_path, "表.xlsx", edition_2021()))
    assert cells.select(pl.col("edition").unique()).item() == 2021


def test_a_workbook_of_no_edition_names_the_folder_to_use(tmp_path):
    rows = [["城市", "City", "出口额（万元）"], ["甲市", "", 1]]
    with pytest.raises(DeliveryError, match="nothing says which edition") as caught:
        SOURCE.read(deliver(tmp_path, "表.xlsx", workbook({"Sheet1": rows})))
    assert caught.value.file == "表.xlsx"
    assert "edition_2021" in caught.value.remedy


def test_a_folder_named_after_the_year_of_the_data_is_found_out(tmp_path):
    with pytest.raises(DeliveryError, match="said twice, and differently") as caught:
        SOURCE.read(deliver(tmp_path, "2020/表.xlsx", edition_2021()))
    assert caught.value.found == "folder 2020: edition 2020; row 中国2020年: edition 2021"


def test_a_workbook_without_a_column_of_cities_names_its_sheets(tmp_path):
    book = workbook({"说明": [["本册说明"]], "目录": [["目录"]]})
    with pytest.raises(DeliveryError, match="no sheet has a column of cities") as caught:
        SOURCE.read(deliver(tmp_path, "2020/2-7.xlsx", book))
    assert (caught.value.sheet, caught.value.found) == ("说明, 目录", "本册说明; 目录")


def test_a_formula_in_the_body_is_refused_with_its_place(tmp_path):
    rows = [["城市", "City", "出口额（万元）"], ["甲市", "", 1], ["乙市", "", "=C2*2"]]
    with pytest.raises(DeliveryError, match="holds a formula") as caught:
        SOURCE.read(deliver(tmp_path, "2020/2-12.xlsx", workbook({"R&D <1>": rows})))
    error = caught.value
    assert (error.sheet, error.row, error.column) == ("R&D <1>", 3, 3)
    assert "paste it as values" in error.remedy


def test_a_formula_on_another_sheet_or_above_the_table_does_no_harm(tmp_path):
    rows = [["=1+1"], ["城市", "City", "出口额（万元）"], ["甲市", "", 1]]
    cells = SOURCE.read(deliver(tmp_path, "2020/2-12.xlsx", workbook({"表": rows, "备注": [["=1+1"]]})))
    assert cells["text"].to_list() == ["1"]
