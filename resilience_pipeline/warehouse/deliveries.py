"""Each delivered file is copied to `deliveries/<sha256>/` before anything reads it, so no result loses its source.

The landing folder belongs to the user: nothing in it is changed, and nothing outside it is read.
"""

import hashlib
import os
import stat
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from resilience_pipeline.errors import DeliveryError
from resilience_pipeline.sources.source import Delivery
from resilience_pipeline.sources.synthetic import is_synthetic
from resilience_pipeline.warehouse.atomic import replacing
from resilience_pipeline.warehouse.patience import passes, patiently

MAXIMUM_BYTES = 1 << 30
_CHUNK = 1 << 20


def store_delivery(lake_root: Path, landing: Path, relative: str, *, maximum_bytes: int = MAXIMUM_BYTES) -> Delivery:
    """Copy one file of the landing folder into the lake; the same bytes under the same name are copied once.

    A copy that was damaged since is found by its hash and made again. A share that refuses for a moment is asked again.

    Parameters
    ----------
    lake_root : the lake's folder.
    landing : the landing folder.
    relative : path inside it, "/" between folders.
    maximum_bytes : larger files are refused.

    Returns
    -------
    Delivery whose `path` is the copy.

    Raises
    ------
    DeliveryError : the file is missing, lies outside the landing folder (a symbolic link may lead there), is not
        a regular file, is too large, cannot be read, is being written, or has a name that is not text.
    """
    try:
        copy, digest, size = patiently(lambda: _stored(lake_root, landing, relative, maximum_bytes))
    except OSError as error:
        raise DeliveryError(
            what="the file cannot be copied into the lake",
            file=relative,
            found=error.strerror or str(error),
            remedy="make the file readable and leave room on the lake's disk, then run again",
        ) from None
    return Delivery(path=copy, file=relative, sha256=digest, size=size, synthetic=is_synthetic(copy))


def _stored(lake_root: Path, landing: Path, relative: str, maximum_bytes: int) -> tuple[Path, str, int]:
    """The copy, its hash and its size."""
    with _open(_inside(landing, relative), relative, maximum_bytes) as file:
        before = os.fstat(file.fileno())
        digest = _copy(file, None, maximum_bytes, relative)
        copy = lake_root / "deliveries" / digest / source_name(relative)
        if not holds(copy, digest):
            file.seek(0)
            with replacing(copy) as hidden:
                with hidden.open("xb") as target:
                    again = _copy(file, target, maximum_bytes, relative)
                if again != digest:
                    raise _changing(relative)
                hidden.chmod(0o444)
        after = os.fstat(file.fileno())
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise _changing(relative)
    return copy, digest, after.st_size


def source_name(relative: str) -> str:
    """The file's own name, without its folders."""
    return PurePosixPath(relative).name


def _inside(landing: Path, relative: str) -> Path:
    """The real file behind `relative`, or a DeliveryError where that is not inside the landing folder."""
    parts = PurePosixPath(relative)
    try:
        relative.encode()
    except UnicodeEncodeError:
        raise DeliveryError(
            what="the name of this file is not text in UTF-8",
            file=ascii(relative),
            remedy="rename the file, then run again",
        ) from None
    if parts.is_absolute() or ".." in parts.parts or not parts.name or "\0" in relative:
        raise _outside(relative, "a path that leads out of it")
    try:
        folder = landing.resolve(strict=True)
        real = (landing / relative).resolve(strict=True)
    except (OSError, RuntimeError) as refusal:  # RuntimeError: links that lead round in a circle
        if isinstance(refusal, OSError) and passes(refusal):
            raise
        raise DeliveryError(
            what="there is no such file in the landing folder",
            file=relative,
            expected=f"a file in {landing}",
            remedy="put the file there, mend the link, or remove it, then run again",
        ) from None
    if not real.is_relative_to(folder):
        raise _outside(relative, f"a link to {real}")
    return real


def _open(source: Path, relative: str, maximum_bytes: int) -> BinaryIO:
    """The file opened for reading; the checks are made on the opened file, so that nobody can swap it after them."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    handle = os.open(source, flags)
    state = os.fstat(handle)
    if not stat.S_ISREG(state.st_mode):
        os.close(handle)
        raise DeliveryError(
            what="this is not a regular file",
            file=relative,
            found="a folder" if stat.S_ISDIR(state.st_mode) else "a device, pipe or socket",
            remedy="put the file itself into the landing folder",
        )
    if state.st_size > maximum_bytes:
        os.close(handle)
        raise _too_large(relative, state.st_size, maximum_bytes)
    return os.fdopen(handle, "rb")


def _copy(source: BinaryIO, target: BinaryIO | None, maximum_bytes: int, relative: str) -> str:
    """SHA-256 of what was read, and copied where there is a target."""
    digest, size = hashlib.sha256(), 0
    while chunk := source.read(_CHUNK):
        size += len(chunk)
        if size > maximum_bytes:  # it grew while it was read
            raise _too_large(relative, size, maximum_bytes)
        digest.update(chunk)
        if target is not None:
            target.write(chunk)
    return digest.hexdigest()


def holds(copy: Path, digest: str) -> bool:
    """Whether the copy is there and still what was delivered."""
    if not copy.is_file():
        return False
    with copy.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == digest


def _outside(relative: str, found: str) -> DeliveryError:
    return DeliveryError(
        what="this file lies outside the landing folder and is not read",
        file=relative,
        found=found,
        remedy="copy the file itself into the landing folder, in place of the link",
    )


def _too_large(relative: str, size: int, maximum_bytes: int) -> DeliveryError:
    return DeliveryError(
        what="this file is too large",
        file=relative,
        expected=f"at most {maximum_bytes:,} bytes",
        found=f"{size:,} bytes or more",
        remedy="take it out of the landing folder, or split it by year or by table",
    )


def _changing(relative: str) -> DeliveryError:
    return DeliveryError(
        what="this file changed while it was read",
        file=relative,
        remedy="wait until it is written completely, then run again",
    )
