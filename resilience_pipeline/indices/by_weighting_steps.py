"""The outcome under every weighting and form as steps: the weights, the composite, and how alike the ranks are."""

import polars as pl

from resilience_pipeline.indices import by_weighting as by_weighting_module
from resilience_pipeline.indices.by_weighting import by_weighting, columns, every_weights, rank_correlations
from resilience_pipeline.indices.composites import KEY
from resilience_pipeline.indices.index_table import IndexTable, nothing
from resilience_pipeline.indices.registry import TRADE_RESILIENCE
from resilience_pipeline.indices.steps import WEIGHING, index_key, sum_to_one
from resilience_pipeline.options import Options
from resilience_pipeline.step import Inputs, Step, StepResult
from resilience_pipeline.study.study import Study
from resilience_pipeline.table_checks import balanced, finite, key_unique

CODE = (by_weighting_module, *WEIGHING)


def _weights_step(study: Study) -> Step:
    return Step(
        key=index_key(study, "weights_by_weighting"),
        inputs=(index_key(study, "indicators"),),
        compute=_weights,
        description="Weights of RES, REC, RST and CTRI under every weighting and form, whatever the options choose. "
        "One row per weighting, form, composite and indicator. Section 4.3.",
        code=CODE,
        options=("start_year",),
        checks=(("key_unique", True), ("weights_sum_to_one", True)),
    )


def _scores_step(study: Study) -> Step:
    return Step(
        key=index_key(study, "ctri_by_weighting"),
        inputs=(index_key(study, "indicators"), index_key(study, "weights_by_weighting")),
        compute=_scores,
        description="CTRI under every weighting and form, ctri_<weighting>_<form>. One row per kept city and year. Not "
        "winsorised; chooses none. Section 4.3.",
        code=CODE,
        checks=(("key_unique", True), ("balanced", True), ("finite", True)),
    )


def _ranks_step(study: Study) -> Step:
    return Step(
        key=index_key(study, "ctri_rank_correlations"),
        inputs=(index_key(study, "ctri_by_weighting"),),
        compute=_ranks,
        description="Spearman's rank correlation of CTRI under every weighting and form with entropy weights in "
        "levels, over all city-years. One row per weighting and form. Section 4.3.",
        code=CODE,
        checks=(("key_unique", True),),
    )


def _behind(column: str, options: Options | None) -> tuple[str, ...]:
    return tuple(entry.name for entry in TRADE_RESILIENCE.indicators)


RANK_CORRELATIONS = IndexTable("ctri_rank_correlations", (), nothing, _ranks_step, needs=("ctri_by_weighting",))
WEIGHTS_BY_WEIGHTING = IndexTable(
    "weights_by_weighting", (), nothing, _weights_step, needs=("indicators",), weighs=True
)
CTRI_BY_WEIGHTING = IndexTable(
    "ctri_by_weighting",
    columns(TRADE_RESILIENCE),
    _behind,
    _scores_step,
    needs=("indicators", "weights_by_weighting"),
    brings=("ctri_rank_correlations",),
)


def _weights(inputs: Inputs, options: Options) -> StepResult:
    (table,) = inputs.tables.values()
    weights = every_weights(table, TRADE_RESILIENCE, int(options["start_year"]))
    key = ("weighting", "form", "composite", "indicator")
    return StepResult(weights, (key_unique(weights, key), sum_to_one(weights)))


def _scores(inputs: Inputs, options: Options) -> StepResult:
    indicators, weights = inputs.tables.values()
    table = by_weighting(indicators, weights, TRADE_RESILIENCE)
    empty = [name for name in columns(TRADE_RESILIENCE) if table[name].null_count() == table.height]
    notes = {"awaiting": ", ".join(empty)} if empty and table.height else {}
    return StepResult(
        table, (key_unique(table, KEY), balanced(table, KEY, indicators.height), finite(table)), notes=notes
    )


def _ranks(inputs: Inputs, options: Options) -> StepResult:
    (scores,) = inputs.tables.values()
    table = rank_correlations(scores, TRADE_RESILIENCE)
    least = table.filter(pl.col("rank_correlation") == pl.col("rank_correlation").min())
    notes = {f"least_like_the_default_{name}": rho for name, rho in least.select("column", "rank_correlation").rows()}
    return StepResult(table, (key_unique(table, ("column",)),), notes=notes)
