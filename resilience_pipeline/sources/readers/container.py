"""What a file really is, by its first bytes, and whether it is safe to open.

A workbook is a zip archive or an OLE container; either can be locked, cut short, or built to fill the memory. All that
is decided here, before a parser sees the bytes. The names of files decide nothing.
"""

import copy
import io
import lzma
import re
import zipfile
import zlib
from collections.abc import Iterator

from resilience_pipeline.errors import DeliveryError
from resilience_pipeline.sources.source import Delivery

MAXIMUM_FILE_BYTES = 200 * 2**20
MAXIMUM_UNPACKED_BYTES = 400 * 2**20
MAXIMUM_ENTRIES = 5_000
#: spreadsheets of repeated cells pack to about 1 : 100; deflate's own limit is 1 : 1032
MAXIMUM_RATIO = 300
#: below this an archive cannot hurt, however well it packs
HARMLESS_BYTES = 4 * 2**20
MAXIMUM_GRID_CELLS = 8_000_000
#: parts by which parsers know binary and OpenDocument workbooks, whose size is not checked here
_OTHER_WORKBOOKS = ("xl/workbook.bin", "content.xml")

#: a cell that holds something, and its address
_CELL = re.compile(rb"""<(?:\w+:)?c\s[^>]*?\br\s*=\s*["']([A-Za-z]{1,3})(\d{1,7})["'][^>]*(?<!/)>""")
_CELL_WITHOUT_ADDRESS = re.compile(rb"<(?:\w+:)?c(?:\s(?![^>]*\br\s*=)[^>]*)?(?<!/)>")
_OLE, _ZIP = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"PK\x03\x04"
_RESAVE = "open it in a spreadsheet program and save it as an .xlsx workbook, then deliver that file"


def delivered_bytes(delivery: Delivery) -> bytes:
    """The whole file; a DeliveryError where it is empty, too large or unreadable."""
    try:
        if delivery.path.stat().st_size > MAXIMUM_FILE_BYTES:
            raise DeliveryError(
                "the file is too large to be a table",
                remedy="split it, or deliver it as CSV by year",
                file=delivery.file,
                expected=f"at most {MAXIMUM_FILE_BYTES:,} bytes",
                found=f"{delivery.path.stat().st_size:,} bytes",
            )
        content = delivery.path.read_bytes()
    except OSError as error:
        raise DeliveryError(
            f"the file cannot be read ({error.strerror})", "check that it exists and is readable", file=delivery.file
        ) from error
    if not content.strip():
        raise DeliveryError("the file is empty", "download it again from the publisher", file=delivery.file)
    return content


def kind_of(content: bytes) -> str:
    """`zip`, `ole`, `html`, `pdf`, `dta` or `text`, by the first bytes."""
    if content.startswith((_ZIP, b"PK\x05\x06")):
        return "zip"
    if content.startswith(_OLE):
        return "ole"
    head = content[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if head.startswith(b"%pdf"):
        return "pdf"
    if head.startswith(b"<stata_dta>"):
        return "dta"
    if head.startswith((b"<!doctype", b"<html", b"<?xml", b"<table", b"<meta")):
        return "html"
    return "text"


def refuse_locked(delivery: Delivery, content: bytes) -> None:
    """A DeliveryError for a workbook that is stored under a password."""
    if "EncryptedPackage".encode("utf-16-le") in content:
        raise DeliveryError(
            "the workbook is encrypted",
            remedy="open it with its password, save it without one, and deliver that file",
            file=delivery.file,
            expected="a workbook without a password",
            found="an encrypted package",
        )


def checked_archive(delivery: Delivery, content: bytes) -> zipfile.ZipFile:
    """The archive of an .xlsx workbook, once its size, its entries and their checksums are seen to be sound."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise _damaged(delivery, str(error)) from error
    entries = archive.infolist()
    names = [entry.filename for entry in entries]
    unpacked = sum(entry.file_size for entry in entries)
    if len(entries) > MAXIMUM_ENTRIES or unpacked > MAXIMUM_UNPACKED_BYTES or len(set(names)) < len(names):
        raise _bomb(delivery, f"{len(entries)} entries, {len(set(names))} names, {unpacked:,} bytes unpacked")
    for entry in entries:
        if entry.file_size > HARMLESS_BYTES and entry.file_size > MAXIMUM_RATIO * max(entry.compress_size, 1):
            raise _bomb(delivery, f"{entry.filename} grows from {entry.compress_size:,} to {entry.file_size:,} bytes")
    others = [name for name in names if name.lower() in _OTHER_WORKBOOKS]
    if others or "xl/workbook.xml" not in names:
        raise DeliveryError(
            "the file is another kind of workbook" if others else "the file is a zip archive, not a workbook",
            remedy=_RESAVE if others else "unpack it and deliver the files inside",
            file=delivery.file,
            expected="an .xlsx workbook",
            found=", ".join(others or names[:3]) or "an empty archive",
        )
    return archive


def parts(delivery: Delivery, archive: zipfile.ZipFile) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of each part; every part is unpacked once, so a false size or checksum shows.

    A part whose outermost cells span more than `MAXIMUM_GRID_CELLS` is refused: parsers lay sheets out in full. All
    parts are looked at, since a workbook may call any of them a sheet.
    """
    for entry in archive.infolist():
        try:
            part = _unpacked(archive, entry)
        except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, RuntimeError, OSError) as error:
            raise _damaged(delivery, f"{entry.filename}: {error}") from error
        _refuse_spread(delivery, entry.filename, part)
        yield entry.filename, part


def _unpacked(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """The part; one byte more than it says is asked for, so that a part longer than its entry says fails."""
    longer = copy.copy(entry)
    longer.file_size += 1
    with archive.open(longer) as file:
        part = file.read()
    if len(part) != entry.file_size:
        raise zipfile.BadZipFile("the part is not as long as its entry says")
    return part


def _refuse_spread(delivery: Delivery, name: str, part: bytes) -> None:
    places = set(_CELL.findall(part))
    if b"sheetData" in part and _CELL_WITHOUT_ADDRESS.search(part):
        raise DeliveryError(
            "a sheet has cells without an address",
            remedy=_RESAVE,
            file=delivery.file,
            expected="cells that say their row and column",
            found=name,
        )
    if not places:
        return
    rows = max(int(row) for _, row in places)
    columns = max(column_number(letters.decode()) for letters, _ in places)
    if rows * columns > MAXIMUM_GRID_CELLS:
        raise _bomb(delivery, f"{name} spans {rows:,} rows x {columns:,} columns")


def column_number(letters: str) -> int:
    """1 for A, 27 for AA."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number


def not_a_workbook(delivery: Delivery, kind: str) -> DeliveryError:
    """The error for a file whose bytes are of another kind than its place in the delivery promises."""
    found = {"html": "a web page", "pdf": "a PDF document", "text": "plain text", "dta": "a Stata file"}.get(kind, kind)
    remedy = "give it the extension .csv, if it is a delimited table" if kind == "text" else _RESAVE
    return DeliveryError(
        "the file is not a workbook",
        remedy=remedy,
        file=delivery.file,
        expected="an .xlsx or .xls workbook",
        found=found,
    )


def _damaged(delivery: Delivery, detail: str) -> DeliveryError:
    return DeliveryError(
        "the workbook is damaged or cut short",
        remedy="download it again; if it still opens in a spreadsheet program, save it there as a new .xlsx",
        file=delivery.file,
        expected="a complete .xlsx workbook",
        found=detail,
    )


def _bomb(delivery: Delivery, found: str) -> DeliveryError:
    return DeliveryError(
        "the workbook would unpack to more than a statistical table can be",
        remedy="do not open it if you do not know where it comes from; else copy the table alone to a new workbook",
        file=delivery.file,
        expected=f"at most {MAXIMUM_ENTRIES:,} entries and {MAXIMUM_UNPACKED_BYTES:,} bytes, packed at most "
        f"1 : {MAXIMUM_RATIO}, and {MAXIMUM_GRID_CELLS:,} cells a sheet",
        found=found,
    )
