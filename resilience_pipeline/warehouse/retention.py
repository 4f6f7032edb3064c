"""How long runs stay readable, and the removal of what no kept run names any more.

Only versions of tables, files of runs and records of pins are ever removed: what a table's pointer, a kept run or a
variant names stays, and so does every delivery, the one thing in a lake that cannot be computed again.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from resilience_pipeline.warehouse.fingerprint import VERSION_LENGTH
from resilience_pipeline.warehouse.history import Run, runs_of
from resilience_pipeline.warehouse.lake import Lake
from resilience_pipeline.warehouse.pins import Records
from resilience_pipeline.warehouse.pointer import RESERVED, Pointer


@dataclass(frozen=True)
class Retention:
    """Which runs are kept: the last `runs`, and those of the last `days`; all where neither is set."""

    runs: int | None = None
    days: float | None = None

    @property
    def everything(self) -> bool:
        """Whether nothing is ever removed."""
        return self.runs is None and self.days is None


@dataclass(frozen=True)
class Pruned:
    """What was removed, or would be.

    Parameters
    ----------
    runs : ids of the runs whose tables can no longer be read. files : every file. bytes : their size.
    """

    runs: tuple[str, ...] = ()
    files: tuple[Path, ...] = ()
    bytes: int = 0


@dataclass
class _Named:
    """What must stay."""

    versions: set[Path] = field(default_factory=set)
    records: set[Path] = field(default_factory=set)


def prune(lake: Lake, retention: Retention, *, now: datetime | None = None, dry_run: bool = False) -> Pruned:
    """Remove the runs that need not be kept, then every version and record that nothing names.

    Parameters
    ----------
    now : the moment from which days count; None = this one. A run dated later than that is kept.
    dry_run : say what would be removed and remove nothing.

    The caller holds the run lock. Killed at any moment, the next call removes the rest.

    Raises
    ------
    LakeError : a run's file or a pointer is damaged, so that nobody can say what it names; nothing is removed then.
    """
    if retention.everything:
        return Pruned()
    now = now or datetime.now(UTC)
    homes = [lake.headline(), *(lake.variant(name) for name in lake.variants())]
    of_home = {home.home: runs_of(home) for home in homes}
    kept_ids = _kept(of_home.values(), retention, now)
    named, gone = _Named(), []
    records = Records(lake.root)
    for home in homes:
        for pointer in home.tables():
            named.versions.add(lake.file_of(pointer))
        for run in of_home[home.home]:
            if run.record.run_id not in kept_ids:
                gone.append(run)
                continue
            for name, pin in run.record.pins.items():
                named.versions.add(_version_file(lake, name, pin.variant, pin.data_version))
                named.records.add(records.file(pin.record))
    files = [path for run in gone for path in (run.file, run.file.with_suffix(".lock")) if path.exists()]
    files += [path for home in homes for path in _versions(home.home) if path not in named.versions]
    files += [path for path in sorted(records.folder.glob("*/*.json")) if path not in named.records]
    size = sum(path.stat().st_size for path in files)
    if not dry_run:
        for path in files:
            path.unlink(missing_ok=True)
    return Pruned(tuple(dict.fromkeys(run.record.run_id for run in gone)), tuple(files), size)


def _kept(of_homes: Iterable[list[Run]], retention: Retention, now: datetime) -> set[str]:
    """Ids of the runs to keep; a run that computed a variant, too, is one run. The last run is always kept."""
    last: dict[str, Run] = {}
    for runs in of_homes:
        for run in runs:
            if run.record.run_id not in last or run.order > last[run.record.run_id].order:
                last[run.record.run_id] = run
    ordered = sorted(last.values(), key=lambda run: run.order)
    kept = {run.record.run_id for run in ordered[-max(retention.runs or 0, 1) :]}
    if retention.days is not None:
        oldest = now - timedelta(days=retention.days)
        kept |= {run.record.run_id for run in ordered if run.at >= oldest}
    return kept


def _version_file(lake: Lake, name: str, variant: str | None, data_version: str) -> Path:
    pointer = Pointer(tuple(name.split("/")), data_version, 0, "", "", {}, {}, False, "", {}, variant)
    return lake.file_of(pointer)


def _versions(home: Path) -> Iterable[Path]:
    """Every Parquet file below a home that is named as a version is; others are none of ours."""
    for layer in sorted(home.glob("[a-z0-9_]*")):
        if layer.is_dir() and layer.name not in RESERVED:
            for file in sorted(layer.rglob("*.parquet")):
                if len(file.stem) == VERSION_LENGTH and set(file.stem) <= set("0123456789abcdef"):
                    yield file
