"""One step that walks all steps of a living study on the variant's lake, and says what became of each.

It is a step like any other, so a run in which nothing changed does not walk at all. A result that fails is named and
takes only those with it that rest on it; its last good table stays.
"""

from collections.abc import Callable, Sequence

import polars as pl

from resilience_pipeline.code_version import code_version
from resilience_pipeline.driver import execute
from resilience_pipeline.errors import LakeError, PipelineError
from resilience_pipeline.living import study as study_module
from resilience_pipeline.living import window as window_module
from resilience_pipeline.living.study import left_out, living_steps, living_study
from resilience_pipeline.living.variants import VARIANTS
from resilience_pipeline.living.window import Window, complete_window
from resilience_pipeline.options import Options
from resilience_pipeline.sources.registry import SOURCES
from resilience_pipeline.step import Check, Inputs, Step, StepResult, TableKey
from resilience_pipeline.study.needs import sources_for, weight_tables
from resilience_pipeline.study.study import Study
from resilience_pipeline.warehouse.snapshot import Snapshot

WALK = pl.Schema({"result": pl.String, "state": pl.String, "data_version": pl.String, "message": pl.String})
EVERY_RESULT = "every_result_is_there"
STANDS, NO_RESULT = "stands", "no living result"


def living_key(study: Study, variant: str) -> TableKey:
    """("living", "trade_resilience") or ("living", "trade_resilience_frozen_weights")."""
    return ("living", study.name + ("_frozen_weights" if VARIANTS[variant] else ""))


def living_step(study: Study, variant: str, snapshot: Callable[[], Snapshot], *, force: bool = False) -> Step:
    """The step that brings one living panel up.

    Parameters
    ----------
    variant : a name of VARIANTS.
    snapshot : of the variant's lake, asked for when the step is computed.
    """
    frozen_weights = VARIANTS[variant]
    observed = sources_for(study, SOURCES)
    read, versions, options_read = _what_counts(study, frozen_weights)
    weights = weight_tables(study) if frozen_weights else ()

    def compute(inputs: Inputs, options: Options) -> StepResult:
        window = complete_window(study, {source: inputs["staging", source] for source in observed}, options)
        pinned = snapshot()
        if _waits(study, window, inputs, read, pinned):
            return _waiting(study, window)
        living = living_study(study, window.last_year, frozen_weights=frozen_weights)
        chain = living_steps(living)
        return _result(living, window, pl.concat([walk(chain, pinned, options, force=force), _not_walked(study)]))

    return Step(
        key=living_key(study, variant),
        inputs=(*(key for source in read for key in (("staging", source), ("frozen", source))), *weights),
        compute=compute,
        description=f"{study.title}: every result once more on all years that are complete by now, from deliveries as "
        f"they stand, with {'frozen' if frozen_weights else 're-estimated'} weights; `resilience show NAME --variant "
        f"{variant}` prints one. One row per table. Waits where nothing is newer than what the study reads.",
        code=(study_module, window_module, *versions),
        options=options_read,
        checks=((EVERY_RESULT, False),),
    )


def is_worn(key: TableKey, snapshot: Snapshot) -> bool:
    """Whether a table of the last walk is damaged or another one by now, so that the walk must be made again."""
    pointer = snapshot.current(key)
    if pointer is None or not snapshot.lake.is_whole(pointer):
        return True
    stood = snapshot.read(key).filter(state=STANDS).select("result", "data_version")
    for name, version in stood.rows():
        table = snapshot.current(tuple(name.split(".")))
        if table is None or table.data_version != version or not snapshot.lake.is_whole(table):
            return True
    return False


def walk(steps: Sequence[Step], snapshot: Snapshot, options: Options, *, force: bool = False) -> pl.DataFrame:
    """Every step in order but those that rest on one that failed; WALK, one row per step."""
    rows: list[tuple[str, str, str | None, str]] = []
    failed: set[TableKey] = set()
    for step in steps:
        name = ".".join(step.key)
        if beneath := sorted(failed.intersection(step.inputs)):
            failed.add(step.key)
            rows.append((name, "left out", None, f"rests on {', '.join('.'.join(key) for key in beneath)}"))
            continue
        try:
            outcome = execute(step, snapshot, options, force=force)
        except LakeError:  # a full disk and the like: no fault of this result, and to be tried again
            raise
        except Exception as error:  # noqa: BLE001 -- as in Dagster, a fault in one result's code is its own
            failed.add(step.key)
            message = str(error) if isinstance(error, PipelineError) else f"{type(error).__name__}: {error}"
            rows.append((name, "failed", None, message))
            continue
        if outcome.pointer is None:
            failed.add(step.key)
            rows.append((name, "failed", None, "\n".join(check.message for check in outcome.failures)))
        else:
            rows.append((name, STANDS, outcome.pointer.data_version, ""))
    return pl.DataFrame(rows, schema=WALK, orient="row")


def _not_walked(study: Study) -> pl.DataFrame:
    """A row for each result that a living panel does not have, and why: here a reader looks for it."""
    rows = [(f"report.{name}", NO_RESULT, None, why) for name, why in left_out(study).items()]
    return pl.DataFrame(rows, schema=WALK, orient="row")


#: They take half a second to find, and a run asks for what the declaration of the asset has asked for before it.
_KNOWN: dict[tuple[str, str, bool], tuple[tuple[str, ...], ...]] = {}


def _what_counts(study: Study, frozen_weights: bool) -> tuple[tuple[str, ...], ...]:
    """Sources that the study reads, in order of precedence; its living panel's code versions; the options they read."""
    place = study.name, study.text, frozen_weights
    if place not in _KNOWN:
        steps = living_steps(living_study(study, study.last_year, frozen_weights=frozen_weights))
        read = {key[1] for step in steps for key in step.inputs if key[0] == "staging"}
        ordered = tuple(source.name for source in SOURCES if source.name in read)
        options = tuple(dict.fromkeys(name for step in steps for name in step.options))
        _KNOWN[place] = ordered, tuple(code_version(step) for step in steps), options
    return _KNOWN[place]


def _waits(study: Study, window: Window, inputs: Inputs, read: Sequence[str], pinned: Snapshot) -> bool:
    """Whether a living panel would be the frozen one again; one that stands is kept up all the same."""
    cells = pinned.current(("grid", study.name, "cells"))
    stands = cells is not None and cells.variant is not None
    same = all(inputs["staging", source].equals(inputs["frozen", source]) for source in read)
    return window.last_year == study.last_year and same and not stands


def _waiting(study: Study, window: Window) -> StepResult:
    message = f"waits for a year after {study.last_year}: {window.reason}"
    return StepResult(
        _not_walked(study),
        (Check(EVERY_RESULT, True, message, blocking=False),),
        notes={"status": "waiting", "why": window.reason},
    )


def _result(living: Study, window: Window, table: pl.DataFrame) -> StepResult:
    bad = table.filter(~pl.col("state").is_in([STANDS, NO_RESULT]))
    tables = table.height - table.filter(state=NO_RESULT).height
    named = "\n".join(
        f"{name}: {state}: {message}" for name, state, message in bad.select("result", "state", "message").rows()
    )
    check = Check(EVERY_RESULT, bad.is_empty(), named or f"{tables} tables", blocking=False, failures=bad)
    return StepResult(
        table,
        (check,),
        notes={
            "status": "stands",
            "first_year": living.first_year,
            "last_year": window.last_year,
            "why_no_later_year": window.reason,
            "weights": "of the frozen window" if living.frozen_weights else "re-estimated",
            "tables": tables,
            "failed": bad.height,
        },
    )
