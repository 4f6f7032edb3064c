"""Excel workbooks, .xlsx and .xls: bytes in, grids of text out.

Formulas are never evaluated. In .xlsx their places are reported, so that a table reader can refuse a body that holds
them; an .xls workbook does not tell, its stored results are taken as delivered.
"""

import html
import io
import re
import zipfile

from python_calamine import CalamineError, CalamineWorkbook

from resilience_pipeline.errors import DeliveryError
from resilience_pipeline.sources.readers.container import (
    checked_archive,
    column_number,
    delivered_bytes,
    kind_of,
    not_a_workbook,
    parts,
    refuse_locked,
)
from resilience_pipeline.sources.readers.grid import Grid, Merge, cell_text
from resilience_pipeline.sources.source import Delivery

_FORMULA = re.compile(rb"<(?:\w+:)?f[\s>/]")
_CELL_PLACE = re.compile(rb"""<(?:\w+:)?c\s[^>]*?\br\s*=\s*["']([A-Za-z]{1,3})(\d{1,7})["']""")
_SHEET = re.compile(r"<(?:\w+:)?sheet\s[^>]*>")
_RELATION = re.compile(r"<(?:\w+:)?Relationship\s[^>]*>")
_ATTRIBUTE = re.compile(r"""([\w:]+)\s*=\s*(?P<quote>["'])(.*?)(?P=quote)""")

Places = frozenset[tuple[int, int]]


def read_workbook(delivery: Delivery) -> list[Grid]:
    """Every sheet that holds anything, in the order of the workbook.

    Raises
    ------
    DeliveryError
        The file is empty, no workbook, locked, damaged, oversized, or all its sheets are empty.
    """
    content = delivered_bytes(delivery)
    kind = kind_of(content)
    formulas: dict[str, Places] = {}
    if kind == "zip":
        archive = checked_archive(delivery, content)
        formulas = _formulas(delivery, archive)
    elif kind == "ole":
        refuse_locked(delivery, content)
    else:
        raise not_a_workbook(delivery, kind)
    try:
        book = CalamineWorkbook.from_object(io.BytesIO(content))
        grids = [_grid(book, name, formulas.get(name, frozenset())) for name in book.sheet_names]
    except CalamineError as error:
        raise DeliveryError(
            "the workbook cannot be opened",
            remedy="open it in a spreadsheet program (with its password, if it has one) and save it as a new .xlsx",
            file=delivery.file,
            expected="a complete workbook without a password",
            found=str(error),
        ) from error
    filled = [grid for grid in grids if grid.rows]
    if not filled:
        raise DeliveryError(
            "the workbook holds no cells",
            remedy="download it again from the publisher",
            file=delivery.file,
            found=f"empty sheets {', '.join(book.sheet_names)}",
        )
    return filled


def _grid(book: CalamineWorkbook, name: str, formulas: Places) -> Grid:
    sheet = book.get_sheet_by_name(name)
    rows = [[cell_text(value) for value in row] for row in sheet.to_python(skip_empty_area=False)]
    merged: tuple[Merge, ...] = tuple(
        (top + 1, left + 1, bottom + 1, right + 1)
        for (top, left), (bottom, right) in (sheet.merged_cell_ranges if rows else None) or ()
    )
    return Grid(name, rows, merged, formulas)


def _formulas(delivery: Delivery, archive: zipfile.ZipFile) -> dict[str, Places]:
    """Places of formula cells by sheet name; sheets without formulas are left out."""
    by_part = {name.lower(): places for name, part in parts(delivery, archive) if (places := _formula_places(part))}
    if not by_part:
        return {}
    return {name: by_part[part] for name, part in _parts_by_sheet(archive).items() if part in by_part}


def _formula_places(part: bytes) -> Places:
    if not _FORMULA.search(part):
        return frozenset()
    cells = list(_CELL_PLACE.finditer(part))
    starts = [cell.start() for cell in cells] + [len(part)]
    return frozenset(
        (int(cell[2]), column_number(cell[1].decode()))
        for cell, end in zip(cells, starts[1:], strict=True)
        if _FORMULA.search(part, cell.end(), end)
    )


def _parts_by_sheet(archive: zipfile.ZipFile) -> dict[str, str]:
    """Path inside the archive of each sheet, in lower case. Tags are cut out by pattern: no entity is ever expanded."""
    relations = {}
    for tag in _tags(archive, "xl/_rels/workbook.xml.rels", _RELATION):
        target = tag.get("Target", "").lstrip("/")
        relations[tag.get("Id")] = (target if target.startswith("xl/") else f"xl/{target}").lower()
    sheets = _tags(archive, "xl/workbook.xml", _SHEET)
    return {html.unescape(tag["name"]): relations.get(_relation_of(tag), "") for tag in sheets if "name" in tag}


def _relation_of(sheet: dict[str, str]) -> str | None:
    """The sheet's relation; `r:id` in nearly every workbook, but the prefix is the writer's choice."""
    return next((value for name, value in sheet.items() if name.endswith(":id")), None)


def _tags(archive: zipfile.ZipFile, part: str, pattern: re.Pattern[str]) -> list[dict[str, str]]:
    if part not in archive.namelist():
        return []
    text = archive.read(part).decode("utf-8", errors="replace")
    return [{name: value for name, _, value in _ATTRIBUTE.findall(tag)} for tag in pattern.findall(text)]
