"""Kind "mediation": what part of a treatment's effect is consistent with running through mediators (Table 9).

    [tables.table_9_mediation]
    title = "..."
    kind = "mediation"
    like = "table_4.3"
    mediators = ["business_environment", "industrial_synergy"]

`like` and the keys of a column say outcome, treatment, controls and effects. Each mediator alone, then all together.
Two steps: the bootstrap's draws, and the effects.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import polars as pl

from resilience_pipeline.econometrics import mediation, mediation_rows
from resilience_pipeline.econometrics.inference import Inference, to_frame
from resilience_pipeline.econometrics.mediation import DRAWS, System, bootstrapped, system_of
from resilience_pipeline.econometrics.moments import MomentMismatchError
from resilience_pipeline.econometrics.specification import Specification
from resilience_pipeline.options import Options
from resilience_pipeline.panel.analysis import analysis_frame, columns_read, table_of
from resilience_pipeline.step import Check, Inputs, Step, StepResult
from resilience_pipeline.study.columns import (
    COLUMN_KEYS,
    inherited,
    options_applied,
    read_column,
    specification_columns,
    stated_rules,
)
from resilience_pipeline.study.kind import Declared, Kind, Parts, demand_names, estimate_key, part_key
from resilience_pipeline.study.kinds.resampled import (
    AS_PRINTED,
    CODE,
    ESTIMATED,
    MOMENTS_AGREE,
    REFUSALS,
    as_printed,
    estimated,
    moments_agree,
    panel_of,
    refused,
    rules_read,
)
from resilience_pipeline.study.study import ResultTable, Study, Variable
from resilience_pipeline.study.vocabulary import KEYS
from resilience_pipeline.toml_file import Section

#: Values of the column `model`.
ALONE, TOGETHER = "alone", "together"

#: Largest |total - direct - sum of a b|, in their own size, that is rounding.
IDENTITY = 1e-12

_TAKEN = tuple(key for key in COLUMN_KEYS if key != "name")
_SYSTEM = pl.Schema({"model": pl.String(), **DRAWS})


@dataclass(frozen=True)
class Mediation:
    """specification : outcome, treatment, controls, effects. mediators : in printed order."""

    specification: Specification
    mediators: tuple[str, ...]

    @property
    def systems(self) -> list[tuple[str, tuple[str, ...]]]:
        """Model and its mediators: each alone, then, where there are several, all together."""
        alone: list[tuple[str, tuple[str, ...]]] = [(ALONE, (name,)) for name in self.mediators]
        return alone if len(alone) == 1 else [*alone, (TOGETHER, self.mediators)]


@dataclass(frozen=True)
class _Task:
    """variables : of the study; those that are empty explain what awaits."""

    settings: Mediation
    stated: tuple[str, ...]
    variables: tuple[Variable, ...]

    def columns(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*specification_columns(self.settings.specification), *self.settings.mediators)))

    def frame(self, inputs: Inputs) -> pl.DataFrame:
        return analysis_frame(panel_of(inputs), self.columns())

    def specification(self, options: Options) -> Specification:
        return options_applied(self.settings.specification, self.stated, options)


def read(section: Section, declared: Declared) -> Parts:
    """A column's keys or `like`, and `mediators`, at least one, none of them in the column already."""
    values = {key: section.values[key] for key in _TAKEN if key in section.values}
    written = Section(section.file, section.key, values, section.error)
    entry = inherited(written, declared.columns)
    named = Section(section.file, section.key, {**entry.values, "name": "model"}, section.error)
    spec = read_column(named, 1, declared)
    mediators = demand_names(section, "mediators", section.texts("mediators"), declared.names)
    if not mediators:
        section.fail("mediators", "are missing", "at least one variable", "nothing", "name the mediators")
    for name in mediators:
        if name in (spec.outcome, *spec.regressors) or mediators.count(name) > 1:
            section.fail("mediators", "name a column twice", "each column once", name, "take one of the two out")
    if spec.treatment is None or len(spec.cluster) != 1:
        section.fail("treatment", "is missing", "a treatment and one cluster", "neither or more", "name them")
    return Parts(settings=Mediation(spec, mediators), stated={spec.name: stated_rules(entry)})


def settings_of(table: ResultTable) -> Mediation:
    """The settings of a result of this kind."""
    assert isinstance(table.settings, Mediation)
    return table.settings


def steps(study: Study, table: ResultTable) -> list[Step]:
    """The draws of the bootstrap, then the effects, which also read them and the printed columns of like equations."""
    settings = settings_of(table)
    spec = settings.specification
    stated = study.stated_rules.get(spec.name, ())
    task = _Task(settings, stated, study.variables)
    panel = tuple(dict.fromkeys(table_of(study, name) for name in task.columns() if name not in KEYS))
    printed = {other.name: other for result in study.tables for other in result.columns if _terms(settings, other)}
    code = (*CODE, mediation, mediation_rows)
    draws = Step(
        key=part_key(table, "draws"),
        inputs=panel,
        reads=columns_read(study, task.columns()),
        compute=partial(_draw, task),
        description=f"{table.title}: the equations in samples of whole cities drawn with replacement. One row per "
        "model, draw and mediator; null where a draw has no treated city.",
        code=code,
        options=rules_read(stated, "bootstrap_draws", "seed"),
        checks=(MOMENTS_AGREE,),
    )
    effects = Step(
        key=part_key(table, "effects"),
        inputs=(*panel, draws.key, *(estimate_key(other) for other in printed.values())),
        reads=draws.reads,
        row_reads=partial(_row_reads, spec, settings.mediators),
        compute=partial(_effects, task, table, printed),
        description=f"{table.title}: total, direct and indirect effect of {spec.treatment} on {spec.outcome} through "
        f"{', '.join(settings.mediators)}, each alone and all together. One row per model, mediator, quantity and "
        "method. Consistent with a channel at most: it shows no mediator's own effect. " + " ".join(table.notes),
        code=code,
        options=rules_read(stated, "seed"),
        checks=(("identity", True), MOMENTS_AGREE, AS_PRINTED, ESTIMATED),
    )
    return [draws, effects]


def _row_reads(spec: Specification, mediators: tuple[str, ...], row: Mapping[str, Any]) -> tuple[str, ...]:
    """The total has no mediator in it, the first path no outcome, and a mediator alone no other one."""
    own = specification_columns(spec)
    if row["statistic"] == mediation_rows.TOTAL:
        return own
    if row["statistic"] == mediation_rows.A:
        return (*(name for name in own if name != spec.outcome), str(row["subject"]))
    return (*own, str(row["subject"])) if row["model"] == ALONE and row["subject"] in mediators else ()


def _terms(settings: Mediation, other: Specification) -> tuple[str, ...]:
    """Terms that a printed column and an equation with one mediator share; none where it is no such equation."""
    spec = settings.specification
    same = ("treatment", "where", "weights", "cluster")
    if any(getattr(spec, key) != getattr(other, key) for key in same) or set(spec.absorb) != set(other.absorb):
        return ()
    treatment = str(spec.treatment)
    extra = set(other.controls) ^ set(spec.controls)
    if other.outcome in settings.mediators and not extra:
        return (treatment,)
    if other.outcome == spec.outcome and len(extra) == 1 and extra <= set(settings.mediators):
        return treatment, extra.pop()
    return ()


def _draw(task: _Task, inputs: Inputs, options: Options) -> StepResult:
    frame, spec, seed = task.frame(inputs), task.specification(options), int(options["seed"])
    parts, mismatch = [pl.DataFrame(schema=_SYSTEM)], None
    notes: dict[str, str | int | float | bool] = {"seed": seed}
    for model, mediators in task.settings.systems:
        try:
            drawn = bootstrapped(system_of(spec, mediators, frame), int(options["bootstrap_draws"]), seed)
            parts.append(drawn.select(pl.lit(model).alias("model"), pl.all()))
        except REFUSALS as refusal:
            notes[f"reason_{'_'.join(mediators)}"] = str(refusal)
        except MomentMismatchError as error:
            mismatch = error
    return StepResult(pl.concat(parts), (moments_agree(mismatch),), notes=notes)


def _effects(
    task: _Task, table: ResultTable, printed: Mapping[str, Specification], inputs: Inputs, options: Options
) -> StepResult:
    frame, spec, seed = task.frame(inputs), task.specification(options), int(options["seed"])
    draws, parts, mismatch, gaps = inputs[part_key(table, "draws")], [], None, [0.0]
    ours: dict[str, dict[str, float]] = {}
    rows: dict[str, int] = {}
    for model, mediators in task.settings.systems:
        found: list[Inference] = []
        try:
            system = system_of(spec, mediators, frame)
            drawn = draws.filter(pl.col("model") == model, pl.col("mediator").is_in(mediators))
            found = mediation_rows.mediation_rows(system, drawn, seed)
            gaps.append(system.effects.gap)
            if model == ALONE:
                ours |= _printed_terms(task.settings, system, printed)
                rows |= {name: len(system.model.design.y) for name in ours if name not in rows}
        except REFUSALS as refusal:
            subject = mediators[0] if model == ALONE else mediation_rows.ALL
            found = [refused(subject, refusal, spec, frame, task.variables, options)]
        except MomentMismatchError as error:
            mismatch = error
        parts.append(to_frame(found).select(pl.lit(model).alias("model"), pl.all()))
    effects = pl.concat(parts)
    message = f"total less direct less indirect is {max(gaps):.1e} of the total; allowed is {IDENTITY:.0e}"
    checks = (
        Check("identity", max(gaps) <= IDENTITY, message),
        moments_agree(mismatch),
        as_printed(inputs, ours, rows, printed),
        estimated(effects),
    )
    return StepResult(effects, checks, notes={"seed": seed})


def _printed_terms(
    settings: Mediation, system: System, printed: Mapping[str, Specification]
) -> dict[str, dict[str, float]]:
    """Printed column -> the coefficients that it shares with the equations of one mediator."""
    (mediator,), effects = system.mediators, system.effects
    found = {}
    for name, other in printed.items():
        if other.outcome == mediator:
            found[name] = {system.treatment: float(effects.a[0, 0])}
        elif mediator in _terms(settings, other):
            found[name] = {system.treatment: float(effects.direct[0]), mediator: float(effects.b[0, 0])}
    return found


KIND = Kind("mediation", (*_TAKEN, "mediators"), read, steps)
