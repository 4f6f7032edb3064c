"""The data lake: one Parquet file for each version of each table is the truth, a pointer names the current one.

Layout under the root: `<key parts>/<data_version>.parquet` and `<key parts>/current.json`; the same below
`variants/<name>/` for runs under other options; `runs/` (see snapshot.py) and `deliveries/` (see deliveries.py).
Nothing here knows DuckDB: the catalogue is built from the lake and never read by a step.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from resilience_pipeline.errors import LakeError
from resilience_pipeline.options import Value
from resilience_pipeline.packages import releases
from resilience_pipeline.step import TableKey
from resilience_pipeline.warehouse.atomic import replace_text, replacing
from resilience_pipeline.warehouse.pointer import RESERVED, Note, Pointer, checked_key, checked_name, join, parse

if TYPE_CHECKING:  # polars, NumPy and file locks are imported where a table is read or written; a pointer is not one
    import polars as pl

    from resilience_pipeline.sources.source import Delivery
    from resilience_pipeline.warehouse.snapshot import Snapshot

POINTER = "current.json"
_NO_NOTES: Mapping[str, Note] = {}


class Lake:
    """Versioned tables under one folder.

    Parameters
    ----------
    root : the lake's folder; it is made when missing.

    A kill at any moment leaves every table at its old or its new version. Writers of different tables never wait
    for each other; of two writers of one table the later pointer holds, and both versions stay.
    """

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()
        self.variant_name: str | None = None
        try:
            self.root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise LakeError(
                what="the folder of the lake cannot be made",
                file=str(self.root),
                found=error.strerror or str(error),
                remedy="name a folder that can be written with --lake, or in resilience.toml",
            ) from None

    @property
    def home(self) -> Path:
        """Where this lake writes: the root, or the variant's folder below it."""
        return self.root if self.variant_name is None else self.root / "variants" / self.variant_name

    def variant(self, name: str) -> Lake:
        """A lake for other options: it writes under `variants/<name>/` and reads the headline where it has nothing."""
        lake = Lake(self.root)
        lake.variant_name = checked_name(name, "variant")
        return lake

    def headline(self) -> Lake:
        """The lake of the default options."""
        return Lake(self.root)

    def variants(self) -> list[str]:
        """Names of the variants that exist."""
        return sorted(folder.name for folder in (self.root / "variants").glob("*") if folder.is_dir())

    def write(
        self,
        key: TableKey,
        frame: pl.DataFrame,
        *,
        run_id: str,
        code_version: str,
        inputs: Mapping[TableKey, str],
        options: Mapping[str, Value],
        synthetic: bool,
        notes: Mapping[str, Note] = _NO_NOTES,
        packages: Mapping[str, str] | None = None,
    ) -> Pointer:
        """Keep `frame` as the current version of `key`.

        The same content as an existing version makes no new file; the pointer is renewed all the same.

        Parameters
        ----------
        key : the table; a ValueError where a part could lead out of the lake.
        frame : the whole table.
        run_id, code_version, inputs, options, synthetic, notes : see `Pointer`; `inputs` maps keys to data versions.
        packages : see `Pointer`; None = those of this process.

        Raises
        ------
        LakeError : the disk refuses.
        """
        from resilience_pipeline.warehouse.fingerprint import data_version
        from resilience_pipeline.warehouse.stored import is_whole, write_version

        pointer = Pointer(
            key=checked_key(key),
            data_version=data_version(frame),
            rows=frame.height,
            run_id=run_id,
            code_version=code_version,
            inputs={join(name): version for name, version in sorted(inputs.items())},
            options=dict(options),
            synthetic=synthetic,
            written_at=datetime.now(UTC).isoformat(timespec="milliseconds"),
            notes=dict(notes),
            variant=self.variant_name,
            packages=dict(releases() if packages is None else packages),
        )
        file = self.file_of(pointer)
        try:
            if not is_whole(file):
                with replacing(file) as hidden:
                    write_version(hidden, frame)
            replace_text(file.with_name(POINTER), json.dumps(pointer.as_json(), ensure_ascii=False, indent=1))
        except OSError as error:
            raise LakeError(
                what=f"the table {pointer.name} cannot be written; its last good version stays",
                file=str(file),
                found=error.strerror or str(error),
                remedy="make room on this disk or the folder writable, then start `resilience run` again",
            ) from None
        return pointer

    def write_rejects(self, source: str, frame: pl.DataFrame, *, run_id: str, synthetic: bool) -> Pointer:
        """Keep the refused rows of one source, key ("rejects", source)."""
        return self.write(
            ("rejects", source),
            frame,
            run_id=run_id,
            code_version="rejects",
            inputs={},
            options={},
            synthetic=synthetic,
        )

    def current(self, key: TableKey) -> Pointer | None:
        """Pointer of the current version; None where the table was never written; LakeError where it is damaged."""
        for home in dict.fromkeys((self.home, self.root)):
            file = home.joinpath(*checked_key(key), POINTER)
            try:
                return parse(file.read_text(encoding="utf-8"), str(file))
            except FileNotFoundError:
                continue
            except UnicodeDecodeError:
                return parse("", str(file))
        return None

    def read(self, key: TableKey, version: str | None = None) -> pl.DataFrame:
        """The current version of a table, or the version asked for; LakeError where it is not there."""
        pointer = self.current(key)
        if pointer is None:
            raise self.missing(key)
        if version is not None and version != pointer.data_version:
            return _read(self.version_file(key, version))
        return self.read_pointer(pointer)

    def read_pointer(self, pointer: Pointer) -> pl.DataFrame:
        """The very version that a pointer names; LakeError where its file is gone or damaged."""
        return _read(self.file_of(pointer))

    def is_whole(self, pointer: Pointer) -> bool:
        """Whether the Parquet file that a pointer names is there and holds what the pointer says."""
        from resilience_pipeline.warehouse.stored import is_whole

        return is_whole(self.file_of(pointer))

    def path(self, key: TableKey) -> Path:
        """Parquet file of the current version; LakeError where the table was never written."""
        pointer = self.current(key)
        if pointer is None:
            raise self.missing(key)
        return self.file_of(pointer)

    def file_of(self, pointer: Pointer) -> Path:
        """Parquet file of the version that a pointer names."""
        home = self.root if pointer.variant is None else self.root / "variants" / pointer.variant
        return home.joinpath(*pointer.key, f"{pointer.data_version}.parquet")

    def versions(self, key: TableKey) -> list[str]:
        """Data versions kept of a table, the oldest first."""
        files = self.home.joinpath(*checked_key(key)).glob("[0-9a-f]*.parquet")
        return [file.stem for file in sorted(files, key=lambda file: (file.stat().st_mtime_ns, file.name))]

    def tables(self) -> list[Pointer]:
        """Pointers of all tables that can be read, in the order of the keys; LakeError where one is damaged."""
        return [pointer for key in self.table_keys() if (pointer := self.current(key)) is not None]

    def readable_tables(self) -> list[Pointer]:
        """As `tables`, without those whose pointer is damaged: a run must be able to compute these again."""
        found = []
        for key in self.table_keys():
            try:
                pointer = self.current(key)
            except LakeError:
                continue
            if pointer is not None:
                found.append(pointer)
        return found

    def pin(self, run_id: str) -> Snapshot:
        """The tables as run `run_id` sees them from now on; the same id again continues the same pins."""
        from resilience_pipeline.warehouse.snapshot import Snapshot

        return Snapshot(self, run_id)

    def missing(self, key: TableKey) -> LakeError:
        """The error for a table that is not there."""
        return LakeError(
            what=f"the table {join(key)} is not in the lake",
            file=str(self.home),
            remedy="compute it with `resilience run`",
        )

    def store_delivery(self, landing: Path, relative: str, *, maximum_bytes: int | None = None) -> Delivery:
        """Copy one file of the landing folder into the lake before anything reads it; see deliveries.py."""
        from resilience_pipeline.warehouse.deliveries import MAXIMUM_BYTES, store_delivery

        largest = MAXIMUM_BYTES if maximum_bytes is None else maximum_bytes
        return store_delivery(self.root, landing, relative, maximum_bytes=largest)

    def table_keys(self) -> list[TableKey]:
        """Keys of all tables that were ever written, also of those whose pointer is damaged."""
        return sorted({key for home in {self.home, self.root} for key in _keys_below(home)})

    def own_table_keys(self) -> list[TableKey]:
        """As `table_keys`, of a variant without those that only the headline has."""
        return sorted(_keys_below(self.home))

    def version_file(self, key: TableKey, version: str) -> Path:
        """Parquet file of a version, of the variant where it has it, else of the headline; it may not exist."""
        files = [home.joinpath(*checked_key(key), f"{version}.parquet") for home in (self.home, self.root)]
        return next((file for file in files if file.is_file()), files[0])


def _keys_below(home: Path) -> Iterator[TableKey]:
    for layer in home.glob("[a-z0-9_]*"):
        if layer.name not in RESERVED and layer.is_dir():
            for file in layer.rglob(POINTER):
                yield file.parent.relative_to(home).parts


def _read(file: Path) -> pl.DataFrame:
    from resilience_pipeline.warehouse.stored import read_version

    return read_version(file)
