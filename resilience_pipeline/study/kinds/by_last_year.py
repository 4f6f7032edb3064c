"""Kind "by_last_year": a column of a regression once more for each last year, under its own and under frozen weights.

The panel of each window comes from the pipeline's own steps, computed in memory from staged tables as they stand. Where
only the data are new, both move; where the weights are learnt anew, one does: so the two are told apart.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

import polars as pl

from resilience_pipeline.econometrics.estimation import estimate
from resilience_pipeline.econometrics.specification import Specification
from resilience_pipeline.econometrics.tidy import to_frame
from resilience_pipeline.errors import PipelineError
from resilience_pipeline.living import window as window_module
from resilience_pipeline.living.window import complete_window
from resilience_pipeline.options import Options
from resilience_pipeline.panel import analysis
from resilience_pipeline.panel import chain as chain_module
from resilience_pipeline.panel.analysis import analysis_frame, analysis_tables
from resilience_pipeline.panel.chain import behind, computed, study_steps
from resilience_pipeline.sources.registry import SOURCES
from resilience_pipeline.step import Check, Inputs, Step, StepResult, TableKey
from resilience_pipeline.study import columns as columns_module
from resilience_pipeline.study.columns import RULES, options_applied, specification_columns
from resilience_pipeline.study.kind import Kind, part_key
from resilience_pipeline.study.kinds.one_column import check, read, settings_of
from resilience_pipeline.study.kinds.regression import ESTIMATION_CODE, with_formulas
from resilience_pipeline.study.needs import possible_indicators, sources_for, weight_tables
from resilience_pipeline.study.study import ResultTable, Study

OWN, FROZEN = "re-estimated", "frozen"
WINDOWS = pl.Schema(
    {
        "last_year": pl.Int32(),
        "weights": pl.String(),  # OWN or FROZEN
        "term": pl.String(),
        "estimate": pl.Float64(),
        "std_error": pl.Float64(),
        "p_value": pl.Float64(),
        "ci_low": pl.Float64(),
        "ci_high": pl.Float64(),
        "n_obs": pl.Int64(),
        "n_units": pl.Int64(),
        "n_treated_units": pl.Int64(),
        "in_window": pl.Boolean(),  # the last year lies within the study's own window
        "status": pl.String(),
        "reason": pl.String(),
        "why_no_later_year": pl.String(),
    }
)
Tables = Mapping[TableKey, pl.DataFrame]

#: Sources whose tables have one row per value; of the others all rows are read.
OBSERVED = frozenset(source.name for source in SOURCES if source.shape == "observations")


def windows_key(table: ResultTable) -> TableKey:
    """("estimates", "effect_by_last_year", "windows")."""
    return part_key(table, "windows")


def steps(study: Study, table: ResultTable) -> list[Step]:
    """One step."""
    column = study.specification(settings_of(table).of)
    reduced = _reduced(study, column)
    chain = _chain(reduced, column)
    weights = _weights(reduced, column)
    delivered = tuple(dict.fromkeys(key for step in chain for key in step.inputs if key[0] == reduced.reads))
    stated = study.stated_rules.get(column.name, ())
    read = [name for step in chain for name in step.options]
    return [
        Step(
            key=windows_key(table),
            inputs=(*delivered, *weights),
            reads={key: possible_indicators(reduced) for key in delivered if key[-1] in OBSERVED},
            compute=partial(_windows, reduced, column, stated),
            description=f"{table.title}: the treatment's coefficient in {column.name} with each last year from the "
            "start of the policy to the last one that is complete, under the weights of each window and under the "
            "frozen window's. One row per last year and weights. From deliveries as they stand. "
            + " ".join(table.notes),
            code=(
                *(*ESTIMATION_CODE, columns_module, analysis, chain_module, window_module),
                *(part for step in chain for part in (step.compute, *step.code)),
            ),
            options=tuple(dict.fromkeys((*read, "start_year", *(rule for rule in RULES if rule not in stated)))),
            checks=(("estimated", False),),
        )
    ]


def _reduced(study: Study, column: Specification) -> Study:
    """The study with what the column rests on alone, reading deliveries as they stand."""
    named = specification_columns(column)
    variables = tuple(variable for variable in study.variables if variable.name in named)
    return replace(
        study, variables=variables, tables=(), account=(), programmes=(), matching=None, reads="staging", text=""
    )


def _chain(study: Study, column: Specification) -> list[Step]:
    return behind(study_steps(study, sources_for(study, SOURCES)), analysis_tables(study, column))


def _weights(study: Study, column: Specification) -> tuple[TableKey, ...]:
    rested_on = {step.key for step in _chain(study, column)}
    return tuple(key for key in weight_tables(study) if key in rested_on)


def _windows(
    study: Study, column: Specification, stated: tuple[str, ...], inputs: Inputs, options: Options
) -> StepResult:
    observed = {source: inputs["staging", source] for source in sources_for(study, SOURCES)}
    window = complete_window(study, observed, options)
    chosen = options_applied(column, stated, options)
    frozen = {key: inputs[key] for key in _weights(study, column)}
    rows: list[dict[str, object]] = []
    for year in range(int(options["start_year"]), window.last_year + 1):
        own: dict[TableKey, pl.DataFrame] = {}
        for weights in (OWN, FROZEN) if frozen else (OWN,):
            longer = replace(study, last_year=year, frozen_weights=weights == FROZEN)
            row = {"last_year": year, "weights": weights, "in_window": year <= study.last_year}
            try:
                tables = _tables(longer, column, inputs.tables, own, frozen if weights == FROZEN else {}, options)
                own = own or tables
                rows.append(row | _effect(longer, chosen, tables, options))
            except PipelineError as error:
                rows.append(row | {"status": "failed", "reason": error.what})
    table = pl.DataFrame([{**row, "why_no_later_year": window.reason} for row in rows], schema=WINDOWS)
    open_ = table.filter(pl.col("status") != "estimated")
    message = "; ".join(dict.fromkeys(map(str, open_["reason"].to_list()))) or f"{table.height} estimates"
    return StepResult(
        table,
        (Check("estimated", open_.is_empty(), message, blocking=False),),
        notes={"last_year": window.last_year, "why_no_later_year": window.reason},
    )


def _tables(
    study: Study, column: Specification, delivered: Tables, own: Tables, frozen: Tables, options: Options
) -> dict[TableKey, pl.DataFrame]:
    """Every table behind the column; of those under its own weights, all that rest on no weight are taken over.

    Parameters
    ----------
    own : the tables of this window under its own weights; empty where these are what is asked for.
    frozen : weights of the study's own window; empty where the window's own are asked for.
    """
    tables = {**delivered, **frozen}
    moved = set(frozen)
    for step in _chain(study, column):
        if step.key in frozen:
            continue
        if moved.intersection(step.inputs) or step.key not in own:
            tables[step.key] = computed(step, tables, options)
            moved.add(step.key)
        else:
            tables[step.key] = own[step.key]
    return tables


def _effect(study: Study, column: Specification, tables: Tables, options: Options) -> dict[str, object]:
    names: Sequence[str] = specification_columns(column)
    frame = analysis_frame({key: tables[key] for key in analysis_tables(study, column)}, names)
    record = to_frame([with_formulas(estimate(column, frame), frame, study.variables, options)])
    found = record.filter(pl.col("term") == column.treatment)
    row = (found if found.height else record).row(0, named=True)
    own = ("term", "estimate", "std_error", "p_value", "ci_low", "ci_high")
    model = ("n_obs", "n_units", "n_treated_units", "status", "reason")
    return {name: row[name] if found.height else None for name in own} | {name: row[name] for name in model}


KIND = Kind("by_last_year", ("of",), read, steps, check)
