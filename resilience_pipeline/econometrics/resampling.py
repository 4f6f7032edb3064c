"""Re-sampling whole clusters: the jackknife and CV3, the pairs bootstrap, its intervals, and permutation p-values.

Draws come from a seeded generator that is passed in. A draw whose equation is not identified is nan; every function
here says how many there were and uses the others.

References
----------
MacKinnon, Nielsen and Webb (2023), "Fast and reliable jackknife and bootstrap methods for cluster-robust inference";
Efron (1987), "Better bootstrap confidence intervals"; Phipson and Smyth (2010) on p-values that are never zero.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from resilience_pipeline.econometrics.absorption import Codes, Floats
from resilience_pipeline.econometrics.moments import Moments, MomentTable

LEVEL = 0.95
_TIE = 1e-10  # share of the observed statistic by which a draw may fall short of it and still tie
_BATCH = 1 << 20  # cluster counts drawn at a time: 8 MB


@dataclass(frozen=True)
class Jackknife:
    """Coefficients without each cluster in turn, and the covariance they give.

    coefficients : shape (G, k), clusters in the order of `clusters`; nan where the rest does not identify them.
    std_errors : shape (k,), CV3; nan where a cluster's absence leaves an equation without identification.
    """

    clusters: Codes
    coefficients: Floats
    std_errors: Floats

    @property
    def undefined(self) -> int:
        """Clusters without which the coefficients are not identified."""
        return int(np.isnan(self.coefficients).any(axis=1).sum())


def jackknife(table: MomentTable, outcome: str, regressors: Sequence[str]) -> Jackknife:
    """Leave-one-cluster-out coefficients and CV3 = (G - 1) / G * sum_g (b_g - b)(b_g - b)', b of the full sample.

    The form of MacKinnon, Nielsen and Webb (2023), equation 14; no further small-sample factor.
    """
    full = table.full().coefficients(outcome, regressors)[0]
    without = table.leaving_one_out().coefficients(outcome, regressors)
    G = len(without)
    std_errors: Floats = np.sqrt((G - 1) / G * ((without - full) ** 2).sum(axis=0))
    return Jackknife(table.present, without, std_errors)


def bootstrap(table: MomentTable, rng: Generator, draws: int) -> Moments:
    """Moments of `draws` samples of G clusters drawn with replacement from those present; a copy is a cluster anew."""
    batch = max(1, _BATCH // table.n_clusters)
    return joined([table.under(counts) for counts in _counts(table, rng, draws, batch)])


def joined(moments: Sequence[Moments]) -> Moments:
    """The draws of several batches as one."""
    packed, sizes = (np.hstack([getattr(part, name) for part in moments]) for name in ("packed", "sizes"))
    return Moments(moments[0].names, packed, sizes, moments[0].norms)


def _counts(table: MomentTable, rng: Generator, draws: int, batch: int) -> Iterator[Floats]:
    """How often each cluster is drawn, shape (batch, G), batch after batch."""
    present, places = table.present, table.n_clusters
    for start in range(0, draws, batch):
        size = min(batch, draws - start)
        drawn = present[rng.integers(0, len(present), (size, len(present)))]
        cells = (drawn + places * np.arange(size)[:, None]).ravel()
        yield np.bincount(cells, minlength=size * places).reshape(size, places).astype(np.float64)


def percentile_interval(draws: Floats, level: float = LEVEL) -> tuple[float, float]:
    """Quantiles (1 - level) / 2 and (1 + level) / 2 of the draws that are defined; nan where none is."""
    return _quantiles(draws, (1 - level) / 2, (1 + level) / 2)


def bca_interval(draws: Floats, estimate: float, without: Floats, level: float = LEVEL) -> tuple[float, float]:
    """Bias-corrected and accelerated interval of a statistic.

    Parameters
    ----------
    draws : bootstrap draws, shape (B,). estimate : the full sample's. without : the statistic without each cluster,
        shape (G,); its skewness is the acceleration. nan anywhere is left out.

    Returns
    -------
    Quantiles at Phi(z0 + (z0 + z) / (1 - a (z0 + z))), z = -/+ 1.96 at 95 % (Efron 1987, equation 2.3), with
    z0 = Phi^-1(share of draws below the estimate, ties by half). nan where all draws lie on one side of it.
    """
    from scipy.special import ndtr, ndtri  # the normal law without the slow import of scipy.stats

    defined, rest = draws[~np.isnan(draws)], without[~np.isnan(without)]
    if not len(defined) or not len(rest):
        return np.nan, np.nan
    below = ((defined < estimate).sum() + (defined == estimate).sum() / 2) / len(defined)
    if not 0 < below < 1:
        return np.nan, np.nan
    pull = rest.mean() - rest
    spread = (pull**2).sum()
    acceleration = (pull**3).sum() / (6 * spread**1.5) if spread > 0 else 0.0
    shifted = ndtri(below) + ndtri(np.array([(1 - level) / 2, (1 + level) / 2]))
    low, high = ndtr(ndtri(below) + shifted / (1 - acceleration * shifted))
    return _quantiles(draws, float(low), float(high))


def _quantiles(draws: Floats, low: float, high: float) -> tuple[float, float]:
    defined = draws[~np.isnan(draws)]
    if not len(defined):
        return np.nan, np.nan
    at = np.quantile(defined, [low, high])
    return float(at[0]), float(at[1])


def permutation_p_value(draws: Floats, observed: float) -> float:
    """(1 + number of defined draws at least as far from zero as the observed one) / (1 + number of defined draws)."""
    defined = np.abs(draws[~np.isnan(draws)])
    return float((1 + (defined >= abs(observed) * (1 - _TIE)).sum()) / (1 + len(defined)))
