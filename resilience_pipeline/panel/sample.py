"""The account of the sample: for every city-year of the balanced grid whether it is in, and if not, why.

`sample` accounts for the panel as a whole, `account` for the rows of one specification.
"""

from collections.abc import Mapping, Sequence

import polars as pl

from resilience_pipeline.econometrics.absorption import singletons
from resilience_pipeline.econometrics.predicate import parse_predicate
from resilience_pipeline.econometrics.sample import level_codes
from resilience_pipeline.econometrics.specification import Specification
from resilience_pipeline.grid.wide import KEY, city_years
from resilience_pipeline.study.columns import specification_columns


def sample(grid: pl.DataFrame, years: Sequence[int], tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """One row per city and year of the grid, cities that left included, sorted.

    Parameters
    ----------
    grid : the grid's `cities`.
    years : the window.
    tables : panel tables whose completeness is accounted for, by name.

    Returns
    -------
    city_code, year, name, province, city_kept, complete_<table> for each table (null where the city left),
    complete (kept, and complete in every table) and reason (null where complete).
    """
    cities = grid.select("city_code", "name", "province", pl.col("kept").alias("city_kept"), left="reason")
    frame = city_years(grid, years, kept_only=False).join(cities, on="city_code", how="left", maintain_order="left")
    for name, table in tables.items():
        gaps = table.select(*KEY, _missing([c for c in table.columns if c not in KEY]).alias(f"_{name}"))
        frame = frame.join(gaps, on=KEY, how="left", maintain_order="left")
    complete = [(pl.col(f"_{name}") == "").alias(f"complete_{name}") for name in tables]
    gaps_named = [pl.when(pl.col(f"_{name}") != "").then(f"_{name}") for name in tables]
    why = pl.concat_str(gaps_named, separator=", ", ignore_nulls=True) if tables else pl.lit("")
    frame = frame.with_columns(
        *complete,
        complete=pl.col("city_kept") & (why == ""),
        reason=pl.when(~pl.col("city_kept"))
        .then(pl.concat_str(pl.lit("the city left: "), "left"))
        .when(why != "")
        .then(pl.concat_str(pl.lit("no value of "), why)),
    )
    return frame.drop("left", *(f"_{name}" for name in tables))


def account(sample: pl.DataFrame, frame: pl.DataFrame, spec: Specification) -> pl.DataFrame:
    """Whether each city-year of the grid is a row of the specification's sample, and if not, why.

    Parameters
    ----------
    sample : the `sample` table.
    frame : the specification's columns by city and year (`analysis_frame`).
    spec : its sample filter, then its missing values, then its singletons are applied, as the estimator does.

    Returns
    -------
    city_code, year, in_sample, reason (null where in): one row per row of `sample`, in its order.
    """
    columns = [name for name in specification_columns(spec) if name not in KEY]
    panel = sample.select(*KEY, "city_kept", left="reason").join(
        frame.select(*KEY, *columns), on=KEY, how="left", maintain_order="left"
    )
    met = parse_predicate(spec.where).fill_null(False) if spec.where else pl.lit(True)
    needed = [name for name in _numbers_and_labels(spec) if name not in KEY]
    judged = panel.with_columns(
        reason=pl.when(~pl.col("city_kept"))
        .then("left")
        .when(~met)
        .then(pl.lit(f"does not meet {spec.where}"))
        .when(_missing(needed) != "")
        .then(pl.concat_str(pl.lit("no value of "), _missing(needed)))
    )
    if spec.singletons == "drop" and spec.absorb:
        judged = _without_singletons(judged, spec.absorb)
    return judged.select(*KEY, in_sample=pl.col("reason").is_null(), reason="reason")


def _numbers_and_labels(spec: Specification) -> list[str]:
    names = [spec.outcome, *spec.regressors, *spec.cluster, *([spec.weights] if spec.weights else [])]
    return list(dict.fromkeys([*names, *(part for effect in spec.absorb for part in effect.split("^"))]))


def _without_singletons(judged: pl.DataFrame, absorb: Sequence[str]) -> pl.DataFrame:
    rows = judged.with_row_index("_row").filter(pl.col("reason").is_null())
    alone = rows["_row"].filter(pl.Series(singletons([level_codes(rows, effect) for effect in absorb])))
    single = pl.int_range(pl.len()).is_in(alone.to_list())
    text = pl.lit(f"alone in a level of {', '.join(absorb)}")
    return judged.with_columns(reason=pl.when(single).then(text).otherwise("reason"))


def _missing(columns: Sequence[str]) -> pl.Expr:
    """Names of the columns that are null in a row, joined by ", "."""
    if not columns:
        return pl.lit("")
    named = [pl.when(pl.col(name).is_null()).then(pl.lit(name)) for name in columns]
    return pl.concat_str(named, separator=", ", ignore_nulls=True)
