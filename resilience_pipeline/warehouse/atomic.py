"""Files that appear whole or not at all: written under a hidden name, flushed to disk, then renamed over the target.

A process killed at any moment leaves the old file or the new one, never a part; what it leaves besides is a hidden
file that `sweep` removes later. Nothing here knows what the files hold.
"""

import os
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from resilience_pipeline.warehouse.patience import patiently

_MARK = ".incoming-"


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """Hand out a hidden path beside `target`; when the block ends well, its content becomes `target`.

    The hidden name keeps the target's suffix, because some writers choose the format by it. When the block raises,
    the target stays as it was and the hidden file is removed.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    hidden = target.with_name(f"{_MARK}{uuid.uuid4().hex}{target.suffix}")
    try:
        yield hidden
        _flush(hidden)
        patiently(lambda: os.replace(hidden, target))  # Windows refuses while somebody has the target open
        _flush(target.parent)
    finally:
        hidden.unlink(missing_ok=True)


def replace_text(target: Path, text: str) -> None:
    """Make `text` (UTF-8) the content of `target`."""
    with replacing(target) as hidden:
        hidden.write_text(text, encoding="utf-8")


def leftovers(root: Path) -> list[Path]:
    """Hidden files under `root`: of writers that were killed, and of those that write at this moment."""
    return sorted(root.rglob(f"{_MARK}*"))


def sweep(root: Path, older_than_seconds: float = 3600.0, now: Callable[[], float] = time.time) -> int:
    """Remove what killed writers left under `root`; the age keeps files of living writers safe. Returns how many."""
    removed = 0
    for leftover in leftovers(root):
        try:
            if now() - leftover.stat().st_mtime > older_than_seconds:
                leftover.unlink()
                removed += 1
        except FileNotFoundError:  # its writer has finished meanwhile
            continue
    return removed


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
