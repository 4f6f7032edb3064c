"""Intervals that hold if the trend bends after the policy at most Mbar times as much as it did before.

Rambachan and Roth (2023), "A more credible approach to parallel trends", Review of Economic Studies 90(5), section
2.4.1. With delta_t the part of coefficient t that is no effect, delta_0 = 0 in the base year,

    |delta_{t+1} - delta_t| <= Mbar max_{s < 0} |delta_{s+1} - delta_s|   for t >= 0.

The set is a union of polyhedra, one for each place s and sign of the largest change before the policy; the confidence
set is the union of theirs. Each is the hybrid of Andrews, Roth and Pakes (2023): reject theta where the largest
standardised violation exceeds its least favourable critical value of size alpha / 10, else where it exceeds a
truncated normal one, given which inequality binds.

The violation is a linear program in theory, over the effects of the other years. Here its dual has few vertices, which
we write down: with D the differences of the post-period coefficients, v the pre-period change at s with its sign,
and u = D^-T l, u_t = l_t + ... + l_T, the inequalities are (D - Mbar v) b <= 0 and (-D - Mbar v) b <= 0, and what is
free of the other effects is

    u'D b - theta - Mbar |u|'1 v b,   its mirror image,   and   -2 Mbar v b   for every t,

each over the standard errors of the inequalities that it sums. So no program is solved and theta is exact, no grid.
As in the R package HonestDiD, inequalities without a post-period coefficient are not used, and every pre-period change
counts, the earliest, too (moderndid 0.2.0 leaves that one out).
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from resilience_pipeline.econometrics.absorption import Floats
from resilience_pipeline.econometrics.breakdown import breakdown

ALPHA = 0.05
KAPPA = ALPHA / 10  # of the first stage, as in HonestDiD
BREAKDOWN_TOLERANCE = 1e-3  # of Mbar
LARGEST = 100.0  # Mbar beyond which no breakdown is looked for
_GRID = 400  # points of the first look for the ends, which halving then makes exact
_REACH = 20  # standard errors around the identified set within which the ends are looked for, as in HonestDiD
_HALVINGS = 30
_NO_VARIANCE = 1e-16  # of a statistic that is standardised: it is a constant
_PARALLEL = 1e-9  # of one less a regression coefficient: the statistic moves with the binding one


@dataclass(frozen=True)
class Polyhedron:
    """The test for one place and sign of the largest change before the policy.

    Parameters
    ----------
    statistics, slopes : of the vertices, shape (R,); at theta a statistic is statistics - slopes theta.
    covariance : of the statistics, shape (R, R). least_favourable : critical value of the first stage.
    """

    statistics: Floats
    slopes: Floats
    covariance: Floats
    least_favourable: float

    def accepts(self, theta: Floats) -> Floats:
        """Whether each theta is accepted, shape (n,)."""
        z = self.statistics[:, None] - self.slopes[:, None] * theta
        binding = z.argmax(axis=0)
        eta = z.max(axis=0)
        variance = np.diag(self.covariance)[binding]
        deviation = np.sqrt(np.maximum(variance, np.finfo(np.float64).tiny))
        low, high = self._truncation(z, binding, eta, variance)
        rejected = (eta > self.least_favourable) | ((eta > 0) & (variance < _NO_VARIANCE))
        size = (ALPHA - KAPPA) / (1 - KAPPA)
        p = _truncated_tail(eta / deviation, low / deviation, np.minimum(high, self.least_favourable) / deviation)
        return ~(rejected | ((eta > 0) & (p < size)))

    def _truncation(self, z: Floats, binding: Floats, eta: Floats, variance: Floats) -> tuple[Floats, Floats]:
        """Between which values of itself the binding statistic stays the largest, given what is independent of it."""
        loadings = self.covariance[:, binding] / np.maximum(variance, np.finfo(np.float64).tiny)
        rest = z - loadings * eta
        gap = 1 - loadings
        with np.errstate(divide="ignore", invalid="ignore"):
            turn = rest / gap
        low = np.where(gap > _PARALLEL, turn, -np.inf).max(axis=0)
        high = np.where(gap < -_PARALLEL, turn, np.inf).min(axis=0)
        return low, high


@dataclass(frozen=True)
class RelativeMagnitudes:
    """Intervals for l'effects under bounds on how much the trend bends after the policy.

    Parameters
    ----------
    estimates, covariance : of leads and lags in order of time without gaps, the base year between them; shapes (P + T,)
        and (P + T, P + T).
    leads : P, at least two.
    weights : l, shape (T,).
    errors : draws of N(0, covariance), shape (B, P + T), for the least favourable critical values.
    """

    estimates: Floats
    covariance: Floats
    leads: int
    weights: Floats
    errors: Floats

    def __post_init__(self) -> None:
        if self.leads < 2 or self.leads + len(self.weights) != len(self.estimates):
            raise ValueError("relative magnitudes need two leads and a weight for each lag")

    @property
    def centre(self) -> float:
        """The estimate under parallel trends."""
        return float(self.weights @ self.estimates[self.leads :])

    @property
    def std_error(self) -> float:
        """Of `centre`."""
        V = self.covariance[self.leads :, self.leads :]
        return float(np.sqrt(self.weights @ V @ self.weights))

    @cached_property
    def _differences(self) -> Floats:
        """Changes from one post period to the next as rows over the coefficients, shape (T, P + T)."""
        K = len(self.estimates)
        D = np.zeros((len(self.weights), K))
        for t in range(len(self.weights)):
            D[t, self.leads + t] = 1.0
            if t:
                D[t, self.leads + t - 1] = -1.0
        return D

    def _changes(self) -> list[Floats]:
        """The pre-period changes, each with either sign, as rows over the coefficients; the last ends in the base."""
        K = len(self.estimates)
        rows = []
        for place in range(self.leads):
            row = np.zeros(K)
            row[place] = -1.0
            if place + 1 < self.leads:
                row[place + 1] = 1.0
            rows += [row, -row]
        return rows

    def polyhedra(self, bound: float) -> list[Polyhedron]:
        """The tests whose union is the confidence set under Mbar = bound."""
        return [self._polyhedron(bound, change) for change in self._changes()]

    def _polyhedron(self, bound: float, change: Floats) -> Polyhedron:
        D = self._differences
        up, down = D - bound * change, -D - bound * change
        error_up, error_down = (np.sqrt(np.einsum("ij,jk,ik->i", A, self.covariance, A)) for A in (up, down))
        u = np.cumsum(self.weights[::-1])[::-1]
        rows, slopes = [], []
        for sign in (1.0, -1.0):
            on_up, on_down = np.maximum(sign * u, 0.0), np.maximum(-sign * u, 0.0)
            scale = on_up @ error_up + on_down @ error_down
            rows.append((on_up @ up + on_down @ down) / scale)
            slopes.append(sign / scale)
        both = (error_up + error_down)[:, None]
        R = np.vstack([rows, (up + down) / both])
        largest = (self.errors @ R.T).max(axis=1)
        return Polyhedron(
            statistics=R @ self.estimates,
            slopes=np.array([*slopes, *np.zeros(len(D))]),
            covariance=R @ self.covariance @ R.T,
            least_favourable=float(np.quantile(largest, 1 - KAPPA)),
        )

    def interval(self, bound: float) -> tuple[float, float]:
        """The 95 % interval, the hull of the confidence set; nan where no theta is accepted."""
        tests = self.polyhedra(bound)
        before = np.concatenate([self.estimates[: self.leads], [0.0]])
        bend = bound * np.abs(np.cumsum(self.weights[::-1])).sum() * float(np.abs(np.diff(before)).max())
        reach = bend + _REACH * self.std_error
        grid = np.linspace(self.centre - reach, self.centre + reach, _GRID + 1)
        accepted = np.flatnonzero(_any_accepts(tests, grid))
        if not len(accepted):
            return float("nan"), float("nan")
        first, last = int(accepted[0]), int(accepted[-1])
        low = grid[0] if first == 0 else _edge(tests, grid[first], grid[first - 1])
        high = grid[-1] if last == _GRID else _edge(tests, grid[last], grid[last + 1])
        return float(low), float(high)

    def excludes_zero(self, bound: float) -> bool:
        """Whether an effect of zero is rejected under Mbar = bound."""
        return not _any_accepts(self.polyhedra(bound), np.zeros(1))[0]

    def breakdown(self) -> float:
        """Largest Mbar at which zero is still rejected, to `BREAKDOWN_TOLERANCE`; 0 where it is not even near Mbar = 0.

        inf where zero is rejected even at `LARGEST`.
        """
        return breakdown(self.excludes_zero, BREAKDOWN_TOLERANCE, 1.0, LARGEST)


def _any_accepts(tests: list[Polyhedron], theta: Floats) -> Floats:
    return np.any([test.accepts(theta) for test in tests], axis=0)


def _edge(tests: list[Polyhedron], accepted: float, refused: float) -> float:
    """The last accepted theta on the way to a refused one."""
    for _ in range(_HALVINGS):
        middle = (accepted + refused) / 2
        if _any_accepts(tests, np.array([middle]))[0]:
            accepted = middle
        else:
            refused = middle
    return accepted


def _truncated_tail(z: Floats, low: Floats, high: Floats) -> Floats:
    """P(Z > z | low <= Z <= high) of the standard normal, by logs, since all three may lie far out; shape (n,).

    One where z lies outside the truncation, which rounding alone can bring about: nothing is rejected then.
    """
    from scipy.special import log_ndtr

    def above(a: Floats, b: Floats) -> Floats:
        """log P(a < Z < b)."""
        near, far = log_ndtr(-a), log_ndtr(-b)
        with np.errstate(divide="ignore", invalid="ignore"):
            return near + np.log1p(-np.exp(far - near))

    inside = (low <= z) & (z <= high)
    with np.errstate(invalid="ignore", over="ignore"):
        p = np.exp(above(z, high) - above(low, high))
    return np.where(inside, np.nan_to_num(p, nan=0.0), 1.0)
