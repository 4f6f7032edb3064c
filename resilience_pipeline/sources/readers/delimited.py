"""Delimited text (CSV, TSV): encoding, delimiter and physical line numbers. Nothing about what a column means."""

import csv
import io

from resilience_pipeline.errors import DeliveryError
from resilience_pipeline.sources.readers.container import delivered_bytes, kind_of, not_a_workbook
from resilience_pipeline.sources.readers.grid import Grid
from resilience_pipeline.sources.source import Delivery

_BYTE_ORDER_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_DELIMITERS = ",\t;|"
_LINES_TO_LOOK_AT = 50


def decode(delivery: Delivery, content: bytes) -> str:
    """Text of a delivery: by its byte order mark, else as UTF-8 if all of it is, else as GB18030 (which holds GBK).

    Raises
    ------
    DeliveryError
        A byte that belongs to none of them, with the line it stands on; or a NUL character.
    """
    encoding = next((name for mark, name in _BYTE_ORDER_MARKS if content.startswith(mark)), None)
    if encoding is None:
        encoding = "utf-8" if _is_utf8(content) else "gb18030"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        raise DeliveryError(
            "the text is in no encoding that is known here",
            remedy="save it as UTF-8",
            file=delivery.file,
            row=content.count(b"\n", 0, error.start) + 1,
            expected="UTF-8 or GB18030",
            found=f"byte 0x{content[error.start]:02x} that {encoding} does not have there",
        ) from error
    if "\0" in text:
        raise DeliveryError(
            "the text holds a NUL character, so it is damaged or no text at all",
            remedy="export it again from the program it comes from",
            file=delivery.file,
            row=text.count("\n", 0, text.index("\0")) + 1,
            expected="plain text",
            found="a NUL character",
        )
    return text


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def read_delimited(delivery: Delivery) -> Grid:
    """The file as a grid; row numbers are physical line numbers (a field with a line break spans several).

    Raises
    ------
    DeliveryError
        Empty, not text, undecodable, or not well-formed (an open quote, an endless field).
    """
    content = delivered_bytes(delivery)
    if (kind := kind_of(content)) in ("html", "pdf"):
        raise not_a_workbook(delivery, kind)
    text = decode(delivery, content)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    rows: list[list[str | None]] = []
    try:
        for record in reader:
            rows.append([field if field.strip() else None for field in record])
            rows.extend([] for _ in range(reader.line_num - len(rows)))
    except csv.Error as error:
        raise DeliveryError(
            "the delimited text is not well formed",
            remedy="look at the quotes from this line on, or export the file again",
            file=delivery.file,
            row=len(rows) + 1,
            expected="one record a line, quotes closed",
            found=str(error),
        ) from error
    return Grid(None, rows)


def _delimiter(text: str) -> str:
    head = "\n".join(text.splitlines()[:_LINES_TO_LOOK_AT])
    return max(_DELIMITERS, key=head.count)
