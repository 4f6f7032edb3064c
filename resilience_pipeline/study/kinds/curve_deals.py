"""A curve with the pilots dealt out to cities at random, and how often such a curve is like the true one.

What varies in it are the dimensions that `permute` names; every other question is decided as the column decides it.
"""

from dataclasses import replace

import polars as pl

from resilience_pipeline.econometrics.curve import joint_test, permuted
from resilience_pipeline.econometrics.inference import to_frame
from resilience_pipeline.econometrics.product import fit_product
from resilience_pipeline.econometrics.specification import Specification
from resilience_pipeline.errors import PipelineError
from resilience_pipeline.options import Options
from resilience_pipeline.step import Check, Inputs, StepResult, TableKey
from resilience_pipeline.study.curve import AS_IT_IS, Choice, Dimension, is_own, size
from resilience_pipeline.study.kinds.curve_plan import Plan, panels_of, specifications_of


def dealt(plan: Plan, vary: tuple[str, ...], inputs: Inputs, options: Options) -> StepResult:
    """One row per deal, 0 the true one: what its curve over the dimensions `vary` adds up to."""
    kept = tuple(
        replace(dimension, choices=_own(dimension, plan.column, options)) if dimension.name not in vary else dimension
        for dimension in plan.dimensions
    )
    plan = replace(plan, dimensions=kept)
    specifications = specifications_of(plan, options)
    usable = [panel for panel in panels_of(plan, inputs, options) if not isinstance(panel, PipelineError)]
    fits = fit_product(specifications, usable)
    draws, seed = int(options["curve_draws"]), int(options["seed"])
    table = permuted(specifications, usable, fits, draws=draws, seed=seed)
    defined = table.filter(pl.col("draw") == 0)["specifications"][0]
    message = f"{defined} of {size(kept)} specifications, {draws} deals"
    return StepResult(table, (Check("estimated", defined > 0, message, blocking=False),))


def tested(key: TableKey, inputs: Inputs, options: Options) -> StepResult:
    """One row per statistic of the deals in the table under `key`, with its p value."""
    table = to_frame(joint_test(inputs[key]))
    open_ = table.filter(pl.col("status") != "estimated")
    message = f"{open_.height} statistics without a result" if open_.height else f"{table.height} statistics"
    return StepResult(table, (Check("estimated", open_.is_empty(), message, blocking=False),))


def _own(dimension: Dimension, column: Specification, options: Options) -> tuple[Choice, ...]:
    """The choice that leaves the column as it is, or a choice of nothing where none does."""
    own = [choice for choice in dimension.choices if is_own(choice, column, options)]
    return (own[0],) if own else (AS_IT_IS,)
