"""Whether a step must be computed, or its table stands as it is: told from pointers alone, without reading a table.

A table stands when it was made by the code of now, under the options of now, from the inputs of now, and the attempt
that made it was the last one and a good one. A step is deterministic, so computing it again would give the same bytes.
"""

from typing import Protocol

from resilience_pipeline.code_version import code_version
from resilience_pipeline.options import Options
from resilience_pipeline.step import Step, TableKey
from resilience_pipeline.warehouse.attempts import Attempt, last_attempt
from resilience_pipeline.warehouse.lake import Lake
from resilience_pipeline.warehouse.pointer import Pointer, join


class Tables(Protocol):
    """What a run sees: its snapshot, or the lake as it stands."""

    @property
    def lake(self) -> Lake: ...

    def current(self, key: TableKey) -> Pointer | None: ...


#: Its steps read what lies outside the lake, so nothing in the lake tells whether they would find something new.
OUTSIDE = "sources"


def looks_outside(step: Step) -> bool:
    """Whether the step reads files rather than tables: it is computed in every run."""
    return step.key[0] == OUTSIDE


def why_stale(step: Step, tables: Tables, options: Options) -> str | None:
    """Why the step would be computed, in words; None where its table stands.

    Of a step that reads files only its code and its last attempt are judged, not whether the files have changed.
    A variant without a table of its own is judged by the headline's, which is the same table where all agrees.
    """
    pointer = tables.current(step.key)
    if pointer is None:
        return "it was never computed, or what says so is damaged"
    attempt = attempt_of(tables.lake, pointer)
    if attempt is None or not attempt.ok:
        return "its last attempt failed" if attempt is not None else "nothing says how its last attempt went"
    if attempt.run_id != pointer.run_id:
        return "its last attempt was interrupted"
    return (
        _code(step, pointer)
        or _options(step, pointer, options)
        or _inputs(step, pointer, tables)
        or _files(step, pointer, attempt, tables)
    )


def attempt_of(lake: Lake, pointer: Pointer) -> Attempt | None:
    """The last attempt at the table, where its pointer lies: a variant may see the headline's."""
    return last_attempt(lake.headline() if pointer.variant is None else lake, pointer.key)


def _code(step: Step, pointer: Pointer) -> str | None:
    return None if pointer.code_version == code_version(step) else "its code or a text behind it has changed"


def _options(step: Step, pointer: Pointer, options: Options) -> str | None:
    now = {name: options[name] for name in step.options}
    if now == dict(pointer.options):
        return None
    changed = [
        f"{name}: {pointer.options.get(name, 'not read')} -> {now.get(name, 'not read')}"
        for name in sorted({*now, *pointer.options})
        if now.get(name) != pointer.options.get(name)
    ]
    return f"other options: {', '.join(changed)}"


def _inputs(step: Step, pointer: Pointer, tables: Tables) -> str | None:
    inputs = {join(key): tables.current(key) for key in step.inputs}
    versions = {name: None if found is None else found.data_version for name, found in inputs.items()}
    if changed := [
        name for name in sorted({*versions, *pointer.inputs}) if versions.get(name) != pointer.inputs.get(name)
    ]:
        return f"changed since: {', '.join(name.replace('/', '.') for name in changed)}"
    synthetic = any(found.synthetic for found in inputs.values() if found is not None)
    if inputs and pointer.synthetic != synthetic:
        return f"its inputs are {'now' if synthetic else 'no longer'} synthetic"
    return None


def _files(step: Step, pointer: Pointer, attempt: Attempt, tables: Tables) -> str | None:
    """Whether every file behind the pointer, and behind the rows that were refused with it, can be read."""
    if not tables.lake.is_whole(pointer):
        return "its Parquet file is missing or damaged"
    if attempt.rejects is not None:
        rejects = tables.current(("rejects", step.key[-1]))
        if rejects is None or rejects.data_version != attempt.rejects or not tables.lake.is_whole(rejects):
            return "the rows it refused are missing or damaged"
    return None
