"""Take a source's files in: copy each delivery to the lake, read the copy, keep its cells as delivered.

A file that cannot be read fails the source, so that its last good table stays; every such file is named at once, with
what to do. A source without any file is awaiting, which is a state and no failure.
"""

from collections.abc import Callable
from functools import cache
from importlib import resources

import polars as pl

from resilience_pipeline.errors import DeliveryError
from resilience_pipeline.options import Options
from resilience_pipeline.sources.delivered import NOTE, Delivered, note_of
from resilience_pipeline.sources.recognise import Recognition, recognise
from resilience_pipeline.sources.source import CELLS, Delivery, Source
from resilience_pipeline.step import Check, Inputs, Step, StepResult

READABLE = "every_delivery_is_readable"
UNDERSTOOD = "every_file_has_one_source"
INVENTORY = pl.Schema(
    {
        "file": pl.String,
        "state": pl.String,  # claimed | refused | unrecognised
        "source": pl.String,
        "reason": pl.String,
    }
)


def intake_step(source: Source, files: Callable[[], list[str]], store: Callable[[str], Delivery]) -> Step:
    """The step that reads one source.

    Parameters
    ----------
    files : names the source's files, as paths inside the landing folder.
    store : copies one of them into the lake and returns the copy.
    """

    def compute(inputs: Inputs, options: Options) -> StepResult:
        return take_in(source, files(), store)

    return Step(
        key=("sources", source.name),
        inputs=(),
        compute=compute,
        description=describe(source),
        code=(source.read, source.headings, readers_text()),
        kinds=frozenset({"file", "polars"}),
        checks=((READABLE, True),),
    )


def inventory_step(recognition: Callable[[], Recognition]) -> Step:
    """The step that lists the landing folder's files, each with its source or the reason why it has none."""

    def compute(inputs: Inputs, options: Options) -> StepResult:
        return take_inventory(recognition())

    return Step(
        key=("sources", "inventory"),
        inputs=(),
        compute=compute,
        description="Every file of the landing folder: the source that claims it, or why it is refused or not "
        "recognised. One row per file. Opens no file but to recognise it.",
        code=(recognise,),
        kinds=frozenset({"file"}),
        checks=((UNDERSTOOD, False),),
    )


def take_inventory(recognition: Recognition) -> StepResult:
    """One row per file of the landing folder; the check names the files that no source takes in."""
    rows: list[tuple[str | None, ...]] = [(file, "claimed", source, None) for file, source in recognition.claimed]
    rows += [(error.file, "refused", None, str(error)) for error in recognition.refused]
    rows += [(file, "unrecognised", None, reason) for file, reason in recognition.unrecognised]
    rows = [tuple(None if text is None else _printable(text) for text in row) for row in rows]
    table = pl.DataFrame(rows, schema=INVENTORY, orient="row").sort("file")
    left = table.filter(pl.col("state") != "claimed")
    messages = [*map(str, recognition.refused), *(f"{file}: {reason}" for file, reason in recognition.unrecognised)]
    check = Check(UNDERSTOOD, left.is_empty(), _printable("\n".join(messages)) or f"{table.height} files", False, left)
    return StepResult(table, (check,), notes={"files": table.height, "not_taken_in": left.height})


def _printable(text: str) -> str:
    """The text as UTF-8 can write it: a file name may hold bytes that are no text."""
    return text.encode(errors="backslashreplace").decode()


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


def take_in(source: Source, files: list[str], store: Callable[[str], Delivery]) -> StepResult:
    """Cells of all files of a source, ordered by place."""
    deliveries, frames, errors = [], [], []
    for file in files:
        try:
            delivery = store(file)
            deliveries.append(delivery)
            frames.append(source.read(delivery))
        except DeliveryError as error:
            errors.append(error)
    cells = pl.concat(frames) if frames else CELLS.to_frame()
    if files and not errors and cells.is_empty():
        errors = [_no_values(file) for file in files]
    check = Check(
        READABLE,
        passed=not errors,
        message="\n".join(map(str, errors)) or f"{len(deliveries)} files read",
        failures=_errors(errors),
    )
    notes: dict[str, str | int | float | bool] = {
        "status": "delivered" if files else "awaiting",
        "files": len(deliveries),
        "cells": cells.height,
        "cells_without_text": int(cells["text"].null_count()),
        NOTE: note_of(map(_delivered, deliveries, frames)) if not errors else "[]",
    }
    if not files:
        notes["unlocks"] = source.unlocks
    return StepResult(
        cells.sort("file", "sheet", "row", "column", nulls_last=False, maintain_order=True),
        checks=(check,),
        notes=notes,
        synthetic=any(delivery.synthetic for delivery in deliveries),
    )


def _delivered(delivery: Delivery, cells: pl.DataFrame) -> Delivered:
    editions = tuple(cells["edition"].drop_nulls().unique().sort())
    return Delivered(delivery.file, delivery.sha256, delivery.size, editions, delivery.synthetic)


def _no_values(file: str) -> DeliveryError:
    return DeliveryError(
        "no file of this source holds a value",
        remedy="deliver the table with its rows; to do without this source, take its files out of the landing folder",
        file=file,
        expected="rows below the heading",
        found="headings or lists only",
    )


def _errors(errors: list[DeliveryError]) -> pl.DataFrame:
    fields = ("file", "sheet", "row", "column", "what", "expected", "found", "remedy")
    return pl.DataFrame(
        [{name: _text(getattr(error, name)) for name in fields} for error in errors],
        schema=dict.fromkeys(fields, pl.String),
    )


def _text(value: object) -> str | None:
    return None if value is None else str(value)
