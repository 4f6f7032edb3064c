"""The one run lock of a lake, shared by the terminal and Dagster: two runs never write at once.

The lock is the operating system's, so a killed holder frees it at once; the file beside it only says who holds it.
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from resilience_pipeline.errors import LakeError
from resilience_pipeline.warehouse.atomic import replace_text


@contextmanager
def run_lock(root: Path, holder: str, wait_seconds: float) -> Iterator[None]:
    """Hold the lake's run lock while the block runs.

    Parameters
    ----------
    root : the lake's folder; it is made when missing.
    holder : who asks, in words a person recognises: "resilience run 2026-11-24T04:16", "Dagster run 7c9e...".
    wait_seconds : how long to wait for another run; 0 = not at all.

    Raises
    ------
    LakeError : another run held the lock all that time; it says which, since when and what to do.
    """
    root.mkdir(parents=True, exist_ok=True)
    lock = FileLock(root / "run.lock", timeout=wait_seconds, poll_interval=0.05)
    card = root / "run.lock.json"
    try:
        lock.acquire()
    except Timeout:
        raise _held(card, wait_seconds) from None
    try:
        started = datetime.now(UTC).isoformat(timespec="seconds")
        replace_text(card, json.dumps({"holder": holder, "pid": os.getpid(), "started": started}, ensure_ascii=False))
        yield
    finally:
        card.unlink(missing_ok=True)
        lock.release()


def _card(file: Path) -> dict[str, str | int]:
    try:
        card = json.loads(file.read_text(encoding="utf-8"))
        return {"holder": str(card["holder"]), "pid": int(card["pid"]), "started": str(card["started"])}
    except (OSError, ValueError, KeyError, TypeError):  # it has not written its card yet
        return {"holder": "another process", "pid": 0, "started": "just now"}


def _held(file: Path, wait_seconds: float) -> LakeError:
    card = _card(file)
    process = f"process {card['pid']}" if card["pid"] else "the process"
    return LakeError(
        what=f"another run is using this lake, and still was after {wait_seconds:g} seconds",
        file=str(file.parent / "run.lock"),
        found=f"held by {card['holder']}, {process}, since {card['started']}",
        remedy=f"wait until that run has ended, or end {process}; the lock is free the moment it ends",
    )
