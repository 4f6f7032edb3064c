"""Kind "honest": how far parallel trends may fail before the effect of an event study is lost.

    [tables.figure_1_honest]
    title = "..."
    kind = "honest"
    of = "figure_1"
    relative = [0.5, 1, 1.5, 2]  # values of Mbar
    bends = [0, 0.25, 0.5, 1]    # values of M, in standard errors of the first lag

`of` is an event study of the file; its coefficients and covariances are read, nothing is estimated anew.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from resilience_pipeline.econometrics import (
    breakdown,
    inference,
    relative_magnitudes,
    simultaneous,
    smoothness,
    year_effects,
)
from resilience_pipeline.econometrics import honest as honest_module
from resilience_pipeline.econometrics.honest import honest_rows
from resilience_pipeline.econometrics.inference import Inference
from resilience_pipeline.econometrics.specification import Specification
from resilience_pipeline.options import Options
from resilience_pipeline.step import Inputs, Step, StepResult
from resilience_pipeline.study.kind import Declared, Kind, Parts, estimate_key, part_key
from resilience_pipeline.study.kinds.event_study import EventStudy, covariance_key, effects_of, rows_result
from resilience_pipeline.study.study import ResultTable, Study
from resilience_pipeline.toml_file import Section, near

_RELATIVE = (0.5, 1.0, 1.5, 2.0)  # as in the R package's own example
_BENDS = (0.0, 0.25, 0.5, 1.0)
_EVENT_STUDY = ".event_study"


@dataclass(frozen=True)
class Honest:
    """of : an event study. relative : values of Mbar. bends : values of M, in standard errors of the first lag."""

    of: str
    relative: tuple[float, ...]
    bends: tuple[float, ...]


def read(section: Section, declared: Declared) -> Parts:
    """`of`, and the bounds where they are not the default ones: positive for Mbar, zero or more for M."""
    relative, bends = section.numbers("relative", _RELATIVE), section.numbers("bends", _BENDS)
    for key, values, sound in (
        ("relative", relative, all(value > 0 for value in relative)),
        ("bends", bends, all(value >= 0 for value in bends)),
    ):
        if not sound or len(set(values)) < len(values):
            least = "above 0" if key == "relative" else "of 0 or more"
            found = ", ".join(f"{value:g}" for value in values)
            section.fail(key, "is no list of bounds", f"numbers {least}, each once", found, "mend the list")
    return Parts(settings=Honest(section.get("of", str), relative, bends))


def check(section: Section, table: ResultTable, known: Mapping[str, Specification]) -> None:
    """`of` is an event study."""
    of = settings_of(table).of
    studies = {name.removesuffix(_EVENT_STUDY): spec for name, spec in known.items() if name.endswith(_EVENT_STUDY)}
    if of not in studies:
        expected = ", ".join(sorted(studies)) or 'a result of kind = "event_study"'
        section.fail("of", "names no event study", expected, near(of, studies), "mend the name")


def settings_of(table: ResultTable) -> Honest:
    """The settings of a result of this kind."""
    assert isinstance(table.settings, Honest)
    return table.settings


def steps(study: Study, table: ResultTable) -> list[Step]:
    """One step: intervals and breakdown values."""
    event = study.table(settings_of(table).of)
    assert isinstance(event.settings, EventStudy)
    return [
        Step(
            key=part_key(table, "bounds"),
            inputs=(estimate_key(event.columns[0]), covariance_key(event)),
            compute=partial(_bounds, table, event),
            description=f"{table.title}: intervals of the first and the average lag of {event.name} if trends differ, "
            "and the largest differences at which zero is still rejected. One row per quantity and bound. Estimates "
            "nothing anew. " + " ".join(table.notes),
            code=(breakdown, honest_module, inference, relative_magnitudes, simultaneous, smoothness, year_effects),
            options=("honest_draws", "seed"),
            checks=(("estimated", False),),
        )
    ]


def _bounds(table: ResultTable, event: ResultTable, inputs: Inputs, options: Options) -> StepResult:
    effects = effects_of(event, inputs)
    if isinstance(effects, Inference):
        return rows_result([effects])
    settings = settings_of(table)
    record = inputs[estimate_key(event.columns[0])].row(0, named=True)
    draws, seed = int(options["honest_draws"]), int(options["seed"])
    counts = record["n_obs"], record["n_clusters"]
    return rows_result(honest_rows(effects, settings.relative, settings.bends, draws, seed, *counts))


KIND = Kind("honest", ("of", "relative", "bends"), read, steps, check)
