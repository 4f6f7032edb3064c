"""From printed headings to indicators, in the wording of many editions."""

from dataclasses import replace

import pytest

from resilience_pipeline import reference
from resilience_pipeline.errors import DeliveryError
from resilience_pipeline.sources.city_yearbook import SOURCE
from resilience_pipeline.sources.compiled_city_panel import SOURCE as PANEL
from resilience_pipeline.sources.naming import match_heading
from resilience_pipeline.sources.registry import SOURCES
from resilience_pipeline.sources.source import Heading

EMPLOYMENT = "2-4 按行业分组的单位从业人员"


@pytest.mark.parametrize(
    ("title", "heading", "indicator"),
    [
        (None, "地区生产总值（当年价格）|全市", "gdp_cny_10k"),
        (None, "地区生产总值|全市", "gdp_cny_10k"),
        (None, "年末总人口|全市", "registered_population_10k_persons"),
        (None, "常住人口|常住人口城镇化率|全市", "urbanisation_pct"),
        (None, "地方财政一般预算内收入|全市", "budget_revenue_cny_10k"),
        (None, "公共财政支出|全市", "budget_expenditure_cny_10k"),
        (None, "地方一般公共预算支出|科学技术支出", "science_expenditure_cny_10k"),
        (None, "教育支出|全市", "education_expenditure_cny_10k"),
        (None, "年末金融机构各项贷款余额|全市", "loans_cny_10k"),
        (None, "当年实际使用外资金额", "foreign_investment_usd_10k"),
        (None, "货运总量", "freight_10k_tonnes"),
        (None, "固定资产投资(不含农户)|全市", "fixed_investment_cny_10k"),
        (None, "专利授权数|发明", "invention_patents_granted_count"),
        (None, "年末单位从业人员数|全市", "employment_total_persons"),
        (EMPLOYMENT, "制造业|全市", "employment_manufacturing_persons"),
        (EMPLOYMENT, "交通运输、仓储和邮政业", "employment_transport_persons"),
        (EMPLOYMENT, "信息传输、计算机服务和软件业", "employment_information_persons"),
        (EMPLOYMENT, "信息传输、软件和信息技术服务业", "employment_information_persons"),
        (EMPLOYMENT, "科学研究、技术服务和地质勘查业", "employment_science_persons"),
        (EMPLOYMENT, "科学研究和技术服务业", "employment_science_persons"),
        (EMPLOYMENT, "教育|全市", "employment_education_persons"),
        (None, "在岗职工平均工资", "average_wage_cny"),
        (None, "建成区绿化覆盖率", "green_cover_pct"),
    ],
)
def test_the_yearbooks_wordings_name_their_indicator(title, heading, indicator):
    declared = match_heading(SOURCE, title, heading)
    assert declared is not None
    assert (declared.indicator, declared.scope) == (indicator, "city")


@pytest.mark.parametrize(
    ("title", "heading"),
    [
        (None, None),
        (None, "限额以上单位商品零售额|全市"),
        (None, "常住人口|城镇常住人口|全市"),
        (None, "住户存款余额"),
        (None, "电信业务总量"),
        (None, "专利申请数"),
        (None, "全社会用电量|工业用电"),
        (None, "货运总量|铁路"),
        (None, "制造业|全市"),
        ("2-5 规模以上工业", "制造业"),
        (None, "城镇私营单位就业人员平均工资"),
        (None, "县级市|地区生产总值"),
        (None, "地区生产总值增长率指数|全市"),
    ],
)
def test_near_wordings_name_nothing(title, heading):
    assert match_heading(SOURCE, title, heading) is None


def test_the_scope_comes_from_the_heading_before_the_title():
    declared = match_heading(SOURCE, "2-9 预算(全市)", "货物出口额|市辖区")
    assert declared is not None
    assert declared.scope == "districts"


def test_a_declaration_with_a_title_goes_before_one_without():
    source = replace(SOURCE, headings=(Heading("a", "甲"), Heading("b", "甲", title="乙")))
    assert [match_heading(source, title, "甲").indicator for title in ("乙", "丙")] == ["b", "a"]


def test_a_heading_of_two_indicators_is_an_error_that_names_both():
    source = replace(SOURCE, headings=(Heading("a", "甲"), Heading("b", "甲")))
    with pytest.raises(DeliveryError, match="more than one indicator") as caught:
        match_heading(source, None, "甲")
    assert caught.value.found == "a, b"


def test_a_compiled_panel_shares_the_yearbooks_wordings():
    for heading, indicator in (
        ("gdp_100m", "gdp_cny_10k"),
        ("gdp", "gdp_cny_10k"),
        ("货物出口额|全市", "exports_cny_10k"),
    ):
        declared = match_heading(PANEL, None, heading)
        assert declared is not None
        assert declared.indicator == indicator


def test_every_declared_indicator_is_in_the_reference():
    known = set(reference.indicators()["indicator"])
    declared = {heading.indicator for source in SOURCES for heading in source.headings}
    assert declared <= known
    assert known <= declared


@pytest.mark.parametrize(
    ("source", "heading"),
    [
        ("national_accounts", "居民消费价格指数(1978=100)"),
        ("national_accounts", "居民消费价格指数(食品)"),
        ("national_accounts", "固定资产投资价格指数(1990=100)"),
        ("national_accounts", "人民币对美元期末汇率"),
        ("city_yearbook", "户籍人口城镇化率"),
    ],
)
def test_a_series_of_another_base_date_or_population_is_not_the_declared_one(source, heading):
    declared = next(record for record in SOURCES if record.name == source)
    assert match_heading(declared, None, heading) is None
