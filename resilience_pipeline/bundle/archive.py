"""The archive: written so that the same content gives the same bytes, read with bounds, never unpacked by name."""

import hashlib
import zipfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from zlib import error as zlib_error

from resilience_pipeline.errors import BundleError
from resilience_pipeline.warehouse.atomic import replacing

MAXIMUM_FILES = 20_000
MAXIMUM_BYTES = 1 << 30
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
    BundleError : it is no zip, is damaged, holds too much, or names a path that leads out of it.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = [entry for entry in archive.infolist() if not entry.is_dir()]
            size = sum(entry.file_size for entry in members)
            if len(members) > MAXIMUM_FILES or size > MAXIMUM_BYTES:
                raise _refused(path, f"{len(members):,} files of {size:,} bytes")
            for entry in members:
                name = PurePosixPath(entry.filename)
                if name.is_absolute() or ".." in name.parts or "\\" in entry.filename:
                    raise _refused(path, f"the path {entry.filename!r}")
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
        expected=f"at most {MAXIMUM_FILES:,} files of {MAXIMUM_BYTES:,} bytes together, all inside it",
        found=found,
        remedy="get it again from whoever made it",
    )
