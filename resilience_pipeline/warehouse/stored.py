"""One version of a table as a Parquet file. Its name is its content's hash, so a file can be held to its own name.

Whatever is read is held to it: Parquet parses happily over most flipped bits, and a wrong number must never pass for
the right one. A file that was found whole is not hashed again by the same process as long as it is the same file.
"""

from pathlib import Path

import polars as pl

from resilience_pipeline.errors import LakeError
from resilience_pipeline.warehouse.fingerprint import data_version
from resilience_pipeline.warehouse.patience import patiently

#: Path -> (inode, size, time of change) of the file that was last found whole there.
_found_whole: dict[Path, tuple[int, int, int]] = {}
#: The reader's own panics come as a BaseException; a damaged footer can cause one.
_UNREADABLE = (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError)


def write_version(file: Path, frame: pl.DataFrame) -> None:
    """Write the frame to `file`, the same bytes however it lies in memory; OSError where the disk refuses."""
    try:
        frame.rechunk().write_parquet(file, compression="zstd")
    except pl.exceptions.ComputeError as error:  # so polars calls a full disk
        raise OSError(str(error)) from None


def read_version(file: Path) -> pl.DataFrame:
    """The table in a version's file; LakeError where it is gone, cannot be read, or is not what its name says."""
    if not file.is_file():
        raise LakeError(
            what="this version of the table is not in the lake any more",
            file=str(file),
            remedy="compute it again with `resilience run`",
        )
    state = _state(file)
    try:
        frame = patiently(lambda: pl.read_parquet(file, glob=False))
    except _UNREADABLE as damage:
        raise _damaged(file, (str(damage) or type(damage).__name__).splitlines()[0]) from None
    if _found_whole.get(file) != state:
        found = data_version(frame)
        if found != file.stem:
            raise _damaged(file, f"another content, of version {found}")
        _found_whole[file] = state
    return frame


def is_whole(file: Path) -> bool:
    """Whether the version's file is there, can be read, and is what its name says."""
    try:
        if _found_whole.get(file) == _state(file):
            return True
        read_version(file)
    except (OSError, LakeError):
        return False
    return True


def _state(file: Path) -> tuple[int, int, int]:
    state = file.stat()
    return state.st_ino, state.st_size, state.st_mtime_ns


def _damaged(file: Path, found: str) -> LakeError:
    return LakeError(
        what="this version of the table is damaged and is not used",
        file=str(file),
        expected=f"the table of version {file.stem}",
        found=found,
        remedy="compute it again with `resilience run`; `resilience doctor` lists every damaged file",
    )
