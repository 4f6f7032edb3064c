"""Kind "curve": a column of a regression under every combination of the choices that were open.

The panel under other options comes from the pipeline's own steps, computed in memory (`panel.variants`); what each
regression gives, from `econometrics.product`; how the curve is summed up and tested, from `econometrics.curve`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import polars as pl

from resilience_pipeline import table_checks
from resilience_pipeline.econometrics import (
    baseline,
    inference,
    pairs,
    product,
    product_jobs,
    randomisation,
    shared_columns,
)
from resilience_pipeline.econometrics import curve as curve_module
from resilience_pipeline.econometrics.baseline import baseline_names
from resilience_pipeline.econometrics.curve import figures_of, joint_test, permuted, summary
from resilience_pipeline.econometrics.curve import table_of as table_of_rows
from resilience_pipeline.econometrics.estimate import Estimate
from resilience_pipeline.econometrics.inference import to_frame
from resilience_pipeline.econometrics.product import Product, fit_product
from resilience_pipeline.econometrics.shared_columns import Panel
from resilience_pipeline.econometrics.specification import Specification
from resilience_pipeline.errors import PipelineError
from resilience_pipeline.grid.wide import KEY
from resilience_pipeline.options import Options
from resilience_pipeline.panel import alternatives as alternatives_module
from resilience_pipeline.panel import analysis
from resilience_pipeline.panel import variants as variants_module
from resilience_pipeline.panel.alternatives import AlternativePanels
from resilience_pipeline.panel.analysis import table_of
from resilience_pipeline.panel.variants import PanelsUnder, Variants, variants
from resilience_pipeline.step import Check, Inputs, Step, StepResult, TableKey
from resilience_pipeline.study import columns as columns_module
from resilience_pipeline.study import curve as study_curve
from resilience_pipeline.study.columns import options_applied, specification_columns
from resilience_pipeline.study.curve import (
    Choice,
    Dimension,
    column_with,
    combined,
    is_own,
    options_with,
    read_dimensions,
    size,
)
from resilience_pipeline.study.formula import roots
from resilience_pipeline.study.kind import Declared, Kind, Parts, demand_column, estimate_key, part_key
from resilience_pipeline.study.kinds.regression import ESTIMATION_CODE, with_formulas
from resilience_pipeline.study.needs import all_variables, canonical, formulas_of
from resilience_pipeline.study.study import ResultTable, Study, Variable
from resilience_pipeline.study.vocabulary import MATCHING_COLUMNS
from resilience_pipeline.table_checks import rule
from resilience_pipeline.toml_file import Section, near

CODE = (
    *ESTIMATION_CODE,
    baseline,
    curve_module,
    pairs,
    product,
    product_jobs,
    shared_columns,
    study_curve,
    columns_module,
    table_checks,
)

#: How far the marked row may be from the printed column, relative: rounding is near 1e-13.
TOLERANCE = 1e-10


@dataclass(frozen=True)
class Curve:
    """The column that it starts from, what varies, and what of that varies in the joint test."""

    of: str
    dimensions: tuple[Dimension, ...]
    permute: tuple[str, ...]


def read(section: Section, declared: Declared) -> Parts:
    """`of`, the column; `dimensions`, what varies; `permute`, the dimensions that vary in the joint test, or none."""
    of = demand_column(section, "of", section.get("of", str), declared.columns)
    dimensions = read_dimensions(section, declared)
    names = {dimension.name for dimension in dimensions}
    permute = section.texts("permute")
    for name in permute:
        if name not in names:
            section.fail("permute", "names no dimension", ", ".join(names), near(name, names), "mend the name")
    return Parts(settings=Curve(of, dimensions, permute))


def check(section: Section, table: ResultTable, known: Mapping[str, Specification]) -> None:
    """The column is a regression with a treatment and one kind of cluster."""
    settings = settings_of(table)
    column = known[demand_column(section, "of", settings.of, known)]
    if column.treatment is None or len(column.cluster) != 1:
        section.fail("of", "cannot be varied", "a column with a treatment, one kind of cluster", settings.of, "mend it")


def settings_of(table: ResultTable) -> Curve:
    """The settings of a result of this kind."""
    assert isinstance(table.settings, Curve)
    return table.settings


def rows_key(table: ResultTable) -> TableKey:
    """("estimates", "figure_4", "specifications")."""
    return part_key(table, "specifications")


def summary_key(table: ResultTable) -> TableKey:
    """("estimates", "figure_4", "summary")."""
    return part_key(table, "summary")


def permuted_key(table: ResultTable) -> TableKey:
    """("estimates", "figure_4", "permuted")."""
    return part_key(table, "permuted")


def joint_key(table: ResultTable) -> TableKey:
    """("estimates", "figure_4", "joint_test")."""
    return part_key(table, "joint_test")


@dataclass(frozen=True)
class _Plan:
    """A curve made ready: the column, what varies, what the panel needs for it."""

    column: Specification
    dimensions: tuple[Dimension, ...]
    stated: tuple[str, ...]
    variants: Variants
    places: tuple[tuple[str, TableKey], ...]
    baseline: tuple[str, ...]
    years: range
    variables: tuple[Variable, ...]

    @property
    def of_options(self) -> tuple[Dimension, ...]:
        return tuple(dimension for dimension in self.dimensions if dimension.of_options)

    @property
    def of_column(self) -> tuple[Dimension, ...]:
        return tuple(dimension for dimension in self.dimensions if not dimension.of_options)


def steps(study: Study, table: ResultTable) -> list[Step]:
    """The rows and their summary; where `permute` names dimensions, the random deals and the joint test, too."""
    settings = settings_of(table)
    column = study.specification(settings.of)
    plan = _plan(study, column, settings.dimensions)
    moved = tuple(part for step in plan.variants.steps for part in (step.compute, *step.code))
    reads: dict[TableKey, tuple[str, ...]] = {("grid", study.name, "cells"): _indicators(study, plan)}
    rules = tuple(name for name in ("ssc", "singletons") if name not in plan.stated)
    options = tuple(dict.fromkeys((*plan.variants.options, *rules, *(("start_year",) if plan.baseline else ()))))
    code = (*CODE, analysis, alternatives_module, variants_module, *moved)
    notes = " ".join(table.notes)
    found = [
        Step(
            key=rows_key(table),
            inputs=(*plan.variants.given, estimate_key(column)),
            reads=reads,
            compute=partial(_rows, plan),
            description=f"{table.title}: {column.name} under {size(settings.dimensions):,} combinations of "
            f"{', '.join(dimension.name for dimension in settings.dimensions)}. One row per specification. Chooses "
            f"none of them and tests nothing. {notes}",
            code=code,
            options=options,
            checks=(("as_printed", True), ("the_whole_product", True), ("estimated", False)),
        ),
        Step(
            key=summary_key(table),
            inputs=(rows_key(table),),
            compute=partial(_sum_up, rows_key(table), settings.dimensions),
            description=f"{table.title}: shares and quantiles over all specifications, and over those of each choice. "
            f"One row for all, then one per choice. Estimates nothing anew. {notes}",
            code=(curve_module,),
            checks=(("estimated", False),),
        ),
    ]
    if settings.permute:
        found += [
            Step(
                key=permuted_key(table),
                inputs=plan.variants.given,
                reads=reads,
                compute=partial(_permute, plan, settings.permute),
                description=f"{table.title}: the curve over {', '.join(settings.permute)} with the pilots dealt out to "
                f"cities at random. One row per deal, 0 the true one. Makes no p value: the joint test does. {notes}",
                code=code,
                options=tuple(dict.fromkeys((*options, "curve_draws", "seed"))),
                checks=(("estimated", False),),
            ),
            Step(
                key=joint_key(table),
                inputs=(permuted_key(table),),
                compute=partial(_test, permuted_key(table)),
                description=f"{table.title}: how often the curve of random pilots is like the true one. One row per "
                f"statistic. Estimates nothing anew. {notes}",
                code=(curve_module, inference, randomisation),
                checks=(("estimated", False),),
            ),
        ]
    return found


def _plan(study: Study, column: Specification, dimensions: tuple[Dimension, ...]) -> _Plan:
    choices = [choice for dimension in dimensions for choice in dimension.choices]
    held = tuple(dict.fromkeys(name for choice in choices for name in choice.baseline or ()))
    changed = [column_with(column, [choice])[0] for choice in choices]
    named = [*(name for spec in (column, *changed) for name in specification_columns(spec)), *held]
    places = {name: table_of(study, name) for name in dict.fromkeys(named) if name not in KEY}
    varied = {option for choice in choices for option, _ in choice.options}
    return _Plan(
        column=column,
        dimensions=dimensions,
        stated=study.stated_rules.get(column.name, ()),
        variants=variants(study, varied, tuple(dict.fromkeys(places.values()))),
        places=tuple(places.items()),
        baseline=held,
        years=range(study.first_year, study.last_year + 1),
        variables=tuple(variable for variable in study.variables if variable.name in places),
    )


def _indicators(study: Study, plan: _Plan) -> tuple[str, ...]:
    """Indicators behind the curve's columns under every reading."""
    names = {name for name, _ in plan.places}
    if study.matching is not None and names & set(MATCHING_COLUMNS):
        names |= set(study.matching.covariates)
    formulas = [
        formula for variable in all_variables(study) if variable.name in names for formula in formulas_of(variable)
    ]
    return canonical([name for formula in formulas for name in roots(formula)], None)


def _specification(plan: _Plan, choices: Sequence[Choice], options: Options) -> Specification:
    """The column under choices of its keys, the options' error rules in force."""
    chosen, held = column_with(options_applied(plan.column, plan.stated, options), choices)
    dummies = tuple(name for control in held for name in baseline_names(control, plan.years))
    return replace(chosen, controls=(*chosen.controls, *dummies))


def _panels(
    plan: _Plan, inputs: Inputs, options: Options, settings: Sequence[Sequence[Choice]]
) -> list[Panel | PipelineError]:
    """The panel under each combination of options, or why there is none."""
    given = {key: inputs[key] for key in plan.variants.given}
    panels = AlternativePanels(PanelsUnder(plan.variants, given), dict(plan.places), plan.baseline, plan.years)
    found: list[Panel | PipelineError] = []
    for choices in settings:
        try:
            found.append(panels.under(options_with(options, choices)))
        except PipelineError as error:
            found.append(error)
    return found


def _fitted(
    plan: _Plan, panels: Sequence[Panel | PipelineError], specifications: Sequence[Specification], options: Options
) -> Product:
    """Every specification on every panel; on one that could not be made, failed with its reason."""
    usable = [panel for panel in panels if not isinstance(panel, PipelineError)]
    some = fit_product(specifications, usable)
    shape = len(panels), len(specifications)
    there = np.array([not isinstance(panel, PipelineError) for panel in panels], dtype=bool)
    spread = {}
    for name, values in vars(some).items():
        blank = {"status": "failed", "reason": "", "dropped": ""}.get(name, -1 if values.dtype.kind == "i" else np.nan)
        spread[name] = np.full(shape, blank, dtype=values.dtype)
        spread[name][there] = values
    for place, panel in enumerate(panels):
        if isinstance(panel, PipelineError):
            spread["reason"][place] = panel.what
    _explain(plan, usable, specifications, spread, options)
    return Product(**spread)


def _explain(
    plan: _Plan,
    panels: Sequence[Panel],
    specifications: Sequence[Specification],
    found: Mapping[str, np.ndarray],
    options: Options,
) -> None:
    """What awaits also says what its empty columns rest on; of a control held at its baseline, the control itself."""
    for reason in dict.fromkeys(found["reason"][found["status"] == "awaiting"].tolist()):
        text = reason
        for control in plan.baseline:
            text = text.replace(", ".join(baseline_names(control, plan.years)), control)
        named = set(re.findall(r"\w+", text))
        frame = pl.DataFrame({name: panels[0][name] for name, _ in plan.places if name in named})
        record = with_formulas(Estimate(specifications[0], "awaiting", text), frame, plan.variables, options)
        found["reason"][found["reason"] == reason] = record.reason


def _rows(plan: _Plan, inputs: Inputs, options: Options) -> StepResult:
    settings, columns = combined(plan.of_options), combined(plan.of_column)
    specifications = [_specification(plan, choices, options) for choices in columns]
    fits = _fitted(plan, _panels(plan, inputs, options, settings), specifications, options)
    figures = {name: _in_order(plan.dimensions, values) for name, values in figures_of(fits).items()}
    own = [[is_own(choice, plan.column, options) for choice in dimension.choices] for dimension in plan.dimensions]
    marked = np.zeros(size(plan.dimensions), dtype=bool)
    if all(map(any, own)):
        at = tuple(flags.index(True) for flags in own)
        marked[np.ravel_multi_index(at, [len(flags) for flags in own])] = True
    names = zip(*((choice.name for choice in choices) for choices in combined(plan.dimensions)), strict=True)
    choices = dict(zip((dimension.name for dimension in plan.dimensions), names, strict=True))
    table = table_of_rows(choices, {"marked": marked, **figures})
    record = inputs[estimate_key(plan.column)]
    checks = (_as_printed(table, record), _whole_product(table, plan.dimensions), _estimated(table))
    counts = table["status"].value_counts().sort("status")
    return StepResult(table, checks, notes={f"{status}_specifications": n for status, n in counts.rows()})


def _in_order(dimensions: tuple[Dimension, ...], values: np.ndarray) -> np.ndarray:
    """Values by panel and specification in the order of `combined(dimensions)`."""
    kinds = [*(d for d in dimensions if d.of_options), *(d for d in dimensions if not d.of_options)]
    cube = values.reshape([len(dimension.choices) for dimension in kinds])
    return cube.transpose([kinds.index(dimension) for dimension in dimensions]).ravel()


def _as_printed(table: pl.DataFrame, record: pl.DataFrame) -> Check:
    """The marked row's coefficient equals the printed column's, and its error where that one is clustered, too."""
    name = "as_printed"
    marked = table.filter("marked")
    if marked.is_empty():
        return Check(name, True, "no specification has the options in force; nothing to compare")
    ours, theirs = marked.row(0, named=True), record.row(0, named=True)  # the treatment is the first term
    if "estimated" not in (ours["status"], theirs["status"]):
        return Check(name, True, f"nothing to compare: {theirs['reason']}")
    if ours["status"] != theirs["status"]:
        return Check(name, False, f"{ours['status']} here and {theirs['status']} there: {ours['reason']}")
    compared = ["estimate", *(["std_error"] if theirs["vcov"] == "cluster" else [])]
    apart = {key: abs(ours[key] - theirs[key]) / max(1.0, abs(theirs[key])) for key in compared}
    message = f"{theirs['name']}: " + ", ".join(f"{key} differs by {value:.1e}" for key, value in apart.items())
    same = ours["n_obs"] == theirs["n_obs"]
    return Check(name, same and max(apart.values()) <= TOLERANCE, f"{message}; allowed is {TOLERANCE:.0e}")


def _whole_product(table: pl.DataFrame, dimensions: tuple[Dimension, ...]) -> Check:
    twice = table.filter(table.select(dimension.name for dimension in dimensions).is_duplicated())
    message = f"the rows are not the {size(dimensions)} combinations, each once"
    if table.height != size(dimensions):
        return Check("the_whole_product", False, message)
    return rule("the_whole_product", twice, message)


def _estimated(table: pl.DataFrame) -> Check:
    open_ = table.filter(pl.col("status") != "estimated")
    reasons = open_["reason"].unique(maintain_order=True).to_list()
    message = f"{table.height - open_.height} of {table.height} specifications"
    message += f"; others: {'; '.join(map(str, reasons[:3]))}" if reasons else ""
    return Check("estimated", open_.is_empty(), message, blocking=False)


def _sum_up(key: TableKey, dimensions: tuple[Dimension, ...], inputs: Inputs, options: Options) -> StepResult:
    rows = inputs[key]
    table = summary(rows, {d.name: [choice.name for choice in d.choices] for d in dimensions})
    return StepResult(table, (_estimated(rows),))


def _permute(plan: _Plan, vary: tuple[str, ...], inputs: Inputs, options: Options) -> StepResult:
    kept = tuple(
        replace(dimension, choices=_own(dimension, plan.column, options)) if dimension.name not in vary else dimension
        for dimension in plan.dimensions
    )
    plan = replace(plan, dimensions=kept)
    settings, columns = combined(plan.of_options), combined(plan.of_column)
    specifications = [_specification(plan, choices, options) for choices in columns]
    panels = _panels(plan, inputs, options, settings)
    usable = [panel for panel in panels if not isinstance(panel, PipelineError)]
    fits = fit_product(specifications, usable)
    draws, seed = int(options["curve_draws"]), int(options["seed"])
    table = permuted(specifications, usable, fits, draws=draws, seed=seed)
    defined = table.filter(pl.col("draw") == 0)["specifications"][0]
    message = f"{defined} of {size(kept)} specifications, {draws} deals"
    return StepResult(table, (Check("estimated", defined > 0, message, blocking=False),))


def _own(dimension: Dimension, column: Specification, options: Options) -> tuple[Choice, ...]:
    """The choice that leaves the column as it is, or a choice of nothing where none does."""
    own = [choice for choice in dimension.choices if is_own(choice, column, options)]
    return (own[0],) if own else (Choice("as it is"),)


def _test(key: TableKey, inputs: Inputs, options: Options) -> StepResult:
    table = to_frame(joint_test(inputs[key]))
    open_ = table.filter(pl.col("status") != "estimated")
    message = f"{open_.height} statistics without a result" if open_.height else f"{table.height} statistics"
    return StepResult(table, (Check("estimated", open_.is_empty(), message, blocking=False),))


KIND = Kind("curve", ("of", "dimensions", "permute"), read, steps, check)
