"""Paths of RES, REC and RST without the policy: city effect + common year effect + bounded error, in levels."""

from collections.abc import Callable, Mapping

import numpy as np

from resilience_pipeline.twin import calibration as cal
from resilience_pipeline.twin.controls import log_series
from resilience_pipeline.twin.processes import (
    ERROR_BOUND,
    Array,
    bounded_ar1,
    city_scores,
    gaussian_ar1,
    rescaled_to_bounds,
    squashed,
    standardised,
)


def resistance_level(rng: np.random.Generator, size: Array) -> Array:
    """City levels of RES, very unequal: capped quantiles of a lognormal law. Shape (cities,)."""
    quantiles = city_scores(rng, size, cal.RES_LOADING)
    return np.clip(np.exp(cal.RES_LOG_MEAN + cal.RES_LOG_SD * quantiles), cal.RES_LEAST, cal.RES_CAP)


def resistance(rng: np.random.Generator, level: Array, steadiness: Array, T: int) -> Array:
    """RES without the policy: no common year effect, errors in proportion to the level up to a bound."""
    spread = cal.RES_ERROR_SHARE * np.minimum(level, cal.RES_ERROR_LEVEL) * steadiness
    return cal.RES_FLOOR + level[:, None] + spread[:, None] * bounded_ar1(rng, level.shape[0], T, cal.RES_AR1)


def recovery(rng: np.random.Generator, fiscal: Array, T: int) -> Array:
    """REC without the policy: near the fiscal strength of the city, the same level in every year."""
    fiscal_city = fiscal.mean(axis=1)
    scores = standardised(
        cal.REC_FISCAL_LOADING / cal.REC_SD * (fiscal_city - fiscal_city.mean())
        + 0.8 * rng.standard_normal(fiscal.shape[0])
    )
    room = ERROR_BOUND * cal.REC_WITHIN
    city = rescaled_to_bounds(scores, cal.REC_MEAN, cal.REC_SD, cal.REC_LOWER + room, cal.REC_UPPER + room)
    # REC must exceed what fiscal strength alone contributes, or consumption, the rest of it, would be negative.
    city = np.maximum(city, cal.REC_FISCAL_SHARE * fiscal.max(axis=1) + cal.REC_MARGIN)
    return city[:, None] + cal.REC_WITHIN * bounded_ar1(rng, fiscal.shape[0], T, cal.REC_AR1)


def transformation(
    rng: np.random.Generator, size: Array, steadiness: Array, T: int, mix: Callable[[Array], Array]
) -> tuple[Array, Array]:
    """RST without the policy; errors shrink with the room to the upper bound, treatment and year effects included.

    Years shock all cities alike but do not rise: resilience over the city's own mean would turn a common rise in
    levels into one that is faster where the level is low, and that is not the policy's doing.

    Parameters
    ----------
    mix : of the normal errors drawn here and those of the mediators, the errors' normal form.

    Returns
    -------
    path, spread : (cities, years), and (cities,) the error's sd.
    """
    year = cal.RST_YEAR_SHOCK * bounded_ar1(rng, 1, T, 0.0)[0]
    upper = cal.RST_UPPER - np.abs(year).max() - cal.LARGEST_SHIFT["RST"]
    city = rescaled_to_bounds(city_scores(rng, size, cal.RST_LOADING), cal.RST_MEAN, cal.RST_SD, cal.RST_LOWER, upper)
    room = np.minimum(upper - city, city - cal.RST_LOWER + 4) / ERROR_BOUND
    spread = np.minimum(cal.RST_WITHIN, np.maximum(room, 0.0)) * steadiness
    errors = squashed(mix(gaussian_ar1(rng, size.shape[0], T, cal.RST_AR1)))
    return city[:, None] + year[None, :] + spread[:, None] * errors, spread


def exports(rng: np.random.Generator, trade_scale: Array, raw: Mapping[str, Array]) -> Array:
    """Exports as a share of the city's mean trade: within a city they say nothing about resistance."""
    n, T = trade_scale.shape
    share = np.exp(log_series(rng, np.zeros(n), T, cal.LOG_SERIES["export_share_of_mean_trade"]))
    mean_trade = trade_scale.mean(axis=1, keepdims=True)
    return np.asarray(share * mean_trade * raw["resident_population_10k_persons"] * 10_000, dtype=np.float64)
