"""The lake's folder: there, writable, room on its disk, what killed writers left, who runs on it, and clocks."""

import shutil
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from resilience_pipeline.doctor.finding import Finding, error, ok, some, warning
from resilience_pipeline.warehouse.atomic import leftovers, replace_text
from resilience_pipeline.warehouse.lake import Lake
from resilience_pipeline.warehouse.lock import holder_of

AREA = "lake"
#: A full run of the study writes some thirty megabytes; one that cannot be finished helps nobody.
LITTLE_BYTES, TOO_LITTLE_BYTES = 1 << 30, 100 << 20
_TRIAL = "doctor.txt"


def examine(root: Path) -> Iterator[Finding]:
    """Findings on the lake's folder, which must exist."""
    yield _writable(root)
    yield _room(shutil.disk_usage(root).free)
    yield _left_behind(root)
    holder = holder_of(root)
    yield ok(AREA, "no run is going on" if holder is None else f"a run is going on: {holder}")
    yield _clock(root, time.time())


def _writable(root: Path) -> Finding:
    try:
        replace_text(root / _TRIAL, "")
        (root / _TRIAL).unlink()
    except OSError as refusal:
        return error(
            AREA,
            f"{root} cannot be written ({refusal.strerror or refusal}); results stay readable, nothing can be run",
            "make the folder writable, or name another lake with --lake",
        )
    return ok(AREA, f"{root} can be written")


def _room(free: int) -> Finding:
    words = f"{free / (1 << 30):,.1f} GiB are free on its disk"
    if free < TOO_LITTLE_BYTES:
        return error(AREA, words, "make room: a run may not fit; `resilience prune` lets old runs go")
    if free < LITTLE_BYTES:
        return warning(AREA, words, "make room soon; `resilience prune` lets old runs go")
    return ok(AREA, words)


def _left_behind(root: Path) -> Finding:
    files = leftovers(root)
    if files:
        size = sum(file.stat().st_size for file in files if file.exists())
        return warning(
            AREA,
            f"killed writers left {len(files)} hidden files, {size:,} bytes",
            "nothing reads them; the next run removes those that are older than an hour",
        )
    return ok(AREA, "killed writers left nothing")


def _clock(root: Path, now: float) -> Finding:
    """Nothing depends on clocks; but a person who reads times should know that one was wrong."""
    late = [
        pointer.name
        for pointer in Lake(root).readable_tables()
        if datetime.fromisoformat(pointer.written_at).timestamp() > now + 3600
    ]
    if late:
        return warning(
            AREA,
            f"tables were written later than now, by this machine's clock: {some(late)}",
            "set the clock right, if it is wrong now; results do not depend on it, and runs keep their order",
        )
    return ok(AREA, "no table was written in the future")
