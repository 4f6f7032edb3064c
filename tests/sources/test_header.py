"""Wording of headings: Chinese and English, names and units."""

import pytest

from resilience_pipeline.sources.readers.header import (
    chinese_part,
    clean_heading,
    heading_path,
    printed_scope,
    split_column_name,
    split_unit,
    unit_of_row,
)


@pytest.mark.parametrize(
    ("printed", "chinese"),
    [
        ("地区生产总值增长率 (%) GRP Growth Rate (%)", "地区生产总值增长率 (%)"),
        ("货运量(公路+水路) (万吨) Volume of Freight (10 000 tons)", "货运量(公路+水路) (万吨)"),
        ("R&D经费内部支出（万元）", "R&D经费内部支出（万元）"),
        ("人均GDP Per Capita GDP", "人均GDP"),
        ("葫芦岛Huludao", "葫芦岛"),
        ("Districts under City", ""),
    ],
)
def test_the_chinese_part_of_a_heading_keeps_its_brackets_and_acronyms(printed, chinese):
    assert chinese_part(printed) == chinese


@pytest.mark.parametrize(
    ("printed", "name", "unit"),
    [
        ("地区生产总值（当年价格） （亿元）", "地区生产总值（当年价格）", "亿元"),
        ("高新技术企业数(国家级)(个)", "高新技术企业数(国家级)", "个"),
        ("细颗粒物年平均浓度 (微克/立方米)", "细颗粒物年平均浓度", "微克/立方米"),
        ("R&D人员全时当量（人年）", "R&D人员全时当量", "人年"),
        ("居民消费价格指数(上年=100)", "居民消费价格指数", "上年=100"),
        ("第一产业占比（％）", "第一产业占比", "%"),
        ("学生数（一）", "学生数（一）", None),
    ],
)
def test_a_unit_leaves_the_name_and_other_brackets_stay(printed, name, unit):
    assert split_unit(printed) == (name, unit)


@pytest.mark.parametrize(
    ("printed", "heading", "unit"),
    [
        ("货物出口额_万元_全市", "货物出口额|全市", "万元"),
        ("科研综合技术服务业_人_市辖区", "科研综合技术服务业|市辖区", "人"),
        ("gdp（亿元人民币）", "gdp", "亿元人民币"),
        ("当年实际使用外资金额万美元", "当年实际使用外资金额", "万美元"),
        ("人均地区生产总值元", "人均地区生产总值", "元"),
        ("年末户籍人口（万人）全市", "年末户籍人口|全市", "万人"),
        ("gdp_100m", "gdp_100m", None),
        ("三产从业人员", "三产从业人员", None),
    ],
)
def test_compilers_column_names_give_heading_scope_and_unit(printed, heading, unit):
    assert split_column_name(printed) == (heading, unit)


def test_the_innermost_unit_counts_and_a_repeated_level_counts_once():
    assert heading_path(["常住人口（万人） Population", "常住人口城镇化率(%)", "全市"]) == (
        "常住人口|常住人口城镇化率|全市",
        "%",
    )
    assert heading_path(["货运量", "货运量", "（万吨）"]) == ("货运量", "万吨")
    assert heading_path(["City", None]) == (None, None)


@pytest.mark.parametrize(
    ("printed", "unit"),
    [
        ("单位：万人      (10 000 persons)", "万人"),
        ("单位:%", "%"),
        ("（单位：万元）", "万元"),
        ("单位：亿元、万人", None),
        ("(10 000 yuan)", None),
    ],
)
def test_a_unit_row_gives_its_unit_unless_it_names_several(printed, unit):
    assert unit_of_row(printed) == unit


def test_cleaning_takes_out_white_space_of_every_kind_and_folds_full_width_signs():
    assert clean_heading("城\u3000 市\u200b（％）｜1—2\ufeff") == "城市(%)|1-2"


def test_a_scope_counts_only_where_one_is_printed():
    assert [printed_scope(text) for text in ("x|全市", "x(市辖区)", "全市和市辖区", None)] == [
        "全市",
        "市辖区",
        None,
        None,
    ]
