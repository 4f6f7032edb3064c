"""Whether a file is all there, as far as its format can tell, and the hash of its bytes. Only settled files get here.

A half-written workbook has no directory yet; a half-written text looks like a short one. What is in a file, and
whether it is any good, its reader says later.
"""

import hashlib
import os
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from resilience_pipeline.landing.listing import Seen
from resilience_pipeline.warehouse.deliveries import MAXIMUM_BYTES

_OLE, _ZIP, _STATA, _STATA_END = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"PK\x03\x04", b"<stata_dta>", b"</stata_dta>"
_OLE_HEADER = 512
_CHUNK = 1 << 20
CANNOT_BE_OPENED = "it cannot be opened"


@dataclass(frozen=True)
class Opened:
    """The SHA-256 of a file that is all there, or the reason why it is not."""

    sha256: str | None
    reason: str | None


def open_settled(landing: Path, file: str, seen: Seen) -> Opened:
    """Hash the file, unless its format says that it is not whole or it moves while it is read.

    A file that must not be opened gets the hash of the reason: that it lies there is news, once.
    """
    if seen.refused is not None:
        return Opened(_of_text(f"refused: {seen.refused}"), None)
    if seen.size > MAXIMUM_BYTES:
        return Opened(_of_text(f"too large: {seen.size}"), None)
    try:
        return _open(landing / file, seen)
    except OSError as error:
        return Opened(None, f"{CANNOT_BE_OPENED} ({error.strerror or type(error).__name__})")


def why_not_whole(landing: Path, file: str) -> str | None:
    """Why the file is not all there, as its format tells; None where nothing says so or it cannot be opened."""
    try:
        with _opened(landing / file) as opened:
            return _missing(opened)
    except OSError:
        return None


def _open(path: Path, seen: Seen) -> Opened:
    with _opened(path) as opened:
        missing = _missing(opened)
        if missing is not None:
            return Opened(None, missing)
        opened.seek(0)
        digest = hashlib.sha256()
        while chunk := opened.read(_CHUNK):
            digest.update(chunk)
        after = os.fstat(opened.fileno())
    if (after.st_size, after.st_mtime_ns) != (seen.size, seen.time):
        return Opened(None, "it is still being written")
    return Opened(digest.hexdigest(), None)


def _opened(path: Path) -> BinaryIO:
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    return os.fdopen(os.open(path, flags), "rb")


def _missing(opened: BinaryIO) -> str | None:
    start = opened.read(_OLE_HEADER)
    if not start:
        return "it is empty"
    if start.startswith(_ZIP):
        try:
            zipfile.ZipFile(opened).close()
        except NotImplementedError:
            pass  # a directory of another kind: its reader says what it makes of it
        except (zipfile.BadZipFile, ValueError, EOFError):
            return "it is cut short: the directory at a workbook's end is missing or damaged"
    size = os.fstat(opened.fileno()).st_size
    if start.startswith(_OLE) and (len(start) < _OLE_HEADER or _cut_short(start, size)):
        return "it is cut short: it is smaller than its own header says"
    if start.startswith(_STATA) and not _ends_with(opened, _STATA_END):
        return "it is cut short: the mark at a Stata file's end is missing"
    return None


def _cut_short(header: bytes, size: int) -> bool:
    """Whether a compound file ends before the sectors at which its header places its directory and allocation table."""
    shift = int.from_bytes(header[30:32], "little")
    if shift not in (9, 12):
        return True
    named = [int.from_bytes(header[at : at + 4], "little") for at in (48, *range(76, _OLE_HEADER, 4))]
    last = max((sector for sector in named if sector < 0xFFFFFFFA), default=0)
    return size < (last + 1) << shift  # the last sector may be shorter than a whole one


def _ends_with(opened: BinaryIO, mark: bytes) -> bool:
    opened.seek(0, os.SEEK_END)
    opened.seek(max(0, opened.tell() - len(mark) - 8))
    return mark in opened.read()


def _of_text(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
