"""A city without any value of a series takes its province's mean where the study says so (supply-chain shares)."""

import numpy as np
from numpy.typing import NDArray

from resilience_pipeline.grid.cube import Cube


def fill_province_means(
    delivered: Cube, provinces: dict[str, str], indicators: tuple[str, ...]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Values with province means put in, and where they were put in.

    Parameters
    ----------
    delivered : values as delivered, of all cities, so that a mean does not depend on which cities stay.
    provinces : city code -> province.
    indicators : series to fill; the others stay as they are.

    Returns
    -------
    values : shape of `delivered.values`. The mean of a year runs over the province's cities with a value that
        year; nan where there is none.
    filled : same shape, True where a mean stands.
    """
    values = delivered.values.copy()
    filled = np.zeros(values.shape, dtype=bool)
    of_province: dict[str, list[int]] = {}
    for position, city in enumerate(delivered.cities):
        of_province.setdefault(provinces[city], []).append(position)
    for name in indicators:
        if name not in delivered.indicators:
            continue
        j = delivered.indicators.index(name)
        series = delivered.values[:, j, :]
        silent = set(np.flatnonzero(np.isnan(series).all(axis=1)))
        for members in of_province.values():
            empty = [i for i in members if i in silent]
            if not empty:
                continue
            known = ~np.isnan(series[members])
            counts = known.sum(axis=0)
            totals = np.where(known, series[members], 0.0).sum(axis=0)
            means = np.divide(totals, counts, out=np.full(counts.shape, np.nan), where=counts > 0)
            values[empty, j, :] = means
            filled[empty, j, :] = ~np.isnan(means)
    return values, filled
