"""What a specification would print for fake treatments, thousands at a time, without a regression for each.

A fake treatment is 1 in the rows of some cities from some start year on. With city effects taken out, what is left of
it in city i depends on i and on i's start year alone, and by Frisch, Waugh and Lovell everything else (other effects,
controls) is one orthonormal basis Q, the same for all treatments. For treated cities S with starts g, with z(i, g)
the demeaned post column of city i and y* the residual of the outcome,

    c      = sum over S of V(i, g),  V(i, g) = Q'z(i, g)
    num_i  = 1[i in S] A(i, g) - R_i'c,  A(i, g) = z(i, g)'y*,  R_i = Q_i'y*_i
    den_i  = 1[i in S] (w(i, g) - 2 V(i, g)'c) + |Q_i c|^2,  w(i, g) = z(i, g)'z(i, g)
    b      = sum num_i / sum den_i
    s_i    = num_i - b den_i  (the score of city i),  V(b) = factor * sum over clusters of (sum s_i)^2 / (sum den_i)^2

A, w, V and R are summed once per city and start; a draw is a sum over its cities. Exact for unbalanced panels, weights
and any absorbed effects. Nothing here draws: which treatments there are is the business of `assignments`.

References
----------
Frisch and Waugh (1933); Lovell (1963). The error rules are those of `covariance`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from resilience_pipeline.econometrics.absorption import Absorber, Codes, Floats, is_nested
from resilience_pipeline.econometrics.covariance import fewest, small_sample_factor
from resilience_pipeline.econometrics.error_rules import Covariance
from resilience_pipeline.econometrics.kernel import tolerances
from resilience_pipeline.econometrics.partialling import effects_basis, independent_columns, off, triangles
from resilience_pipeline.econometrics.specification import SmallSample

_CELLS_AT_ONCE = 400_000  # rows by draws in one block: a few megabytes, so that a block stays in the cache

_NOTHING_LEFT = 1e-12  # share of a treatment's variation; the sums' own rounding is near 1e-15


@dataclass(frozen=True)
class Statistics:
    """Coefficient, standard error and t of each fake treatment, each of shape (B,); NaN where it is not identified."""

    estimate: Floats
    std_error: Floats

    @property
    def t(self) -> Floats:
        """The coefficient over its error, shape (B,)."""
        with np.errstate(divide="ignore", invalid="ignore"):
            t: Floats = self.estimate / self.std_error
        return t


@dataclass(frozen=True)
class StatisticsAlong:
    """What each fake treatment gives for the outcomes y - d * direction, each of shape (B,); NaN where not identified.

    Its coefficient is estimate - d * slope, the square of its error constant - 2 d linear + d^2 quadratic.
    """

    estimate: Floats
    slope: Floats
    constant: Floats
    linear: Floats
    quadratic: Floats


@dataclass(frozen=True)
class _Outcome:
    """A, shape (G, K), and R, shape (G, q), of one outcome; squares : y*'y*."""

    A: Floats
    R: Floats
    squares: float


class FakeTreatments:
    """One sample, prepared once for any number of fake treatments.

    Parameters
    ----------
    y : outcome, shape (N,).
    controls : shape (N, k), without the treatment and without a constant. One without variation of its own is left
        out, as `estimate` leaves it out; the ones before it stay.
    city, year : level numbers 0..G-1 of the treated units, and calendar years, each of shape (N,).
    start_years : possible starts, shape (K,); treatments name them by position.
    absorb_city : whether city effects are absorbed.
    effects : the other absorbed effects, as level numbers, each of shape (N,). Their dummies are formed.
    weights : analytic weights, shape (N,); only their ratios count.
    vcov : "cluster" or "iid".
    clusters : one partition of the rows that cuts no city apart.
    ssc : small-sample rule.

    Attributes
    ----------
    controls_kept : places of the controls that have variation of their own.
    dof : degrees of freedom of t.

    Raises
    ------
    ValueError : the error rule needs more than one sum per city (hc1, two ways, clusters that cut cities apart).
    """

    def __init__(
        self,
        y: Floats,
        controls: Floats,
        city: Codes,
        year: NDArray[np.integer],
        start_years: Sequence[int],
        *,
        absorb_city: bool = True,
        effects: Sequence[Codes] = (),
        weights: Floats | None = None,
        vcov: Covariance = "cluster",
        clusters: Sequence[Codes] = (),
        ssc: SmallSample = "reghdfe",
    ) -> None:
        _demand_whole_cities(vcov, clusters, city)
        order = np.lexsort((year, city))
        y, controls, city, year = y[order], controls[order], city[order], year[order]
        effects, clusters = [codes[order] for codes in effects], [codes[order] for codes in clusters]
        weights = np.ones(len(y)) if weights is None else weights[order] / weights.mean()
        self.start_years = tuple(start_years)
        self._first_rows = np.flatnonzero(np.r_[True, city[1:] != city[:-1]])
        self._vcov, self._rows = vcov, len(y)
        within = Absorber([city], weights).residualise if absorb_city else _as_is
        root = np.sqrt(weights)[:, None]

        post = (year[:, None] >= np.array(self.start_years)).astype(np.float64)
        dummies = effects_basis(effects, within, root, constant=not absorb_city)
        left = off(dummies, within(controls) * root)
        limits = tolerances(controls, weights @ controls / len(y))
        self.controls_kept = independent_columns(left, limits)
        self._Q = np.hstack([dummies, np.linalg.qr(left[:, self.controls_kept])[0]])
        z = self._z = within(post) * root
        self._order, self._root, self._within = order, root, within
        self._y = self._sums(y)
        self._w = self._city_sums(z * z)
        self._V = np.stack([self._city_sums(z[:, [k]] * self._Q) for k in range(z.shape[1])], axis=1)
        self._post_variation = self._city_sums(post * root**2)
        self._membership = _membership(clusters, self._first_rows)
        self._triangles = triangles(self._Q, city) if self._Q.shape[1] < 2 * len(y) / self.n_cities else None

        absorbed = ([city] if absorb_city else []) + effects
        rank = Absorber(absorbed, weights).rank if absorbed else 1
        k = len(self.controls_kept) + 1
        self._factor = small_sample_factor(
            ssc, vcov, rows=len(y), regressors=k, rank=rank, effects=absorbed, clusters=clusters
        )
        self.dof = float(fewest(clusters) - 1 if vcov == "cluster" else len(y) - k - rank)

    @property
    def n_cities(self) -> int:
        """G, the number of cities in the sample."""
        return len(self._first_rows)

    def statistics(self, cities: Codes, starts: Codes) -> Statistics:
        """Coefficient and error of each fake treatment.

        Parameters
        ----------
        cities : treated cities, each once in a row; shape (B, n).
        starts : position of each one's start year among `start_years`; shape (B, n).
        """
        parts = [self._statistics(*block) for block in self._blocks(cities, starts)]
        estimate, std_error = (np.concatenate(part) for part in zip(*parts, strict=True))
        return Statistics(estimate, std_error)

    def statistics_along(self, direction: Floats, cities: Codes, starts: Codes) -> StatisticsAlong:
        """Statistics of each fake treatment for the outcomes y - d * direction, for every d at once.

        Parameters
        ----------
        direction : what the outcome moves along, shape (N,), rows as they were given; errors must be clustered.
        cities, starts : as for `statistics`.
        """
        if self._vcov != "cluster":
            raise ValueError("statistics along a direction are studentised by clustered errors")
        towards = self._sums(direction[self._order])
        parts = [self._along(towards, *block) for block in self._blocks(cities, starts)]
        return StatisticsAlong(*(np.concatenate(part) for part in zip(*parts, strict=True)))

    def _blocks(self, cities: Codes, starts: Codes) -> Iterator[tuple[Codes, Codes]]:
        block = max(1, _CELLS_AT_ONCE // self._rows)
        for first in range(0, len(cities), block):
            yield cities[first : first + block], starts[first : first + block]

    def _statistics(self, cities: Codes, starts: Codes) -> tuple[Floats, Floats]:
        c, den, total = self._denominators(cities, starts)
        num = self._numerators(self._y, c, cities, starts)
        b = num.sum(axis=1) / total
        if self._vcov == "iid":
            squares = np.maximum(self._y.squares - b**2 * total, 0.0) * total / self._rows
        else:
            squares = (self._scores(num, b, den) ** 2).sum(axis=1)
        return b, np.sqrt(self._factor * squares) / total

    def _along(self, towards: _Outcome, cities: Codes, starts: Codes) -> tuple[Floats, ...]:
        c, den, total = self._denominators(cities, starts)
        nums = [self._numerators(outcome, c, cities, starts) for outcome in (self._y, towards)]
        b = [num.sum(axis=1) / total for num in nums]
        one, two = (self._scores(num, own, den) for num, own in zip(nums, b, strict=True))
        scale = self._factor / total**2
        products = (scale * np.einsum("ij,ij->i", *pair) for pair in ((one, one), (one, two), (two, two)))
        return (*b, *products)

    def _denominators(self, cities: Codes, starts: Codes) -> tuple[Floats, Floats, Floats]:
        """c of shape (B, q), den of shape (B, G), and its sums, NaN where a treatment is not identified."""
        place, common = np.arange(len(cities))[:, None], _common(starts)
        if common is not None:  # sums over a draw's cities are products with its membership, which is far quicker
            treated = self._treated(cities)
            c = treated @ self._V[:, common]
            den = self._squares(c) + treated * (self._w[:, common] - 2 * (c @ self._V[:, common].T))
        else:
            own_V = self._V[cities, starts]  # (B, n, q)
            c = own_V.sum(axis=1)
            den = self._squares(c)
            den[place, cities] += self._w[cities, starts] - 2 * (own_V @ c[:, :, None])[:, :, 0]
        total = den.sum(axis=1)
        total[total <= _NOTHING_LEFT * self._post_variation[cities, starts].sum(axis=1)] = np.nan
        return c, den, total

    def _numerators(self, outcome: _Outcome, c: Floats, cities: Codes, starts: Codes) -> Floats:
        num = -(c @ outcome.R.T)
        num[np.arange(len(cities))[:, None], cities] += outcome.A[cities, starts]
        return num

    def _treated(self, cities: Codes) -> Floats:
        """1 where a city is treated, shape (B, G)."""
        treated = np.zeros((len(cities), self.n_cities))
        treated[np.arange(len(cities))[:, None], cities] = 1.0
        return treated

    def _squares(self, c: Floats) -> Floats:
        """|Q_i c|^2 of each city, shape (B, G): from the triangles of Q_i'Q_i where they are the shorter."""
        if self._triangles is None:
            return self._city_sums((self._Q @ c.T) ** 2).T.copy()
        one, two = np.triu_indices(c.shape[1])
        squares: Floats = (c[:, one] * c[:, two]) @ self._triangles.T
        return squares

    def _scores(self, num: Floats, b: Floats, den: Floats) -> Floats:
        """Sums of the cities' scores over the clusters, shape (B, number of clusters)."""
        scores = num - b[:, None] * den
        return scores if self._membership is None else scores @ self._membership

    def _sums(self, outcome: Floats) -> _Outcome:
        """What the draws need of an outcome, rows in our order."""
        star = off(self._Q, self._within(outcome[:, None]) * self._root)
        return _Outcome(
            self._city_sums(self._z * star), self._city_sums(self._Q * star), float(star[:, 0] @ star[:, 0])
        )

    def _city_sums(self, columns: Floats) -> Floats:
        sums: Floats = np.add.reduceat(columns, self._first_rows, axis=0)
        return sums


def _demand_whole_cities(vcov: Covariance, clusters: Sequence[Codes], city: Codes) -> None:
    if vcov == "iid":
        return
    if vcov != "cluster" or len(clusters) != 1 or not is_nested(city, clusters[0]):
        raise ValueError("errors must be iid or clustered one way, by the cities or by what holds whole cities")


def _as_is(columns: Floats) -> Floats:
    return columns


def _membership(clusters: Sequence[Codes], first_rows: Codes) -> Floats | None:
    """1 where a city lies in a cluster, shape (G, number of clusters); None where every city is a cluster."""
    if not clusters or int(clusters[0].max()) + 1 == len(first_rows):
        return None
    return np.eye(int(clusters[0].max()) + 1)[clusters[0][first_rows]]


def _common(starts: Codes) -> int | None:
    """The start that all treatments share, None where there are several."""
    first = int(starts[0, 0])
    return first if (starts == first).all() else None
