"""Kind "regression": a table whose columns are specifications, each a step on exactly the panel tables that it names.

What is estimated, and how, stands in `econometrics/`; how it is printed, in `report/kinds/regression.py`.
"""

import sys
from dataclasses import replace
from functools import partial

import polars as pl

from resilience_pipeline.econometrics import (
    absorption,
    conley,
    covariance,
    elimination,
    error_rules,
    estimation,
    estimators,
    inference,
    inversion,
    kernel,
    matched_panel,
    matching,
    moments,
    predicate,
    printed_errors,
    propensity,
    reference_engine,
    resampling,
    sample,
    tidy,
    wild,
)
from resilience_pipeline.econometrics.engines import EngineAgreement, compare_engines
from resilience_pipeline.econometrics.estimate import Estimate
from resilience_pipeline.econometrics.estimators import (
    adoption,
    aggregates,
    effects,
    estimator,
    estimator_of,
    simplex,
)
from resilience_pipeline.econometrics.specification import Specification
from resilience_pipeline.econometrics.tidy import to_frame
from resilience_pipeline.options import Options
from resilience_pipeline.panel import analysis
from resilience_pipeline.panel.analysis import analysis_frame, analysis_tables, columns_read
from resilience_pipeline.sources.registry import SOURCES
from resilience_pipeline.step import Check, Inputs, Step, StepResult
from resilience_pipeline.study import columns as columns_module
from resilience_pipeline.study import matching as matching_module
from resilience_pipeline.study.columns import (
    RULES,
    inherited,
    options_applied,
    read_column,
    specification_columns,
    stated_rules,
)
from resilience_pipeline.study.formula import roots
from resilience_pipeline.study.kind import Declared, Kind, Parts, estimate_key
from resilience_pipeline.study.matching import OPTIONS as MATCHING_OPTIONS
from resilience_pipeline.study.matching import rules_under, with_match
from resilience_pipeline.study.needs import canonical, formula_of, formulas_of, index_sources
from resilience_pipeline.study.study import Matching, ResultTable, Study, Variable
from resilience_pipeline.study.vocabulary import MATCHING_WEIGHT
from resilience_pipeline.toml_file import Section
from resilience_pipeline.words import many

ESTIMATION_CODE = (
    *(
        absorption,
        covariance,
        error_rules,
        estimation,
        kernel,
        predicate,
        printed_errors,
        reference_engine,
        sample,
        tidy,
    ),
    *(conley, elimination, inversion, moments, resampling, wild),
)


def read(section: Section, declared: Declared) -> Parts:
    """The columns, at least one, each with a name of its own."""
    columns: list[Specification] = []
    stated = {}
    for number, written in enumerate(section.items("columns"), start=1):
        entry = inherited(written, declared.columns)
        column = read_column(entry, number, declared, estimators=True)
        if column.name in stated:
            entry.fail("name", "is used twice", "a name of its own", column.name, "rename one of the two columns")
        columns.append(column)
        stated[column.name] = stated_rules(entry)
    if not columns:
        section.fail("columns", "do not fit the table's kind", "at least one column", "0", "mend kind or columns")
    return Parts(columns=tuple(columns), stated=stated)


def steps(study: Study, table: ResultTable) -> list[Step]:
    """One step for each column, in printed order."""
    return [estimate_step(study, table, specification) for specification in table.columns]


def estimate_step(study: Study, table: ResultTable, specification: Specification) -> Step:
    """The step that estimates one specification of a result."""
    stated = study.stated_rules.get(specification.name, ())
    named = specification_columns(specification)
    variables = tuple(variable for variable in study.variables if variable.name in named)
    matched = study.matching if specification.weights == MATCHING_WEIGHT else None
    return Step(
        key=estimate_key(specification),
        inputs=analysis_tables(study, specification),
        reads=columns_read(study, named),
        compute=partial(_estimate, specification, stated, variables, matched),
        description=_description(table, specification),
        code=(
            *(*ESTIMATION_CODE, columns_module, analysis, *((matching_module, matched_panel) if matched else ())),
            *_estimator_code(specification),
        ),
        options=(
            *(rule for rule in RULES if rule not in stated),
            *(MATCHING_OPTIONS if matched else ()),
            *(("seed",) if _draws(specification) else ()),
        ),
        checks=(("engines_agree", True), ("estimated", False)),
    )


def _estimator_code(specification: Specification) -> tuple[object, ...]:
    """Code of the estimator, and of what chooses it."""
    own = sys.modules[estimator_of(specification).run.__module__]
    chosen = (estimators.estimate, estimator_of, estimator, own)
    if specification.estimator == "twfe":
        return chosen
    return (*chosen, adoption, aggregates, effects, simplex, inference, matched_panel, matching, propensity)


def _draws(specification: Specification) -> bool:
    return estimator_of(specification).draws is not None


def _description(table: ResultTable, specification: Specification) -> str:
    right = ", ".join(specification.regressors)
    absorbed = f", absorbing {', '.join(specification.absorb)}" if specification.absorb else ", pooled"
    by = "" if specification.estimator == "twfe" else f", by {estimator_of(specification).summary}"
    return " ".join(
        [
            f"{table.title}, column {specification.label}: {specification.outcome} on {right}{absorbed}{by}.",
            "One row per term, the model's record on each.",
            "Deletes rows that lack one of its own columns; does not winsorise, the panel did.",
            *table.notes,
        ]
    )


def _estimate(
    specification: Specification,
    stated: tuple[str, ...],
    variables: tuple[Variable, ...],
    matched: Matching | None,
    inputs: Inputs,
    options: Options,
) -> StepResult:
    frame = analysis_frame(inputs.tables, specification_columns(specification))
    chosen = options_applied(specification, stated, options)
    if _draws(chosen):
        chosen = replace(chosen, seed=int(options["seed"]))
    result = with_formulas(estimators.estimate(chosen, frame), frame, variables, options)
    if matched is not None:
        weights = next(table for table in inputs.tables.values() if MATCHING_WEIGHT in table.columns)
        result = with_match(result, rules_under(matched, options), weights)
    if chosen.estimator == "twfe":
        agreement, rule = compare_engines(chosen, frame), error_rule(chosen)
    else:
        agreement = EngineAgreement(chosen.name, reason=f"estimator {chosen.estimator} has one engine")
        rule = result.vcov or result.status
    notes: dict[str, str | int | float | bool] = {"status": result.status, "error_rule": rule}
    if result.reason:
        notes["reason"] = result.reason
    return StepResult(
        table=to_frame([result]),
        checks=(_engines_agree(agreement), _estimated(result)),
        notes=notes,
    )


def error_rule(specification: Specification) -> str:
    """`cluster by city_code, reghdfe`: the covariance and its small-sample rule, in words."""
    by = f" by {' and '.join(specification.cluster)}" if specification.error_rule.by_clusters else ""
    return f"{specification.vcov}{by}" + ("" if specification.vcov == "cv3" else f", {specification.ssc}")


def with_formulas(result: Estimate, frame: pl.DataFrame, variables: tuple[Variable, ...], options: Options) -> Estimate:
    """An awaiting estimate also says what its empty columns rest on, and which sources can give that."""
    if result.status != "awaiting":
        return result
    empty = [v for v in variables if v.name in frame.columns and frame[v.name].null_count() == frame.height]
    rests_on = "; ".join(_rests_on(variable, options) for variable in empty)
    return replace(result, reason=f"{result.reason} ({rests_on})" if rests_on else result.reason)


def _rests_on(variable: Variable, options: Options) -> str:
    indicators = canonical(roots(formula_of(variable, options)), options)
    givers = [s.name for s in SOURCES if {heading.indicator for heading in s.headings} & set(indicators)]
    givers += index_sources(formulas_of(variable))
    on = f" on {', '.join(indicators)}, from" if indicators else " on"
    return f"{variable.name} rests{on} {', '.join(givers)}"


def _engines_agree(agreement: EngineAgreement) -> Check:
    if not agreement.compared:
        return Check("engines_agree", True, f"nothing to compare: {agreement.reason}")
    message = (
        f"linearmodels and the kernel differ by {agreement.coefficient_difference:.1e} in coefficients and "
        f"{agreement.std_error_difference:.1e} in errors, relative; allowed are {agreement.tolerance:.0e}"
    )
    return Check("engines_agree", agreement.agrees, message)


def _estimated(result: Estimate) -> Check:
    message = f"{result.status}: {result.reason}" if result.reason else many(result.n_obs or 0, "row")
    return Check("estimated", result.status == "estimated", message, blocking=False)


KIND = Kind("regression", ("columns",), read, steps)
