"""Intervals that hold if the slope of the trend changes by at most M from one year to the next.

Rambachan and Roth (2023), section 2.4.3: |(delta_{t+1} - delta_t) - (delta_t - delta_{t-1})| <= M for all t; M = 0 is a
linear trend, extrapolated. The interval is the shortest of fixed length around an estimator that is affine in leads and
lags, a'b_leads + l'b_lags (their section 4.1, after Armstrong and Kolesar 2018),

    half length = min over a of   s(a) cv(M B(a) / s(a)),

s its standard error, M B its largest bias and cv(t) the 95 % quantile of |N(t, 1)|. a must take linear trends out. In
coordinates x, the weights of the pre-period bends, a = a_0 + N x and B = B_0 + |x|_1, so standard error against bias is
a lasso problem: its path is piecewise linear and found exactly, once for all M.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from resilience_pipeline.econometrics.absorption import Floats
from resilience_pipeline.econometrics.breakdown import breakdown

LEVEL = 0.95
BREAKDOWN_TOLERANCE = 1e-3  # of M, in standard errors of the estimate under parallel trends
LARGEST = 1e4  # M beyond which no breakdown is looked for, in the same unit
_STEPS = 80  # of the golden section
_GOLDEN = (np.sqrt(5) - 1) / 2
_FAR = 8.0  # biases in standard errors beyond which the other tail is nothing


@dataclass(frozen=True)
class Smoothness:
    """Intervals for l'effects under bounds on how much the slope of the trend changes a year.

    Parameters
    ----------
    estimates, covariance : of leads and lags in order of time without gaps, the base year between them; shapes (P + T,)
        and (P + T, P + T).
    leads : P, at least one.
    weights : l, shape (T,).
    """

    estimates: Floats
    covariance: Floats
    leads: int
    weights: Floats

    def __post_init__(self) -> None:
        if self.leads < 1 or self.leads + len(self.weights) != len(self.estimates):
            raise ValueError("smoothness needs a lead and a weight for each lag")

    @property
    def std_error(self) -> float:
        """Of the estimate under parallel trends."""
        V = self.covariance[self.leads :, self.leads :]
        return float(np.sqrt(self.weights @ V @ self.weights))

    @cached_property
    def _coordinates(self) -> tuple[Floats, Floats]:
        """a_0, shape (P,), and N, shape (P, P - 1), both over the leads in order of time."""
        years = np.arange(1, self.leads + 1)
        U = np.maximum(years - np.arange(self.leads)[:, None], 0.0)  # slope, then the bends at -1, -2, ...
        inverse = np.linalg.inv(U)
        slope = float(self.weights @ np.arange(1, len(self.weights) + 1))
        return (slope * inverse[:, 0])[::-1], inverse[::-1, 1:]

    @cached_property
    def _least_bias(self) -> float:
        """B_0: what bends from the base year on add, which no lead can take out."""
        years = np.arange(1, len(self.weights) + 1)
        return float(sum(abs(self.weights @ np.maximum(years - k, 0)) for k in range(len(years))))

    @cached_property
    def path(self) -> Floats:
        """Corners of the lasso path from least bias (x = 0) to least variance, shape (C, P - 1)."""
        start, N = self._coordinates
        V = self.covariance
        P = self.leads
        linear = N.T @ (V[:P, :P] @ start + V[:P, P:] @ self.weights)
        return lasso_path(N.T @ V[:P, :P] @ N, linear)

    def _affine(self, place: float) -> tuple[Floats, float, float]:
        """Weights of all coefficients, their standard error and B, at a place on the path, 0 to C - 1."""
        corner = min(int(place), len(self.path) - 1)
        x = self.path[corner]
        if place > corner:
            x = x + (place - corner) * (self.path[corner + 1] - x)
        start, N = self._coordinates
        weights = np.concatenate([start + N @ x, self.weights])
        return weights, float(np.sqrt(weights @ self.covariance @ weights)), self._least_bias + float(np.abs(x).sum())

    def _half_length(self, place: float, bound: float) -> float:
        _, error, bias = self._affine(place)
        return error * folded_normal_quantile(bound * bias / error)

    def interval(self, bound: float) -> tuple[float, float]:
        """The 95 % interval under M = bound."""
        low, high = 0.0, float(len(self.path) - 1)
        for _ in range(_STEPS):  # the half length is convex in x, hence has one valley along the path
            left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
            if self._half_length(left, bound) < self._half_length(right, bound):
                high = right
            else:
                low = left
        place = min((low, (low + high) / 2, high), key=lambda p: self._half_length(p, bound))
        weights, _, _ = self._affine(place)
        centre, half = float(weights @ self.estimates), self._half_length(place, bound)
        return centre - half, centre + half

    def excludes_zero(self, bound: float) -> bool:
        """Whether zero is outside the interval under M = bound."""
        low, high = self.interval(bound)
        return low > 0 or high < 0

    def breakdown(self) -> float:
        """Largest M at which the interval excludes zero; 0 where it does not even at M = 0, inf as in `LARGEST`."""
        if not self.excludes_zero(0.0):
            return 0.0
        unit = self.std_error
        return breakdown(self.excludes_zero, BREAKDOWN_TOLERANCE * unit, unit, LARGEST * unit)


def folded_normal_quantile(mean: float, level: float = LEVEL) -> float:
    """Quantile of |N(mean, 1)|: the root of a non-central chi2's with one degree of freedom."""
    from scipy.special import chndtrix, ndtri

    if mean > _FAR:
        return mean + float(ndtri(level))
    return float(np.sqrt(chndtrix(level, 1, mean**2)))


def lasso_path(Q: Floats, q: Floats) -> Floats:
    """Corners of x(lambda) = argmin x'Qx / 2 + q'x + lambda |x|_1, from x = 0 to lambda = 0; shape (C, k).

    Q positive definite. Between corners the path is linear (Osborne, Presnell and Turlach 2000).
    """
    k = len(q)
    x = np.zeros(k)
    corners = [x]
    penalty = float(np.abs(q).max(initial=0.0))
    signs: dict[int, float] = {int(np.abs(q).argmax()): -float(np.sign(q[np.abs(q).argmax()]))} if penalty else {}
    while penalty > 0 and signs:
        active = np.array(sorted(signs))
        s = np.array([signs[j] for j in active])
        constant, slope = -np.linalg.solve(Q[np.ix_(active, active)], np.column_stack([q[active], s])).T
        below = penalty * (1 - 1e-12)
        events: list[tuple[float, int, float | None]] = [(0.0, -1, None)]
        for place, j in enumerate(active):
            if slope[place] and 0 < (turn := -constant[place] / slope[place]) < below:
                events.append((float(turn), int(j), None))
        for j in set(range(k)) - set(signs):
            level, tilt = q[j] + Q[j, active] @ constant, Q[j, active] @ slope
            for sign in (1.0, -1.0):  # its gradient reaches sign * lambda; it enters against it
                if 0 < (turn := level / (sign - tilt) if sign != tilt else 0.0) < below:
                    events.append((float(turn), j, -sign))
        penalty, j, entering = max(events, key=lambda event: event[0])
        x = np.zeros(k)
        x[active] = constant + slope * penalty
        if j >= 0 and entering is None:
            x[j] = 0.0
            del signs[j]
        elif entering is not None:
            signs[j] = entering
        corners.append(x)
    return np.array(corners)
