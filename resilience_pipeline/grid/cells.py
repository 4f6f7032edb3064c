"""The balanced grid itself: one cell per kept city, indicator and year, each with its value, status and origin."""

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from resilience_pipeline.grid.cube import Cube, cube
from resilience_pipeline.grid.interpolation import interpolate
from resilience_pipeline.grid.missing_runs import delivered_indicators, provinces_of
from resilience_pipeline.grid.observations import taken
from resilience_pipeline.grid.province_mean import fill_province_means
from resilience_pipeline.grid.reference import NATION, national_indicators

#: reported: as delivered by an office. imputed: as delivered, filled in by the compiler (option imputed_values).
#: interpolated: between the values of from_year and to_year. province_mean: the city delivered nothing, its
#: province's mean stands. missing: no value.
STATUSES = ("reported", "imputed", "interpolated", "province_mean", "missing")

ORIGIN = ("source", "delivery_sha256", "file", "sheet", "row", "column")

CELLS = pl.Schema(
    {
        "city_code": pl.String,
        "indicator": pl.String,
        "year": pl.Int32,
        "value": pl.Float64,
        "status": pl.String,
        "from_year": pl.Int32,
        "to_year": pl.Int32,
        "source": pl.String,
        "delivery_sha256": pl.String,
        "file": pl.String,
        "sheet": pl.String,
        "row": pl.Int32,
        "column": pl.Int32,
    }
)


def cells(
    observed: pl.DataFrame,
    grid: pl.DataFrame,
    cities: pl.DataFrame,
    indicators: Sequence[str],
    province_mean: Sequence[str],
    years: Sequence[int],
    interpolation: str,
) -> pl.DataFrame:
    """Every delivered indicator of every kept city in every year; national series stand under city_code "000000".

    Parameters
    ----------
    observed : the `observations` table.
    grid : the `cities` table of the grid.
    cities : all prefecture-level cities, whose values make the province means.
    indicators : what the study needs. One that nobody delivered has no cells.
    province_mean : see `missing_runs`.
    years : the window.
    interpolation : "linear" or "none".

    Returns
    -------
    Columns of `CELLS`, sorted by city_code, indicator and year.
    """
    here = taken(observed)
    names = delivered_indicators(observed, indicators)
    national = national_indicators() & set(names)
    kept = grid.filter("kept")["city_code"]
    every_city = cube(here, list(cities["city_code"]), [n for n in names if n not in national], years)
    nation = cube(here, [NATION], sorted(national), years)
    filled, means = fill_province_means(every_city, provinces_of(cities), tuple(province_mean))
    staying = np.isin(np.array(every_city.cities, dtype=object), kept.to_list())
    of_cities = Cube(
        tuple(c for c, stays in zip(every_city.cities, staying, strict=True) if stays),
        every_city.indicators,
        every_city.years,
        filled[staying],
        every_city.rows[staying],
    )
    no_means = np.zeros(nation.shape, dtype=bool)
    return pl.concat(
        [_long(nation, no_means, here, interpolation), _long(of_cities, means[staying], here, interpolation)]
    )


def _long(block: Cube, means: NDArray[np.bool_], here: pl.DataFrame, interpolation: str) -> pl.DataFrame:
    """One block of the grid as rows, gaps filled as the option says."""
    if interpolation == "linear":
        values, before, after = interpolate(block.values)
    else:
        values, before, after = block.values, np.full(block.shape, -1), np.full(block.shape, -1)
    imputed = np.append(here["imputed"].fill_null(False).to_numpy(), False)[block.rows]  # the last stands for row -1
    status = np.select([imputed, block.rows >= 0, before >= 0, means], [1, 0, 2, 3], default=4)
    city, indicator, year = np.indices(block.shape).reshape(3, -1)
    first = block.years[0] if block.years else 0
    frame = pl.DataFrame(
        {
            "city_code": _labels(block.cities, city),
            "indicator": _labels(block.indicators, indicator),
            "year": year + first,
            "value": pl.Series(values.ravel(), dtype=pl.Float64).fill_nan(None),
            "status": _labels(STATUSES, status.ravel()),
            "from_year": before.ravel(),
            "to_year": after.ravel(),
            "_row": block.rows.ravel(),
        }
    ).with_columns(
        from_year=pl.when(pl.col("from_year") >= 0).then(pl.col("from_year") + first),
        to_year=pl.when(pl.col("to_year") >= 0).then(pl.col("to_year") + first),
        _row=pl.when(pl.col("_row") >= 0).then(pl.col("_row")),
    )
    origin = here.select(pl.col(ORIGIN).gather(frame["_row"]))
    return pl.concat([frame, origin], how="horizontal").select(CELLS.names()).cast(CELLS)


def _labels(names: Sequence[str], positions: NDArray[np.int64]) -> pl.Series:
    return pl.Series(list(names), dtype=pl.String).gather(pl.Series(positions, dtype=pl.Int64))
