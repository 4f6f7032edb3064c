"""Run one step against the lake: read what it pinned, compute, keep the result or keep the last good one.

Dagster's assets, runs under other options and tests all go through `execute`, so a table is written one way only.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from resilience_pipeline.code_version import code_version
from resilience_pipeline.errors import LakeError, PipelineError
from resilience_pipeline.options import Options
from resilience_pipeline.step import Check, Inputs, Step, StepResult, TableKey
from resilience_pipeline.warehouse.attempts import note_attempt
from resilience_pipeline.warehouse.pointer import Pointer
from resilience_pipeline.warehouse.snapshot import Snapshot

#: Told of every step's beginning and end; the terminal sets its own to show progress.
Listener = Callable[[TableKey, str], None]
_listeners: list[Listener] = []


@dataclass(frozen=True)
class Outcome:
    """What became of a step: its pointer when it was kept, None when the last good version stays."""

    step: Step
    pointer: Pointer | None
    result: StepResult

    @property
    def failures(self) -> tuple[Check, ...]:
        """The blocking checks that failed."""
        return tuple(check for check in self.result.checks if check.blocking and not check.passed)


def listen(listener: Listener) -> None:
    """Call `listener(key, "started" | "kept" | "failed")` for every step of this process from now on."""
    _listeners.append(listener)


def execute(step: Step, snapshot: Snapshot, options: Options, *, accept_revisions: bool = False) -> Outcome:
    """Read the step's inputs as pinned, compute it, write its table unless a blocking check failed.

    Rejected rows are written either way. The attempt, with every check's outcome, is noted beside the table.
    A step that compares with its own last good table does so unless `accept_revisions`, unless one of the two is
    synthetic and the other is not, and unless that table's file is damaged.

    Raises
    ------
    PipelineError
        When an input has never been written, or the step meets something that a user can mend.
    """
    _tell(step.key, "started")
    try:
        result = _compute(step, snapshot, options, accept_revisions)
        pointer = _keep(step, result, snapshot, options)
    except (PipelineError, OSError) as error:
        message = error if isinstance(error, PipelineError) else _refused(error)
        with suppress(OSError):  # on a full disk this note does not fit, either
            note_attempt(snapshot.lake, step.key, run_id=snapshot.run_id, ok=False, checks=[], error=str(message))
        _tell(step.key, "failed")
        raise message from None
    _tell(step.key, "failed" if pointer is None else "kept")
    return Outcome(step, pointer, result)


def _refused(error: OSError) -> LakeError:
    return LakeError(
        what="a file that the step reads or writes was refused",
        file=None if error.filename is None else str(error.filename),
        found=error.strerror or str(error),
        remedy="make room on this disk, or the file accessible, then start `resilience run` again",
    )


def _compute(step: Step, snapshot: Snapshot, options: Options, accept_revisions: bool) -> StepResult:
    tables = {key: snapshot.read(key) for key in step.inputs}
    synthetic = any(pointer.synthetic for key in step.inputs if (pointer := snapshot.current(key)))
    previous = snapshot.current(step.key)
    comparable = previous is not None and previous.synthetic == synthetic and snapshot.lake.is_whole(previous)
    if step.reads_previous and comparable and not accept_revisions:
        tables[step.key] = snapshot.read(step.key)
    result = step.compute(Inputs(tables, synthetic), options)
    declared = {name for name, _ in step.checks}
    reported = {check.name for check in result.checks}
    if declared != reported:
        raise RuntimeError(f"{step.key}: declares checks {sorted(declared)}, reported {sorted(reported)}")
    return result


def _keep(step: Step, result: StepResult, snapshot: Snapshot, options: Options) -> Pointer | None:
    synthetic = bool(result.synthetic) or any(
        pointer.synthetic for key in step.inputs if (pointer := snapshot.current(key))
    )
    if result.rejects is not None:
        snapshot.write_rejects(step.key[-1], result.rejects, synthetic=synthetic)
    failed = [check for check in result.checks if check.blocking and not check.passed]
    pointer = None
    if not failed:
        printed = {"markdown": result.markdown, "text": result.text, "document": result.document}
        pointer = snapshot.write(
            step.key,
            result.table,
            code_version=code_version(step),
            inputs=step.inputs,
            options={name: options[name] for name in step.options},
            synthetic=synthetic,
            notes={**result.notes, **{form: words for form, words in printed.items() if words is not None}},
        )
    note_attempt(
        snapshot.lake,
        step.key,
        run_id=snapshot.run_id,
        ok=not failed,
        checks=[_check_record(check) for check in result.checks],
        error="\n".join(check.message for check in failed) or None,
    )
    return pointer


def _check_record(check: Check) -> dict[str, str | bool]:
    return {"name": check.name, "passed": check.passed, "blocking": check.blocking, "message": check.message}


def _tell(key: TableKey, state: str) -> None:
    for listener in _listeners:
        listener(key, state)
