"""Two sets of estimates beside each other: every coefficient old and new, what flipped first. Pure.

A coefficient is known by its table and its term; where a table holds tests, by subject, method and statistic.
"""

from collections.abc import Mapping

import polars as pl

from resilience_pipeline.report.figures import stars
from resilience_pipeline.step import TableKey

#: Changes below this, in units of the old standard error, are rounding.
NOTHING = 1e-9
SIGN, SIGNIFICANCE = "sign", "significance"
MOVED, APPEARED, VANISHED = "moved", "appeared", "vanished"

COMPARED = pl.Schema(
    {
        "result": pl.String,  # as SQL names it: "table_4_3"
        "term": pl.String,
        "label": pl.String,  # of the column, as printed; null for tests
        "outcome": pl.String,
        "state": pl.String,  # moved | appeared | vanished
        "flip": pl.String,  # sign | significance | sign and significance; null where neither flipped
        "old": pl.Float64,
        "old_std_error": pl.Float64,
        "old_stars": pl.String,
        "new": pl.Float64,
        "new_std_error": pl.Float64,
        "new_stars": pl.String,
        "change": pl.Float64,  # new - old
        "change_in_errors": pl.Float64,  # change / old standard error
    }
)

_ESTIMATES = ("name", "label", "outcome", "term", "estimate", "std_error", "p_value")
_TESTS = ("subject", "method", "statistic", "estimate", "std_error", "p_value")
_NAMES = ("model", "subject", "method", "statistic")
_SINGLE_DRAWS = "draw"


def is_regression(frame: pl.DataFrame) -> bool:
    """Whether a table of the estimates layer holds coefficients of a model."""
    return set(_ESTIMATES) <= set(frame.columns)


def coefficients(key: TableKey, frame: pl.DataFrame) -> pl.DataFrame | None:
    """A table's coefficients, one row each; None where it holds none (draws, descriptives, covariances).

    Returns
    -------
    table, term, label, outcome, estimate, std_error, stars; every term once.
    """
    if is_regression(frame):
        named = frame.select("term", "label", "outcome", "estimate", "std_error", "p_value")
    elif set(_TESTS) <= set(frame.columns) and _SINGLE_DRAWS not in frame.columns:
        names = [name for name in _NAMES if name in frame.columns]
        named = frame.select(
            pl.concat_str(names, separator=", ", ignore_nulls=True).alias("term"),
            pl.lit(None, pl.String).alias("label"),
            pl.lit(None, pl.String).alias("outcome"),
            *(pl.col(name).cast(pl.Float64) for name in ("estimate", "std_error", "p_value")),
        )
    else:
        return None
    starred = [stars(p_value) for p_value in named["p_value"].to_list()]
    return (
        named.with_columns(pl.Series("stars", starred, pl.String), pl.lit("_".join(key[1:])).alias("result"))
        .filter(pl.col("term").is_not_null() & pl.col("estimate").is_not_null())
        .unique(["result", "term"], keep="first", maintain_order=True)
        .select("result", "term", "label", "outcome", "estimate", "std_error", "stars")
    )


def compared(old: Mapping[TableKey, pl.DataFrame], new: Mapping[TableKey, pl.DataFrame]) -> pl.DataFrame:
    """Every coefficient that moved, appeared or vanished, schema `COMPARED`.

    Parameters
    ----------
    old, new : tables of the estimates layer, by key.

    Returns
    -------
    Flips first, those of sign before those of significance alone; then what appeared or vanished; then what moved, the
    largest change in units of the old standard error first. A coefficient is significant where it carries a star.
    """
    before, after = _all(old), _all(new)
    joined = before.join(after, on=["result", "term"], how="full", coalesce=True, suffix="_new")
    both = pl.col("estimate").is_not_null() & pl.col("estimate_new").is_not_null()
    change = pl.col("estimate_new") - pl.col("estimate")
    error = pl.when(pl.col("std_error") > 0).then(pl.col("std_error"))
    scale = pl.coalesce(error, pl.col("estimate").abs()).clip(lower_bound=1e-300)
    error_change = (pl.col("std_error_new") - pl.col("std_error")).abs().fill_null(0.0)
    sign = both & (pl.col("estimate") * pl.col("estimate_new") < 0)
    significance = both & ((pl.col("stars") == "") != (pl.col("stars_new") == ""))
    rows = joined.with_columns(
        pl.coalesce("label_new", "label").alias("label"),
        pl.coalesce("outcome_new", "outcome").alias("outcome"),
        pl.when(both)
        .then(pl.lit(MOVED))
        .when(pl.col("estimate").is_null())
        .then(pl.lit(APPEARED))
        .otherwise(pl.lit(VANISHED))
        .alias("state"),
        pl.when(sign & significance)
        .then(pl.lit(f"{SIGN} and {SIGNIFICANCE}"))
        .when(sign)
        .then(pl.lit(SIGN))
        .when(significance)
        .then(pl.lit(SIGNIFICANCE))
        .alias("flip"),
        change.alias("change"),
        (change / error).alias("change_in_errors"),
    ).filter(~both | (change.abs() > NOTHING * scale) | (error_change > NOTHING * scale) | significance)
    rank = (
        pl.when(pl.col("flip").str.starts_with(SIGN)).then(0).when(pl.col("flip").is_not_null()).then(1)
        .when(pl.col("state") != MOVED).then(2).otherwise(3)
    )  # fmt: skip
    return (
        rows.with_columns(rank.alias("rank"), pl.col("change_in_errors").abs().fill_null(0.0).alias("size"))
        .sort("rank", "size", "result", "term", descending=[False, True, False, False], nulls_last=True)
        .select(
            "result", "term", "label", "outcome", "state", "flip",
            pl.col("estimate").alias("old"), pl.col("std_error").alias("old_std_error"),
            pl.col("stars").alias("old_stars"),
            pl.col("estimate_new").alias("new"), pl.col("std_error_new").alias("new_std_error"),
            pl.col("stars_new").alias("new_stars"),
            "change", "change_in_errors",
        )
        .cast(COMPARED)
    )  # fmt: skip


def _all(tables: Mapping[TableKey, pl.DataFrame]) -> pl.DataFrame:
    schema = {
        **dict.fromkeys(("result", "term", "label", "outcome"), pl.String),
        "estimate": pl.Float64,
        "std_error": pl.Float64,
        "stars": pl.String,
    }
    found = [frame for key in sorted(tables) if (frame := coefficients(key, tables[key])) is not None]
    return pl.concat([pl.DataFrame(schema=schema), *found])
