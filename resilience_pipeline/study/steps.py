"""The estimates layer: one step for each column of a regression table, one for each table of descriptives.

A step reads exactly the panel tables whose columns its specification names. What is estimated, and how, stands in
`econometrics/`; how it is printed, in `report/`.
"""

from dataclasses import replace
from functools import partial

import polars as pl

from resilience_pipeline.econometrics import (
    absorption,
    covariance,
    estimation,
    kernel,
    predicate,
    reference_engine,
    sample,
    tidy,
)
from resilience_pipeline.econometrics.estimate import Estimate
from resilience_pipeline.econometrics.estimation import EngineAgreement, compare_engines, estimate
from resilience_pipeline.econometrics.predicate import keep_rows
from resilience_pipeline.econometrics.specification import Specification
from resilience_pipeline.econometrics.tidy import to_frame
from resilience_pipeline.options import Options
from resilience_pipeline.panel import analysis
from resilience_pipeline.panel.analysis import analysis_frame, analysis_tables, table_of
from resilience_pipeline.sources.registry import SOURCES
from resilience_pipeline.step import Check, Inputs, Step, StepResult, TableKey
from resilience_pipeline.study import columns as columns_module
from resilience_pipeline.study import descriptives
from resilience_pipeline.study.columns import RULES, options_applied, specification_columns
from resilience_pipeline.study.descriptives import describe
from resilience_pipeline.study.needs import canonical, formula_of, roots
from resilience_pipeline.study.study import ResultTable, Study, Variable
from resilience_pipeline.study.vocabulary import KEYS

_ESTIMATION_CODE = (absorption, covariance, estimation, kernel, predicate, reference_engine, sample, tidy)


def steps(study: Study) -> list[Step]:
    """Steps of all regression and descriptives tables of the study, in printed order."""
    found = []
    for table in study.tables:
        if table.kind == "regression":
            found += [_estimate_step(study, table, specification) for specification in table.columns]
        elif table.kind == "descriptives":
            found.append(_descriptives_step(study, table))
    return found


def estimate_key(specification: Specification) -> TableKey:
    """("estimates", "table_4", "3") of "table_4.3"."""
    return ("estimates", *specification.name.split(".", 1))


def descriptives_key(table: ResultTable) -> TableKey:
    """("estimates", "table_3", "descriptives")."""
    return ("estimates", table.name, "descriptives")


def _estimate_step(study: Study, table: ResultTable, specification: Specification) -> Step:
    stated = study.stated_rules.get(specification.name, ())
    named = specification_columns(specification)
    variables = tuple(variable for variable in study.variables if variable.name in named)
    return Step(
        key=estimate_key(specification),
        inputs=analysis_tables(study, specification),
        compute=partial(_estimate, specification, stated, variables),
        description=_description(table, specification),
        code=(*_ESTIMATION_CODE, columns_module, analysis),
        options=tuple(rule for rule in RULES if rule not in stated),
        checks=(("engines_agree", True), ("estimated", False)),
    )


def _description(table: ResultTable, specification: Specification) -> str:
    right = ", ".join(specification.regressors)
    effects = f", absorbing {', '.join(specification.absorb)}" if specification.absorb else ", pooled"
    return " ".join(
        [
            f"{table.title}, column {specification.label}: {specification.outcome} on {right}{effects}.",
            "One row per term, the model's record on each.",
            "Deletes rows that lack one of its own columns; does not winsorise, the panel did.",
            *table.notes,
        ]
    )


def _estimate(
    specification: Specification,
    stated: tuple[str, ...],
    variables: tuple[Variable, ...],
    inputs: Inputs,
    options: Options,
) -> StepResult:
    frame = analysis_frame(inputs.tables, specification_columns(specification))
    chosen = options_applied(specification, stated, options)
    result = _with_formulas(estimate(chosen, frame), frame, variables, options)
    agreement = compare_engines(chosen, frame)
    notes: dict[str, str | int | float | bool] = {"status": result.status, "error_rule": error_rule(chosen)}
    if result.reason:
        notes["reason"] = result.reason
    return StepResult(
        table=to_frame([result]),
        checks=(_engines_agree(agreement), _estimated(result)),
        notes=notes,
    )


def error_rule(specification: Specification) -> str:
    """`cluster by city_code, reghdfe`: the covariance and its small-sample rule, in words."""
    by = f" by {' and '.join(specification.cluster)}" if specification.vcov == "cluster" else ""
    return f"{specification.vcov}{by}, {specification.ssc}"


def _with_formulas(
    result: Estimate, frame: pl.DataFrame, variables: tuple[Variable, ...], options: Options
) -> Estimate:
    """An awaiting estimate also says what its empty columns rest on, and which sources can give that."""
    if result.status != "awaiting":
        return result
    empty = [v for v in variables if v.name in frame.columns and frame[v.name].null_count() == frame.height]
    rests_on = "; ".join(_rests_on(variable, options) for variable in empty)
    return replace(result, reason=f"{result.reason} ({rests_on})" if rests_on else result.reason)


def _rests_on(variable: Variable, options: Options) -> str:
    indicators = canonical(roots(formula_of(variable, options)), options)
    givers = [s.name for s in SOURCES if {heading.indicator for heading in s.headings} & set(indicators)]
    return f"{variable.name} rests on {', '.join(indicators)}, from {', '.join(givers)}"


def _engines_agree(agreement: EngineAgreement) -> Check:
    if not agreement.compared:
        return Check("engines_agree", True, f"nothing to compare: {agreement.reason}")
    message = (
        f"linearmodels and the kernel differ by {agreement.coefficient_difference:.1e} in coefficients and "
        f"{agreement.std_error_difference:.1e} in errors, relative; allowed are {agreement.tolerance:.0e}"
    )
    return Check("engines_agree", agreement.agrees, message)


def _estimated(result: Estimate) -> Check:
    message = f"{result.status}: {result.reason}" if result.reason else f"{result.n_obs} rows"
    return Check("estimated", result.status == "estimated", message, blocking=False)


def _descriptives_step(study: Study, table: ResultTable) -> Step:
    on = study.specification(table.sample) if table.sample else None
    columns = tuple(dict.fromkeys((*table.variables, *(specification_columns(on) if on else ()))))
    rows = f"the rows of {on.name}" if on else "all rows of the panel"
    return Step(
        key=descriptives_key(table),
        inputs=tuple(dict.fromkeys(table_of(study, column) for column in columns if column not in KEYS)),
        compute=partial(_describe, table.variables, on, columns),
        description=f"{table.title}: N, mean, standard deviation, minimum and maximum on {rows}, after winsorising. "
        "One row per variable. Fills no gap: N is the variable's own. " + " ".join(table.notes),
        code=(descriptives, analysis, columns_module, predicate),
        checks=(("described", False),),
    )


def _describe(
    variables: tuple[str, ...], on: Specification | None, columns: tuple[str, ...], inputs: Inputs, options: Options
) -> StepResult:
    frame = analysis_frame(inputs.tables, columns)
    rows = "all rows of the panel"
    if on is not None:
        if on.where:
            frame = keep_rows(frame, on.where)
        needed = [name for name in specification_columns(on) if name not in KEYS]
        complete = frame.drop_nulls(needed)
        rows = f"the rows of {on.name}" if complete.height else f"all rows: {on.name} has none yet"
        frame = complete if complete.height else frame  # an awaiting outcome must not hide what is there
    table = describe(frame, variables)
    empty = table.filter(status="awaiting")["variable"].to_list()
    message = f"no value was delivered for {', '.join(empty)}" if empty else f"{len(variables)} variables"
    return StepResult(table, (Check("described", not empty, message, blocking=False),), notes={"sample": rows})
