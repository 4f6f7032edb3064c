"""How long a city's series stays silent, counted on the series as delivered, and which cities that costs.

The paper, section 4.6: cities with more than three consecutive missing years leave the sample.
"""

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from resilience_pipeline.grid.cube import cube
from resilience_pipeline.grid.observations import taken
from resilience_pipeline.grid.province_mean import fill_province_means

RUNS = pl.Schema(
    {
        "city_code": pl.String,
        "indicator": pl.String,
        "missing_years": pl.Int32,
        "longest_run": pl.Int32,
        "run_from": pl.Int32,  # first and last year of the longest run (the earliest of equals); null without one
        "run_to": pl.Int32,
        "province_mean": pl.Boolean,  # the city delivered nothing and takes its province's mean
    }
)

CITIES = pl.Schema(
    {
        "city_code": pl.String,
        "name": pl.String,
        "province": pl.String,
        "region": pl.String,
        "kept": pl.Boolean,
        "reason": pl.String,  # why the city leaves; null for one that stays
        "worst_indicator": pl.String,  # series with the city's longest run; null where nothing is missing
        "longest_run": pl.Int32,
    }
)


def longest_runs(missing: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Length and last position of the longest run of True along the last axis; the earliest of equal runs."""
    run = np.zeros(missing.shape[:-1], dtype=np.int64)
    longest, end = run.copy(), np.full_like(run, -1)
    for t in range(missing.shape[-1]):
        run = np.where(missing[..., t], run + 1, 0)
        end = np.where(run > longest, t, end)
        longest = np.maximum(longest, run)
    return longest, end


def delivered_indicators(observed: pl.DataFrame, indicators: Sequence[str]) -> tuple[str, ...]:
    """Those of the indicators that some source delivered a value of, sorted."""
    return tuple(sorted(set(taken(observed)["indicator"].unique()) & set(indicators)))


def missing_runs(
    observed: pl.DataFrame,
    cities: pl.DataFrame,
    required: Sequence[str],
    province_mean: Sequence[str],
    years: Sequence[int],
) -> pl.DataFrame:
    """The longest run of missing years of each required series of each city of the grid.

    Parameters
    ----------
    observed : the `observations` table.
    cities : all prefecture-level cities, with city_code and province.
    required : indicators of the sample rule. One that no source delivered is left out: it waits for its source.
    province_mean : indicators of which a city without any value takes its province's mean; not counted as missing.
    years : the window.

    Returns
    -------
    Columns of `RUNS`; the grid's cities are those with at least one value of a required indicator.
    """
    here = taken(observed)
    names = delivered_indicators(observed, required)
    present = here.filter(pl.col("indicator").is_in(names))["city_code"].unique()
    series = cube(here, list(cities["city_code"]), names, years)
    values, filled = fill_province_means(series, provinces_of(cities), tuple(province_mean))
    inside = np.isin(np.array(series.cities, dtype=object), present.to_list())
    missing = np.isnan(values[inside])
    longest, end = longest_runs(missing)
    code, indicator = (
        axis.ravel()
        for axis in np.meshgrid(
            np.array(series.cities, dtype=object)[inside], np.array(series.indicators, dtype=object), indexing="ij"
        )
    )
    first = series.years[0] if series.years else 0
    table = pl.DataFrame(
        {
            "city_code": code.tolist(),
            "indicator": indicator.tolist(),
            "missing_years": missing.sum(axis=2).ravel(),
            "longest_run": longest.ravel(),
            "run_from": (first + end - longest + 1).ravel(),
            "run_to": (first + end).ravel(),
            "province_mean": filled[inside].any(axis=2).ravel(),
        },
        schema=RUNS,
    )
    silent = pl.col("longest_run") == 0
    return table.with_columns(pl.when(~silent).then(pl.col(name)).alias(name) for name in ("run_from", "run_to"))


def grid_cities(
    observed: pl.DataFrame, runs: pl.DataFrame, cities: pl.DataFrame, maximum_missing_run: int
) -> pl.DataFrame:
    """Every city of the balanced grid, whether it stays, and why not.

    Without any required indicator the grid holds every city with a value, and all stay. A series that is missing too
    long in every city waits for its editions and costs no city its place (`undelivered_series`).
    """
    codes = (taken(observed) if runs.is_empty() else runs)["city_code"].unique()
    counted = runs.filter(~pl.col("indicator").is_in(undelivered_series(runs, maximum_missing_run)))
    worst = (
        counted.filter(pl.col("longest_run") > 0)
        .sort("city_code", pl.col("longest_run"), "indicator", descending=[False, True, False])
        .unique("city_code", keep="first", maintain_order=True)
    )
    too_long = pl.col("longest_run") > maximum_missing_run
    reason = pl.format(
        "{} is missing in {} consecutive years ({} to {}); at most {} are allowed",
        pl.col("indicator"),
        pl.col("longest_run"),
        pl.col("run_from"),
        pl.col("run_to"),
        pl.lit(maximum_missing_run),
    )
    return (
        cities.filter(pl.col("city_code").is_in(codes.to_list()))
        .join(worst, on="city_code", how="left")
        .with_columns(pl.col("longest_run").fill_null(0))
        .with_columns(kept=~too_long, reason=pl.when(too_long).then(reason), worst_indicator=pl.col("indicator"))
        .select(CITIES.names())
        .cast(CITIES)
        .sort("city_code")
    )


def undelivered_series(runs: pl.DataFrame, maximum_missing_run: int) -> list[str]:
    """Indicators whose run of missing years is too long in every city: whole editions were not delivered."""
    least = runs.group_by("indicator").agg(pl.col("longest_run").min())
    return least.filter(pl.col("longest_run") > maximum_missing_run)["indicator"].sort().to_list()


def provinces_of(cities: pl.DataFrame) -> dict[str, str]:
    """City code -> province."""
    return dict(cities.select("city_code", "province").iter_rows())
