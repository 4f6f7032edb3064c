"""What a lake says of its sources, files and tables: from pointers and notes alone, whatever of them is damaged."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from resilience_pipeline.errors import LakeError
from resilience_pipeline.step import TableKey
from resilience_pipeline.warehouse.attempts import last_attempt
from resilience_pipeline.warehouse.lake import Lake
from resilience_pipeline.warehouse.pointer import Pointer

INVENTORY = ("sources", "inventory")
Pointers = Mapping[TableKey, Pointer]


@dataclass(frozen=True)
class SourceStatus:
    """One source: delivered, awaiting, failed (its last good table stays), damaged or never run."""

    name: str
    state: str
    files: int
    rows: int
    rejected: int
    synthetic: bool
    unlocks: str
    message: str


@dataclass(frozen=True)
class TableStatus:
    """One table of the lake, and how its last attempt went."""

    table: str
    rows: int
    data_version: str
    synthetic: bool
    run_id: str
    written_at: str
    failed: str  # message of the last attempt where it failed; the table is then the last good one


@dataclass(frozen=True)
class DeliveryStatus:
    """One file or delivery that is not simply read; its state is one of sources.inventory.STATES."""

    file: str
    state: str
    source: str | None
    reason: str


@dataclass(frozen=True)
class Damage:
    """Something that cannot be read: which table, in which file, what to do."""

    table: str
    file: str
    remedy: str


def readable(lake: Lake) -> tuple[Pointers, tuple[Damage, ...]]:
    """Every table of the headline whose pointer can be read, and what cannot, the variants' pointers among it."""
    found: dict[TableKey, Pointer] = {}
    damaged: dict[str, Damage] = {}
    for home in (lake, *(lake.variant(name) for name in lake.variants())):
        for key in home.table_keys():
            try:
                pointer = home.current(key)
            except LakeError as damage:
                damaged.setdefault(str(damage.file), damage_of(".".join(key), damage))
                continue
            if home is lake and pointer is not None:
                found[key] = pointer
    return found, tuple(damaged.values())


def damage_of(table: str, error: LakeError) -> Damage:
    """What an error says of a table or file that cannot be read."""
    return Damage(table, str(error.file), error.remedy)


def deliveries(lake: Lake, pointers: Pointers) -> tuple[DeliveryStatus, ...]:
    """What the last inventory says of files that no source simply reads; a LakeError where its table is damaged."""
    if INVENTORY not in pointers:
        return ()
    import polars as pl

    rows = lake.read_pointer(pointers[INVENTORY]).filter(pl.col("state") != "claimed").sort("state", "file")
    return tuple(DeliveryStatus(file, state, source, reason or "") for file, state, source, reason in rows.iter_rows())


def source_status(lake: Lake, pointers: Pointers, damaged: Collection[str], name: str, unlocks: str) -> SourceStatus:
    """The state of one source.

    Parameters
    ----------
    damaged : names of the tables that cannot be read. unlocks : what waits for it.
    """
    pointer, staged, rejects = (pointers.get((layer, name)) for layer in ("sources", "staging", "rejects"))
    failures = [
        attempt.error or "failed"
        for layer in ("sources", "staging")
        if (attempt := last_attempt(lake, (layer, name))) is not None and not attempt.ok
    ]
    if failures:
        state = "failed"
    elif pointer is None:
        state = "damaged" if f"sources.{name}" in damaged else "never run"
    else:
        state = str(pointer.notes.get("status", "delivered"))
    return SourceStatus(
        name=name,
        state=state,
        files=int(pointer.notes.get("files", 0)) if pointer else 0,
        rows=staged.rows if staged else 0,
        rejected=rejects.rows if rejects else 0,
        synthetic=pointer.synthetic if pointer else False,
        unlocks=unlocks if state in ("awaiting", "never run") else "",
        message="\n".join(failures),
    )


def table_status(lake: Lake, pointer: Pointer) -> TableStatus:
    """A table and how its last attempt went."""
    attempt = last_attempt(lake, pointer.key)
    return TableStatus(
        table=".".join(pointer.key),
        rows=pointer.rows,
        data_version=pointer.data_version,
        synthetic=pointer.synthetic,
        run_id=pointer.run_id,
        written_at=pointer.written_at,
        failed="" if attempt is None or attempt.ok else attempt.error or "failed",
    )
