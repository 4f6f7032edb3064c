"""China City Statistical Yearbook: a workbook a table, four layouts that rotate over the editions.

Layouts, by edition modulo 4: 1 a banner in A and the title in C, bilingual headings with runs of blanks; 2 a title row
and a unit row; 3 Chinese and English titles and unit rows; 0 nearly all numbers as text, titles in another order.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from resilience_pipeline.twin.blemishes import (
    FIRST_EDITION_WITHOUT_VARIANTS,
    LAST_EDITION_WITH_MARK,
    MARK,
    NAME_VARIANTS,
    holes,
)
from resilience_pipeline.twin.economy import Draw
from resilience_pipeline.twin.extras import district_share, extra_series
from resilience_pipeline.twin.layouts.workbook import Cell, Merge, decimal_text, write_workbook
from resilience_pipeline.twin.printing import PRINTS, Print, print_of
from resilience_pipeline.twin.processes import Array

WHOLE, DISTRICTS = ("全市", "Total City"), ("市辖区", "Districts under City")


@dataclass(frozen=True)
class PrintedColumn:
    """One indicator of a table: its Chinese and English heading, its unit where the heading names it, its scopes."""

    indicator: str
    chinese: str
    english: str
    districts: bool = False
    parent: tuple[str, str] | None = None  # heading above, of which this is a part


@dataclass(frozen=True)
class PrintedTable:
    """One table: title, columns, and its place in the chapter, which moves from edition 2018 on."""

    title: str
    english: str
    columns: tuple[PrintedColumn, ...]
    number: int
    later_number: int

    def number_in(self, edition: int) -> int:
        return self.number if edition < 2018 else self.later_number


_C = PrintedColumn
_SECTOR_TITLE = "按行业分组的年末城镇单位从业人员(全市)"
TABLES: tuple[PrintedTable, ...] = (
    PrintedTable("人口数", "Population", (
        _C("resident_population_10k_persons", "常住人口", "Permanent Resident Population", True),
        _C("urbanisation_pct", "常住人口城镇化率", "Urbanization Rate of Permanent Resident Population"),
    ), 1, 1),
    PrintedTable("地区生产总值", "Gross Regional Product", (
        _C("gdp_cny_10k", "地区生产总值（当年价格）", "Gross Regional Product （Current Prices）", True),
        _C("gdp_per_capita_cny", "人均地区生产总值", "Per Capita GRP", True),
        _C("gdp_growth_pct", "地区生产总值增长率", "GRP Growth Rate", True),
    ), 7, 6),
    PrintedTable("地方一般公共预算收支状况(全市)", "Local General Public Budget Revenue and Expenditure", (
        _C("budget_revenue_cny_10k", "地方一般公共预算收入", "Local General Public Budget Revenue"),
        _C("budget_expenditure_cny_10k", "地方一般公共预算支出", "Local General Public Budget Expenditure"),
    ), 9, 8),
    PrintedTable("科学教育支出(全市)", "Expenditure for Science and Education", (
        _C("science_expenditure_cny_10k", "科学技术支出", "Expenditure for Science and Technology"),
        _C("education_expenditure_cny_10k", "教育支出", "Expenditure for Education"),
    ), 10, 9),
    PrintedTable("年末金融机构存贷款余额", "Deposits and Loans of Financial Institutions at Year-end", (
        _C("deposits_cny_10k", "年末金融机构 人民币各项存款余额", "Deposits of Financial Institutions", True),
        _C("loans_cny_10k", "年末金融机构 人民币各项贷款余额", "Loans of Financial Institutions", True),
    ), 11, 10),
    PrintedTable("对外经济贸易(全市)", "Foreign Trade and Economic Cooperation (Total City)", (
        _C("imports_cny_10k", "货物进口额", "Import Volume of Goods"),
        _C("exports_cny_10k", "货物出口额", "Export Volume of Goods"),
        _C("foreign_investment_usd_10k", "当年实际使用外资金额", "Amount of Foreign Capital Actually Utilized"),
    ), 13, 12),
    PrintedTable("社会消费品零售总额", "Total Retail Sales of Consumer Goods", (
        _C("retail_sales_cny_10k", "社会消费品零售总额", "Total Retail Sales of Consumer Goods", True),
    ), 17, 16),
    PrintedTable("科技创新情况(全市)", "Scientific and Technological Innovation (Total City)", (
        _C("patents_granted_count", "专利授权数", "Number of Patent Authorizations"),
        _C("invention_patents_granted_count", "发明专利授权数", "Number of Invention Patent Authorizations"),
    ), 19, 17),
    PrintedTable("高新技术企业数和技术合同成交额", "High-tech Enterprises and Technical Contract Turnover", (
        _C("high_tech_firms_count", "高新技术企业数(国家级)", "The Number of High-tech Enterprises", True),
        _C("technology_contracts_cny_10k", "技术合同成交额", "Technical Contract Turnover", True),
    ), 20, 18),
    PrintedTable("劳动力就业及收入状况（全市）", "Employment and Wages", (
        _C("employment_total_persons", "城镇非私营单位从业人员期末人数", "Employed Persons at Year-end"),
        _C("average_wage_cny", "城镇非私营单位在岗职工平均工资", "Average Wage of Staff and Workers"),
    ), 18, 19),
    PrintedTable(_SECTOR_TITLE, "Employed Persons in Urban Units at Year-end by Sector", (
        _C("employment_manufacturing_persons", "制造业", "Manufacturing"),
        _C("employment_transport_persons", "交通运输、仓储和邮政业", "Transport, Storage and Post"),
        _C("employment_finance_persons", "金融业", "Finance"),
        _C("employment_information_persons", "信息传输、软件和信息技术服务业", "Information Transmission and Software"),
        _C("employment_science_persons", "科学研究和技术服务业", "Scientific Research and Technical Services"),
        _C("employment_education_persons", "教育", "Education"),
    ), 4, 20),
    PrintedTable("城市交通状况", "Urban Traffic Condition", (
        _C("freight_10k_tonnes", "货运量(公路+水路)", "Volume of Freight Traffic (Highway + Waterway)"),
    ), 26, 27),
    PrintedTable("电信业发展和用电量情况(全市)", "Telecommunication Services and Electricity Consumption", (
        _C("telecom_revenue_cny_10k", "电信业务收入", "Revenue of Telecommunication Services"),
        _C("electricity_10k_kwh", "全社会用电量", "Electricity Consumption"),
    ), 28, 29),
    PrintedTable("市政公用事业", "Municipal Public Utilities", (
        _C("green_cover_pct", "建成区绿化覆盖率", "Green Covered Area as % of Completed Area"),
    ), 30, 26),
)  # fmt: skip

_EXTRA_PRINTS = {
    "urbanisation_pct": Print("%", 1, 2), "gdp_growth_pct": Print("%", 1, 2),
    "science_expenditure_cny_10k": Print("万元", 1, 0), "education_expenditure_cny_10k": Print("万元", 1, 0),
    "invention_patents_granted_count": Print("件", 1, 0), "high_tech_firms_count": Print("个", 1, 0),
}  # fmt: skip
_ENGLISH_UNIT = {
    "万人": "10 000 persons", "亿元": "100 000 000 yuan", "万元": "10 000 yuan", "元": "yuan", "%": "%", "件": "piece",
    "个": "unit", "人": "person", "万吨": "10 000 tons", "万美元": "USD 10 000", "万千瓦时": "10 000 kW.h",
}  # fmt: skip
_BLANKS = " " * 15
#: A ratio does not split between a city and its districts.
_NO_SPLIT = ("gdp_per_capita_cny", "gdp_growth_pct")


def print_in(indicator: str, edition: int) -> Print:
    """How an edition prints an indicator."""
    if indicator in PRINTS:
        return print_of(indicator, edition)
    return _EXTRA_PRINTS[indicator]


def file_name(table: PrintedTable, edition: int) -> str:
    """`2-6 地区生产总值.xlsx`; edition 2021 of the real books names files by number alone."""
    number = f"2-{table.number_in(edition)}"
    return f"{edition}-{number}.xlsx" if edition % 4 == 1 else f"{number} {table.title}.xlsx"


def write_city_yearbook(draw: Draw, landing: Path) -> None:
    """All editions of the window under 城市统计年鉴/<edition>/."""
    cut = holes(draw)
    series = draw.treated | extra_series(draw)
    share = district_share(draw)
    for t, year in enumerate(draw.year_list):
        edition = year + 1
        for table in TABLES:
            head, merges = _heading(table, edition)
            columns = [
                _column(series[c.indicator][:, t], cut.of(c.indicator)[:, t], c.indicator, part, edition)
                for c in table.columns
                for part in _parts(c, share[:, 0])
            ]
            rows = head + _body(draw, ~cut.absent[:, t], columns, edition)
            sheet = "Sheet1" if edition % 4 == 1 else f"Sheet{40 + table.number_in(edition)}"
            write_workbook(landing / "城市统计年鉴" / str(edition) / file_name(table, edition), rows, sheet, merges)


def _parts(column: PrintedColumn, share: Array) -> tuple[Array | None, ...]:
    """What the columns 全市 and 市辖区 show of the city's figure; None is all of it."""
    if not column.districts:
        return (None,)
    return (None, None if column.indicator in _NO_SPLIT else share)


def _column(values: Array, missing: np.ndarray, indicator: str, part: Array | None, edition: int) -> list[Cell]:
    form = print_in(indicator, edition)
    numbers = form.number(values if part is None else values * part).tolist()
    mark: Cell = MARK if edition <= LAST_EDITION_WITH_MARK else None
    cells: list[Cell] = []
    for i, (number, gone) in enumerate(zip(numbers, missing.tolist(), strict=True)):
        if gone:
            cells.append(mark)
        elif edition % 4 == 0 and i % 40 != 7:  # a few rows stay numbers, as in edition 2024
            cells.append(decimal_text(number, form.decimals))
        else:
            cells.append(number)
    return cells


def _body(draw: Draw, there: np.ndarray, columns: list[list[Cell]], edition: int) -> list[list[Cell]]:
    rows: list[list[Cell]] = []
    indent = "" if edition % 4 == 2 else "  "
    province = ""
    for i, city in enumerate(draw.cities):
        municipality = city.code.endswith("0000")
        if city.province != province and not municipality:
            rows.append([city.province, None])
        province = city.province
        if not there[i]:
            continue
        early = edition < FIRST_EDITION_WITHOUT_VARIANTS
        name = NAME_VARIANTS.get(city.code, city.name) if early else city.name
        before = "" if municipality else indent
        rows.append([f"{before}{name}", f"{before}{city.english}", *(column[i] for column in columns)])
    return rows


def _heading(table: PrintedTable, edition: int) -> tuple[list[list[Cell]], list[Merge]]:
    units = [print_in(c.indicator, edition).unit for c in table.columns]
    one_unit = units[0] if len(set(units)) == 1 and edition % 4 != 1 else None
    title = f"2-{table.number_in(edition)}{' ' if edition % 4 == 1 else ''}{table.title}"
    opening = _opening(table, title, one_unit, edition)
    first: list[Cell] = ["城 市", "City"]
    second: list[Cell] = [None, None]
    merges: list[Merge] = []
    top = len(opening)
    for column, unit in zip(table.columns, units, strict=True):
        own = "" if one_unit else f" （{unit}）"
        gap = _BLANKS if edition % 4 == 1 else " "
        english_unit = "" if one_unit else f" （{_ENGLISH_UNIT[unit]}）"
        text = f"{column.chinese}{own}{gap}{column.english}{english_unit}"
        left = len(first)
        scopes = (WHOLE, DISTRICTS) if column.districts else (WHOLE,)
        first += [text] + [None] * (len(scopes) - 1)
        second += [f"{chinese}{gap}{english}" for chinese, english in scopes]
        if len(scopes) > 1:
            merges.append((top, left, top, left + 1))
    merges += [(top, 0, top + 1, 0), (top, 1, top + 1, 1)]
    return [*opening, first, second], merges


def _opening(table: PrintedTable, title: str, unit: str | None, edition: int) -> list[list[Cell]]:
    """The rows above the heading block, in one of four orders."""
    chinese_unit: list[Cell] = [f"单位：{unit}"] if unit else []
    english_unit: list[Cell] = [f"({_ENGLISH_UNIT[unit]})"] if unit else []
    layouts: dict[int, list[list[Cell]]] = {
        1: [[], [f"中国{edition - 1}年地级以上城市数据", None, title], []],
        2: [[f"{title} {table.english}"], [], [*chinese_unit, None, *english_unit] if unit else []],
        3: [[title], [table.english], [], chinese_unit, english_unit, []],
        0: [[], [title], [], [table.english], [], chinese_unit, [], english_unit, []],
    }
    return layouts[edition % 4]
