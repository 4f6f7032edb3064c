"""Tables with one row per city under a heading block of several rows: the yearbooks' way of printing.

A table is found by the cell 城市 (blanks inside) or 地区, wherever it stands; its title, unit row and heading levels
follow from that cell. Stacked tables and tables side by side on one sheet are several tables.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from resilience_pipeline.errors import DeliveryError
from resilience_pipeline.sources.readers.grid import Grid
from resilience_pipeline.sources.readers.header import (
    chinese_part,
    clean_heading,
    has_chinese,
    heading_path,
    unit_of_row,
)
from resilience_pipeline.sources.source import Delivery

_KEY = re.compile(r"(城市|地区|城市名称|地区名称|地级市)")
_ENGLISH_KEY = re.compile(r"(city|cities|region|area|name)", re.IGNORECASE)
_NO_TITLE = re.compile(r"^(\(?(计量)?单位|注:?|说明|中国\d{4}年|附表|\d+$)|^\(?续表\)?$")
_CONTINUED = re.compile(r"^(续表|\(续\)|续)")
_CITY = re.compile(r"^[㐀-鿿]{1,12}(市|地区|州|盟)$")
_COLUMNS_TO_SEARCH = 12
_CELLS_IN_A_PREAMBLE_ROW = 2


@dataclass(frozen=True)
class Column:
    """One value column: its position, the position of the city names it belongs to, its heading path and unit."""

    column: int
    key_column: int
    heading: str | None
    unit: str | None


@dataclass(frozen=True)
class CityTable:
    """One table on a sheet; rows and columns count from 1, `first_row` to `last_row` is the body."""

    title: str | None
    preamble: tuple[str, ...]  # every Chinese text above the heading block
    columns: tuple[Column, ...]
    first_row: int
    last_row: int

    def values(self, grid: Grid) -> Iterator[tuple[int, Column, str | None, str | None]]:
        """(row, column, city as delivered, text) of each value cell.

        A row without any value is left out unless its label reads as a city (its gaps count as missing): so the
        province rows, which carry no numbers, and the notes below the table fall away.
        """
        for row in range(self.first_row, self.last_row + 1):
            texts = [grid.at(row, column.column) for column in self.columns]
            label = clean_heading(grid.at(row, self.columns[0].key_column) or "") if self.columns else ""
            if any(text is not None for text in texts) or _CITY.search(label):
                for column, text in zip(self.columns, texts, strict=True):
                    yield row, column, grid.at(row, column.key_column), text


def city_tables(grid: Grid, delivery: Delivery) -> list[CityTable]:
    """The tables on a sheet, top to bottom; none where no cell reads 城市 or 地区.

    Raises
    ------
    DeliveryError
        A cell of a table's body holds a formula.
    """
    keys = _key_cells(grid)
    key_rows = sorted({row for row, _ in keys})
    tables = []
    starts = [1] + [_preamble_start(grid, row) for row in key_rows[1:]]
    ends = [start - 1 for start in starts[1:]] + [len(grid.rows)]
    for start, row, end in zip(starts, key_rows, ends, strict=False):
        table = _table(grid, row, [column for key_row, column in keys if key_row == row], start, end)
        if table is not None:
            tables.append(table)
    for table in tables:
        refuse_formulas(grid, delivery, table.first_row, table.last_row)
    return tables


def refuse_formulas(grid: Grid, delivery: Delivery, first_row: int, last_row: int) -> None:
    """A DeliveryError for the first formula cell between two rows: its stored result may be stale."""
    for row, column in sorted(grid.formulas):
        if first_row <= row <= last_row:
            raise DeliveryError(
                "the cell holds a formula, not a value",
                remedy="in a spreadsheet program copy the table and paste it as values, then save",
                file=delivery.file,
                sheet=grid.sheet,
                row=row,
                column=column,
                expected="a number or text",
                found=f"a formula, stored result {grid.at(row, column)}",
            )


def _key_cells(grid: Grid) -> list[tuple[int, int]]:
    return [
        (row, column)
        for row, cells in enumerate(grid.rows, 1)
        for column, text in enumerate(cells[:_COLUMNS_TO_SEARCH], 1)
        if text is not None and len(text) < 60 and _KEY.fullmatch(clean_heading(chinese_part(text)))
    ]


def _preamble_start(grid: Grid, row: int) -> int:
    """First of the sparse rows (title, unit) right above the heading of a table that is stacked below another."""
    while row > 1 and sum(text is not None for text in grid.rows[row - 2]) <= _CELLS_IN_A_PREAMBLE_ROW:
        row -= 1
    return row


def _table(grid: Grid, row: int, key_columns: list[int], above: int, below: int) -> CityTable | None:
    body = next((r for r in range(row + 1, below + 1) if has_chinese(grid.at(r, key_columns[0]))), None)
    if body is None:
        return None
    levels = _levels(grid, row, body - 1)
    preamble = [text for r in range(above, row) for text in grid.rows[r - 1] if text]
    row_unit = next((unit for text in preamble if (unit := unit_of_row(text))), None)
    title = _title(preamble)
    columns = []
    for column in range(1, grid.width + 1):
        texts = [level[column - 1] for level in levels]
        if column in key_columns or any(t and _ENGLISH_KEY.fullmatch(t.strip()) for t in texts):
            continue
        if not any(texts) and all(grid.at(r, column) is None for r in range(body, below + 1)):
            continue
        heading, unit = heading_path(texts)
        key_column = max((key for key in key_columns if key <= column), default=key_columns[0])
        columns.append(Column(column, key_column, heading, unit or row_unit))
    chinese = tuple(part for text in preamble if (part := chinese_part(text)))
    return CityTable(title, chinese, tuple(columns), body, below)


def _title(preamble: list[str]) -> str | None:
    """The first Chinese text above the table that is no unit row, note or banner of the chapter."""
    for text in preamble:
        part = chinese_part(text)
        if part and not _NO_TITLE.search(clean_heading(part)) and not _CONTINUED.match(clean_heading(part)):
            return part
    return None


def _levels(grid: Grid, first: int, last: int) -> list[list[str | None]]:
    """Heading rows with the blanks below merged and spanning parents filled in."""
    width = grid.width
    levels = [[grid.at(row, column) for column in range(1, width + 1)] for row in range(first, last + 1)]
    for top, left, bottom, right in grid.merged:
        if first <= top <= last and bottom <= last and (text := grid.at(top, left)) is not None:
            for column in range(left, min(right, width) + 1):
                levels[top - first][column - 1] = text
    for depth in range(len(levels) - 1):
        _fill_from_the_left(levels, depth)
    return levels


def _fill_from_the_left(levels: list[list[str | None]], depth: int) -> None:
    """Carry a parent over the blank cells to its right that have a heading below and no other parent above."""
    level = levels[depth]
    for column in range(1, len(level)):
        child = any(below[column] is not None for below in levels[depth + 1 :])
        own_parent = any(above[column] != above[column - 1] for above in levels[:depth])
        key = level[column - 1]
        is_key = key is not None and (_KEY.fullmatch(clean_heading(key)) or _ENGLISH_KEY.fullmatch(key.strip()))
        if level[column] is None and child and not own_parent and not is_key:
            level[column] = key
