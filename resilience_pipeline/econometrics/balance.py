"""Whether matching made the groups alike: standardised differences and variance ratios, before and after.

References
----------
Rosenbaum and Rubin (1985), The American Statistician 39(1), 33-38 (standardised difference). Rubin (2001), Health
Services and Outcomes Research Methodology 2, 169-188 (limits: 1/4; variance ratios of 1/2 and 2).
"""

from collections.abc import Sequence

import numpy as np
import polars as pl

from resilience_pipeline.econometrics.absorption import Floats
from resilience_pipeline.econometrics.matching import Bools

_ROUNDING = 1e-12  # of a sum of weights, so that a share that is reached exactly counts as reached

#: One row per covariate and sample.
BALANCE = pl.Schema(
    {
        "covariate": pl.String,
        "sample": pl.String,  # before, after
        "mean_treated": pl.Float64,
        "mean_controls": pl.Float64,
        "standardised_difference": pl.Float64,
        "variance_ratio": pl.Float64,
    }
)


def balance(X: Floats, names: Sequence[str], treated: Bools, weights: Floats) -> pl.DataFrame:
    """Schema `BALANCE`: two rows for each covariate, before and after matching.

    Before: all units, unweighted. After: units of positive weight, by their weights. With m and s^2 means and variances
    of treated (t) and controls (c),

        standardised difference = (m_t - m_c) / sqrt((s_t^2 + s_c^2) / 2),   variance ratio = s_t^2 / s_c^2,

    the difference with the variances before matching in both rows, so that it falls only where the means come nearer.
    Variances divide by n - 1, weights being scaled to sum to n (Stata's analytic weights).

    Parameters
    ----------
    X : covariates, shape (n, k). names : theirs. treated, weights : shape (n,).
    """
    rows = []
    for name, x in zip(names, X.T, strict=True):
        spread: float | None = None
        for sample, w in (("before", np.ones(len(x))), ("after", weights)):
            m_t, v_t = _moments(x[treated], w[treated])
            m_c, v_c = _moments(x[~treated], w[~treated])
            spread = np.sqrt((v_t + v_c) / 2) if spread is None else spread
            rows.append((name, sample, m_t, m_c, _ratio(m_t - m_c, spread), _ratio(v_t, v_c)))
    return pl.DataFrame(rows, schema=BALANCE, orient="row").with_columns(pl.col(pl.Float64).fill_nan(None))


def quantiles(x: Floats, weights: Floats, levels: Sequence[float]) -> list[float]:
    """For each level the least x with at least that share of the weight at or below it; NaN where nothing has weight.

    Parameters
    ----------
    x, weights : shape (n,).
    """
    order = np.argsort(x, kind="stable")
    order = order[weights[order] > 0]
    if not len(order):
        return [float("nan")] * len(levels)
    reached = np.cumsum(weights[order])
    places = np.searchsorted(reached, np.asarray(levels) * reached[-1] * (1 - _ROUNDING))
    return [float(value) for value in x[order][places]]


def _moments(x: Floats, w: Floats) -> tuple[float, float]:
    """Weighted mean and variance over positive weights; NaN where there are too few."""
    x, w = x[w > 0], w[w > 0]
    n = len(x)
    if n == 0:
        return float("nan"), float("nan")
    w = w * (n / w.sum())
    mean = float(w @ x / n)
    return mean, float(w @ (x - mean) ** 2 / (n - 1)) if n > 1 else float("nan")


def _ratio(above: float, below: float) -> float:
    """NaN where there is nothing to divide by: a covariate that does not vary in a group."""
    return above / below if below > 0 else float("nan")
