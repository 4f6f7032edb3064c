"""The one run lock of a lake, shared by the terminal and Dagster: two runs never write at once.

The lock is the operating system's, so a killed holder frees it at once; the file beside it only says who holds it.
"""

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from resilience_pipeline.errors import LakeError
from resilience_pipeline.warehouse.atomic import replace_text

#: Who waits is told for whom after so many seconds, and then at most every minute.
FIRST_NOTICE_SECONDS, NOTICE_SECONDS = 1.0, 60.0
#: Somebody who holds the lock and has not written his card yet.
UNKNOWN_HOLDER = "another process"


@contextmanager
def run_lock(
    root: Path, holder: str, wait_seconds: float, *, waiting: Callable[[str], None] | None = None
) -> Iterator[None]:
    """Hold the lake's run lock while the block runs.

    Parameters
    ----------
    root : the lake's folder; it is made when missing.
    holder : who asks, in words a person recognises: "resilience run 2026-11-24T04:16", "Dagster run 7c9e...".
    wait_seconds : how long to wait for another run; 0 = not at all.
    waiting : told, now and then while it waits, whom for.

    Raises
    ------
    LakeError : another run held the lock all that time; it says which, since when and what to do. Or the lake cannot
        be written.
    """
    card = root / "run.lock.json"
    try:
        root.mkdir(parents=True, exist_ok=True)
        lock = FileLock(root / "run.lock", poll_interval=0.05)
        _acquire(lock, card, wait_seconds, waiting)
    except OSError as error:
        raise _not_writable(root, error) from None
    try:
        started = datetime.now(UTC).isoformat(timespec="seconds")
        try:
            record = {"holder": holder, "pid": os.getpid(), "started": started}
            replace_text(card, json.dumps(record, ensure_ascii=False))
        except OSError as error:
            raise _not_writable(root, error) from None
        yield
    finally:
        with suppress(OSError):  # a disk that became read-only meanwhile
            card.unlink(missing_ok=True)
        lock.release()


def _acquire(lock: FileLock, card: Path, wait_seconds: float, waiting: Callable[[str], None] | None) -> None:
    """Try until the lock is had or the time is up, by a clock that nobody can set."""
    until, patience = time.monotonic() + wait_seconds, FIRST_NOTICE_SECONDS
    while True:
        left = until - time.monotonic()
        try:
            lock.acquire(timeout=max(0.0, min(left, patience)))
            return
        except Timeout:
            if left <= patience:
                raise _held(card, wait_seconds) from None
        if waiting is not None:
            waiting(f"waiting for the lake, {_whose(card)}; at most {until - time.monotonic():.0f} seconds more")
        patience = NOTICE_SECONDS


def holder_of(root: Path) -> str | None:
    """Who holds the lake's run lock at this moment; None where nobody does. Waits for nothing."""
    lock = FileLock(root / "run.lock", timeout=0)
    try:
        lock.acquire()
    except Timeout:
        return str(_card(root / "run.lock.json")["holder"])
    except OSError:  # no lake yet, or one that cannot be written
        return None
    lock.release()
    return None


def _card(file: Path) -> dict[str, str | int]:
    try:
        card = json.loads(file.read_text(encoding="utf-8"))
        return {"holder": str(card["holder"]), "pid": int(card["pid"]), "started": str(card["started"])}
    except (OSError, ValueError, KeyError, TypeError):  # it has not written its card yet
        return {"holder": UNKNOWN_HOLDER, "pid": 0, "started": "just now"}


def _whose(file: Path) -> str:
    card = _card(file)
    return f"held by {card['holder']}, {_process(card)}, since {card['started']}"


def _process(card: dict[str, str | int]) -> str:
    return f"process {card['pid']}" if card["pid"] else "the process"


def _not_writable(root: Path, error: OSError) -> LakeError:
    return LakeError(
        what="this lake cannot be written, so nothing can be run on it; its results stay readable",
        file=str(root),
        found=error.strerror or str(error),
        remedy="make the folder writable and leave room on its disk, or name another lake with --lake",
    )


def _held(file: Path, wait_seconds: float) -> LakeError:
    process = _process(_card(file))
    return LakeError(
        what=f"another run is using this lake, and still was after {wait_seconds:g} seconds",
        file=str(file.parent / "run.lock"),
        found=_whose(file),
        remedy=f"wait until that run has ended, or end {process}; the lock is free the moment it ends",
    )
