"""Workbooks that are the same bytes for the same content, and that say that they are synthetic."""

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

import xlsxwriter

from resilience_pipeline.sources.synthetic import MARKER

Cell = str | float | int | None
#: (first row, first column, last row, last column), counted from 0
Merge = tuple[int, int, int, int]
_CREATED = dt.datetime(2024, 1, 1, tzinfo=dt.UTC).replace(tzinfo=None)


def write_workbook(
    path: Path, rows: Sequence[Sequence[Cell]], sheet: str = "Sheet1", merges: Sequence[Merge] = ()
) -> None:
    """One sheet of `rows`; None leaves a cell out; text stays text, also where it looks like a number."""
    path.parent.mkdir(parents=True, exist_ok=True)
    book = xlsxwriter.Workbook(str(path), {"strings_to_numbers": False, "strings_to_formulas": False})
    book.set_properties({"title": "合成数据", "comments": MARKER, "created": _CREATED})
    page = book.add_worksheet(sheet)
    for r, row in enumerate(rows):
        for c, cell in enumerate(row):
            if isinstance(cell, str):
                page.write_string(r, c, cell)
            elif cell is not None:
                page.write_number(r, c, cell)
    for top, left, bottom, right in merges:
        first = rows[top][left] if left < len(rows[top]) else None
        page.merge_range(top, left, bottom, right, first if first is not None else "")
    book.close()


def decimal_text(number: float, decimals: int) -> str:
    """The number as printed: fixed decimals, no exponent."""
    return f"{number:.{decimals}f}"
