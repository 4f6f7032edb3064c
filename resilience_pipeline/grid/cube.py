"""Observations laid out as an array of cities, indicators and years: the shape in which gaps are seen.

Only positions and values; what a gap means is decided in `missing_runs.py` and `cells.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray


@dataclass(frozen=True)
class Cube:
    """Values of taken observations.

    Parameters
    ----------
    cities, indicators : labels of the first two axes, sorted.
    years : labels of the third axis, without gaps.
    values : shape (cities, indicators, years); nan where nothing was delivered.
    rows : same shape; row number in the observations that it was made of, -1 where nothing was delivered.
    """

    cities: tuple[str, ...]
    indicators: tuple[str, ...]
    years: tuple[int, ...]
    values: NDArray[np.float64]
    rows: NDArray[np.int64]

    @property
    def shape(self) -> tuple[int, int, int]:
        """Numbers of cities, indicators and years."""
        return len(self.cities), len(self.indicators), len(self.years)


def cube(observed: pl.DataFrame, cities: Sequence[str], indicators: Sequence[str], years: Sequence[int]) -> Cube:
    """The cube of `observed` (one row per city, indicator and year); rows outside the labels stay out."""
    cities, indicators, years = tuple(sorted(cities)), tuple(sorted(indicators)), tuple(sorted(years))
    shape = len(cities), len(indicators), len(years)
    values, rows = np.full(shape, np.nan), np.full(shape, -1, dtype=np.int64)
    if 0 in shape or observed.is_empty():
        return Cube(cities, indicators, years, values, rows)
    place = observed.select(
        _position("city_code", cities),
        _position("indicator", indicators),
        year=pl.col("year").cast(pl.Int64) - years[0],
    )
    inside = place.select(
        pl.col("city_code").is_not_null()
        & pl.col("indicator").is_not_null()
        & pl.col("year").is_between(0, shape[2] - 1)
    ).to_series()
    where = tuple(place.filter(inside).cast(pl.Int64).to_numpy().T)
    values[where] = observed.filter(inside)["value"].to_numpy()
    rows[where] = np.flatnonzero(inside.to_numpy())
    return Cube(cities, indicators, years, values, rows)


def _position(column: str, labels: Sequence[str]) -> pl.Expr:
    return pl.col(column).replace_strict(list(labels), list(range(len(labels))), default=None, return_dtype=pl.Int64)
