"""The tables as one run sees them: pinned when it starts, moved only by its own writes.

A second process of the same run opens the same pins by the run's id. What other runs write meanwhile is not seen.
The run's file stays in the lake: with it, every version that a result was made from can be found again.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
from filelock import FileLock

from resilience_pipeline.options import Value
from resilience_pipeline.step import TableKey
from resilience_pipeline.warehouse.atomic import replace_text, sweep
from resilience_pipeline.warehouse.pins import Records
from resilience_pipeline.warehouse.pointer import Note, Pointer, join
from resilience_pipeline.warehouse.run_file import RunFile, next_in_sequence, now, read_run_file

if TYPE_CHECKING:
    from resilience_pipeline.warehouse.lake import Lake

_RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_NO_NOTES: Mapping[str, Note] = {}
#: The run's file read last, and what tells that it is still that one. Each step asks for its pins several times.
_known: dict[Path, tuple[tuple[int, int, int], RunFile]] = {}


class Snapshot:
    """Pinned versions of one run. Make one with `Lake.pin(run_id)`.

    Parameters
    ----------
    lake : the lake, headline or variant, that the run reads and writes.
    run_id : letters, digits, "-" and "_".
    """

    def __init__(self, lake: "Lake", run_id: str) -> None:
        if not _RUN_ID.fullmatch(run_id):
            raise ValueError(f"{run_id!r} is no run id: letters, digits, '-' and '_' only")
        self.lake = lake
        self.run_id = run_id
        self.file: Path = lake.home / "runs" / f"{run_id}.json"
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self._records = Records(lake.root)
        with self._alone():
            if not self.file.exists():
                sweep(lake.root)
                pins = {pointer.name: self._records.pin(pointer) for pointer in lake.readable_tables()}
                self._store(RunFile(run_id, next_in_sequence(lake.root), lake.variant_name, started=now(), pins=pins))

    def tables(self) -> list[Pointer]:
        """Every table that this run sees, in the order of the keys."""
        return [self._records.pointer(pin) for _, pin in sorted(self.record().pins.items())]

    def current(self, key: TableKey) -> Pointer | None:
        """The version pinned, or the one that this run wrote since; None where there is neither."""
        pin = self.record().pins.get(join(key))
        return None if pin is None else self._records.pointer(pin)

    def path(self, key: TableKey) -> Path:
        """Parquet file of the version that this run sees; LakeError where there is none."""
        return self.lake.file_of(self._pinned(key))

    def read(self, key: TableKey) -> pl.DataFrame:
        """The table as this run sees it; LakeError where there is none."""
        return self.lake.read_pointer(self._pinned(key))

    def write(
        self,
        key: TableKey,
        frame: pl.DataFrame,
        *,
        code_version: str,
        inputs: Iterable[TableKey] = (),
        options: Mapping[str, Value],
        synthetic: bool = False,
        notes: Mapping[str, Note] = _NO_NOTES,
    ) -> Pointer:
        """Write a table and pin what was written.

        `inputs` are the keys read; their versions are those this run sees. A table made from a synthetic input
        is synthetic whatever `synthetic` says.
        """
        sources = {name: self._pinned(name) for name in inputs}
        pointer = self.lake.write(
            key,
            frame,
            run_id=self.run_id,
            code_version=code_version,
            inputs={name: source.data_version for name, source in sources.items()},
            options=options,
            synthetic=synthetic or any(source.synthetic for source in sources.values()),
            notes=notes,
        )
        self._pin(pointer)
        return pointer

    def take_over(self, key: TableKey) -> Pointer:
        """Write the headline's table, as this variant sees it, into the variant, and pin that."""
        seen = self._pinned(key)
        pointer = self.lake.write(
            key,
            self.lake.read_pointer(seen),
            run_id=self.run_id,
            code_version=seen.code_version,
            inputs={tuple(name.split("/")): version for name, version in seen.inputs.items()},
            options=seen.options,
            synthetic=seen.synthetic,
            notes=seen.notes,
            packages=seen.packages,
        )
        self._pin(pointer)
        return pointer

    def end(self, failed: Iterable[str]) -> None:
        """Note that the run has ended, and which tables it could not compute."""
        names = tuple(sorted(failed))
        with self._alone():
            self._store(replace(self.record(), ended=now(), ok=not names, failed=names))

    def record(self) -> RunFile:
        """The run's file. It is read anew whenever it is another: another process of this run may have written."""
        version = _version_of(self.file)
        known = _known.get(self.file)
        if version is not None and known is not None and known[0] == version:
            return known[1]
        record = read_run_file(self.file)
        _known.clear()
        if version is not None:
            _known[self.file] = (version, record)
        return record

    def write_rejects(self, source: str, frame: pl.DataFrame, *, synthetic: bool = False) -> Pointer:
        """Write and pin the refused rows of one source, key ("rejects", source)."""
        return self.write(("rejects", source), frame, code_version="rejects", options={}, synthetic=synthetic)

    def _pinned(self, key: TableKey) -> Pointer:
        pointer = self.current(key)
        if pointer is None:
            # A damaged pointer file was left out of the pins, so that a run can replace it: say that it is damaged.
            self.lake.current(key)
            raise self.lake.missing(key)
        return pointer

    def _alone(self) -> FileLock:
        return FileLock(self.file.with_suffix(".lock"), timeout=60)

    def _pin(self, pointer: Pointer) -> None:
        with self._alone():
            record = self.record()
            self._store(replace(record, pins={**record.pins, pointer.name: self._records.pin(pointer)}))

    def _store(self, record: RunFile) -> None:
        lean = {name: self._records.lean(pin) for name, pin in record.pins.items()}
        replace_text(self.file, replace(record, pins=lean).text)


def _version_of(file: Path) -> tuple[int, int, int] | None:
    """Files are replaced whole, so each version is an inode of its own with its own time; None where it is gone."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
