"""CTRI in other functional forms: a city's rank among the cities of the year, and its share of their sum.

    rank_it = (average rank of CTRI_it in year t - 1/2) / n_t        share_it = 100 CTRI_it / sum_j CTRI_jt

An effect on levels need not be one on logs or ranks (Roth and Sant'Anna 2023): where a skewed index is driven by a few
large ports, the level is theirs. The log is a formula of its own. Ranks and shares are of the kept cities that have
the composite in the year; both are relative, so a gain of pilots is a loss of others.
"""

from functools import partial

import polars as pl

from resilience_pipeline import table_checks
from resilience_pipeline.grid.wide import KEY
from resilience_pipeline.indices.index_table import IndexTable
from resilience_pipeline.indices.measures import ON_GRID, on_grid, window_of
from resilience_pipeline.options import Options
from resilience_pipeline.step import Check, Inputs, Step, StepResult
from resilience_pipeline.study.study import Study
from resilience_pipeline.table_checks import rule

COLUMNS = ("ctri_rank", "ctri_share_pct")
_SUM_TOLERANCE = 1e-9  # of a sum of a few hundred shares


def forms(resilience: pl.DataFrame) -> pl.DataFrame:
    """city_code, year, ctri_rank in (0, 1) and ctri_share_pct, sorted; null where CTRI is.

    Parameters
    ----------
    resilience : city_code, year and ctri. Equal values share their average rank.
    """
    value = pl.col("ctri")
    rank = value.rank("average").over("year")
    total = value.sum().over("year")
    return (
        resilience.select(*KEY, "ctri")
        .sort(KEY)
        .with_columns(
            ctri_rank=(rank - 0.5) / value.count().over("year"),
            ctri_share_pct=pl.when(total != 0).then(100 * value / total),
        )
        .select(*KEY, *COLUMNS)
    )


def shares_sum_to_100(table: pl.DataFrame) -> Check:
    """The shares of a year's cities sum to 100 and their ranks average to one half."""
    years = table.drop_nulls().group_by("year").agg(pl.col("ctri_share_pct").sum(), pl.col("ctri_rank").mean())
    off = years.filter(
        ((pl.col("ctri_share_pct") - 100).abs() > 100 * _SUM_TOLERANCE)
        | ((pl.col("ctri_rank") - 0.5).abs() > _SUM_TOLERANCE)
    )
    return rule("shares_sum_to_100", off.sort("year"), "shares of a year do not sum to 100, or ranks average to 1/2")


def _step(study: Study) -> Step:
    return Step(
        key=("indices", study.name, "ctri_forms"),
        inputs=(("indices", study.name, "composites"),),
        compute=partial(_forms, window_of(study)),
        description="CTRI as a rank among the cities of its year and as a share of their sum. One row per kept city "
        "and year; empty where CTRI is. Not winsorised.",
        code=(table_checks,),
        checks=(*ON_GRID, ("shares_sum_to_100", True)),
    )


def _forms(window: range, inputs: Inputs, options: Options) -> StepResult:
    (resilience,) = inputs.tables.values()
    table = forms(resilience)
    rows = resilience["city_code"].n_unique() * len(window)
    return StepResult(table, (*on_grid(table, rows), shares_sum_to_100(table)))


def _behind(column: str, options: Options | None) -> tuple[str, ...]:
    return ("ctri",)


FORMS = IndexTable("ctri_forms", COLUMNS, _behind, _step, needs=("composites",))
