"""Wind and iFinD exports: one series a column, labels in the first column, dates below, the city in the series' name.

Annual series only: a monthly or quarterly one would give a year several values.
"""

import datetime as dt
import re
from collections import Counter

import polars as pl

from resilience_pipeline.errors import DeliveryError
from resilience_pipeline.sources.readers.cells import CellRows
from resilience_pipeline.sources.readers.city_table import refuse_formulas
from resilience_pipeline.sources.readers.grid import Grid
from resilience_pipeline.sources.readers.header import clean_heading, split_unit
from resilience_pipeline.sources.readers.opening import read_grids
from resilience_pipeline.sources.source import Delivery, Heading, Source

_ROWS_OF_LABELS = 40
_NAME_LABELS = ("指标名称", "指标", "Wind")
_LABELS = {"频率", "单位", "指标ID", "来源", "时间区间", "更新时间", "国家", "地区", "描述", *_NAME_LABELS}
_DATE = re.compile(
    r"((?:19|20)\d\d)(?:年|[-/.](?:\d{1,2})(?:[-/.]\d{1,2})?(?:[ T].*)?|年?度|年\d{1,2}月(?:\d{1,2}日)?)?"
)
_EXCEL_EPOCH = dt.date(1899, 12, 30)
_SERIALS = range(10_000, 80_000)  # 1927 to 2119


def read(delivery: Delivery) -> pl.DataFrame:
    """Cells of every series; entity = the name before the first colon, heading = what follows it.

    Raises
    ------
    DeliveryError
        No sheet has the label 指标名称 (or Wind in A1); a series is not annual; a cell holds a formula.
    """
    cells = CellRows(SOURCE.name, delivery)
    grids = read_grids(delivery)
    exports = [(grid, labels) for grid in grids if (labels := _labels(grid))]
    if not exports:
        first = next((text for grid in grids for cells_ in grid.rows for text in cells_ if text), "no text")
        raise DeliveryError(
            "the file is no Wind or iFinD export",
            remedy="export the series again with their names, frequency and unit",
            file=delivery.file,
            sheet=", ".join(grid.sheet for grid in grids if grid.sheet) or None,
            expected="指标名称 in the first column, or Wind in its first cell",
            found=first[:60],
        )
    for grid, labels in exports:
        refuse_formulas(grid, delivery, 1, len(grid.rows))
        _add_series(cells, grid, labels, delivery)
    return cells.frame()


def _labels(grid: Grid) -> dict[str, int]:
    """Row of each label in the first column; empty where the sheet is no export."""
    found: dict[str, int] = {}
    for row in range(1, min(_ROWS_OF_LABELS, len(grid.rows)) + 1):
        label = clean_heading(grid.at(row, 1) or "").rstrip(":")
        if label in _LABELS:
            found.setdefault(label, row)
    return found if any(label in found for label in _NAME_LABELS) else {}


def _add_series(cells: CellRows, grid: Grid, labels: dict[str, int], delivery: Delivery) -> None:
    name_row = next(labels[label] for label in _NAME_LABELS if label in labels)
    rows = [
        (row, year_of(grid.at(row, 1)))
        for row in range(max(labels.values()) + 1, len(grid.rows) + 1)
        if any(grid.rows[row - 1][1:])
    ]
    columns = [column for column in range(2, grid.width + 1) if grid.at(name_row, column)]
    for column in columns:
        _refuse_other_frequencies(grid, labels.get("频率"), column, delivery)
    twice = [year for year, count in Counter(year for _, year in rows if year).items() if count > 1]
    if twice:
        row = [row for row, year in rows if year == twice[0]][1]
        raise _not_annual(delivery, grid, row, 1, f"{twice[0]} stands in more than one row")
    for column in columns:
        city, _, indicator = clean_heading(grid.at(name_row, column) or "").partition(":")
        heading, unit = split_unit(indicator or city)
        printed = grid.at(labels["单位"], column) if "单位" in labels else None
        for row, year in rows:
            cells.add(
                row,
                column,
                heading,
                grid.at(row, column),
                entity=city if indicator else None,
                period=year or grid.at(row, 1),
                unit=clean_heading(printed) if printed else unit,
                sheet=grid.sheet,
            )


def year_of(text: str | None) -> str | None:
    """The year of a date as exported: ISO or Chinese text, a year alone, or an Excel serial number; None of others."""
    bare = (text or "").strip().removesuffix(".0")
    if match := _DATE.fullmatch(bare):
        return match[1]
    if bare.isdigit() and int(bare) in _SERIALS:
        return str((_EXCEL_EPOCH + dt.timedelta(days=int(bare))).year)
    return None


def _refuse_other_frequencies(grid: Grid, row: int | None, column: int, delivery: Delivery) -> None:
    frequency = grid.at(row, column) if row else None
    if row and frequency and clean_heading(frequency) not in ("年", "年度", "Y", "Annual", "Yearly"):
        raise _not_annual(delivery, grid, row, column, frequency)


def _not_annual(delivery: Delivery, grid: Grid, row: int, column: int, found: str) -> DeliveryError:
    return DeliveryError(
        "the series is not annual",
        remedy="export it at annual frequency (年)",
        file=delivery.file,
        sheet=grid.sheet,
        row=row,
        column=column,
        expected="one value a year, frequency 年",
        found=found,
    )


SOURCE = Source(
    name="wind",
    publisher="Wind Information Co., Ltd. (or Hithink RoyalFlush iFinD)",
    title="Wind economic database: city series",
    description=(
        "Fixed-asset investment, foreign trade and the listed firms' supplier and customer concentration, one series "
        "a column, the city before the colon in its name."
    ),
    licence="Licensed database; deliver your own export",
    cadence="on demand; annual series",
    patterns=(
        "**/*wind*.xls*",
        "**/*wind*.csv",
        "**/*ifind*.xls*",
        "**/*ifind*.csv",
        "**/*同花顺*.xls*",
        "**/*万得*.xls*",
    ),
    read=read,
    headings=(
        Heading("fixed_investment_cny_10k", r"^固定资产投资(完成额|总额|额)?(\(不含农户\))?(:累计值)?$"),
        Heading("exports_cny_10k", r"^(货物)?出口(金额|总额|额|总值)(:人民币)?$"),
        Heading("imports_cny_10k", r"^(货物)?进口(金额|总额|额|总值)(:人民币)?$"),
        Heading("supplier_top5_share_pct", r"前五(大|名)供应商.*占比"),
        Heading("customer_top5_share_pct", r"前五(大|名)客户.*占比"),
    ),
    unlocks="fixed-asset investment (FAI), supply-chain robustness (RES) and trade where the yearbook has none",
)
