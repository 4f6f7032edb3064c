"""The science yearbook, the national series and the work reports."""

import pytest

from resilience_pipeline.errors import DeliveryError
from resilience_pipeline.sources import national_accounts, science_yearbook, work_reports
from resilience_pipeline.sources.naming import match_heading
from tests.sources.deliveries import deliver, series, workbook


def test_the_science_yearbook_reports_the_year_before_its_edition(tmp_path):
    sheet = [
        ["各城市研究与试验发展(R&D)活动情况"],
        [],
        ["地区", "R&D人员全时当量（人年）", "R&D经费内部支出（万元）", "新产品销售收入（万元)"],
        ["杭州市", 100000, 5000000.5, "…"],
    ]
    cells = science_yearbook.read(deliver(tmp_path, "中国科技统计年鉴2019.xlsx", workbook({"Sheet1": sheet})))
    assert series(cells) == {
        ("R&D人员全时当量", "人年"): ["100000"],
        ("R&D经费内部支出", "万元"): ["5000000.5"],
        ("新产品销售收入", "万元"): ["…"],
    }
    assert cells.select("edition", "period", "title").unique().rows() == [
        (2019, "2018", "各城市研究与试验发展(R&D)活动情况")
    ]
    indicators = [match_heading(science_yearbook.SOURCE, None, heading).indicator for heading in cells["heading"]]
    assert indicators == ["research_personnel_persons", "research_expenditure_cny_10k", "new_product_sales_cny_10k"]


def test_a_science_table_without_regions_is_refused(tmp_path):
    with pytest.raises(DeliveryError, match="no sheet has a column of regions") as caught:
        science_yearbook.read(deliver(tmp_path, "2019/a.xlsx", workbook({"Sheet1": [["指标", 1]]})))
    assert caught.value.file == "2019/a.xlsx"


NATIONAL = """数据库：年度数据
时间：2021-2022
指标,2022年,2021年
居民消费价格指数(上年=100),102,100.9
固定资产投资价格指数(上年=100),,102
人民币对美元年平均汇率(元/美元),6.7261,
人民币对美元汇率(美元=100)(元),672.61,645.15
世界货物出口总额(亿美元),249000,223000
数据来源：国家统计局
"""


def test_the_national_export_gives_indicators_by_year_in_gb18030(tmp_path):
    cells = national_accounts.read(deliver(tmp_path, "年度数据.csv", NATIONAL.encode("gb18030")))
    assert cells.select("entity", "heading", "unit", "period", "text").rows() == [
        ("中国", "居民消费价格指数", "上年=100", "2022", "102"),
        ("中国", "居民消费价格指数", "上年=100", "2021", "100.9"),
        ("中国", "固定资产投资价格指数", "上年=100", "2022", None),
        ("中国", "固定资产投资价格指数", "上年=100", "2021", "102"),
        ("中国", "人民币对美元年平均汇率", "元/美元", "2022", "6.7261"),
        ("中国", "人民币对美元年平均汇率", "元/美元", "2021", None),
        ("中国", "人民币对美元汇率(美元=100)", "元/100美元", "2022", "672.61"),
        ("中国", "人民币对美元汇率(美元=100)", "元/100美元", "2021", "645.15"),
        ("世界", "世界货物出口总额", "亿美元", "2022", "249000"),
        ("世界", "世界货物出口总额", "亿美元", "2021", "223000"),
    ]
    declared = [match_heading(national_accounts.SOURCE, None, heading) for heading in cells["heading"].unique()]
    assert {(d.indicator, d.scope) for d in declared} == {
        ("consumer_price_index", "nation"),
        ("fixed_investment_price_index", "nation"),
        ("exchange_rate_cny_per_usd", "nation"),
        ("world_exports_usd_100m", "nation"),
    }


def test_a_sheet_with_years_down_is_read_too(tmp_path):
    sheet = [["年份", "1美元兑人民币（元）"], [2021, 6.4515], [2022, 6.7261], ["注：年平均"]]
    cells = national_accounts.read(deliver(tmp_path, "汇率.xlsx", workbook({"Sheet1": sheet})))
    assert cells.select("heading", "unit", "period", "text").rows() == [
        ("1美元兑人民币", "元", "2021", "6.4515"),
        ("1美元兑人民币", "元", "2022", "6.7261"),
    ]


def test_monthly_data_are_no_annual_series(tmp_path):
    text = "数据库：月度数据\n指标,2022年12月,2022年11月\n居民消费价格指数(上年同月=100),101.8,101.6\n"
    with pytest.raises(DeliveryError, match="annual series") as caught:
        national_accounts.read(deliver(tmp_path, "a.csv", text))
    assert "年度数据" in caught.value.remedy


@pytest.mark.parametrize(
    ("file", "city"),
    [
        ("政府工作报告/2018/杭州市.txt", "杭州市"),
        ("政府工作报告/杭州市/2018.txt", "杭州市"),
        ("work_reports/杭州市_2018.txt", "杭州市"),
        ("work_reports/2018杭州市政府工作报告.txt", "杭州市"),
        ("work_reports/2018年杭州市人民政府工作报告（全文）.txt", "杭州市"),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_a_report_is_one_cell_of_city_and_year(tmp_path, file, city, encoding):
    cells = work_reports.read(deliver(tmp_path, file, "数字经济\r\n发展".encode(encoding)))
    assert cells.select("entity", "period", "heading", "text", "row").rows() == [
        (city, "2018", "document", "数字经济\n发展", 1)
    ]


@pytest.mark.parametrize(
    "file", ["政府工作报告/杭州市.txt", "政府工作报告/2018.txt", "2017-2018杭州市政府工作报告.txt"]
)
def test_a_report_whose_path_lacks_city_or_year_is_refused(tmp_path, file):
    with pytest.raises(DeliveryError, match="which city's report of which year") as caught:
        work_reports.read(deliver(tmp_path, file, "数字经济"))
    assert caught.value.file == file
    assert "政府工作报告/2018/杭州市.txt" in caught.value.remedy
