"""The two building blocks of every series: bounded stationary errors and city effects with given moments.

No economics here; numbers in, arrays out, randomness from the generator passed in.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta, norm

Array = NDArray[np.float64]

#: Errors are squashed at this many standard deviations before rescaling, so levels keep inside known bounds.
SQUASH = 2.5


def _squashed_sd() -> float:
    grid = norm.ppf((np.arange(20_000) + 0.5) / 20_000)
    return float(np.std(SQUASH * np.tanh(grid / SQUASH)))


_SQUASHED_SD = _squashed_sd()
#: No error exceeds this many of its standard deviations.
ERROR_BOUND = SQUASH / _SQUASHED_SD


def gaussian_ar1(rng: np.random.Generator, cities: int, years: int, rho: float) -> Array:
    """Stationary normal errors with mean 0, sd 1 and autocorrelation `rho`. Shape (cities, years)."""
    g = np.empty((cities, years))
    shocks = rng.standard_normal((cities, years))
    g[:, 0] = shocks[:, 0]
    scale = np.sqrt(1 - rho**2)
    for t in range(1, years):
        g[:, t] = rho * g[:, t - 1] + scale * shocks[:, t]
    return g


def squashed(g: Array) -> Array:
    """b tanh(g / b) with b = 2.5, over its sd: sd 1 for normal g, never beyond `ERROR_BOUND`. Shape as given.

    Symmetric, so the mean stays 0 for every city and year, treated or not; clipping would not keep that.
    """
    return np.asarray(SQUASH * np.tanh(g / SQUASH) / _SQUASHED_SD, dtype=np.float64)


def bounded_ar1(rng: np.random.Generator, cities: int, years: int, rho: float) -> Array:
    """Stationary errors with mean 0, sd 1, autocorrelation near `rho`, bounded as `squashed` says.

    Returns
    -------
    Array
        shape (cities, years).
    """
    return squashed(gaussian_ar1(rng, cities, years, rho))


@cache
def squashed_slope(loading: float) -> float:
    """Regression of squashed(loading g + sqrt(1 - loading^2) h) on squashed(g), g and h independent normals.

    Near `loading`; the bend makes it a little less. By quadrature over both.
    """
    if loading == 0:  # exactly, where quadrature leaves rounding
        return 0.0
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    g, h = np.meshgrid(nodes, nodes, indexing="ij")
    mass = np.outer(weights, weights) / (2 * np.pi)
    mixed = squashed(loading * g + np.sqrt(1 - loading**2) * h)
    return float((mass * mixed * squashed(g)).sum() / (mass * squashed(g) ** 2).sum())


def city_scores(rng: np.random.Generator, size: Array, loading: float) -> Array:
    """Normal scores over cities, correlated with latent size by about `loading`. Shape (cities,).

    They are the quantiles of the normal law at each city's rank, so mean, sd and extremes hardly move between seeds.
    """
    own = rng.standard_normal(size.shape[0])
    return standardised(normal_quantiles(loading * size + np.sqrt(1 - loading**2) * own))


def standardised(values: Array) -> Array:
    """Values less their mean, over their standard deviation."""
    return (values - values.mean()) / values.std()


def ranks_to_unit(values: Array) -> Array:
    """(rank - 1/2) / n: where each value stands, as a number inside (0, 1). Shape as given."""
    ranks = np.empty(values.shape[0])
    ranks[np.argsort(values, kind="stable")] = np.arange(values.shape[0])
    return (ranks + 0.5) / values.shape[0]


def normal_quantiles(values: Array) -> Array:
    """Normal scores of the values' ranks. Shape as given."""
    return np.asarray(norm.ppf(ranks_to_unit(values)), dtype=np.float64)


def rescaled_to_bounds(scores: Array, mean: float, sd: float, lower: float, upper: float) -> Array:
    """City effects mean + sd * score, folded into [lower, upper] by a smooth law of the ranks.

    City effects may have any shape (they cancel within the city), so bending them moves no trend: a scaled beta law
    with the wanted mean and sd on [lower, upper].
    """
    m, s = (mean - lower) / (upper - lower), sd / (upper - lower)
    concentration = m * (1 - m) / s**2 - 1
    if concentration <= 0:
        raise ValueError(f"no law on [{lower}, {upper}] has mean {mean} and sd {sd}")
    unit = beta.ppf(ranks_to_unit(scores), m * concentration, (1 - m) * concentration)
    return np.asarray(lower + (upper - lower) * unit, dtype=np.float64)
