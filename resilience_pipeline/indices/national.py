"""The nation of a year as a formula sees it: the sum over the cities whose rows have all of the formula's inputs."""

import numpy as np
from numpy.typing import NDArray

Column = NDArray[np.float64]


def year_sums(values: Column, years: NDArray[np.int32]) -> Column:
    """For each row the sum of `values` over the rows of its year, added in the order of the rows.

    Parameters
    ----------
    values : shape (rows,); nan = the row is not counted.
    years : shape (rows,).

    Returns
    -------
    Shape (rows,); 0 in a year where no row counts.
    """
    _, place = np.unique(years, return_inverse=True)
    sums = np.bincount(place, weights=np.where(np.isnan(values), 0.0, values))
    return sums.astype(np.float64)[place]
