"""Runs of a lake in their order, and its tables as one of them left them. Reads only, so it works on any lake.

A run is named by its id, by the beginning of its id, or by a date or time: the last run that had ended by then.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path

import polars as pl

from resilience_pipeline.errors import LakeError
from resilience_pipeline.step import TableKey
from resilience_pipeline.warehouse.lake import Lake
from resilience_pipeline.warehouse.pins import Records
from resilience_pipeline.warehouse.pointer import Pointer, join
from resilience_pipeline.warehouse.run_file import RunFile, read_run_file, sequence_in

LAST = "last"
_SHORTEST_PREFIX = 4


@dataclass(frozen=True)
class Run:
    """One run of one lake: what its file says, and when it was last heard of.

    Parameters
    ----------
    at : when it ended; when it began, where it never ended; when its file was written, where that is all there is.
    changed : tables whose content differs from what the run before it left.
    """

    file: Path
    record: RunFile
    at: datetime
    changed: tuple[str, ...]

    @property
    def order(self) -> tuple[int, datetime]:
        """Key of the order of runs: clocks count only among runs from before runs were numbered."""
        return self.record.sequence, self.at

    @property
    def state(self) -> str:
        """How it went, in words."""
        if self.record.sequence == 0:
            return "not recorded"
        if self.record.ended is None:
            return "did not end"
        return "ended" if self.record.ok else f"{len(self.record.failed)} failed"


class Past:
    """The tables as one run left them; it reads as a `Lake` does, and `run` says which run that was."""

    def __init__(self, lake: Lake, run: Run) -> None:
        self.lake = lake
        self.run = run
        self._records = Records(lake.root)

    def tables(self) -> list[Pointer]:
        """Pointers of all tables, in the order of their names."""
        return [self._records.pointer(pin) for _, pin in sorted(self.run.record.pins.items())]

    def current(self, key: TableKey) -> Pointer | None:
        """The version that stood when the run had ended; None where there was none."""
        pin = self.run.record.pins.get(join(key))
        return None if pin is None else self._records.pointer(pin)

    def read(self, key: TableKey) -> pl.DataFrame:
        """The table as it stood then; a LakeError where it did not exist or its version was removed since."""
        pointer = self.current(key)
        if pointer is None:
            raise self.lake.missing(key)
        return self.lake.read_pointer(pointer)


def runs_of(lake: Lake) -> list[Run]:
    """The runs that wrote this lake (a variant's are its own), the oldest first.

    Raises
    ------
    LakeError : a run's file is damaged.
    """
    found = [Run(file, record := read_run_file(file), _at(record, file), ()) for file in _files(lake)]
    found.sort(key=lambda run: (*run.order, run.record.run_id))
    before: dict[str, str] = {}
    numbered = []
    for run in found:
        left = {name: pin.data_version for name, pin in run.record.pins.items()}
        changed = tuple(sorted(name for name in left.keys() | before.keys() if left.get(name) != before.get(name)))
        numbered.append(Run(run.file, run.record, run.at, changed))
        before = left
    return numbered


def run_before(lake: Lake, sequence: int) -> Run | None:
    """The last run before that number, its `changed` left empty; None where there was none.

    Of the others only the beginning of their files is read, so that a lake may hold thousands of runs.
    """
    before = [(number, file) for file in _files(lake) if (number := sequence_in(file)) < sequence]
    if not before:
        return None
    last = max(number for number, _ in before)
    found = [
        Run(file, record := read_run_file(file), _at(record, file), ()) for number, file in before if number == last
    ]
    return max(found, key=lambda run: (*run.order, run.record.run_id))


def as_of(lake: Lake, wanted: str, *, local: datetime | None = None) -> Past:
    """The lake as a run left it.

    Parameters
    ----------
    wanted : a run's id or the beginning of one; "last"; a date ("2026-11-24", its end) or a time
        ("2026-11-24T08:30", in the local zone where it names none), for the last run that had ended by then.
    local : any moment in the zone that is meant by "local"; None = this machine's.

    A variant that the run did not compute is taken as the last run before that one left it.

    Raises
    ------
    LakeError : there is no such run, or the beginning fits several.
    """
    own = runs_of(lake)
    homes = (lake.headline(), *(lake.variant(name) for name in lake.variants()))
    others = [run for home in homes if home.home != lake.home for run in runs_of(home)]
    if wanted == LAST and own:
        return Past(lake, own[-1])
    named = [run for run in {run.record.run_id: run for run in (*others, *own)}.values() if _named(run, wanted)]
    if len(named) > 1 and not any(run.record.run_id == wanted for run in named):
        raise LakeError(
            what=f"{wanted!r} is the beginning of {len(named)} runs",
            found=", ".join(run.record.run_id for run in named),
            remedy="write more of the id",
        )
    if named:
        run = next((run for run in named if run.record.run_id == wanted), named[0])
        until = [other for other in own if other.order <= run.order]
    else:
        moment = _moment(wanted, local)
        if moment is None:
            raise _no_run(lake, wanted, own)
        until = [other for other in own if other.at <= moment]
    if not until:
        raise _no_run(lake, wanted, own)
    return Past(lake, until[-1])


def end_run(lake: Lake, run_id: str, failed: Sequence[str]) -> None:
    """Note in every file of a run, the headline's and the variants', that it has ended."""
    for home in (lake.headline(), *(lake.variant(name) for name in lake.variants())):
        if (home.home / "runs" / f"{run_id}.json").is_file():
            home.pin(run_id).end(failed)


def _files(lake: Lake) -> list[Path]:
    return sorted((lake.home / "runs").glob("*.json"))


def _named(run: Run, wanted: str) -> bool:
    name = run.record.run_id
    return name == wanted or (len(wanted) >= _SHORTEST_PREFIX and name.startswith(wanted))


def _at(record: RunFile, file: Path) -> datetime:
    known = record.ended or record.started
    if known is not None:
        return datetime.fromisoformat(known)
    return datetime.fromtimestamp(file.stat().st_mtime, UTC)


def _moment(text: str, local: datetime | None) -> datetime | None:
    """The moment that a date or time names, the end of the day for a date; None where the text is neither."""
    zone = None if local is None else local.tzinfo
    try:
        day = date.fromisoformat(text)
    except ValueError:
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            return None
    else:
        moment = datetime.combine(day, time.max)
    if moment.tzinfo is not None:
        return moment
    return moment.astimezone() if zone is None else moment.replace(tzinfo=zone)


def _no_run(lake: Lake, wanted: str, runs: Sequence[Run]) -> LakeError:
    last = ", ".join(f"{run.record.run_id[:8]} ({run.at:%Y-%m-%d %H:%M} UTC)" for run in runs[-3:])
    return LakeError(
        what=f"no run of {lake.home} is or had ended by {wanted!r}",
        expected=f"a run's id or its first {_SHORTEST_PREFIX} characters or more, a date such as 2026-11-24, or a time "
        "such as 2026-11-24T08:30",
        found=f"{len(runs)} runs, the last {last}" if runs else "no run at all",
        remedy="`resilience runs` lists them",
    )
