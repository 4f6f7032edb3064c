"""Simultaneous bands: one critical value under which all intervals together hold the truth in 95 of 100 samples.

The critical value c is the 95 % quantile of the largest |t| under the estimated correlation of the coefficients,

    c = quantile of max_k |Z_k| / sqrt(V_kk),   Z ~ N(0, V),

simulated. Montiel Olea and Plagborg-Moller (2019), "Simultaneous confidence bands", Journal of Applied Econometrics
34, algorithm 1 with plug-in V. Their law is the normal; where t has few degrees of freedom we divide each draw by
sqrt(chi2 / dof), so that the band of a single coefficient is its own interval and no band is inside it.
"""

from dataclasses import dataclass

import numpy as np

from resilience_pipeline.econometrics.absorption import Floats
from resilience_pipeline.econometrics.year_effects import YearEffects

LEVEL = 0.95


@dataclass(frozen=True)
class Band:
    """critical : times the standard errors. low, high : shape (K,).

    p_values : shape (K,), adjusted for looking at all of them: the share of draws whose largest |t| is at least this
    one's, (1 + count) / (draws + 1).
    """

    critical: float
    low: Floats
    high: Floats
    p_values: Floats


def normal_draws(covariance: Floats, draws: int, rng: np.random.Generator) -> Floats:
    """Draws of N(0, covariance), shape (draws, K); a singular matrix is allowed."""
    values, vectors = np.linalg.eigh(covariance)
    root = vectors * np.sqrt(np.clip(values, 0.0, None))
    return rng.standard_normal((draws, len(covariance))) @ root.T


def band(effects: YearEffects, draws: int, rng: np.random.Generator, level: float = LEVEL) -> Band:
    """The sup-t band over all leads and lags."""
    error = effects.std_errors
    t = np.abs(normal_draws(effects.covariance, draws, rng)) / error
    if effects.dof is not None:
        t /= np.sqrt(rng.chisquare(effects.dof, draws) / effects.dof)[:, None]
    largest = np.sort(t.max(axis=1))
    critical = float(np.quantile(largest, level))
    above = draws - np.searchsorted(largest, np.abs(effects.estimates) / error, side="left")
    half = critical * error
    return Band(critical, effects.estimates - half, effects.estimates + half, (1 + above) / (draws + 1))
