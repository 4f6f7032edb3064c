"""Series of the nation and the world: price indices, exchange rate, world exports, as exported from 国家数据."""

import re

import polars as pl

from resilience_pipeline.errors import DeliveryError
from resilience_pipeline.sources.readers.cells import CellRows
from resilience_pipeline.sources.readers.city_table import refuse_formulas
from resilience_pipeline.sources.readers.grid import Grid
from resilience_pipeline.sources.readers.header import clean_heading, split_unit
from resilience_pipeline.sources.readers.opening import read_grids
from resilience_pipeline.sources.source import Delivery, Due, Heading, Source

_ROWS_TO_SEARCH = 40
_YEAR = re.compile(r"((?:19|20)\d\d)(?:\.0)?年?")
_PER_HUNDRED = re.compile(r"\(?美元=100\)?|100美元|百美元")


def read(delivery: Delivery) -> pl.DataFrame:
    """Cells of either layout: indicators down and years across (指标), or years down and indicators across (年份).

    The entity is 世界 for a series of the world, 中国 for every other.

    Raises
    ------
    DeliveryError
        No sheet has a heading cell 指标 with years beside it, or a heading cell 年份.
    """
    cells = CellRows(SOURCE.name, delivery)
    grids = read_grids(delivery)
    found = False
    for grid in grids:
        for row in range(1, min(_ROWS_TO_SEARCH, len(grid.rows)) + 1):
            label = clean_heading(grid.at(row, 1) or "")
            if label in ("指标", "指标名称") and any(map(_year, grid.rows[row - 1][1:])):
                refuse_formulas(grid, delivery, row, len(grid.rows))
                _years_across(cells, grid, row)
            elif label in ("年份", "年度", "时间", "year", "Year") and _year(grid.at(row + 1, 1)):
                refuse_formulas(grid, delivery, row, len(grid.rows))
                _years_down(cells, grid, row)
            else:
                continue
            found = True
            break
    if not found:
        first = [text for grid in grids for cells_ in grid.rows for text in cells_ if text]
        raise DeliveryError(
            "no sheet holds annual series in a known layout",
            remedy="export annual data (年度数据) from data.stats.gov.cn with indicators in rows, or a column 年份",
            file=delivery.file,
            sheet=", ".join(grid.sheet for grid in grids if grid.sheet) or None,
            expected="a heading cell 指标 with years beside it, or a heading cell 年份 with years below",
            found=" | ".join(first[:5])[:120] or "no text",
        )
    return cells.frame()


def _year(text: str | None) -> str | None:
    match = _YEAR.fullmatch((text or "").strip())
    return match[1] if match else None


def _years_across(cells: CellRows, grid: Grid, header: int) -> None:
    years = [(column, text) for column in range(2, grid.width + 1) if (text := _year(grid.at(header, column)))]
    for row in range(header + 1, len(grid.rows) + 1):
        name = grid.at(row, 1)
        texts = [(column, year, grid.at(row, column)) for column, year in years]
        if any(text is not None for _, _, text in texts):
            for column, year, text in texts:
                _add(cells, grid, row, column, name, year, text)


def _years_down(cells: CellRows, grid: Grid, header: int) -> None:
    columns = [(column, text) for column in range(2, grid.width + 1) if (text := grid.at(header, column))]
    for row in range(header + 1, len(grid.rows) + 1):
        for column, name in columns:
            text = grid.at(row, column)
            if text is not None or _year(grid.at(row, 1)):
                _add(cells, grid, row, column, name, _year(grid.at(row, 1)) or grid.at(row, 1), text)


def _add(
    cells: CellRows, grid: Grid, row: int, column: int, name: str | None, period: str | None, text: str | None
) -> None:
    heading, unit = split_unit(name) if name else (None, None)
    if name and _PER_HUNDRED.search(clean_heading(name)):
        unit = "元/100美元"
    entity = None if name is None else "世界" if "世界" in name else "中国"
    cells.add(row, column, heading, text, entity=entity, period=period, unit=unit, sheet=grid.sheet)


def _nation(indicator: str, heading: str, unit: str | None = None) -> Heading:
    return Heading(indicator, heading, unit=unit, scope="nation")


SOURCE = Source(
    name="national_accounts",
    publisher="National Bureau of Statistics of China; General Administration of Customs; WTO for the world",
    title="National annual series (国家数据)",
    description="Consumer and fixed-investment price indices, the yuan's average rate, the world's exports of goods.",
    licence="Public statistics, source to be named",
    cadence="yearly; the year before is complete when the statistical yearbook appears in autumn",
    due=Due(appears=10, overdue=1),
    patterns=(
        "**/*年度数据*.csv",
        "**/*年度数据*.xls*",
        "**/*national_accounts*.csv",
        "**/*national_accounts*.xls*",
        "**/*汇率*.csv",
        "**/*汇率*.xls*",
        "**/*价格指数*.csv",
        "**/*价格指数*.xls*",
    ),
    read=read,
    headings=(
        _nation("consumer_price_index", r"^(全国)?居民消费价格(总)?指数$", "上年=100"),
        _nation("fixed_investment_price_index", r"^固定资产投资价格(总)?指数$", "上年=100"),
        _nation("exchange_rate_cny_per_usd", r"^(?!.*(期末|年末))(人民币(对|兑)美元.*汇率|.*美元(对|兑)人民币)"),
        _nation("world_exports_usd_100m", r"^世界(货物)?出口(贸易)?(总)?(额|值)"),
    ),
    unlocks="deflated series, the world-market share reading of MS, conversion of US dollars",
)
