"""A curve's rows: every specification on every panel, whether they are whole and as printed, and their summary.

What each regression gives comes from `econometrics.product`, how the rows are summed up from `econometrics.curve`.
"""

import re
from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from resilience_pipeline.econometrics.baseline import baseline_names
from resilience_pipeline.econometrics.curve import figures_of, summary, table_of
from resilience_pipeline.econometrics.estimate import Estimate
from resilience_pipeline.econometrics.product import Product, fit_product
from resilience_pipeline.econometrics.shared_columns import Panel
from resilience_pipeline.econometrics.specification import Specification
from resilience_pipeline.errors import PipelineError
from resilience_pipeline.options import Options
from resilience_pipeline.step import Check, Inputs, StepResult, TableKey
from resilience_pipeline.study.curve import Dimension, combined, is_own, size
from resilience_pipeline.study.kind import estimate_key
from resilience_pipeline.study.kinds.curve_plan import Plan, panels_of, specifications_of
from resilience_pipeline.study.kinds.regression import with_formulas
from resilience_pipeline.table_checks import rule

#: How far the marked row may be from the printed column, relative: rounding is near 1e-13.
TOLERANCE = 1e-10


def rows(plan: Plan, inputs: Inputs, options: Options) -> StepResult:
    """One row per specification: the choices that make it, its figures, whether it is the column as printed."""
    fits = _fitted(plan, panels_of(plan, inputs, options), specifications_of(plan, options), options)
    figures = {name: _in_order(plan.dimensions, values) for name, values in figures_of(fits).items()}
    own = [[is_own(choice, plan.column, options) for choice in dimension.choices] for dimension in plan.dimensions]
    marked = np.zeros(size(plan.dimensions), dtype=bool)
    if all(map(any, own)):
        at = tuple(flags.index(True) for flags in own)
        marked[np.ravel_multi_index(at, [len(flags) for flags in own])] = True
    names = zip(*((choice.name for choice in choices) for choices in combined(plan.dimensions)), strict=True)
    choices = dict(zip((dimension.name for dimension in plan.dimensions), names, strict=True))
    table = table_of(choices, {"marked": marked, **figures})
    record = inputs[estimate_key(plan.column)]
    checks = (as_printed(table, record), _whole_product(table, plan.dimensions), estimated(table))
    counts = table["status"].value_counts().sort("status")
    return StepResult(table, checks, notes={f"{status}_specifications": n for status, n in counts.rows()})


def summed_up(key: TableKey, dimensions: tuple[Dimension, ...], inputs: Inputs, options: Options) -> StepResult:
    """Shares and quantiles over all rows of the table under `key`, and over those of each choice."""
    found = inputs[key]
    table = summary(found, {d.name: [choice.name for choice in d.choices] for d in dimensions})
    return StepResult(table, (estimated(found),))


def as_printed(table: pl.DataFrame, record: pl.DataFrame) -> Check:
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


def estimated(table: pl.DataFrame) -> Check:
    """Whether every specification has a result."""
    open_ = table.filter(pl.col("status") != "estimated")
    reasons = open_["reason"].unique(maintain_order=True).to_list()
    message = f"{table.height - open_.height} of {table.height} specifications"
    message += f"; others: {'; '.join(map(str, reasons[:3]))}" if reasons else ""
    return Check("estimated", open_.is_empty(), message, blocking=False)


def _fitted(
    plan: Plan, panels: Sequence[Panel | PipelineError], specifications: Sequence[Specification], options: Options
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
    plan: Plan,
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


def _in_order(dimensions: tuple[Dimension, ...], values: np.ndarray) -> np.ndarray:
    """Values by panel and specification in the order of `combined(dimensions)`."""
    kinds = [*(d for d in dimensions if d.of_options), *(d for d in dimensions if not d.of_options)]
    cube = values.reshape([len(dimension.choices) for dimension in kinds])
    return cube.transpose([kinds.index(dimension) for dimension in dimensions]).ravel()


def _whole_product(table: pl.DataFrame, dimensions: tuple[Dimension, ...]) -> Check:
    twice = table.filter(table.select(dimension.name for dimension in dimensions).is_duplicated())
    message = f"the rows are not the {size(dimensions)} combinations, each once"
    if table.height != size(dimensions):
        return Check("the_whole_product", False, message)
    return rule("the_whole_product", twice, message)
