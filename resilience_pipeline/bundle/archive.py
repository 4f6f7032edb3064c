"""The archive: written so that the same content gives the same bytes, read with bounds, never unpacked by name."""

import hashlib
import re
import stat
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from zlib import error as zlib_error

from resilience_pipeline.errors import BundleError
from resilience_pipeline.screen import shown
from resilience_pipeline.warehouse.atomic import replacing

MAXIMUM_FILES = 20_000
MAXIMUM_BYTES = 1 << 30
_ELSEWHERE = re.compile(r"\\|\n|^[A-Za-z]:")  # Windows' separator and drives; what looks like a line of its own
_EARLIEST = (1980, 1, 1, 0, 0, 0)  # a zip's own earliest time: its members carry no other


def write_archive(out: Path, files: Mapping[str, bytes]) -> None:
    """Write the files, by path, as a zip; the archive appears whole or not at all."""
    with replacing(out) as hidden, zipfile.ZipFile(hidden, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _EARLIEST)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(entry, files[name])


def read_archive(path: Path) -> dict[str, bytes]:
    """Every file of the archive by its path.

    Raises
    ------
    BundleError : it is no zip, is damaged, holds too much, or could harm who unpacks it (`_harm`).
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = [entry for entry in archive.infolist() if not entry.is_dir()]
            size = sum(entry.file_size for entry in members)
            if len(members) > MAXIMUM_FILES or size > MAXIMUM_BYTES:
                raise _refused(path, f"{len(members):,} files of {size:,} bytes")
            if harm := _harm(archive.infolist()):
                raise _refused(path, harm)
            return {entry.filename: _bounded(archive, entry) for entry in members}
    except (OSError, zipfile.BadZipFile, EOFError, RuntimeError, NotImplementedError, zlib_error) as damage:
        raise BundleError(
            what="the bundle cannot be read",
            file=str(path),
            found=str(damage) or type(damage).__name__,
            remedy="get it again from whoever made it, or make it with `resilience export --bundle --out FILE.zip`",
        ) from None


def sha256(data: bytes) -> str:
    """SHA-256 in hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def is_plain(name: str) -> bool:
    """Whether a path means the same file below a folder to every program, and a terminal shows it as it is.

    So "a//b", "./a" and "a/../b" are not: what is cut off their beginning may leave a path of its own.
    """
    path = PurePosixPath(name)
    inside = not path.is_absolute() and ".." not in path.parts and path.as_posix() == name != "."
    return inside and not _ELSEWHERE.search(name) and shown(name) == name


def _harm(entries: Sequence[zipfile.ZipInfo]) -> str | None:
    """What could harm who unpacks the archive; None where nothing could."""
    names = set[str]()
    for entry in entries:
        if not is_plain(entry.filename.removesuffix("/")):
            return f"the path {entry.filename!r}"
        if entry.filename in names:  # programs differ in which of them they take
            return f"the path {entry.filename!r} twice"
        if stat.S_ISLNK(entry.external_attr >> 16):
            return f"{entry.filename!r}, which is a link"
        names.add(entry.filename)
    return None


def _bounded(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    with archive.open(entry) as member:
        data = member.read(entry.file_size + 1)
    if len(data) != entry.file_size:
        raise zipfile.BadZipFile(f"{entry.filename} is not as long as the archive says")
    return data


def _refused(path: Path, found: str) -> BundleError:
    return BundleError(
        what="this archive is no bundle that can be opened safely",
        file=str(path),
        expected=f"at most {MAXIMUM_FILES:,} files of {MAXIMUM_BYTES:,} bytes together, each once, by a plain path",
        found=found,
        remedy="get it again from whoever made it",
    )
