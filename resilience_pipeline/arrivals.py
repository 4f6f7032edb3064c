"""The landing folder beside the lake, as one run finds them: what is taken in, stands on, is held back or withdrawn.

Joins names in the landing folder (`sources.recognise`), what tables stand on (`sources.delivered`) and copies in the
lake (`warehouse.deliveries`). What follows for a source's table, `sources.intake` decides.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path

import polars as pl

from resilience_pipeline.errors import DeliveryError, LakeError
from resilience_pipeline.landing.memory import read_memory
from resilience_pipeline.sources.delivered import Delivered, deliveries_of
from resilience_pipeline.sources.intake import NOT_ANEW, intake_step
from resilience_pipeline.sources.inventory import Beside, Held, inventory_step
from resilience_pipeline.sources.recognise import Recognition, recognise
from resilience_pipeline.sources.registry import SOURCES
from resilience_pipeline.sources.source import Delivery, Source
from resilience_pipeline.sources.standing import Anew, Before
from resilience_pipeline.step import Step, TableKey
from resilience_pipeline.warehouse import withdrawals
from resilience_pipeline.warehouse.deliveries import holds
from resilience_pipeline.warehouse.lake import Lake
from resilience_pipeline.warehouse.pointer import Pointer

_NONE_HELD: Mapping[str, Held] = {}


@dataclass(frozen=True)
class Found:
    """A delivery that a user named: its source, where it lies or lay, and its hash."""

    source: str
    file: str
    sha256: str


class Arrivals:
    """What a run takes in.

    Parameters
    ----------
    lake : the headline's lake.
    landing : the landing folder; one that does not exist is an empty one.
    current, read : pointer and table of a key, as the run sees them.
    held_back : files that are not read in this run, and why.
    """

    def __init__(
        self,
        lake: Lake,
        landing: Path,
        current: Callable[[TableKey], Pointer | None],
        read: Callable[[TableKey], pl.DataFrame],
        held_back: Mapping[str, Held] = _NONE_HELD,
    ) -> None:
        self.lake, self.landing, self.held_back = lake, landing, held_back
        self._current, self._read = current, read
        self._hashes: dict[str, str | None] = {}
        self._by_hash: dict[int, dict[str, list[tuple[str, str]]]] = {}  # by size
        self._stood: dict[str, tuple[Delivered, ...]] = {}  # before the run, whatever it has written since

    @cached_property
    def recognition(self) -> Recognition:
        """What lies in the landing folder, looked at once."""
        return recognise(self.landing, SOURCES)

    def intake(self, source: Source, anew: Anew = NOT_ANEW) -> Step:
        """The step that takes in one source."""
        return intake_step(
            source,
            files=lambda: self.recognition.files_of(source.name),
            store=lambda file: self.lake.store_delivery(self.landing, file),
            before=lambda: self._with_table(source.name),
            anew=anew,
        )

    def inventory(self) -> Step:
        """The step that lists what lies in the landing folder or stands without lying there."""
        return inventory_step(lambda: self.recognition, self._beside)

    def before(self, source: str) -> Before:
        """What a source stands on; its last table is not read yet."""
        return Before(
            deliveries=self.deliveries(source),
            copy=self._copy,
            moved=lambda delivered: self._moved(source, delivered),
            withdrawn=withdrawals.withdrawn(self.lake.root),
            held_back={file: held.reason for file, held in self.held_back.items()},
            refused={error.file: error.what for error in self.recognition.refused if error.file},
        )

    def find(self, names: Sequence[str]) -> list[Found]:
        """Deliveries by name: paths inside the landing folder, or patterns with `*`; gone ones that stand, too.

        Raises
        ------
        DeliveryError : a name fits nothing.
        """
        standing = {d.file: Found(s.name, d.file, d.sha256) for s in SOURCES for d in self.deliveries(s.name)}
        landed = dict((*self.recognition.refused_of, *self.recognition.claimed))
        known = sorted({*standing, *landed})
        found = []
        for name in map(self._inside_landing, names):
            fitting = [name] if name in known else [file for file in known if fnmatchcase(file, name)]
            if not fitting:
                raise _unknown(name, known)
            found += [standing[file] for file in fitting if file in standing]
            found += [
                Found(landed[file], file, sha256)
                for file in fitting
                if file in landed and (sha256 := self._hash(file)) is not None
            ]
        return list(dict.fromkeys(found))

    def find_withdrawn(self, names: Sequence[str]) -> list[withdrawals.Withdrawal]:
        """Withdrawn deliveries by name or pattern; a DeliveryError where a name fits none, or nothing is withdrawn."""
        known = sorted(withdrawals.withdrawn(self.lake.root))
        if not known:
            raise DeliveryError(
                "no delivery is withdrawn", remedy="there is nothing to undo; `resilience status` lists files of note"
            )
        found = []
        for name in map(self._inside_landing, names):
            fitting = [pair for pair in known if pair[0] == name or fnmatchcase(pair[0], name)]
            if not fitting:
                raise _unknown(name, [file for file, _ in known], "withdrawn delivery")
            found += fitting
        return list(dict.fromkeys(found))

    def deliveries(self, source: str) -> tuple[Delivered, ...]:
        """What a source's table stood on before the run."""
        if source not in self._stood:
            self._stood[source] = deliveries_of(self._current(("sources", source)))
        return self._stood[source]

    def standing(self) -> dict[str, tuple[str, str]]:
        """Deliveries that stand though no file of the landing folder is read for them -> their source, and why."""
        claimed = dict(self.recognition.claimed)
        return {
            delivered.file: (source.name, why)
            for source in SOURCES
            for before in (self.before(source.name),)
            for delivered in before.deliveries
            if claimed.get(delivered.file) != source.name and (why := before.why_standing(delivered)) is not None
        }

    def _with_table(self, source: str) -> Before:
        """With its last table, which a run that changes nothing needs whole in any case."""
        before = self.before(source)
        if not before.deliveries:
            return before
        try:
            cells = self._read(("sources", source))
        except LakeError:
            return replace(before, cells=lambda: self._read(("sources", source)), damaged=True)
        return replace(before, cells=lambda: cells)

    def _copy(self, delivered: Delivered) -> Delivery | None:
        copy = delivered.stored(self.lake.root)
        return copy if holds(copy.path, copy.sha256) else None

    def _moved(self, source: str, delivered: Delivered) -> str | None:
        """A file of the landing folder that holds the same bytes, under another name or for another source."""
        same = self._of_size(delivered.size).get(delivered.sha256, ())
        return next((file for file, name in same if (file, name) != (delivered.file, source)), None)

    def _of_size(self, size: int) -> dict[str, list[tuple[str, str]]]:
        """Hash -> files of so many bytes that are read in this run, and their sources; hashed when first asked for."""
        if size not in self._by_hash:
            by_hash: dict[str, list[tuple[str, str]]] = {}
            for file, source in self._claimed_by_size.get(size, ()):
                if (sha256 := self._hash(file)) is not None:
                    by_hash.setdefault(sha256, []).append((file, source))
            self._by_hash[size] = by_hash
        return self._by_hash[size]

    @cached_property
    def _claimed_by_size(self) -> dict[int, list[tuple[str, str]]]:
        """Bytes -> files that are read in this run, and their sources."""
        found: dict[int, list[tuple[str, str]]] = {}
        for file, source in self.recognition.claimed:
            if file not in self.held_back and (size := self._size(file)) is not None:
                found.setdefault(size, []).append((file, source))
        return found

    def _beside(self) -> Beside:
        claimed = dict(self.recognition.claimed)
        withdrawn: dict[str, tuple[str | None, str]] = {}
        for file, sha256 in sorted(withdrawals.withdrawn(self.lake.root)):
            undo = f"take it in again with `resilience withdraw --undo {file}`"
            if file not in claimed:
                withdrawn[file] = (None, f"withdrawn, and its file is gone; {undo} once it is back")
            elif self._hash(file) == sha256:
                withdrawn[file] = (claimed[file], f"withdrawn; {undo}")
        return Beside(self.held_back, withdrawn, self.standing())

    def _inside_landing(self, name: str) -> str:
        """A path as typed in a shell, as the path inside the landing folder; other names as they are."""
        path, folder = Path(name).absolute(), self.landing.absolute()
        return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else name

    def _size(self, file: str) -> int | None:
        try:
            return (self.landing / file).stat().st_size
        except OSError:
            return None

    def _hash(self, file: str) -> str | None:
        if file not in self._hashes:
            try:
                with (self.landing / file).open("rb") as opened:
                    self._hashes[file] = hashlib.file_digest(opened, "sha256").hexdigest()
            except OSError:
                self._hashes[file] = None
        return self._hashes[file]


def arrivals_now(lake_root: Path, landing: Path) -> Arrivals:
    """As a run would find them that started now."""
    lake = Lake(lake_root)
    return Arrivals(lake, landing, lake.current, lake.read)


def held_by_the_watcher(lake_root: Path, files: Sequence[str]) -> dict[str, Held]:
    """Files that a run is told to hold back, each with what the watcher of the landing folder remembers of it."""
    memory = read_memory(lake_root) if files else None
    held = {}
    for file in files:
        remembered = memory.files.get(file) if memory is not None else None
        if remembered is not None and remembered.failed is not None:
            held[file] = Held("failed", remembered.failed)
        else:
            held[file] = Held("arriving", (remembered and remembered.waits_for) or "it is still arriving")
    return held


def _unknown(name: str, known: Sequence[str], what: str = "delivery") -> DeliveryError:
    close = get_close_matches(name, known, n=3, cutoff=0.5)
    return DeliveryError(
        f"no {what} has this name",
        remedy="name a file as it lies, or lay, inside the landing folder; `*` stands for any letters",
        file=name,
        expected=", ".join(close) or f"one of {len(known)} files; `resilience status` lists those of note",
    )
