"""What the watcher remembers of each file, in one small file of the lake; Dagster's cursor holds two numbers only.

Dagster stores a sensor's cursor with every tick, so a cursor that listed 5,000 files would fill the disk. The memory
is written only when something moved. It may be deleted: the folder is then looked at anew, and what the lake's tables
hold already is not run again.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path

from resilience_pipeline.warehouse.atomic import replace_text

FILE = "landing.json"
_VERSION = 1


@dataclass(frozen=True)
class Remembered:
    """One file.

    Parameters
    ----------
    source, size, time : as last seen; see listing.Seen.
    ticks : ticks since it appeared or moved; once settled, ticks since it settled.
    sha256 : hash of the bytes; None while it is arriving or failed.
    before : hash of what was asked for last under this name; None where nothing was.
    request : number of the request that asked for these bytes; 0 = the lake had them already; None = not asked for.
    failed : why this is a failed delivery; None while it is not.
    waits_for : why it has not settled, as the last tick found it.
    """

    source: str | None
    size: int
    time: int
    ticks: int = 0
    sha256: str | None = None
    before: str | None = None
    request: int | None = None
    failed: str | None = None
    waits_for: str | None = None

    @property
    def arriving(self) -> bool:
        """Neither settled nor given up."""
        return self.sha256 is None and self.failed is None

    @property
    def waiting(self) -> bool:
        """Settled and not asked for yet."""
        return self.sha256 is not None and self.request is None


@dataclass(frozen=True)
class Memory:
    """All files, the number of the last request, and when this memory began (part of every run key)."""

    began: str
    request: int = 0
    files: dict[str, Remembered] = field(default_factory=dict)


@dataclass(frozen=True)
class Cursor:
    """What Dagster keeps for the sensor: which memory it belongs to, and the last request that it knows of."""

    began: str
    request: int

    def text(self) -> str:
        """As Dagster stores it."""
        return json.dumps({"began": self.began, "request": self.request})


def read_cursor(text: str | None) -> Cursor | None:
    """The cursor; None where there is none or it is not one of ours, which means: start anew."""
    try:
        record = json.loads(text or "")
        return Cursor(str(record["began"]), int(record["request"]))
    except (ValueError, KeyError, TypeError):
        return None


def read_memory(lake: Path) -> Memory | None:
    """The memory; None where there is none or it cannot be read."""
    try:
        record = json.loads((lake / FILE).read_text(encoding="utf-8"))
        if record["version"] != _VERSION:
            return None
        files = {file: Remembered(*values) for file, values in record["files"].items()}
        return Memory(str(record["began"]), int(record["request"]), files)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def write_memory(lake: Path, memory: Memory) -> None:
    """Replace the memory at once or not at all."""
    files = {
        file: [m.source, m.size, m.time, m.ticks, m.sha256, m.before, m.request, m.failed, m.waits_for]
        for file, m in sorted(memory.files.items())
    }
    record = {"version": _VERSION, "began": memory.began, "request": memory.request, "files": files}
    lake.mkdir(parents=True, exist_ok=True)
    # ASCII: a file name may hold bytes that are no text, which JSON can escape and UTF-8 cannot write.
    replace_text(lake / FILE, json.dumps(record))
