"""Take a source's files in: copy each delivery to the lake, read the copy, keep its cells as delivered.

A file that cannot be read fails the source, so that its last good table stays; every such file is named at once, with
what to do. A source without any file is awaiting, which is a state and no failure.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from importlib import resources

import polars as pl

from resilience_pipeline.code_version import version_of
from resilience_pipeline.errors import DeliveryError
from resilience_pipeline.options import Options
from resilience_pipeline.sources.delivered import NOTE, Delivered, note_of
from resilience_pipeline.sources.source import CELLS, Delivery, Source
from resilience_pipeline.sources.standing import Anew, Before
from resilience_pipeline.step import Check, Inputs, Step, StepResult

READABLE = "every_delivery_is_readable"
THERE = "every_delivery_is_in_the_landing_folder"


NOTHING, NOT_ANEW = Before(), Anew()


def _nothing() -> Before:
    return NOTHING


def intake_step(
    source: Source,
    files: Callable[[], list[str]],
    store: Callable[[str], Delivery],
    before: Callable[[], Before] = _nothing,
    anew: Anew = NOT_ANEW,
) -> Step:
    """The step that reads one source.

    Parameters
    ----------
    files : names the source's files, as paths inside the landing folder.
    store : copies one of them into the lake and returns the copy.
    before : says what the source stood on.
    anew : what is read again although its cells stand.
    """

    def compute(inputs: Inputs, options: Options) -> StepResult:
        return take_in(source, files(), store, before(), anew)

    return Step(
        key=("sources", source.name),
        inputs=(),
        compute=compute,
        description=describe(source),
        code=(source.read, source.headings, readers_text()),
        kinds=frozenset({"file", "polars"}),
        checks=((READABLE, True), (THERE, False)),
    )


def describe(source: Source) -> str:
    """Markdown that says what the table holds, whose it is and how often it comes."""
    return (
        f"{source.title}: cells as delivered, one row per value cell, each with its file, sheet, row and column. "
        f"Nothing is converted, resolved or judged here.\n\n{source.description}\n\n"
        f"- Publisher: {source.publisher}\n- Cadence: {source.cadence}\n- Rights: {source.licence}\n"
        f"- Files: {', '.join(f'`{pattern}`' for pattern in source.patterns)}, or anything under `{source.name}/`\n"
    )


@cache
def readers_text() -> str:
    """Source text of the shared readers: a change in one of them may change any source's cells."""
    folder = resources.files("resilience_pipeline.sources.readers")
    modules = sorted((f for f in folder.iterdir() if f.name.endswith(".py")), key=lambda f: f.name)
    return "\n".join(module.read_text(encoding="utf-8") for module in modules)


def reader_version(source: Source) -> str:
    """Hash of the code that makes cells of a delivery of this source."""
    return version_of(source.read, source.headings, readers_text(), tuple(CELLS))


@dataclass(frozen=True)
class _Taken:
    """One delivery of the table that is being made: its cells as just read, or None where the last table has them."""

    delivered: Delivered
    cells: pl.DataFrame | None = None
    standing: str | None = None  # why it stands without having been read from the landing folder


def take_in(
    source: Source,
    files: list[str],
    store: Callable[[str], Delivery],
    before: Before = NOTHING,
    anew: Anew = NOT_ANEW,
) -> StepResult:
    """Cells of all deliveries of a source, ordered by place.

    A delivery is read once: where the last good table has its cells, read by the same code from the same bytes under
    the same name, they are taken over. Which deliveries stand without their file is for `Before` to say.

    Parameters
    ----------
    files : the source's files in the landing folder.
    store : copies one of them into the lake.
    before : what the source stood on.
    anew : what is read again although its cells stand.
    """
    intake = _Intake(source, store, before, anew)
    for file in files:
        if file not in before.held_back:
            intake.take(file)
    for delivered in before.deliveries:
        intake.let_stand(delivered)
    return intake.result()


class _Intake:
    """The deliveries of one source, as they come together."""

    def __init__(self, source: Source, store: Callable[[str], Delivery], before: Before, anew: Anew) -> None:
        self.source, self.store, self.before, self.anew = source, store, before, anew
        self.read_by = reader_version(source)
        self.known = {delivered.file: delivered for delivered in before.deliveries}
        self.seen: set[str] = set()  # files of the landing folder
        self.landed: set[str] = set()  # their hashes
        self.taken: list[_Taken] = []
        self.errors: list[DeliveryError] = []

    def take(self, file: str) -> None:
        """One file of the landing folder."""
        self.seen.add(file)
        there = self.known.get(file)
        if self.anew.passes_over(file, there):
            if there is not None and not self.before.is_withdrawn(there):
                self.taken.append(_Taken(there))
            return
        try:
            delivery = self.store(file)
            self.landed.add(delivery.sha256)
            if self.before.is_withdrawn(delivery):
                return
            if there is not None and there.sha256 == delivery.sha256 and not self._reads_again(there):
                self.taken.append(_Taken(there))
                return
            taken = self._read(delivery)
        except DeliveryError as error:
            self.errors.append(error)
            return
        if not self.anew.passes_over(file, taken.delivered):
            self.taken.append(taken)
        elif there is not None:
            self.taken.append(_Taken(there))

    def let_stand(self, delivered: Delivered) -> None:
        """A delivery of the last table: it stays where its file is not read and nothing lets it go."""
        if delivered.file in self.seen or delivered.sha256 in self.landed:
            return
        why = self.before.why_standing(delivered)
        if why is None:
            return
        copy = self.before.copy(delivered) if self._reads_again(delivered) else None
        if copy is None and self.before.damaged:
            self.errors.append(_lost(delivered.file))
            return
        try:
            self.taken.append(_Taken(delivered, None, why) if copy is None else self._read(copy, why))
        except DeliveryError as error:
            self.errors.append(error)

    def _reads_again(self, there: Delivered) -> bool:
        changed = there.read_by != self.read_by and not self.anew.alone
        return changed or self.before.damaged or self.anew.reads(there.file, there)

    def _read(self, delivery: Delivery, standing: str | None = None) -> _Taken:
        cells = self.source.read(delivery)
        editions = tuple(cells["edition"].drop_nulls().unique().sort())
        delivered = Delivered(delivery.file, delivery.sha256, delivery.size, editions, delivery.synthetic, self.read_by)
        return _Taken(delivered, cells, standing)

    def result(self) -> StepResult:
        """The table, its checks and what people see beside it."""
        cells, errors = self._cells(), self.errors
        if self.taken and not errors and cells.is_empty():
            errors = [_no_values(taken.delivered.file) for taken in self.taken]
        read = sum(taken.cells is not None for taken in self.taken)
        readable = Check(
            READABLE,
            passed=not errors,
            message="\n".join(map(str, errors)) or f"{len(self.taken)} files, {read} of them read in this run",
            failures=_errors(errors),
        )
        notes: dict[str, str | int | float | bool] = {
            "status": "delivered" if self.taken else "awaiting",
            "files": len(self.taken),
            "files_read_now": read,
            "files_gone_or_held_back": sum(taken.standing is not None for taken in self.taken),
            "cells": cells.height,
            "cells_without_text": int(cells["text"].null_count()),
            NOTE: note_of(taken.delivered for taken in self.taken),
        }
        if self.source.by_edition:
            editions = {edition for taken in self.taken for edition in taken.delivered.editions}
            notes["editions"] = ", ".join(map(str, sorted(editions)))
        if not self.taken:
            notes["unlocks"] = self.source.unlocks
        synthetic = any(taken.delivered.synthetic for taken in self.taken)
        return StepResult(cells, checks=(readable, _all_there(self.taken)), notes=notes, synthetic=synthetic)

    def _cells(self) -> pl.DataFrame:
        over = [taken.delivered.file for taken in self.taken if taken.cells is None]
        frames = [taken.cells for taken in self.taken if taken.cells is not None]
        if over:
            frames.append(self.before.cells().filter(pl.col("file").is_in(over)))
        cells = pl.concat(frames) if frames else CELLS.to_frame()
        return cells.sort("file", "sheet", "row", "column", nulls_last=False, maintain_order=True)


def _all_there(taken: Iterable[_Taken]) -> Check:
    """Whether every delivery that the table stands on lies in the landing folder as it was read."""
    rows = sorted((entry.delivered.file, entry.standing) for entry in taken if entry.standing is not None)
    table = pl.DataFrame(rows, schema={"file": pl.String, "why": pl.String}, orient="row")
    message = "\n".join(f"{file}: its cells stand as last read; {why}" for file, why in rows)
    return Check(THERE, not rows, message or "every delivery lies in the landing folder", False, table)


def _no_values(file: str) -> DeliveryError:
    return DeliveryError(
        "no file of this source holds a value",
        remedy="deliver the table with its rows; to do without a file, `resilience withdraw FILE`",
        file=file,
        expected="rows below the heading",
        found="headings or lists only",
    )


def _lost(file: str) -> DeliveryError:
    return DeliveryError(
        "the lake's copy of this delivery is damaged or gone, and so is the table that held its cells",
        remedy=f"put the file back into the landing folder, or do without it: `resilience withdraw {file}`",
        file=file,
    )


def _errors(errors: list[DeliveryError]) -> pl.DataFrame:
    fields = ("file", "sheet", "row", "column", "what", "expected", "found", "remedy")
    return pl.DataFrame(
        [{name: _text(getattr(error, name)) for name in fields} for error in errors],
        schema=dict.fromkeys(fields, pl.String),
    )


def _text(value: object) -> str | None:
    return None if value is None else str(value)
