"""The account of the sample: for every city-year of the balanced grid whether it is in, and if not, why."""

from collections.abc import Mapping, Sequence

import polars as pl

from resilience_pipeline.grid.wide import KEY, city_years


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


def _missing(columns: Sequence[str]) -> pl.Expr:
    """Names of the columns that are null in a row, joined by ", "."""
    if not columns:
        return pl.lit("")
    named = [pl.when(pl.col(name).is_null()).then(pl.lit(name)) for name in columns]
    return pl.concat_str(named, separator=", ", ignore_nulls=True)
