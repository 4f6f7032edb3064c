"""Resilience leap: a year's resilience over the city's own historical mean (section 5.4; Table 5, column 3).

    leap_it = CTRI_it / M_it

whole_sample : M_i, the mean over all years of the window.
past : M_it, the mean over the years before t (expanding); the first year has none.
before_policy : M_i, the mean over the years before the start year.

The paper says "its own historical mean" and leaves open whether years to come belong to it. Its N stays 3,085, so no
year is lost: that fits the whole sample and excludes the past alone. But the whole-sample mean of a pilot city holds
the years after treatment: an effect raises the denominator too and is biased towards zero. The other two are free of
that for the effect's own years; `before_policy` is a fixed effect in ratio form, and its mean over those years is one.

CTRI is read as the composites hold it, not winsorised; the leap is winsorised as every other continuous variable.
"""

from functools import partial

import polars as pl

from resilience_pipeline import table_checks
from resilience_pipeline.grid.wide import KEY
from resilience_pipeline.indices.index_table import IndexTable
from resilience_pipeline.indices.measures import ON_GRID, Notes, on_grid, window_of
from resilience_pipeline.options import Options
from resilience_pipeline.step import Check, Inputs, Step, StepResult
from resilience_pipeline.study.study import Study
from resilience_pipeline.table_checks import rule

COLUMNS = ("ctri_mean", "resilience_leap")

#: Rounding of a mean of a few quotients.
TOLERANCE = 1e-12

_CITY = "city_code"


def leap(resilience: pl.DataFrame, over: str, start_year: int) -> pl.DataFrame:
    """Resilience over the city's own mean.

    Parameters
    ----------
    resilience : city_code, year and ctri, each city and year once; null where the city has no composite.
    over : "whole_sample", "past" or "before_policy".
    start_year : first year that no longer counts before the policy.

    Returns
    -------
    city_code, year, ctri_mean, resilience_leap, sorted. A missing CTRI counts in no mean. The leap is null where CTRI
    is, where no year is left for the mean, and where the mean is not positive: a share of nothing, or of less, says
    nothing.
    """
    table = resilience.select(*KEY, "ctri").sort(KEY)
    table = table.with_columns(ctri_mean=_mean(over, start_year))
    ratio = pl.when(pl.col("ctri_mean") > 0).then(pl.col("ctri") / pl.col("ctri_mean"))
    return table.select(*KEY, "ctri_mean", resilience_leap=pl.when(ratio.is_finite()).then(ratio))


def _mean(over: str, start_year: int) -> pl.Expr:
    value = pl.col("ctri")
    match over:
        case "whole_sample":
            return value.mean().over(_CITY)
        case "before_policy":
            return value.filter(pl.col("year") < start_year).mean().over(_CITY)
        case "past":
            total = value.fill_null(0.0).cum_sum().shift(1).over(_CITY)
            years = value.is_not_null().cum_sum().shift(1).over(_CITY)
            return pl.when(years > 0).then(total / years)
    raise ValueError(f"no mean is called {over!r}")


def own_mean_is_one(table: pl.DataFrame, over: str, start_year: int) -> Check:
    """Over the years that make a city's mean, its leaps average to one; for past means, the first year has no leap."""
    if over == "past":
        first = pl.col("year") == pl.col("year").min().over(_CITY)
        odd = table.filter(first & pl.col("resilience_leap").is_not_null())
        return rule("own_mean_is_one", odd, "a city has a leap in its first year, which has no past")
    years = table if over == "whole_sample" else table.filter(pl.col("year") < start_year)
    means = years.group_by(_CITY).agg(pl.col("resilience_leap").mean()).sort(_CITY)
    off = means.filter((pl.col("resilience_leap") - 1).abs() > TOLERANCE)
    return rule("own_mean_is_one", off, "a city's leaps do not average to one over the years of its mean")


def _step(study: Study) -> Step:
    return Step(
        key=("indices", study.name, "leap"),
        inputs=(("indices", study.name, "composites"),),
        compute=partial(_leap, window_of(study)),
        description="CTRI over the city's own mean, and that mean: over the whole sample, over earlier years, or over "
        "the years before the policy. One row per kept city and year; empty where CTRI is or the mean is not "
        "positive. Not winsorised. Section 5.4; the paper's Table 5, column 3.",
        code=(table_checks,),
        options=("leap_mean", "start_year"),
        checks=(*ON_GRID, ("own_mean_is_one", True)),
    )


def _leap(window: range, inputs: Inputs, options: Options) -> StepResult:
    (resilience,) = inputs.tables.values()
    over, start_year = str(options["leap_mean"]), int(options["start_year"])
    table = leap(resilience, over, start_year)
    without = resilience["ctri"].count() - table["resilience_leap"].count()
    notes: Notes = {"mean": over, "composites_without_a_leap": without}
    rows = resilience["city_code"].n_unique() * len(window)
    return StepResult(table, (*on_grid(table, rows), own_mean_is_one(table, over, start_year)), notes=notes)


def _behind(column: str, options: Options | None) -> tuple[str, ...]:
    return ("ctri",)


LEAP = IndexTable("leap", COLUMNS, _behind, _step, needs=("composites",))
