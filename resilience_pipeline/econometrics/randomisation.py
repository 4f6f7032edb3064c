"""The place of an observed statistic in a distribution of fake ones, and what chance leaves open about it.

Drawn: p = (1 + #{|s_b| >= |s|}) / (B + 1), the observed assignment counted as one more draw, which is valid for every
B. Listed: p = #{|s_b| >= |s|} / B, the observed assignment being one of the B; where the list does not hold it, it is
added as above. The tails alone compare s_b >= s and s_b <= s. Ties count, within rounding.

References
----------
Fisher (1935); Phipson and Smyth (2010), "Permutation p-values should never be zero"; Clopper and Pearson (1934);
Wu and Ding (2021) and MacKinnon and Webb (2020) for studentised statistics.
"""

from dataclasses import dataclass

import numpy as np

from resilience_pipeline.econometrics.absorption import Floats

_TIE = 1e-9  # relative; the same assignment summed in another order differs by 1e-14, another one by far more


@dataclass(frozen=True)
class RandomisationP:
    """Randomisation p values of one statistic.

    p_value : two-sided. p_upper, p_lower : the share at least as large, and at least as small.
    ci_low, ci_high : 95 % interval of the two-sided p value that endless drawing would give; p itself where listed.
    n : statistics compared with. n_undefined : assignments without a statistic, left out.
    """

    p_value: float
    p_upper: float
    p_lower: float
    ci_low: float
    ci_high: float
    n: int
    n_undefined: int


def randomisation_p(observed: float, fake: Floats, *, holds_observed: bool = False) -> RandomisationP:
    """p values of `observed` among `fake` statistics.

    Parameters
    ----------
    observed : the statistic of the true assignment.
    fake : statistics of fake assignments, shape (B,); NaN where one has none.
    holds_observed : whether `fake` is the full list of assignments, the true one among them.

    Raises
    ------
    ValueError : there is no observed statistic, or no fake one.
    """
    defined = fake[np.isfinite(fake)]
    if not np.isfinite(observed) or not len(defined):
        raise ValueError("there is no statistic to compare")
    slack = _TIE * abs(observed)
    one, n = (0, len(defined)) if holds_observed else (1, len(defined) + 1)
    both = int((np.abs(defined) >= abs(observed) - slack).sum())
    upper = int((defined >= observed - slack).sum())
    lower = int((defined <= observed + slack).sum())
    p = (both + one) / n
    low, high = (p, p) if holds_observed else clopper_pearson(both, len(defined))
    return RandomisationP(
        p, (upper + one) / n, (lower + one) / n, low, high, len(defined), int(len(fake) - len(defined))
    )


def clopper_pearson(hits: int, trials: int, level: float = 0.95) -> tuple[float, float]:
    """Exact interval of a binomial probability (Clopper and Pearson 1934)."""
    from scipy.special import betaincinv  # the beta distribution without the slow import of scipy.stats

    tail = (1 - level) / 2
    low = float(betaincinv(hits, trials - hits + 1, tail)) if hits else 0.0
    high = float(betaincinv(hits + 1, trials - hits, 1 - tail)) if hits < trials else 1.0
    return low, high
