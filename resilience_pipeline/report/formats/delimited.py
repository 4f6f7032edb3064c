"""A printed result as CSV for a spreadsheet: title, headings, cells, notes, each in rows of their own.

UTF-8 with a byte order mark, without which Excel misreads Chinese. A spreadsheet would run a cell that begins like a
formula, and would turn an error in parentheses into a negative number; such cells get the apostrophe that marks text.
Figures to compute with are in the lake (`resilience show NAME --json`), not in printed cells.
"""

import csv
import re
from io import StringIO

from resilience_pipeline.report.document import Document
from resilience_pipeline.report.layout import SYNTHETIC

BYTE_ORDER_MARK = "\ufeff"
_PLAIN_NUMBER = re.compile(r"[-+]?[\d,]*\.?\d+(e[-+]?\d+)?", re.IGNORECASE)
_READ_AS_NEGATIVE = re.compile(r"\([\d,]*\.?\d+(e[-+]?\d+)?\)", re.IGNORECASE)


def write(document: Document) -> bytes:
    """The rows; the synthetic mark is the first cell where it is due."""
    out = StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerows([[SYNTHETIC]] if document.synthetic else [])
    writer.writerow([guarded(document.heading)])
    writer.writerows([guarded(cell) for cell in row] for row in (document.grid.headings, *document.grid.rows))
    writer.writerows([guarded(note)] for note in document.lines_beneath)
    return (BYTE_ORDER_MARK + out.getvalue()).encode()


def guarded(cell: str) -> str:
    """The cell, behind an apostrophe where a spreadsheet would take it for a formula or another number."""
    text = cell
    formula = text.startswith(("=", "+", "-", "@")) and not _PLAIN_NUMBER.fullmatch(text)
    return f"'{text}" if formula or _READ_AS_NEGATIVE.fullmatch(text) else text
