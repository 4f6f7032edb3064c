"""Spatial errors of a panel: units within so many kilometres of each other may have dependent errors.

With p_it a row's pull on the coefficients ((X'X)^-1 x_it u_it), k the kernel of the distance between two units,

    V = factor * ( sum_t sum_ij k(d_ij) p_it p_jt'  +  sum_i sum_(s != t) p_is p_it' ):

within a year all pairs of near units, between years all pairs of rows of one unit. So the serial correlation of a unit
is kept whole, as clustering by unit keeps it, and with 0 kilometres this is the error clustered by unit, small-sample
factor and degrees of freedom among it. What is left out are pairs of different units in different years: shocks that
neighbours share for years need clusters of regions beside it. Kernels: uniform, 1 up to the distance; Bartlett,
1 - d / distance.

References
----------
Conley (1999), "GMM estimation with cross sectional dependence"; Hsiang (2010), who sums over periods and adds the
serial part; Colella et al. (2019), acreg, for the practice.
"""

import numpy as np

from resilience_pipeline.econometrics.absorption import Codes, Floats, compact, level_sums
from resilience_pipeline.econometrics.error_rules import Kernel

EARTH_RADIUS_KM = 6371.0088  # mean radius
_CELLS = 1 << 22  # distances held at a time: 32 MB


def distances(latitude: Floats, longitude: Floats, to_latitude: Floats, to_longitude: Floats) -> Floats:
    """Great-circle kilometres between two sets of points in degrees, shape (n, m), by the haversine formula."""
    there, here = np.radians(to_latitude)[None, :], np.radians(latitude)[:, None]
    across = np.radians(to_longitude)[None, :] - np.radians(longitude)[:, None]
    half = np.sin((there - here) / 2) ** 2 + np.cos(here) * np.cos(there) * np.sin(across / 2) ** 2
    kilometres: Floats = 2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.minimum(half, 1.0)))
    return kilometres


def kernel_weights(kilometres: Floats, cutoff: float, kernel: Kernel) -> Floats:
    """1 up to the cutoff (uniform), or 1 - d / cutoff (Bartlett), 0 beyond; two units in one place count whole."""
    if kernel == "uniform" or cutoff == 0:
        return (kilometres <= cutoff).astype(np.float64)
    return np.maximum(1 - kilometres / cutoff, 0.0)


def conley_covariance(
    pull: Floats, units: Codes, times: Codes, coordinates: Floats, cutoff: float, kernel: Kernel
) -> Floats:
    """The sum above, shape (m, m), without its factor.

    Parameters
    ----------
    pull : shape (N, m). units, times : level numbers 0..U-1 and 0..T-1, each of shape (N,).
    coordinates : latitude and longitude of each unit in degrees, shape (U, 2).
    cutoff : kilometres.
    """
    U, T, m = int(units.max()) + 1, int(times.max()) + 1, pull.shape[1]
    by_unit = level_sums(pull, units, U)
    cells = level_sums(pull, units * T + times, U * T).reshape(U, T, m)
    spatial = np.zeros((m, m))
    block = max(1, _CELLS // U)
    for start in range(0, U, block):
        own = np.arange(start, min(start + block, U))
        near = kernel_weights(distances(*coordinates[own].T, *coordinates.T), cutoff, kernel)
        near[np.arange(len(own)), own] = 0.0  # a unit with itself is in the serial part
        around = (near @ cells.reshape(U, T * m)).reshape(len(own) * T, m)
        spatial += cells[own].reshape(len(own) * T, m).T @ around
    serial: Floats = by_unit.T @ by_unit
    return serial + (spatial + spatial.T) / 2


def places_of_units(units: Codes, latitude: Floats, longitude: Floats) -> Floats | None:
    """Latitude and longitude of each unit, shape (U, 2); None where a unit has several."""
    _, first = np.unique(units, return_index=True)
    coordinates = np.column_stack([latitude, longitude])
    found: Floats = coordinates[first]
    return found if np.array_equal(found[compact(units)], coordinates) else None
