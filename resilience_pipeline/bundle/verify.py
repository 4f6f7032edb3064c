"""Check a bundle: is the archive whole, are the files the same, does everything come out the same again."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from resilience_pipeline.bundle.archive import read_archive
from resilience_pipeline.bundle.contents import contents
from resilience_pipeline.bundle.places import differing
from resilience_pipeline.bundle.readme import CRATE, RECORD
from resilience_pipeline.bundle.record import (
    OWN_HISTORY,
    READ_BY_OTHERS,
    BundledDelivery,
    Record,
    installed_packages,
)
from resilience_pipeline.errors import BundleError, DeliveryError, LakeError
from resilience_pipeline.sources.registry import SOURCES
from resilience_pipeline.sources.source import Delivery
from resilience_pipeline.study.load import find_studies
from resilience_pipeline.warehouse.lake import Lake

#: Packages whose release may move a last digit; others are told of, too, but only these are named as a reason.
NUMERICAL = ("duckdb", "linearmodels", "numpy", "polars", "scipy")


@dataclass(frozen=True)
class Input:
    """One delivered file: "same" (found by its hash), "changed" (another file lies at its place) or "missing".

    cells : where a changed file differs; message : why it cannot be compared.
    """

    file: str
    source: str
    state: str
    cells: tuple[str, ...] = ()
    message: str = ""


@dataclass(frozen=True)
class Verification:
    """What was found.

    Parameters
    ----------
    damaged : files of the archive whose content is not what its metadata says.
    other_code : tables that this program computes by other code than the bundle's.
    other_packages : package -> (bundle's version, this one).
    ran : whether everything was computed again; not where a file is missing, and not under `--no-run`.
    same, different, absent : tables computed again with the same data version, another one, or not at all.
    otherwise : files of the archive that are written with other bytes here, or not at all.
    failures : step -> message, of the run.
    """

    damaged: tuple[str, ...]
    inputs: tuple[Input, ...]
    other_code: tuple[str, ...]
    other_packages: dict[str, tuple[str, str]]
    ran: bool
    same: int
    different: tuple[str, ...]
    absent: tuple[str, ...]
    otherwise: tuple[str, ...]
    failures: dict[str, str]

    @property
    def ok(self) -> bool:
        """Whether the archive is whole, every file the same, and every table and result came out the same."""
        files = all(found.state == "same" for found in self.inputs)
        again = self.ran and not (self.different or self.absent or self.otherwise)
        return not self.damaged and files and again

    def as_json(self) -> dict[str, object]:
        """Plain values."""
        return {"ok": self.ok, **asdict(self)}


def verify_bundle(path: Path, landing: Path, *, run: bool = True) -> Verification:
    """Check a bundle against the files of a folder, in a lake of its own that is removed again.

    Parameters
    ----------
    path : the archive. landing : a folder with the delivered files, under any names; nothing in it is changed.
    run : whether to compute everything again.

    Raises
    ------
    BundleError : the archive cannot be read.
    """
    files = read_archive(path)
    record = _record(path, files)
    inputs, standing = _inputs(record, landing)
    missing = any(found.state == "missing" for found in inputs)
    same, failures = 0, dict[str, str]()
    different, absent, otherwise = tuple[str, ...](), tuple[str, ...](), tuple[str, ...]()
    if ran := run and not missing:
        with tempfile.TemporaryDirectory(prefix="resilience_verify_") as folder:
            project = Path(folder)
            _lay_out(project, record, standing, files)
            failures = _run(project, record)
            lake = Lake(project / "data_lake")
            again = {pointer.name: pointer.data_version for pointer in lake.headline().readable_tables()}
            otherwise = tuple(_otherwise(lake, record, files, project / "studies"))
        same = sum(again.get(name) == table.data_version for name, table in record.tables.items())
        different = tuple(n for n, t in record.tables.items() if n in again and again[n] != t.data_version)
        absent = tuple(name for name in record.tables if name not in again)
    return Verification(
        damaged=tuple(_damaged(files)),
        inputs=tuple(inputs),
        other_code=tuple(_other_code(record)),
        other_packages=_other_packages(record),
        ran=ran,
        same=same,
        different=different,
        absent=absent,
        otherwise=otherwise,
        failures=failures,
    )


def _record(path: Path, files: Mapping[str, bytes]) -> Record:
    try:
        return Record.from_json(files[RECORD])
    except (KeyError, ValueError) as damage:
        raise BundleError(
            what=f"the archive holds no record that can be read ({RECORD})",
            file=str(path),
            found=" ".join(str(damage).split("\n")[:3]),
            remedy="check a file that `resilience export --bundle` of this version wrote",
        ) from None


def _damaged(files: Mapping[str, bytes]) -> Sequence[str]:
    """Files that are not what the archive's metadata says, and those that it does not name."""
    try:
        graph = json.loads(files[CRATE])["@graph"]
        stated = {entity["@id"]: entity["sha256"] for entity in graph if entity.get("@type") == "File"}
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError):
        return [CRATE]
    names = sorted({*stated, *files} - {CRATE})
    return [name for name in names if hashlib.sha256(files.get(name, b"")).hexdigest() != stated.get(name)]


def _inputs(record: Record, landing: Path) -> tuple[list[Input], dict[str, Path]]:
    """What became of each delivery, and recorded path -> the file to use."""
    by_hash, by_name = {}, {}
    for file in sorted(path for path in landing.rglob("*") if path.is_file() and not path.is_symlink()):
        with file.open("rb") as opened:
            by_hash[hashlib.file_digest(opened, "sha256").hexdigest()] = file
        by_name[file.relative_to(landing).as_posix()] = file
    found, standing = [], {}
    for delivery in record.deliveries:
        if delivery.sha256 in by_hash:
            standing[delivery.file] = by_hash[delivery.sha256]
            found.append(Input(delivery.file, delivery.source, "same"))
        elif (other := _of_that_name(delivery.file, by_name)) is not None:
            standing[delivery.file] = other
            found.append(_compared(delivery, other))
        else:
            found.append(Input(delivery.file, delivery.source, "missing"))
    return found, standing


def _of_that_name(file: str, by_name: Mapping[str, Path]) -> Path | None:
    """The file at that place of the folder, or the only one whose path ends in the same way."""
    if file in by_name:
        return by_name[file]
    alike = [path for name, path in by_name.items() if file.endswith(f"/{name}") or name.endswith(f"/{file}")]
    return alike[0] if len(alike) == 1 else None


def _compared(delivery: BundledDelivery, file: Path) -> Input:
    source = {source.name: source for source in SOURCES}.get(delivery.source)
    if source is None:
        return Input(delivery.file, delivery.source, "changed", message="this program does not know its source")
    try:
        cells = source.read(Delivery(file, delivery.file, "", file.stat().st_size, delivery.synthetic))
    except DeliveryError as error:
        return Input(delivery.file, delivery.source, "changed", message=str(error))
    places = tuple(map(str, differing(delivery.cells, cells)))
    message = "" if places else "every cell that is read is the same"
    return Input(delivery.file, delivery.source, "changed", places, message)


def _otherwise(lake: Lake, record: Record, files: Mapping[str, bytes], studies: Path) -> Sequence[str]:
    """Files whose bytes are not those that this program writes of the lake: what people read must follow from it."""
    try:
        here = contents(lake, record, find_studies(studies), studies)
    except LakeError:  # nothing was computed
        here = {}
    return [name for name in sorted({*here, *files} - {RECORD, CRATE}) if here.get(name) != files.get(name)]


def _lay_out(project: Path, record: Record, standing: Mapping[str, Path], files: Mapping[str, bytes]) -> None:
    """A project of its own: the same files at the same places, the same studies."""
    landing = project / "data_lake" / "landing"
    for delivery in record.deliveries:
        target = landing / delivery.file
        if not target.resolve().is_relative_to(landing.resolve()):
            raise BundleError(
                what="the record names a file outside the landing folder",
                found=delivery.file,
                remedy="get the bundle again from whoever made it",
            )
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(standing[delivery.file], target)
    own = "specifications/own/"
    for name in (name for name in files if name.startswith(own)):
        target = project / "studies" / name.removeprefix(own)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(files[name])


def _run(project: Path, record: Record) -> dict[str, str]:
    """Compute the recorded tables in a process of its own, whose project is the folder; failures by step."""
    kept = {n: v for n, v in os.environ.items() if n not in ("DAGSTER_HOME", "RESILIENCE_LAKE", "RESILIENCE_LANDING")}
    command = [sys.executable, "-m", "resilience_pipeline", "run", "--json", *_selection(record)]
    done = subprocess.run(  # noqa: S603 - our own program
        command,
        cwd=project,
        env={**kept, "RESILIENCE_PROJECT": str(project)},
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        return dict(json.loads(done.stdout)["failures"])
    except (ValueError, KeyError):
        return {"run": done.stderr.strip() or f"exit code {done.returncode}"}


def _selection(record: Record) -> Sequence[str]:
    """Nothing where every table of the plan is recorded; a part of it was computed by a selection."""
    from resilience_pipeline.plan import project_plan
    from resilience_pipeline.warehouse.catalogue import relation_of

    keys = [step.key for step in project_plan().steps] + [("sources", source.name) for source in SOURCES]
    own = [key for key in keys if "/".join(key) in OWN_HISTORY]
    recorded = [key for key in keys if "/".join(key) in record.tables]
    if len(recorded) + len(own) == len(keys):
        return ()
    wanted = dict.fromkeys((*recorded, *own, *(tuple(name.split("/")) for name in READ_BY_OTHERS)))
    return ("--select", " or ".join(f'key:"{"/".join(relation_of(key))}"' for key in wanted))


def _other_code(record: Record) -> Sequence[str]:
    from resilience_pipeline.code_version import code_version
    from resilience_pipeline.plan import project_plan

    here = {"/".join(step.key): code_version(step) for step in project_plan().steps}
    return [name for name, table in record.tables.items() if name in here and here[name] != table.code_version]


def _other_packages(record: Record) -> dict[str, tuple[str, str]]:
    here = installed_packages()
    return {
        name: (record.packages[name], here.get(name, "not installed"))
        for name in NUMERICAL
        if name in record.packages and record.packages[name] != here.get(name)
    }
