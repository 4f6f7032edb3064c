"""What moved between two states of a lake, from stored tables; and the report that a refresh leaves behind.

Nothing is recomputed where no coefficient moved, and nothing is written where there is nothing to compare with.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import polars as pl

from resilience_pipeline.code_version import code_version
from resilience_pipeline.drift import attribution as attribution_module
from resilience_pipeline.drift import changes, comparison, recompute, report, standing
from resilience_pipeline.drift.attribution import Attribution, attribute
from resilience_pipeline.drift.comparison import compared
from resilience_pipeline.drift.report import drift_document, drift_table
from resilience_pipeline.drift.standing import Tables
from resilience_pipeline.errors import DeliveryError
from resilience_pipeline.frozen.steps import PINS_KEY, frozen_steps
from resilience_pipeline.plan import Plan
from resilience_pipeline.report.document import Document
from resilience_pipeline.settings import RECOMPUTATIONS
from resilience_pipeline.sources.delivered import deliveries_of
from resilience_pipeline.sources.registry import SOURCES
from resilience_pipeline.step import Step, TableKey
from resilience_pipeline.variants import no_result, own_lake
from resilience_pipeline.warehouse.history import Past, as_of, run_before, runs_of
from resilience_pipeline.warehouse.lake import Lake
from resilience_pipeline.warehouse.pointer import Pointer
from resilience_pipeline.warehouse.run_file import RunFile
from resilience_pipeline.warehouse.snapshot import Snapshot

KEY: TableKey = ("report", report.NAME)
ESTIMATES = "estimates"
#: Of estimates that are not compared, on the page; `Drift.lacking` has all.
SHOWN_NAMES = 8
DESCRIPTION = (
    "What moved: every coefficient that the last refresh changed, old and new, in old errors, flips of sign "
    "or significance first, and what moved it: each delivery, each option and the code, made alone on the older state. "
    "One row per coefficient and part of its movement. Written when a run ends that changed one, even where a step "
    "failed; `resilience drift` compares any two runs."
)


class State(Tables, Protocol):
    """A state of the lake that can also list its tables."""

    def tables(self) -> list[Pointer]:
        """Pointers of all tables."""


@dataclass(frozen=True)
class Drift:
    """What moved between two states.

    Parameters
    ----------
    rows : one per coefficient that differs (`comparison.COMPARED`). table : with the parts of each (`report.DRIFT`).
    attribution : what moved them. document : the page. changed : tables of the estimates layer that differ.
    lacking : of two sets of options, which has no estimate of its own that the other has, and names of these; they are
        not compared.
    """

    rows: pl.DataFrame
    table: pl.DataFrame
    attribution: Attribution
    document: Document
    changed: tuple[TableKey, ...]
    lacking: Mapping[str, tuple[str, ...]]

    @property
    def moved(self) -> int:
        """How many coefficients differ."""
        return self.rows.height

    @property
    def flipped(self) -> int:
        """How many of them changed their sign or their significance."""
        return int(self.rows["flip"].is_not_null().sum())


def drift_between(
    old: State,
    new: State,
    plan: Plan,
    root: Path,
    *,
    largest: int = RECOMPUTATIONS,
    title: str = report.TITLE,
) -> Drift:
    """Compare two states of the lake at `root` and tell the changes apart.

    Parameters
    ----------
    old, new : runs' pasts, a running run, or the lake or a variant as it stands.
    largest : recomputations at most; 0 = compare only.
    """
    before, after = _estimates(old), _estimates(new)
    lacking: dict[str, tuple[str, ...]] = {}
    if _variant(old) != _variant(new):  # a variant has what was computed under its options: nothing vanished from it
        lacking = _lacking(old, before, after) | _lacking(new, after, before)
        both = before.keys() & after.keys()
        before, after = ({key: state[key] for key in both} for state in (before, after))
    changed = sorted(key for key in before.keys() | after.keys() if _version(before, key) != _version(after, key))
    rows = compared(
        {key: old.read(key) for key in changed if key in before},
        {key: new.read(key) for key in changed if key in after},
    )
    moved = {(table, term): change for table, term, change in _moved(rows).iter_rows()}
    names = {"_".join(key[1:]): key for key in changed}
    wanted = [names[table] for table in rows["result"].unique(maintain_order=True) if names[table] in before]
    found = Attribution()
    if largest and moved:
        frozen = (step for step in frozen_steps(lambda: root) if step.key != PINS_KEY)
        steps = (*plan.staging, *frozen, *plan.studies)

        def reread(source: str, sha: str) -> pl.DataFrame | None:
            return _read_again(root, old.current(("sources", source)), source, sha)

        found = attribute(old, new, moved, wanted, steps, reread, largest=largest)
    notes = (f"not compared, because {who} has none of its own: {_some(names)}" for who, names in lacking.items())
    found = replace(found, notes=(*found.notes, *notes))
    table = drift_table(rows, found)
    synthetic = any(pointer.synthetic for state in (before, after) for pointer in state.values())
    document = drift_document(table, found, ["_".join(key[1:]) for key in changed], title=title, synthetic=synthetic)
    return Drift(rows, table, found, document, tuple(changed), lacking)


def last_refresh(lake: Lake) -> tuple[Past, Past] | None:
    """The last run that changed an estimate, and the one before it; None where no run did that after another."""
    runs = runs_of(lake)
    for place in range(len(runs) - 1, 0, -1):
        if any(name.startswith(f"{ESTIMATES}/") for name in runs[place].changed) and _estimated(runs[place - 1].record):
            return Past(lake, runs[place - 1]), Past(lake, runs[place])
    return None


def report_refresh(
    lake: Lake, run_id: str, plan: Plan, *, largest: int = RECOMPUTATIONS
) -> tuple[Pointer, Drift] | None:
    """Write the report of a run that is about to end; None where it changed no coefficient or is the first."""
    snapshot = lake.pin(run_id)
    earlier = run_before(lake, snapshot.record().sequence)
    if earlier is None or not _estimated(earlier.record):
        return None
    past = Past(lake, earlier)
    left = {name: pin.data_version for name, pin in past.run.record.pins.items() if name.startswith(f"{ESTIMATES}/")}
    now = {p.name: p.data_version for p in snapshot.tables() if p.key[0] == ESTIMATES}
    if left == now:
        return None
    drift = drift_between(past, snapshot, plan, lake.root, largest=largest)
    if not drift.moved:
        return None
    return _write(snapshot, drift, past), drift


def _write(snapshot: Snapshot, drift: Drift, past: Past) -> Pointer:
    there = [key for key in drift.changed if snapshot.current(key) is not None]
    return snapshot.write(
        KEY,
        drift.table,
        code_version=_version_of_code(),
        inputs=there,
        options={},
        synthetic=drift.document.synthetic,
        notes={
            "markdown": drift.document.markdown,
            "text": drift.document.text,
            "document": drift.document.to_json(),
            "older_run": past.run.record.run_id,
            "newer_run": snapshot.run_id,
            "coefficients": drift.moved,
            "flipped": drift.flipped,
            "recomputed_steps": drift.attribution.steps,
        },
    )


def state_of(lake: Lake, wanted: str) -> Past | Lake:
    """A run's past, or a variant as it stands: what `resilience drift` takes."""
    if wanted not in lake.variants():
        return as_of(lake, wanted)
    variant = own_lake(lake.root, wanted)
    if not _estimates(variant):
        raise no_result(variant)
    return variant


def _estimates(state: State) -> dict[TableKey, Pointer]:
    """The estimates of a state: of a variant only its own."""
    return {p.key: p for p in state.tables() if p.key[0] == ESTIMATES and p.variant == _variant(state)}


def _variant(state: State) -> str | None:
    lake: Lake = getattr(state, "lake", state)  # type: ignore[arg-type]
    return lake.variant_name


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN_NAMES} more" if len(names) > SHOWN_NAMES else ""
    return ", ".join(names[:SHOWN_NAMES]) + more


def _lacking(state: State, own: Collection[TableKey], others: Collection[TableKey]) -> dict[str, tuple[str, ...]]:
    """Who lacks estimates that the other state has -> their names."""
    who = "the headline" if (variant := _variant(state)) is None else f"the variant {variant}"
    names = tuple(".".join(key[1:]) for key in sorted(set(others) - set(own)))
    return {who: names} if names else {}


def _version_of_code() -> str:
    """Of the modules that tell what moved; a step's, so that it is made as every other."""
    modules = (attribution_module, changes, comparison, recompute, report, standing)
    return code_version(Step(KEY, (), compared, "", code=modules))  # type: ignore[arg-type]


def _version(tables: dict[TableKey, Pointer], key: TableKey) -> str | None:
    return tables[key].data_version if key in tables else None


def _moved(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.filter(pl.col("change").is_not_null()).select("result", "term", "change")


def _estimated(record: RunFile) -> bool:
    return any(name.startswith(f"{ESTIMATES}/") for name in record.pins)


def _read_again(root: Path, pointer: Pointer | None, source: str, sha: str) -> pl.DataFrame | None:
    """Cells of a stored delivery as today's reader reads them; None where the copy is gone or refused."""
    reader = next((record for record in SOURCES if record.name == source), None)
    for delivered in deliveries_of(pointer):
        stored = delivered.stored(root)
        if delivered.sha256 == sha and reader is not None and stored.path.is_file():
            try:
                return reader.read(stored)
            except DeliveryError:
                return None
    return None
