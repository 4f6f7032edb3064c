"""What a bundle says of a lake: deliveries by hash, tables by data version, code, packages; no row of a delivery."""

import platform
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import distributions
from pathlib import Path

import polars as pl

from resilience_pipeline import __version__
from resilience_pipeline.bundle.archive import is_plain
from resilience_pipeline.bundle.places import Digests, digests
from resilience_pipeline.errors import BundleError
from resilience_pipeline.frozen.pins import Pins, read_pins
from resilience_pipeline.sources.delivered import deliveries_of
from resilience_pipeline.sources.registry import SOURCES
from resilience_pipeline.sources.source import CELLS
from resilience_pipeline.warehouse.lake import Lake
from resilience_pipeline.warehouse.pointer import Pointer

FORM = 2  # of the record; a reader refuses any other
#: Tables and layers that tell of a lake's own history or of what else lay in its landing folder: another lake's differ.
OWN_HISTORY = frozenset({"report/drift", "sources/inventory", "sources/pins"})
#: Those of them that other tables read.
READ_BY_OTHERS = ("sources/pins",)
OWN_LAYERS = frozenset({"lineage"})


@dataclass(frozen=True)
class BundledDelivery:
    """One file that the results rest on; `cells` are digests of pooled cells, see places.py."""

    source: str
    publisher: str
    licence: str
    file: str
    sha256: str
    size: int
    synthetic: bool
    cells: Digests


@dataclass(frozen=True)
class BundledTable:
    """One table of the lake."""

    data_version: str
    rows: int
    code_version: str
    inputs: dict[str, str]
    options: dict[str, str | int | float]


@dataclass(frozen=True)
class Record:
    """Everything that `verify` compares, and what a reader wants to know of how it came about.

    Parameters
    ----------
    tables : joined key -> table, in the order of the keys.
    packages : name -> version of what was installed.
    commit : of the checkout that computed it, "-dirty" where it had changes; "" outside a checkout.
    """

    form: int
    version: str
    commit: str
    python: str
    system: str
    synthetic: bool
    packages: dict[str, str]
    deliveries: tuple[BundledDelivery, ...]
    tables: dict[str, BundledTable]

    def as_json(self) -> dict[str, object]:
        """Plain values only; `from_json` takes them back."""
        return asdict(self)

    @classmethod
    def from_json(cls, text: bytes) -> "Record":
        """The record that `as_json` wrote; a ValueError that names the field where it is not one, strictly by type."""
        from pydantic import TypeAdapter

        record: Record = TypeAdapter(cls).validate_json(text, strict=True)
        if record.form != FORM:
            raise ValueError(f"form {record.form}, this program reads {FORM}")
        if odd := [delivery.file for delivery in record.deliveries if not is_plain(delivery.file)]:
            raise ValueError(f"a delivery lies at {odd[0]!r}, which is no plain path")
        return record


def record_of(lake: Lake) -> Record:
    """The record of the headline's tables; a BundleError where nothing has been computed.

    Of a frozen lake: the deliveries that it is frozen to, and the tables that rest on these alone.
    """
    pointers = lake.headline().tables()
    pins = read_pins(lake.root)
    if not any(pointer.key[0] == "report" for pointer in pointers):
        raise BundleError(
            what=f"{lake.root} holds no result yet", remedy="run `resilience demo` or `resilience run` first"
        )
    follow = frozenset[str]() if pins is None else _following(pointers)
    tables = {
        p.name: BundledTable(p.data_version, p.rows, p.code_version, dict(p.inputs), dict(p.options))
        for p in pointers
        if p.name not in OWN_HISTORY | follow and p.key[0] not in OWN_LAYERS
    }
    return Record(
        form=FORM,
        version=__version__,
        commit=_commit(),
        python=platform.python_version(),
        system=platform.platform(),
        synthetic=any(p.synthetic for p in pointers),
        packages=installed_packages(),
        deliveries=tuple(_deliveries(lake, pins)),
        tables=tables,
    )


def installed_packages() -> dict[str, str]:
    """Every package of this environment and its version."""
    found = {str(d.metadata["Name"]).lower(): d.version for d in distributions() if d.metadata["Name"]}
    return dict(sorted(found.items()))


def _following(pointers: Sequence[Pointer]) -> frozenset[str]:
    """Tables of a frozen lake that follow its deliveries: sources, staging, and what reads these past the frozen."""
    inputs = {p.name: tuple(p.inputs) for p in pointers}
    found = {p.name for p in pointers if p.key[0] in ("sources", "staging", "rejects")}
    while more := {
        name
        for name, read in inputs.items()
        if name not in found and not name.startswith("frozen/") and found.intersection(read)
    }:
        found |= more
    return frozenset(found)


def _deliveries(lake: Lake, pins: Pins | None) -> Iterator[BundledDelivery]:
    for source in SOURCES:
        pointer = lake.current(("sources", source.name))
        cells = CELLS.to_frame() if pointer is None else lake.read_pointer(pointer)
        standing = deliveries_of(pointer) if pins is None else pins.sources.get(source.name, ())
        for delivered in standing:
            own = cells.filter(pl.col("delivery_sha256") == delivered.sha256)
            if own.is_empty():  # superseded since it was pinned
                own = source.read(delivered.stored(lake.root))
            yield BundledDelivery(
                source=source.name,
                publisher=source.publisher,
                licence=source.licence,
                file=delivered.file,
                sha256=delivered.sha256,
                size=delivered.size,
                synthetic=delivered.synthetic,
                cells=digests(own),
            )


def _commit() -> str:
    """`git describe` of the checkout that this package lies in; "" where it is none or git is not there."""
    here = Path(__file__).resolve().parents[2]
    if not (here / ".git").exists():
        return ""
    command = ("git", "-C", str(here), "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*")
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=20).stdout.strip()  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return ""
