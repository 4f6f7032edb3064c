"""Tables with one row per city and year (or per city) under one heading row: compiled panels, indices, lists.

Columns are found by their names. Rows without a key are kept as cells without one, so that they can be refused with a
reason; only blank rows, notes and advertisements fall away here.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import polars as pl

from resilience_pipeline.errors import DeliveryError
from resilience_pipeline.sources.readers.cells import CellRows
from resilience_pipeline.sources.readers.city_table import refuse_formulas
from resilience_pipeline.sources.readers.grid import Grid
from resilience_pipeline.sources.readers.header import clean_heading, split_column_name
from resilience_pipeline.sources.source import Delivery

_ROWS_TO_SEARCH = 40
_FOOTER = re.compile(
    r"(数据|资料)?来源[:：]|^注[:：]|^说明[:：]|https?://|www\.|公众号|微信|QQ|淘宝|店铺|更多数据|版权|合成数据|"
    r"SYNTHETIC TWIN|^(source|note)s?[:：]",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(?:19|20)\d\d年?")


@dataclass(frozen=True)
class Keys:
    """Names of the key columns, as regular expressions that the whole cleaned name must match, case ignored.

    Of several patterns for a key the first that any column matches counts.
    """

    entity: tuple[str, ...]
    period: tuple[str, ...] = ()
    code: tuple[str, ...] = ()
    unit: tuple[str, ...] = ()
    foreign: str | None = None  # a column of this name makes the table another one


CITY_NAMES = ("城市|城市名称?|地级市|地市|city|city_name|name_zh|市",)
YEAR_NAMES = ("年份|年度|年|year",)
CODE_NAMES = ("城市代码|行政区划代码|市代码|地级市代码|city_code|code6?|代码",)


@dataclass(frozen=True)
class LongTable:
    """One table on a sheet: its heading row and the positions of its columns (0 where there is none)."""

    grid: Grid
    header_row: int
    entity: int
    period: int
    code: int
    unit: int
    values: tuple[tuple[int, str | None], ...]  # column and its name; None where the heading is blank

    def rows(self) -> Iterator[tuple[int, str | None, str | None, str | None, str | None]]:
        """(row, entity, code, period, unit) of each row that is data or cannot be told from data."""
        sheet_year = self.grid.sheet if self.grid.sheet and _YEAR.fullmatch(self.grid.sheet) else None
        for row in range(self.header_row + 1, len(self.grid.rows) + 1):
            texts = [text for text in self.grid.rows[row - 1] if text]
            at = [self.grid.at(row, key) if key else None for key in (self.entity, self.code, self.period, self.unit)]
            period = at[2] or (None if self.period else sheet_year)
            if texts and not (_FOOTER.search(" ".join(texts)) and not self._has_key(at[0], period)):
                yield row, at[0], at[1], period, at[3]

    def _has_key(self, entity: str | None, period: str | None) -> bool:
        """Whether a row that reads like a footer is data after all: dated, or in a list, named like no footer."""
        if entity is None:
            return False
        if not self.period:
            return _FOOTER.search(entity) is None
        return period is not None and _YEAR.fullmatch(period.strip().removesuffix(".0")) is not None

    def column(self, pattern: str) -> int:
        """Position of the first value column whose cleaned name matches as a whole; 0 where none does."""
        named = ((column, clean_heading(name)) for column, name in self.values if name)
        return next((column for column, name in named if re.fullmatch(pattern, name, re.IGNORECASE)), 0)


def long_table(grid: Grid, keys: Keys) -> LongTable | None:
    """The table whose heading row holds the keys; None where a sheet has no such row."""
    for row, cells in enumerate(grid.rows[:_ROWS_TO_SEARCH], 1):
        names = {column: clean_heading(text) for column, text in enumerate(cells, 1) if text}
        entity, period = _find(names, keys.entity), _find(names, keys.period)
        year_sheet = grid.sheet is not None and _YEAR.fullmatch(grid.sheet) is not None
        if not entity or (keys.period and not period and not year_sheet):
            continue
        if keys.foreign and _find(names, (keys.foreign,)):
            continue
        code, unit = _find(names, keys.code), _find(names, keys.unit)
        key_columns = {entity, period, code, unit}
        columns = ((column, grid.at(row, column)) for column in range(1, grid.width + 1) if column not in key_columns)
        return LongTable(grid, row, entity, period, code, unit, tuple(columns))
    return None


def long_tables(grids: Iterable[Grid], keys: Keys, delivery: Delivery) -> list[LongTable]:
    """The tables of a delivery, at least one.

    Raises
    ------
    DeliveryError
        No sheet has the key columns; none has a row below them; a row has more fields than the heading; a cell of the
        body holds a formula.
    """
    grids = list(grids)
    tables = [table for grid in grids if (table := long_table(grid, keys)) is not None]
    if not tables:
        raise _no_key_columns(grids, keys, delivery)
    if not any(True for table in tables for _ in table.rows()):
        raise _no_rows(tables[0], delivery)
    for table in tables:
        refuse_formulas(table.grid, delivery, table.header_row, len(table.grid.rows))
        _refuse_ragged(table, delivery)
    return tables


def read_long(
    source: str,
    delivery: Delivery,
    tables: Iterable[LongTable],
    only: str | None = None,
    name: Callable[[str], tuple[str, str | None]] = split_column_name,
) -> pl.DataFrame:
    """Cells of the value columns (those whose cleaned name matches `only` as a whole, where it is given)."""
    cells = CellRows(source, delivery)
    for table in tables:
        columns = [
            (column, *(name(text) if text else (None, None)))
            for column, text in table.values
            if only is None or (text and re.fullmatch(only, clean_heading(text), re.IGNORECASE))
        ]
        for row, entity, code, period, row_unit in table.rows():
            keyed = entity is not None and (period is not None or not table.period)
            for column, heading, unit in columns:
                text = table.grid.at(row, column)
                if text is None and (heading is None or not keyed):
                    continue
                cells.add(
                    row,
                    column,
                    heading,
                    text,
                    entity=entity,
                    entity_code=code,
                    period=period,
                    unit=row_unit or unit,
                    sheet=table.grid.sheet,
                )
    return cells.frame()


def _find(names: dict[int, str], patterns: tuple[str, ...]) -> int:
    for pattern in patterns:
        for column, name in names.items():
            if re.fullmatch(pattern, name, re.IGNORECASE):
                return column
    return 0


def _refuse_ragged(table: LongTable, delivery: Delivery) -> None:
    """Fields beyond the heading mean that a value was split (1,234 without quotes) and its neighbours shifted."""
    fields = max(column for column, text in enumerate(table.grid.rows[table.header_row - 1], 1) if text)
    if table.grid.sheet is not None:
        return
    for row, *_ in table.rows():
        cells = table.grid.rows[row - 1]
        if any(cells[fields:]):
            raise DeliveryError(
                "the row has more fields than the heading",
                remedy="put quotes around values that hold the delimiter, such as numbers with thousands separators",
                file=delivery.file,
                row=row,
                column=fields + 1,
                expected=f"{fields} fields",
                found=f"{len(cells)} fields",
            )


def _no_rows(table: LongTable, delivery: Delivery) -> DeliveryError:
    return DeliveryError(
        "the table has a heading and no rows",
        remedy="export the table again with its rows",
        file=delivery.file,
        sheet=table.grid.sheet,
        row=table.header_row,
        expected="rows below the heading",
        found="none",
    )


def _no_key_columns(grids: list[Grid], keys: Keys, delivery: Delivery) -> DeliveryError:
    expected = [" or ".join(patterns[0].split("|")[:3]) for patterns in (keys.entity, keys.period) if patterns]
    first = next((cells for grid in grids for cells in grid.rows if any(cells)), [])
    return DeliveryError(
        "no sheet has the key columns of this source",
        remedy="deliver the sheet with its heading row, or move the file to the folder of the source it belongs to",
        file=delivery.file,
        sheet=", ".join(grid.sheet for grid in grids if grid.sheet) or None,
        expected="columns " + " and ".join(expected),
        found=" | ".join(text[:20] for text in first[:8] if text) or "no text",
    )
