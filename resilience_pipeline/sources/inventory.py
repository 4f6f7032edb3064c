"""Every file of the landing folder and every delivery that a table stands on, each with what became of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import polars as pl

from resilience_pipeline.options import Options
from resilience_pipeline.sources.recognise import Recognition, recognise
from resilience_pipeline.step import Check, Inputs, Step, StepResult
from resilience_pipeline.words import printable

UNDERSTOOD = "every_file_has_one_source"
INVENTORY = pl.Schema(
    {
        "file": pl.String,
        "state": pl.String,  # one of STATES
        "source": pl.String,
        "reason": pl.String,
    }
)
#: claimed: a source reads it. refused, unrecognised: none does. arriving, failed: held back from this run.
#: withdrawn: the user does without it. standing: its cells count, though its file is gone.
STATES = ("claimed", "refused", "unrecognised", "arriving", "failed", "withdrawn", "standing")


@dataclass(frozen=True)
class Held:
    """Why a file is held back from this run: it is still "arriving", or "failed" to settle or to open."""

    state: str
    reason: str


@dataclass(frozen=True)
class Beside:
    """What a run knows of deliveries beside the names in the landing folder; each maps a file to its source and why."""

    held_back: Mapping[str, Held] = field(default_factory=dict)
    withdrawn: Mapping[str, tuple[str | None, str]] = field(default_factory=dict)
    standing: Mapping[str, tuple[str, str]] = field(default_factory=dict)


NOTHING = Beside()


def inventory_step(recognition: Callable[[], Recognition], beside: Callable[[], Beside] = lambda: NOTHING) -> Step:
    """The step that lists files and deliveries, each with its source or the reason why it has none."""

    def compute(inputs: Inputs, options: Options) -> StepResult:
        return take_inventory(recognition(), beside())

    return Step(
        key=("sources", "inventory"),
        inputs=(),
        compute=compute,
        description="Every file of the landing folder: the source that claims it, or why it is refused, not "
        "recognised, held back or withdrawn; and every delivery that stands though its file is gone. One row per "
        "file. Opens no file but to recognise it.",
        code=(recognise,),
        kinds=frozenset({"file"}),
        checks=((UNDERSTOOD, False),),
    )


def take_inventory(recognition: Recognition, beside: Beside = NOTHING) -> StepResult:
    """One row per file; the check names the files that no source takes in and that nobody withdrew."""
    rows: dict[str, tuple[str | None, ...]] = {
        file: (file, "standing", source, reason) for file, (source, reason) in beside.standing.items()
    }
    rows |= {file: (file, "claimed", source, None) for file, source in recognition.claimed}
    rows |= {error.file or "": (error.file, "refused", None, str(error)) for error in recognition.refused}
    rows |= {file: (file, "unrecognised", None, reason) for file, reason in recognition.unrecognised}
    sources = dict(recognition.claimed)
    rows |= {
        file: (file, held.state, sources.get(file), held.reason)
        for file, held in beside.held_back.items()
        if file in rows and rows[file][1] in ("claimed", "unrecognised")
    }
    rows |= {file: (file, "withdrawn", source, reason) for file, (source, reason) in beside.withdrawn.items()}
    lines = [tuple(None if text is None else printable(text) for text in row) for row in rows.values()]
    table = pl.DataFrame(lines, schema=INVENTORY, orient="row").sort("file")
    left = table.filter(~pl.col("state").is_in(["claimed", "withdrawn", "standing"]))
    messages = [reason if state == "refused" else f"{file}: {reason}" for file, state, _, reason in left.iter_rows()]
    check = Check(UNDERSTOOD, left.is_empty(), "\n".join(messages) or f"{table.height} files", False, left)
    counts = {state: table.filter(state=state).height for state in STATES if state != "claimed"}
    notes = {"files": table.height, "not_taken_in": left.height, **{s: n for s, n in counts.items() if n}}
    return StepResult(table, (check,), notes=notes)
