"""China City Statistical Yearbook: one workbook a table, every edition in a layout of its own.

Edition t reports year t - 1. Tables are told apart by title and heading, never by number; only the chapter (2 =
prefecture-level cities) is read from the number, because chapters 1 and 3 print the same headings about other units.
"""

import re
from pathlib import PurePosixPath

import polars as pl

from resilience_pipeline.errors import DeliveryError
from resilience_pipeline.sources.readers.cells import CellRows
from resilience_pipeline.sources.readers.city_table import CityTable, city_tables
from resilience_pipeline.sources.readers.edition import edition_of
from resilience_pipeline.sources.readers.grid import Grid
from resilience_pipeline.sources.readers.header import chinese_part, clean_heading, split_unit
from resilience_pipeline.sources.readers.opening import read_grids
from resilience_pipeline.sources.source import Delivery, Due, Heading, Source, TableRules

#: table number at the start of a title or file name: `2-7`, `2021-2-7`, `2021_2021-2-7`
_NUMBER = re.compile(r"^(?:(?:19|20)\d\d[-_年]*)*(?P<chapter>\d)-\d{1,2}(?!\d)[-_.]?")
_MEANINGLESS_SHEET = re.compile(r"(sheet|工作表)?\d*", re.IGNORECASE)


def read(delivery: Delivery) -> pl.DataFrame:
    """Cells of every table in the workbook; period = edition - 1.

    County-level tables (chapter 3) keep their cells under the heading level 县级市, so that no prefecture's indicator
    matches them. Lists of cities (chapter 1) that have no table give no cells.

    Raises
    ------
    DeliveryError
        The workbook cannot be opened, says no edition or two, holds no city table, or formulas in a table's body.
    """
    grids = read_grids(delivery)
    tables = [(grid, table) for grid in grids for table in city_tables(grid, delivery)]
    cells = CellRows(SOURCE.name, delivery)
    if not tables and "1" in {_chapter(text) for text in [*_opening_texts(grids), _stem(delivery)]}:
        return cells.frame()
    if not tables:
        raise _no_city_column(delivery, grids)
    edition = edition_of(delivery, [text for _, table in tables for text in table.preamble])
    title = None
    for grid, table in tables:
        title = table.title or title or _title_elsewhere(grid, len(grids), delivery)
        county = _is_county_level(table, title, delivery)
        title_unit = split_unit(title)[1] if title else None
        for row, column, city, text in table.values(grid):
            heading = column.heading
            cells.add(
                row,
                column.column,
                f"县级市|{heading}" if county and heading else heading,
                text,
                entity=city,
                period=str(edition - 1),
                unit=column.unit or title_unit,
                edition=edition,
                sheet=grid.sheet,
                title=title,
            )
    return cells.frame()


def _stem(delivery: Delivery) -> str:
    return PurePosixPath(delivery.file).stem


def _chapter(text: str | None) -> str | None:
    match = _NUMBER.match(clean_heading(text or ""))
    return match["chapter"] if match else None


def _is_county_level(table: CityTable, title: str | None, delivery: Delivery) -> bool:
    if any("县级市数据" in clean_heading(text) for text in table.preamble):
        return True
    return (_chapter(title) or _chapter(_stem(delivery))) == "3"


def _title_elsewhere(grid: Grid, sheets: int, delivery: Delivery) -> str | None:
    """The name of the sheet where it says something, else what the file name says beside numbers."""
    if sheets > 1 and grid.sheet and not _MEANINGLESS_SHEET.fullmatch(grid.sheet):
        return chinese_part(grid.sheet) or None
    name = re.sub(r"\(\d+\)$", "", clean_heading(_stem(delivery)))
    return chinese_part(_NUMBER.sub("", name)) or None


def _opening_texts(grids: list[Grid]) -> list[str]:
    return [text for grid in grids for cells in grid.rows[:10] for text in cells[:3] if text]


def _no_city_column(delivery: Delivery, grids: list[Grid]) -> DeliveryError:
    sheets = ", ".join(grid.sheet or "" for grid in grids)
    seen = "; ".join(clean_heading(text)[:20] for text in _opening_texts(grids)[:5])
    return DeliveryError(
        "no sheet has a column of cities",
        remedy="deliver the table with its heading, or take the file out of the landing folder",
        file=delivery.file,
        sheet=sheets,
        expected="a heading cell 城市 or 地区",
        found=seen or "no text",
    )


def _is_city_yearbook(path: PurePosixPath) -> bool:
    return not any(word in str(path) for word in ("科技统计年鉴", "面板", "panel"))


def _both(indicator: str, heading: str, title: str | None = None, unit: str | None = None) -> tuple[Heading, ...]:
    """The declaration for the whole city and for its districts."""
    pattern = rf"{heading}(\|(全市|市辖区))*$"
    return (
        Heading(indicator, pattern, title, unit, "city"),
        Heading(indicator, pattern, title, unit, "districts"),
    )


_WORKERS = r"从业人员|就业"
_SECTOR = r"^(.*\|)?(\([一二三四五六七八九十]+\)|[一二三四五六七八九十]+、)?"
_BUDGET = r"^(地方)?(本级)?(财政)?(一般)?(公共)?(财政)?(预算)?(内)?"

HEADINGS: tuple[Heading, ...] = (
    *_both("gdp_cny_10k", r"^地区生产总值(\(当年价格?\))?"),
    *_both("gdp_per_capita_cny", r"^人均(地区生产总值|GDP)(\(当年价格?\))?"),
    *_both("gdp_growth_pct", r"^地区生产总值(\(GDP\))?(增长率|增长速度|增速)", unit="%"),
    *_both("resident_population_10k_persons", r"^(年末)?(全市)?常住(总)?人口(数)?", unit="万人"),
    *_both("registered_population_10k_persons", r"^(年末)?(户籍(总)?人口|总人口)(数)?", unit="万人"),
    *_both("urbanisation_pct", r"^(.*\|)?(常住(人口)?|人口)?城镇化率", unit="%"),
    *_both("retail_sales_cny_10k", r"^社会消费品零售总额"),
    *_both("budget_revenue_cny_10k", _BUDGET + "收入"),
    *_both("budget_expenditure_cny_10k", _BUDGET + "支出"),
    *_both("science_expenditure_cny_10k", r"^(.*支出\|)?(其中:)?(科学技术|科学|科技)(事业费)?支出"),
    *_both("education_expenditure_cny_10k", r"^(.*支出\|)?(其中:)?教育(事业费)?支出"),
    *_both("deposits_cny_10k", r"^(年末)?金融机构(人民币|本外币)?(各项)?存款(余额)?"),
    *_both("loans_cny_10k", r"^(年末)?金融机构(人民币|本外币)?(各项)?贷款(余额)?"),
    *_both("exports_cny_10k", r"^(货物)?(进出口总?额\|)?(货物)?出口(总)?额"),
    *_both("imports_cny_10k", r"^(货物)?(进出口总?额\|)?(货物)?进口(总)?额"),
    *_both("foreign_investment_usd_10k", r"^(当年)?实际使用外资(金额)?"),
    *_both("freight_10k_tonnes", r"^货运(总)?量(\(公路\+水路\))?(\|(合计|总计))?"),
    *_both("fixed_investment_cny_10k", r"^(全社会)?固定资产投资(\(不含农户\))?(总额|完成额|额)?(\(不含农户\))?"),
    *_both("patents_granted_count", r"^(专利授权(数|量)|国内专利(申请)?授权(数|量))"),
    *_both("invention_patents_granted_count", r"^(专利授权[数量]\|(其中:)?发明(专利)?|发明专利授权[数量])"),
    *_both("high_tech_firms_count", r"^高新技术企业(数|个数)(\(国家级\))?"),
    *_both("technology_contracts_cny_10k", r"^技术合同成交(总)?额"),
    *_both(
        "employment_total_persons",
        r"^(年末)?(城镇)?(非私营)?(单位)?(年末)?(单位)?从业人员(期末|年末)?(人)?数(\((城镇)?非私营(单位)?\))?(\|合计)?",
    ),
    *_both("employment_manufacturing_persons", _SECTOR + r"制造业", _WORKERS),
    *_both("employment_transport_persons", _SECTOR + r"交通运输(、|,)?仓储(和|及|、)?邮政业", _WORKERS),
    *_both("employment_finance_persons", _SECTOR + r"金融业", _WORKERS),
    *_both("employment_information_persons", _SECTOR + r"信息传输.*(软件|信息技术服务)业", _WORKERS),
    *_both("employment_science_persons", _SECTOR + r"科学研究.*(技术服务|地质勘查)业?(和地质勘查业)?", _WORKERS),
    *_both("employment_education_persons", _SECTOR + r"教育(业)?", _WORKERS),
    *_both("average_wage_cny", r"^(城镇)?(非私营)?(单位)?(在岗)?(职工|从业人员|就业人员)(年)?平均工资"),
    *_both("telecom_revenue_cny_10k", r"^电信业务收入"),
    *_both("electricity_10k_kwh", r"^全社会用电量(\|合计)?"),
    *_both("green_cover_pct", r"^建成区绿化覆盖率", unit="%"),
)

SOURCE = Source(
    name="city_yearbook",
    publisher="National Bureau of Statistics of China",
    title="China City Statistical Yearbook (中国城市统计年鉴)",
    description=(
        "Main statistics of about 297 cities at prefecture level and above, one workbook a table. Edition t reports "
        "year t - 1; the edition is read from the folder, the file name or the banner row."
    ),
    licence="Rights held by the publisher; deliver your own copy",
    cadence="yearly; edition t appears around the end of year t",
    due=Due(appears=12, overdue=4),
    patterns=(
        "**/*城市统计年鉴*/**/*.xls*",
        "**/*城市统计年鉴*.xls*",
        "**/edition_[12][0-9][0-9][0-9]/**/*.xls*",
        "**/[0-9]-[0-9]*.xls*",
        "**/[12][0-9][0-9][0-9]-[0-9]-[0-9]*.xls*",
        "**/[12][0-9][0-9][0-9]_[12][0-9][0-9][0-9]-[0-9]-[0-9]*.xls*",
    ),
    read=read,
    headings=HEADINGS,
    rules=TableRules(required=("gdp_cny_10k",), minimum_city_share=0.8),
    sniff=_is_city_yearbook,
    unlocks=(
        "grid and panel: GDP, population, retail sales, budgets, loans, trade, freight, patents, employment; "
        "without it no composite of resilience and no control can be built"
    ),
    by_edition=True,
)
