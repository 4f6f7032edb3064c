"""What stands in the lake and what is awaited: read from pointers alone, without Dagster."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from resilience_pipeline.errors import LakeError
from resilience_pipeline.living.variants import living_panels
from resilience_pipeline.project import Project
from resilience_pipeline.report.document import Document, printed_order
from resilience_pipeline.variants import demand_own, lake_of, own_results
from resilience_pipeline.warehouse.lake import Lake
from resilience_pipeline.warehouse.pointer import Pointer

if TYPE_CHECKING:  # what a printed result says stands in its pointer; only its rows need polars
    import polars as pl

    from resilience_pipeline.warehouse.history import Past

INVENTORY = ("sources", "inventory")


@dataclass(frozen=True)
class SourceStatus:
    """One source: delivered, awaiting, failed (its last good table stays) or never run."""

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
class ResultStatus:
    """One printed result: its name, as `resilience show` takes it, and its title."""

    name: str
    title: str


@dataclass(frozen=True)
class Status:
    """Sources, files of note, tables, results in printed order, and variants of one lake."""

    lake: str
    landing: str
    sources: tuple[SourceStatus, ...]
    deliveries: tuple[DeliveryStatus, ...]
    tables: tuple[TableStatus, ...]
    results: tuple[ResultStatus, ...]
    variants: tuple[str, ...]
    frozen: str  # to what the studies are frozen, in words; empty where they follow the deliveries
    living: dict[str, str]  # living panel -> its window, or why it waits

    def record(self) -> dict[str, object]:
        """As plain data."""
        return asdict(self)


@dataclass(frozen=True)
class Result:
    """A printed result: its rows, its printed forms (empty where it has none), and the version it stands on.

    lake : where the rows are. document : what it was printed from; None where an earlier version printed it.
    """

    name: str
    markdown: str
    text: str
    pointer: Pointer
    lake: Lake
    document: Document | None = None

    @cached_property
    def table(self) -> "pl.DataFrame":
        """The rows, read when they are asked for."""
        return self.lake.read_pointer(self.pointer)

    def record(self) -> dict[str, object]:
        """As plain data."""
        return {
            "result": self.name,
            "synthetic": self.pointer.synthetic,
            "data_version": self.pointer.data_version,
            "run_id": self.pointer.run_id,
            "options": dict(self.pointer.options),
            "rows": self.table.to_dicts(),
        }


def read_status(project: Project) -> Status:
    """The state of the project's lake; an empty lake is a state, too."""
    from resilience_pipeline.frozen.pins import read_pins
    from resilience_pipeline.sources.registry import SOURCES

    lake = Lake(project.lake)
    pointers = lake.tables()
    return Status(
        lake=str(project.lake),
        landing=str(project.landing),
        sources=tuple(_source_status(lake, source.name, source.unlocks) for source in SOURCES),
        deliveries=_deliveries(lake),
        tables=tuple(_table_status(lake, pointer) for pointer in pointers),
        results=tuple(ResultStatus(p.key[-1], _title(p)) for p in _results(pointers)),
        variants=tuple(lake.variants()),
        frozen="" if (pins := read_pins(lake.root)) is None else pins.words,
        living=living_panels(lake),
    )


def read_result(root: Path, name: str, variant: str | None = None, as_of: str | None = None) -> Result:
    """A result of the report by name; a LakeError lists the results there are.

    Parameters
    ----------
    as_of : a run, a date or a time (`warehouse.history.as_of`); None = as the result stands now.
    """
    now = lake_of(root, variant)
    lake: Lake | Past = now
    if as_of is not None:
        from resilience_pipeline.warehouse import history

        lake = history.as_of(now, as_of)
    key = ("report", name.removeprefix("report.").replace(" ", "_").lower())
    pointer = lake.current(key) if key[1].isidentifier() else None
    if pointer is None:
        there = own_results(now) if lake is now else lake.tables()
        raise _no_result(name, root, [p.key[-1] for p in _results(there)])
    demand_own(now, pointer)
    markdown, text = (str(pointer.notes.get(form, "")) for form in ("markdown", "text"))
    return Result(key[1], markdown, text, pointer, now, _document(pointer))


def read_comparison(root: Path, truth: Path | None = None) -> tuple[Result, "pl.DataFrame | None"]:
    """The comparison with the paper, and the same rows beside what was planted where that is known.

    Parameters
    ----------
    truth : a truth.json; None = the demonstration's, where the comparison is synthetic and the file stands.
    """
    result = read_result(root, "comparison")
    default = root / "twin" / "truth.json"
    if truth is None and result.pointer.synthetic and default.is_file():
        truth = default
    if truth is None:
        return result, None
    from resilience_pipeline.twin.referee import beside_planted, planted_results

    return result, beside_planted(result.table, planted_results(truth))


def _deliveries(lake: Lake) -> tuple[DeliveryStatus, ...]:
    """What the last inventory says of files that no source simply reads."""
    if lake.current(INVENTORY) is None:
        return ()
    import polars as pl

    rows = lake.read(INVENTORY).filter(pl.col("state") != "claimed").sort("state", "file")
    return tuple(DeliveryStatus(file, state, source, reason or "") for file, state, source, reason in rows.iter_rows())


def _results(pointers: Sequence[Pointer]) -> list[Pointer]:
    """Those of results, in printed order."""
    return sorted((p for p in pointers if p.key[0] == "report"), key=lambda p: printed_order(p.key[-1]))


def _document(pointer: Pointer) -> Document | None:
    kept = pointer.notes.get("document")
    return None if kept is None else Document.from_json(str(kept))


def _title(pointer: Pointer) -> str:
    document = _document(pointer)
    return "" if document is None else document.title


def _no_result(name: str, root: Path, there: list[str]) -> LakeError:
    close = get_close_matches(name, there, n=2)
    if close:
        remedy = f"did you mean {' or '.join(close)}? `resilience status` says what each result shows"
    elif there:
        remedy = "use one of the expected names; `resilience status` says what each result shows"
    else:
        remedy = "run `resilience demo` or `resilience run` first"
    return LakeError(
        what=f"there is no result {name!r} in {root}",
        expected=", ".join(there) or "nothing: no run has finished yet",
        remedy=remedy,
    )


def _source_status(lake: Lake, name: str, unlocks: str) -> SourceStatus:
    from resilience_pipeline.warehouse.attempts import last_attempt

    pointer, staged = lake.current(("sources", name)), lake.current(("staging", name))
    rejects = lake.current(("rejects", name))
    failures = [
        attempt.error or "failed"
        for layer in ("sources", "staging")
        if (attempt := last_attempt(lake, (layer, name))) is not None and not attempt.ok
    ]
    if failures:
        state = "failed"
    elif pointer is None:
        state = "never run"
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


def _table_status(lake: Lake, pointer: Pointer) -> TableStatus:
    from resilience_pipeline.warehouse.attempts import last_attempt

    attempt = last_attempt(lake, pointer.key)
    failed = "" if attempt is None or attempt.ok else attempt.error or "failed"
    return TableStatus(
        table=".".join(pointer.key),
        rows=pointer.rows,
        data_version=pointer.data_version,
        synthetic=pointer.synthetic,
        run_id=pointer.run_id,
        written_at=pointer.written_at,
        failed=failed,
    )
