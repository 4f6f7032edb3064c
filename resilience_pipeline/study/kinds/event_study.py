"""Kind "event_study": one specification with a dummy for every year of the pilots but the base year (Figure 1).

The dummies are calendar years (panel table event_time), so no start year enters; the base year is left out. Three
steps: the estimate, the covariances of its year coefficients, and what is said of several years at once.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np
import polars as pl

from resilience_pipeline.econometrics import elimination, inference, moments, pretest_power, resampling, simultaneous
from resilience_pipeline.econometrics import event_rows as event_rows_module
from resilience_pipeline.econometrics import year_effects as year_effects_module
from resilience_pipeline.econometrics.absorption import AbsorptionError
from resilience_pipeline.econometrics.engines import TOLERANCE
from resilience_pipeline.econometrics.event_rows import event_rows
from resilience_pipeline.econometrics.inference import Inference, to_frame
from resilience_pipeline.econometrics.moments import MomentMismatchError
from resilience_pipeline.econometrics.sample import NotEstimableError
from resilience_pipeline.econometrics.specification import Specification
from resilience_pipeline.econometrics.year_effects import COVARIANCE, YearEffects, covariance_table, year_effects
from resilience_pipeline.options import Options
from resilience_pipeline.panel import analysis
from resilience_pipeline.panel.analysis import analysis_frame, analysis_tables, columns_read
from resilience_pipeline.step import Check, Inputs, Step, StepResult, TableKey
from resilience_pipeline.study import columns as columns_module
from resilience_pipeline.study.columns import (
    COLUMN_KEYS,
    RULES,
    inherited,
    options_applied,
    read_column,
    specification_columns,
    stated_rules,
)
from resilience_pipeline.study.kind import Declared, Kind, Parts, estimate_key, part_key
from resilience_pipeline.study.kinds.regression import ESTIMATION_CODE, estimate_step
from resilience_pipeline.study.study import ResultTable, Study
from resilience_pipeline.study.vocabulary import event_columns
from resilience_pipeline.toml_file import Section

_TAKEN = tuple(key for key in COLUMN_KEYS if key not in ("name", "treatment"))


@dataclass(frozen=True)
class EventStudy:
    """base : the year left out. years : dummy -> calendar year, base left out, in order."""

    base: int
    years: dict[str, int]


def read(section: Section, declared: Declared) -> Parts:
    """A column without a treatment of its own: its dummies take that place, before the controls."""
    base = section.get("base", int)
    if base not in declared.window:
        section.fail(
            "base",
            "is no year of the study",
            f"{declared.window[0]} to {declared.window[-1]}",
            str(base),
            "name the year that the others are compared with",
        )
    years = {name: year for name, year in event_columns(declared.window).items() if year != base}
    entry = inherited(
        _section(section, {key: section.values[key] for key in _TAKEN if key in section.values}), declared.columns
    )
    values = {key: value for key, value in entry.values.items() if key != "treatment"}
    values |= {"name": "event_study", "controls": [*years, *entry.texts("controls")]}
    column = read_column(_section(section, values), 1, declared)
    return Parts(columns=(column,), settings=EventStudy(base, years), stated={column.name: stated_rules(entry)})


def settings_of(table: ResultTable) -> EventStudy:
    """The settings of a result of this kind."""
    assert isinstance(table.settings, EventStudy)
    return table.settings


def covariance_key(table: ResultTable) -> TableKey:
    """("estimates", "figure_1", "covariance")."""
    return part_key(table, "covariance")


def inference_key(table: ResultTable) -> TableKey:
    """("estimates", "figure_1", "inference")."""
    return part_key(table, "inference")


def effects_of(table: ResultTable, inputs: Inputs) -> YearEffects | Inference:
    """The year effects of the table's record and covariances; a row with the status where there are none."""
    record = inputs[estimate_key(table.columns[0])]
    if record["status"][0] != "estimated":
        return Inference("all years", "", "", status=record["status"][0], reason=record["reason"][0])
    settings = settings_of(table)
    effects = year_effects(record, inputs[covariance_key(table)], settings.years, settings.base)
    if not effects.years:
        return Inference("all years", "", "", status="failed", reason="no year of the pilots has a coefficient")
    return effects


def steps(study: Study, table: ResultTable) -> list[Step]:
    """The one specification, its covariances, and the tests that rest on both."""
    return [estimate_step(study, table, table.columns[0]), _covariance_step(study, table), _inference_step(table)]


def _covariance_step(study: Study, table: ResultTable) -> Step:
    specification = table.columns[0]
    stated = study.stated_rules.get(specification.name, ())
    return Step(
        key=covariance_key(table),
        inputs=(*analysis_tables(study, specification), estimate_key(specification)),
        reads=columns_read(study, specification_columns(specification)),
        compute=partial(_covariance, table, stated),
        description=f"{table.title}: covariances of the year coefficients under the error rule of the estimate. One "
        "row per pair of years; none where nothing is estimated. " + " ".join(table.notes),
        code=(*ESTIMATION_CODE, elimination, moments, resampling, year_effects_module, columns_module, analysis),
        options=tuple(rule for rule in RULES if rule not in stated),
        checks=(("as_printed", True),),
    )


def _covariance(table: ResultTable, stated: tuple[str, ...], inputs: Inputs, options: Options) -> StepResult:
    specification = table.columns[0]
    panel = {key: frame for key, frame in inputs.tables.items() if key[0] == "panel"}
    frame = analysis_frame(panel, specification_columns(specification))
    chosen = options_applied(specification, stated, options)
    covariances = pl.DataFrame(schema=COVARIANCE)
    try:
        covariances = covariance_table(chosen, frame, tuple(settings_of(table).years))
    except (NotEstimableError, AbsorptionError):
        pass  # the record has the reason
    except MomentMismatchError as mismatch:
        return StepResult(covariances, (Check("as_printed", False, str(mismatch)),))
    return StepResult(covariances, (_as_printed(covariances, inputs[estimate_key(specification)], chosen),))


def _as_printed(covariances: pl.DataFrame, record: pl.DataFrame, specification: Specification) -> Check:
    """The roots of the diagonal must be the standard errors that the estimate printed."""
    own = covariances.filter(pl.col("term") == pl.col("other")).with_columns(ours=pl.col("covariance").sqrt())
    both = own.join(record.select("term", "std_error"), on="term", how="inner")
    if own.height != both.height or (record["status"][0] == "estimated") != bool(own.height):
        return Check("as_printed", False, f"{specification.name} and its covariances are about different years")
    if not own.height:
        return Check("as_printed", True, "nothing is estimated")
    apart = float(np.abs(both["ours"].to_numpy() / both["std_error"].to_numpy() - 1).max())
    message = f"errors differ from the printed ones by {apart:.1e}, relative; allowed are {TOLERANCE:.0e}"
    return Check("as_printed", apart <= TOLERANCE, message)


def _inference_step(table: ResultTable) -> Step:
    return Step(
        key=inference_key(table),
        inputs=(estimate_key(table.columns[0]), covariance_key(table)),
        compute=partial(_inference, table),
        description=f"{table.title}: simultaneous bands, joint tests of leads and of lags, the average lag, and the "
        "linear trends that a test of the leads would find. One row per quantity and method. Estimates nothing anew. "
        + " ".join(table.notes),
        code=(event_rows_module, inference, pretest_power, simultaneous, year_effects_module),
        options=("event_draws", "seed"),
        checks=(("estimated", False),),
    )


def _inference(table: ResultTable, inputs: Inputs, options: Options) -> StepResult:
    effects = effects_of(table, inputs)
    if isinstance(effects, Inference):
        return rows_result([effects])
    record = inputs[estimate_key(table.columns[0])].row(0, named=True)
    draws, seed = int(options["event_draws"]), int(options["seed"])
    return rows_result(event_rows(effects, draws, seed, record["n_obs"], record["n_clusters"]))


def rows_result(rows: list[Inference]) -> StepResult:
    """The rows as a table, with the check that each has a result."""
    open_ = [row for row in rows if row.status != "estimated"]
    message = "; ".join(f"{row.subject} {row.status}: {row.reason}" for row in open_) or f"{len(rows)} rows"
    return StepResult(to_frame(rows), (Check("estimated", not open_, message, blocking=False),))


def _section(section: Section, values: dict) -> Section:
    return Section(section.file, section.key, values, section.error)


KIND = Kind("event_study", (*_TAKEN, "base"), read, steps)
