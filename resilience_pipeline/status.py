"""What stands in the lake and what is awaited: read from pointers alone, without Dagster."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from resilience_pipeline.behind import VariantStatus, variant_status
from resilience_pipeline.errors import LakeError
from resilience_pipeline.lake_tables import (
    INVENTORY,
    Damage,
    DeliveryStatus,
    SourceStatus,
    TableStatus,
    damage_of,
    deliveries,
    readable,
    source_status,
    table_status,
)
from resilience_pipeline.living.variants import living_panels
from resilience_pipeline.project import Project
from resilience_pipeline.report.document import Document, printed_order
from resilience_pipeline.study.declared import declared_results
from resilience_pipeline.variants import demand_own, lake_of, own_results
from resilience_pipeline.warehouse.lake import Lake
from resilience_pipeline.warehouse.pointer import Pointer

if TYPE_CHECKING:  # what a printed result says stands in its pointer; only its rows need polars
    import polars as pl

    from resilience_pipeline.warehouse.history import Past

#: Name of the report of what moved, a result that no study declares.
DRIFT = "drift"


@dataclass(frozen=True)
class ResultStatus:
    """One printed result: its name, as `resilience show` takes it, and its title."""

    name: str
    title: str


@dataclass(frozen=True)
class Status:
    """Sources, files of note, tables, results in printed order, variants of one lake, and what of it is damaged."""

    lake: str
    landing: str
    sources: tuple[SourceStatus, ...]
    deliveries: tuple[DeliveryStatus, ...]
    tables: tuple[TableStatus, ...]
    results: tuple[ResultStatus, ...]
    undeclared: tuple[str, ...]  # results that stand, and that no study declares any more
    variants: tuple[VariantStatus, ...]
    frozen: str  # to what the studies are frozen, in words; empty where they follow the deliveries
    living: dict[str, str]  # living panel -> its window, or why it waits
    damaged: tuple[Damage, ...]

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
    """The state of the project's lake; an empty lake is a state, too, and so is one with damaged files."""
    from resilience_pipeline.frozen.pins import FILE, read_pins
    from resilience_pipeline.sources.registry import SOURCES

    lake = Lake(project.lake)
    pointers, found = readable(lake)
    damaged = list(found)
    names = {damage.table for damage in found}
    files: tuple[DeliveryStatus, ...] = ()
    frozen = "not known"
    try:
        files = deliveries(lake, pointers)
    except LakeError as error:
        damaged.append(damage_of(".".join(INVENTORY), error))
    try:
        frozen = "" if (pins := read_pins(lake.root)) is None else pins.words
    except LakeError as error:
        damaged.append(damage_of(FILE, error))
    declared = declared_results(project.studies)
    results = _results(tuple(pointers.values()))
    gone = [] if declared is None else [p for p in results if p.key[1] not in {*declared, DRIFT}]
    return Status(
        lake=str(project.lake),
        landing=str(project.landing),
        sources=tuple(source_status(lake, pointers, names, source.name, source.unlocks) for source in SOURCES),
        deliveries=files,
        tables=tuple(table_status(lake, pointer) for pointer in pointers.values()),
        results=tuple(ResultStatus(p.key[-1], _title(p)) for p in results if p not in gone),
        undeclared=tuple(p.key[-1] for p in gone),
        variants=tuple(variant_status(lake, name, project.studies, project.settings_file) for name in lake.variants()),
        frozen=frozen,
        living=living_panels(lake),
        damaged=tuple(damaged),
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
