"""A sheet as text cells with positions: what every tabular reader returns, whatever the file format.

Also the one rule by which a stored value becomes text. Headings and tables are found elsewhere (`header`, `city_table`,
`long_table`).
"""

import datetime as dt
from dataclasses import dataclass, field

#: first row, first column, last row, last column; all count from 1
Merge = tuple[int, int, int, int]


@dataclass(frozen=True)
class Grid:
    """One sheet, or one delimited file.

    Parameters
    ----------
    sheet : name of the sheet; None for files without sheets.
    rows : text of each cell, None where empty; `rows[0]` is row 1 of the sheet.
    merged : merged ranges.
    formulas : (row, column) of the cells that hold a formula instead of a value.
    """

    sheet: str | None
    rows: list[list[str | None]]
    merged: tuple[Merge, ...] = ()
    formulas: frozenset[tuple[int, int]] = field(default_factory=frozenset)

    def at(self, row: int, column: int) -> str | None:
        """Text at a position that counts from 1; None outside the sheet."""
        if not 1 <= row <= len(self.rows):
            return None
        cells = self.rows[row - 1]
        return cells[column - 1] if 1 <= column <= len(cells) else None

    @property
    def width(self) -> int:
        """Number of columns of the longest row."""
        return max(map(len, self.rows), default=0)


def cell_text(value: object) -> str | None:
    """The text of a stored value: a number as its shortest repr (12.0 as "12"), a date in ISO form.

    None for an empty cell and for one that holds white space only.
    """
    if isinstance(value, str):
        return value if value.strip() else None
    if value is None:
        return None
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float):
        return number_text(value)
    if isinstance(value, dt.datetime) and value.time() == dt.time():
        return value.date().isoformat()
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    return str(value)


def number_text(value: float) -> str | None:
    """Shortest decimal that reads back as the same float; whole numbers without a point; None for not-a-number."""
    if value != value:
        return None
    return str(int(value)) if value.is_integer() and abs(value) < 1e16 else repr(value)
