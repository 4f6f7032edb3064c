"""What really changes when delivered cells change: the steps from the grid to the estimates walked in memory.

The same pure steps that a run executes, from the tables as they stand; a step is computed where something that it is
shown differs, so a change that stops somewhere stops the walk. The lake is not written.
"""

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import polars as pl

from resilience_pipeline import reference
from resilience_pipeline.errors import LakeError, PipelineError
from resilience_pipeline.lineage.impact_records import Impact
from resilience_pipeline.lineage.naming import has_named_rows, prefix_of, row_names
from resilience_pipeline.lineage.opened import Index
from resilience_pipeline.options import Options
from resilience_pipeline.step import Inputs, Step, TableKey

Read = Callable[[TableKey], pl.DataFrame]


@dataclass(frozen=True)
class Walk:
    """What came of a change.

    Parameters
    ----------
    tables : those that differ now, as they would be.
    failed : tables that could not be computed, with the reason; their last good version would stay.
    coefficients : "table:name" -> (before, after) of its first figure that differs; None where there is none.
    """

    tables: Mapping[TableKey, pl.DataFrame]
    failed: Mapping[TableKey, str] = field(default_factory=dict)
    coefficients: Mapping[str, tuple[float | None, float | None]] = field(default_factory=dict)


def walk(
    steps: Sequence[Step],
    read: Read,
    changed: Mapping[TableKey, pl.DataFrame],
    options: Options,
    wanted: Collection[TableKey] | None = None,
) -> Walk:
    """Compute what the changed tables lead to.

    Parameters
    ----------
    steps : in an order in which they can run.
    read : the tables as they stand.
    changed : tables in place of those.
    wanted : only these results and what they rest on; None = all.
    """
    tables, failed = dict(changed), {}
    for step in steps if wanted is None else _behind(steps, wanted):
        if step.key in changed or not _sees_a_change(step, read, tables):
            continue
        inputs = {key: step.shown(key, tables[key] if key in tables else read(key)) for key in step.inputs}
        try:
            result = step.compute(Inputs(inputs, synthetic=False), options)
        except PipelineError as error:
            failed[step.key] = str(error)
            continue
        if refused := [check.message for check in result.checks if check.blocking and not check.passed]:
            failed[step.key] = "; ".join(refused)
        elif not result.table.equals(read(step.key)):
            tables[step.key] = result.table
    moved: dict[str, tuple[float | None, float | None]] = {}
    for key, table in tables.items():
        if key[0] == "estimates":
            moved |= differences("/".join(key), read(key), table)
    return Walk(tables, failed, moved)


def differences(name: str, before: pl.DataFrame, after: pl.DataFrame) -> dict[str, tuple[float | None, float | None]]:
    """ "table:row" -> its first figures that differ; rows that come or go differ from nothing.

    A table whose rows have no names is one name, without figures.
    """
    numbers = [column for column, kind in before.schema.items() if kind.is_numeric()]
    if not (has_named_rows(before) and has_named_rows(after)):
        return {f"{name}:{prefix_of(name)}": (None, None)}
    old, new = (
        dict(zip(row_names(table, prefix_of(name)), table.select(numbers).rows(), strict=True))
        for table in (before, after)
    )
    found: dict[str, tuple[float | None, float | None]] = {}
    for row in dict.fromkeys([*old, *new]):
        pairs = list(zip(old.get(row, (None,) * len(numbers)), new.get(row, (None,) * len(numbers)), strict=True))
        if (pair := next(((a, b) for a, b in pairs if not _same(a, b)), None)) is not None:
            found[f"{name}:{row}"] = pair
    return found


def _same(a: float | None, b: float | None) -> bool:
    return a == b or (isinstance(a, float) and isinstance(b, float) and math.isnan(a) and math.isnan(b))


def staged_with(
    staged: pl.DataFrame, place: Mapping[str, object], change: Callable[[float], float] | None
) -> pl.DataFrame:
    """A staged table of observations with one cell changed as a delivery would change it.

    Parameters
    ----------
    place : delivery_sha256, file, sheet, row and column of the cell.
    change : old value -> new value, in the indicator's unit; None = the cell comes empty. A value outside the
        indicator's bounds is refused, as staging refuses it, so its row goes.
    """
    here = _at(place)
    row = staged.filter(here)
    if row.is_empty():
        return staged
    old = row["value"][0]
    new = None if change is None or old is None else change(old)
    bounds = reference.indicators().filter(indicator=row["indicator"][0]).select("lower", "upper").row(0)
    if new is not None and not (bounds[0] or -math.inf) <= new <= (math.inf if bounds[1] is None else bounds[1]):
        return staged.filter(~here)
    missing = pl.when(here).then(pl.lit("") if new is None else None).otherwise("missing_mark")
    return staged.with_columns(value=pl.when(here).then(pl.lit(new)).otherwise("value"), missing_mark=missing)


def _sees_a_change(step: Step, read: Read, tables: Mapping[TableKey, pl.DataFrame]) -> bool:
    moved = [key for key in step.inputs if key in tables]
    return any(not step.shown(key, tables[key]).equals(step.shown(key, read(key))) for key in moved)


def _behind(steps: Sequence[Step], wanted: Collection[TableKey]) -> list[Step]:
    needed = set(wanted)
    for step in reversed(steps):
        if step.key in needed:
            needed |= set(step.inputs)
    return [step for step in steps if step.key in needed]


#: What `try_changes` tries on a number where no value is given: name -> factor; None = the cell comes empty.
TRIALS: Mapping[str, float | None] = {"+10 %": 1.1, "-10 %": 0.9, "missing": None}


def try_changes(
    index: Index,
    steps: Sequence[Step],
    found: Impact,
    to: float | None = None,
    wanted: Collection[TableKey] | None = None,
) -> dict[str, Walk]:
    """Walk the steps once for each trial on the one delivered cell that an impact is about; a list's row is left out.

    Parameters
    ----------
    to : the cell's new value in the indicator's unit; None = `TRIALS`.
    wanted : see `walk`.

    Raises
    ------
    LakeError : the impact is about no single cell that counts.
    """
    counting = {(c.source, c.file, c.sheet, c.row, c.column, c.indicator) for c in found.cells if c.counts}
    if len(counting) != 1:
        raise LakeError(
            what=f"{found.asked} is no single cell that counts",
            remedy="name one by file!sheet!R5C3; without --exact it says of each what rests on it",
        )
    ((source, *place, indicator),) = counting
    at = dict(zip(("file", "sheet", "row", "column"), place, strict=True))
    trials: dict[str, Callable[[pl.DataFrame], pl.DataFrame]] = {
        name: partial(staged_with, place=at, change=_times(factor)) for name, factor in TRIALS.items()
    }
    if indicator is None:
        trials = {"without it": lambda table: table.filter(~_at(at))}
    elif to is not None:
        trials = {f"to {to:g}": partial(staged_with, place=at, change=lambda old: to)}
    # Studies read the frozen rows, and some results the staged ones; a delivery changes both while nothing is pinned.
    keys: list[TableKey] = [(layer, source) for layer in ("staging", "frozen") if f"{layer}/{source}" in index.by_table]

    def read(table: TableKey) -> pl.DataFrame:
        return index.table("/".join(table))

    return {
        name: walk(steps, read, {key: change(read(key)) for key in keys}, Options(), wanted)
        for name, change in trials.items()
    }


def _times(factor: float | None) -> Callable[[float], float] | None:
    return None if factor is None else lambda old: old * factor


def _at(place: Mapping[str, object]) -> pl.Expr:
    return pl.all_horizontal(pl.col(name).eq_missing(pl.lit(value)) for name, value in place.items())
