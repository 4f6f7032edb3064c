"""Run one step against the lake: let its table stand, or read what was pinned, compute, and keep the result.

Dagster's assets, runs under other options and tests all go through `execute`, so a table is written one way only.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from resilience_pipeline.code_version import code_version
from resilience_pipeline.errors import LakeError, PipelineError
from resilience_pipeline.options import Options
from resilience_pipeline.staleness import attempt_of, looks_outside, why_stale
from resilience_pipeline.step import Check, Inputs, Step, StepResult, TableKey
from resilience_pipeline.warehouse.attempts import note_attempt
from resilience_pipeline.warehouse.pointer import Pointer
from resilience_pipeline.warehouse.snapshot import Snapshot

__all__ = ["Listener", "Outcome", "execute", "listen", "listening", "why_stale"]

#: Told of every step's beginning and end; the terminal sets its own to show progress.
Listener = Callable[[TableKey, str], None]
_listeners: list[Listener] = []


@dataclass(frozen=True)
class Outcome:
    """What became of a step.

    Parameters
    ----------
    pointer : of its table now; None where a check failed, so that the last good version stays.
    checks : how its checks went: now, or when the table that stands was computed.
    result : what it computed; None where its table stands as it was.
    """

    step: Step
    pointer: Pointer | None
    checks: tuple[Check, ...]
    result: StepResult | None

    @property
    def computed(self) -> bool:
        """Whether the step was computed; otherwise its table stands unchanged."""
        return self.result is not None

    @property
    def failures(self) -> tuple[Check, ...]:
        """The blocking checks that failed."""
        return tuple(check for check in self.checks if check.blocking and not check.passed)


def listen(listener: Listener) -> None:
    """Call `listener(key, state)` for every step of this process from now on.

    The state is "started", then "kept", "unchanged" or "failed".
    """
    _listeners.append(listener)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """As `listen`, as long as the block lasts."""
    listen(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)


def execute(
    step: Step, snapshot: Snapshot, options: Options, *, accept_revisions: bool = False, force: bool = False
) -> Outcome:
    """Let the step's table stand where nothing behind it changed; else compute it and keep the result.

    It reads its inputs as pinned, and writes its table unless a blocking check failed. Rejected rows are written either
    way. The attempt, with every check's outcome, is noted beside the table.
    A step that compares with its own last good table does so unless `accept_revisions`, unless one of the two is
    synthetic and the other is not, and unless that table's file is damaged. With `force` it is computed whatever
    stands.

    Raises
    ------
    PipelineError
        When an input has never been written, or the step meets something that a user can mend.
    """
    _tell(step.key, "started")
    try:
        if not (force or looks_outside(step) or why_stale(step, snapshot, options)):
            outcome = _let_stand(step, snapshot)
            _tell(step.key, "unchanged")
            return outcome
        before = snapshot.current(step.key)
        result = _compute(step, snapshot, options, accept_revisions)
        pointer = _keep(step, result, snapshot, options)
    except (PipelineError, OSError) as error:
        message = error if isinstance(error, PipelineError) else _refused(error)
        with suppress(OSError):  # on a full disk this note does not fit, either
            note_attempt(snapshot.lake, step.key, run_id=snapshot.run_id, ok=False, checks=[], error=str(message))
        _tell(step.key, "failed")
        raise message from None
    _tell(step.key, "failed" if pointer is None else "unchanged" if _nothing_new(step, before, pointer) else "kept")
    return Outcome(step, pointer, tuple(result.checks), result)


def _nothing_new(step: Step, before: Pointer | None, now: Pointer) -> bool:
    """Whether a step that had to look at its files found in them what stands already."""
    return looks_outside(step) and before is not None and before.data_version == now.data_version


def _let_stand(step: Step, snapshot: Snapshot) -> Outcome:
    """The table that stands, with its checks as they went when it was computed.

    A variant that sees the headline's table takes it over, so that it stays what it is when the headline moves on.
    """
    pointer = snapshot.current(step.key)
    attempt = None if pointer is None else attempt_of(snapshot.lake, pointer)
    if pointer is None or attempt is None:
        raise RuntimeError(f"{step.key}: nothing stands")
    if pointer.variant != snapshot.lake.variant_name:
        pointer = snapshot.take_over(step.key)
        note_attempt(
            snapshot.lake,
            step.key,
            run_id=pointer.run_id,
            ok=True,
            checks=attempt.checks,
            error=None,
            rejects=attempt.rejects,
        )
    checks = (
        Check(str(c["name"]), bool(c["passed"]), str(c["message"]), blocking=bool(c["blocking"]))
        for c in attempt.checks
    )
    return Outcome(step, pointer, tuple(checks), None)


def _refused(error: OSError) -> LakeError:
    return LakeError(
        what="a file that the step reads or writes was refused",
        file=None if error.filename is None else str(error.filename),
        found=error.strerror or str(error),
        remedy="make room on this disk, or the file accessible, then start `resilience run` again",
    )


def _compute(step: Step, snapshot: Snapshot, options: Options, accept_revisions: bool) -> StepResult:
    tables = {key: step.shown(key, snapshot.read(key)) for key in step.inputs}
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
    rejects = None
    if result.rejects is not None:
        rejects = snapshot.write_rejects(step.key[-1], result.rejects, synthetic=synthetic).data_version
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
        rejects=rejects,
    )
    return pointer


def _check_record(check: Check) -> dict[str, str | bool]:
    return {"name": check.name, "passed": check.passed, "blocking": check.blocking, "message": check.message}


def _tell(key: TableKey, state: str) -> None:
    for listener in _listeners:
        listener(key, state)
