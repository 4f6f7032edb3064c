"""The file of one run: its place in the order of runs, when it began and ended, how it went, which versions it saw.

The order is a number that only grows, kept in `runs/sequence`: a wall clock may be set back between two runs.
Only the record and its text; `snapshot.py` writes it while a run goes on, `history.py` reads it afterwards.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock

from resilience_pipeline.errors import LakeError
from resilience_pipeline.warehouse.atomic import replace_text
from resilience_pipeline.warehouse.pins import Pin

_HEAD = 512  # bytes that hold the run's id and number
_SEQUENCE = re.compile(rb'"sequence": (\d+)')
_DAMAGE = (OSError, ValueError, KeyError, TypeError, AttributeError)


@dataclass(frozen=True)
class RunFile:
    """What is known of a run.

    Parameters
    ----------
    sequence : its place in the order of all runs of the lake; 0 where an earlier version of this package wrote it.
    started, ended : ISO 8601, UTC; None = not known, for `ended` also not yet or never (it was killed).
    ok : whether all of its steps were kept; None until it ended.
    failed : tables that it could not compute.
    pins : table -> the version that the run left, which is the one that it found where it did not write it.
    """

    run_id: str
    sequence: int = 0
    variant: str | None = None
    started: str | None = None
    ended: str | None = None
    ok: bool | None = None
    failed: tuple[str, ...] = ()
    pins: Mapping[str, Pin] = field(default_factory=dict)

    @property
    def computed(self) -> tuple[str, ...]:
        """Tables that this run wrote, in the order of their names."""
        return tuple(sorted(name for name, pin in self.pins.items() if pin.run_id == self.run_id))

    @property
    def text(self) -> str:
        """As JSON with a line a table."""
        facts = {
            "run_id": self.run_id,
            "sequence": self.sequence,
            "variant": self.variant,
            "started": self.started,
            "ended": self.ended,
            "ok": self.ok,
            "failed": list(self.failed),
        }
        head = [f"{_json(name)}: {_json(value)}" for name, value in facts.items()]
        lines = [f" {_json(name)}: {_json(pin.as_json())}" for name, pin in sorted(self.pins.items())]
        tables = '"tables": {' + "".join("\n" + line + "," for line in lines).removesuffix(",") + "\n}"
        return "{\n" + ",\n".join([*head, tables]) + "\n}\n"


def read_run_file(file: Path) -> RunFile:
    """The record in a run's file, whichever version of this package wrote it; a LakeError where it is damaged."""
    try:
        fields = json.loads(file.read_text(encoding="utf-8"))
        return RunFile(
            run_id=str(fields["run_id"]),
            sequence=int(fields.get("sequence", 0)),
            variant=fields.get("variant"),
            started=fields.get("started"),
            ended=fields.get("ended"),
            ok=fields.get("ok"),
            failed=tuple(fields.get("failed", ())),
            pins={name: Pin.from_json(pin) for name, pin in fields["tables"].items()},
        )
    except _DAMAGE as damage:
        raise LakeError(
            what=f"the file with the versions that run {file.stem} reads cannot be read",
            file=str(file),
            found=f"{type(damage).__name__}: {damage}",
            remedy="start a new run with `resilience run`; this file can be deleted",
        ) from None


def sequence_in(file: Path) -> int:
    """The number of the run in a file, from the file's beginning alone; 0 where an earlier version wrote it."""
    with file.open("rb") as opened:
        found = _SEQUENCE.search(opened.read(_HEAD))
    return int(found[1]) if found else 0


def next_in_sequence(root: Path) -> int:
    """The number after that of the last run of this lake, whatever the clock says."""
    file = root / "runs" / "sequence"
    file.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(file.with_suffix(".lock"), timeout=60):
        try:
            last = int(file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            last = max(map(sequence_in, _all_files(root)), default=0)
        replace_text(file, str(last + 1))
    return last + 1


def now() -> str:
    """This moment, ISO 8601, UTC."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _all_files(root: Path) -> Iterable[Path]:
    return (*root.glob("runs/*.json"), *root.glob("variants/*/runs/*.json"))


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
