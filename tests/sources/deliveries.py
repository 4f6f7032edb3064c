"""Small files in the publishers' layouts, written in view of the test that reads them."""

import hashlib
import io
from collections.abc import Sequence
from pathlib import Path

import polars as pl
import xlsxwriter

from resilience_pipeline.sources.source import Delivery

Rows = Sequence[Sequence[object]]


def workbook(sheets: dict[str, Rows], merged: Sequence[str] = ()) -> bytes:
    """An .xlsx workbook; texts that start with "=" are formulas, `merged` are ranges of the first sheet."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": True})
    for name, rows in sheets.items():
        sheet = book.add_worksheet(name)
        if name == next(iter(sheets)):
            for cells in merged:
                sheet.merge_range(cells, None)
        for row, values in enumerate(rows):
            for column, value in enumerate(values):
                if value is not None:
                    sheet.write(row, column, value)
    book.close()
    return buffer.getvalue()


def deliver(folder: Path, file: str, content: bytes | str) -> Delivery:
    """A delivery of `content`, stored under its hash as the lake stores it."""
    data = content if isinstance(content, bytes) else content.encode()
    sha256 = hashlib.sha256(data).hexdigest()
    path = folder / sha256
    path.write_bytes(data)
    return Delivery(path, file, sha256, len(data), synthetic=False)


def series(cells: pl.DataFrame) -> dict[tuple[str | None, str | None], list[str | None]]:
    """(heading, unit) -> texts, top to bottom."""
    ordered = cells.sort("column", "row", maintain_order=True)
    grouped = ordered.group_by("heading", "unit", maintain_order=True).agg("text")
    return {(heading, unit): texts for heading, unit, texts in grouped.iter_rows()}
