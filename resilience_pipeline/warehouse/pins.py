"""Which version of each table a run saw, in a line each; what a pointer says besides is kept once for all runs.

A pointer's notes hold whole printed tables, and most of them are the same run after run. So everything of a pointer but
who wrote it when is a record of its own under `runs/records/`, named by the start of its
SHA-256, and a pin names the record.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from resilience_pipeline.errors import LakeError
from resilience_pipeline.warehouse.atomic import replace_text
from resilience_pipeline.warehouse.pointer import Pointer

_OF_THE_WRITING = ("run_id", "written_at")


@dataclass(frozen=True)
class Pin:
    """The version of one table that a run saw.

    Parameters
    ----------
    data_version, run_id, written_at, variant : as in `Pointer`.
    record : name of the record that holds the rest.
    pointer : the whole pointer, where an earlier version of this package wrote it into the run's file.
    """

    data_version: str
    run_id: str
    written_at: str
    variant: str | None
    record: str
    pointer: Pointer | None = None

    def as_json(self) -> dict[str, str | None]:
        """Plain values; `from_json` takes them back."""
        return {
            "data_version": self.data_version,
            "run_id": self.run_id,
            "written_at": self.written_at,
            "variant": self.variant,
            "record": self.record,
        }

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> "Pin":
        """The pin that `as_json` wrote, or the one of a whole pointer."""
        if "record" in fields:
            return cls(*(fields[name] for name in ("data_version", "run_id", "written_at", "variant", "record")))
        pointer = Pointer.from_json(fields)
        return cls(pointer.data_version, pointer.run_id, pointer.written_at, pointer.variant, "", pointer)


class Records:
    """What pointers say, kept once: `<lake>/runs/records/<first two digits>/<name>.json`."""

    def __init__(self, root: Path) -> None:
        self.folder = root / "runs" / "records"

    def pin(self, pointer: Pointer) -> Pin:
        """The pin of a pointer; its record is written where it does not stand yet, or was damaged since."""
        fields = pointer.as_json()
        for name in _OF_THE_WRITING:
            del fields[name]
        text = json.dumps(fields, ensure_ascii=False, indent=1)
        name = _name(text.encode())
        file = self.file(name)
        if not file.is_file() or file.read_bytes() != text.encode():
            replace_text(file, text)
        return Pin(pointer.data_version, pointer.run_id, pointer.written_at, pointer.variant, name)

    def pointer(self, pin: Pin) -> Pointer:
        """The pointer behind a pin; a LakeError where its record is gone or damaged."""
        if pin.pointer is not None:
            return pin.pointer
        return replace(_read(self.file(pin.record)), run_id=pin.run_id, written_at=pin.written_at)

    def lean(self, pin: Pin) -> Pin:
        """The pin without a whole pointer."""
        return pin if pin.pointer is None else self.pin(pin.pointer)

    def file(self, name: str) -> Path:
        """Where the record of this name lies."""
        return self.folder / name[:2] / f"{name}.json"


def _name(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()[:40]


@lru_cache(maxsize=4096)
def _read(file: Path) -> Pointer:
    """A record never changes: its name is its hash."""
    try:
        text = file.read_bytes()
        if _name(text) != file.stem:
            raise ValueError("its text is not what its name says")
        fields = json.loads(text)
        return Pointer.from_json({**fields, **dict.fromkeys(_OF_THE_WRITING, "")})
    except (OSError, ValueError, KeyError, TypeError) as damage:
        raise LakeError(
            what="what is known of a version that a run read cannot be read",
            file=str(file),
            found=f"{type(damage).__name__}: {damage}",
            remedy="start a new run with `resilience run`; the tables as they stand are not touched by this",
        ) from None
