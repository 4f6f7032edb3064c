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

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from resilience_pipeline.econometrics.absorption import Absorber, Codes, Floats, independent_levels, is_nested
from resilience_pipeline.econometrics.covariance import small_sample_factor
from resilience_pipeline.econometrics.kernel import COLLINEAR, tolerances
from resilience_pipeline.econometrics.specification import Covariance, SmallSample

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
        dummies = _dummies(effects, within, root, constant=not absorb_city)
        left = _off(dummies, within(controls) * root)
        limits = tolerances(controls, weights @ controls / len(y))
        self.controls_kept = _independent(left, limits)
        self._Q = np.hstack([dummies, np.linalg.qr(left[:, self.controls_kept])[0]])
        y_star = _off(self._Q, within(y[:, None]) * root)
        z = within(post) * root

        self._A = self._city_sums(z * y_star)
        self._w = self._city_sums(z * z)
        self._V = np.stack([self._city_sums(z[:, [k]] * self._Q) for k in range(z.shape[1])], axis=1)
        self._R = self._city_sums(self._Q * y_star)
        self._yy = float(y_star[:, 0] @ y_star[:, 0])
        self._post_variation = self._city_sums(post * root**2)
        self._membership = _membership(clusters, self._first_rows)

        absorbed = ([city] if absorb_city else []) + effects
        rank = Absorber(absorbed, weights).rank if absorbed else 1
        k = len(self.controls_kept) + 1
        self._factor = small_sample_factor(
            ssc, vcov, rows=len(y), regressors=k, rank=rank, effects=absorbed, clusters=clusters
        )
        self.dof = float(self._membership.shape[1] - 1 if vcov == "cluster" else len(y) - k - rank)

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
        block = max(1, _CELLS_AT_ONCE // self._rows)
        parts = [
            self._block(cities[first : first + block], starts[first : first + block])
            for first in range(0, len(cities), block)
        ]
        estimate, std_error = (np.concatenate(part) for part in zip(*parts, strict=True))
        return Statistics(estimate, std_error)

    def _block(self, cities: Codes, starts: Codes) -> tuple[Floats, Floats]:
        own_V = self._V[cities, starts]  # (B, n, q)
        c = own_V.sum(axis=1)
        place = np.arange(len(cities))[:, None]
        num = -(c @ self._R.T)
        num[place, cities] += self._A[cities, starts]
        den = self._city_sums((self._Q @ c.T) ** 2).T.copy()
        den[place, cities] += self._w[cities, starts] - 2 * (own_V @ c[:, :, None])[:, :, 0]
        total = den.sum(axis=1)
        total[total <= _NOTHING_LEFT * self._post_variation[cities, starts].sum(axis=1)] = np.nan
        b = num.sum(axis=1) / total
        if self._vcov == "iid":
            squares = np.maximum(self._yy - b**2 * total, 0.0) * total / self._rows
        else:
            squares = (((num - b[:, None] * den) @ self._membership) ** 2).sum(axis=1)
        return b, np.sqrt(self._factor * squares) / total

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


def _dummies(effects: Sequence[Codes], within: Callable[[Floats], Floats], root: Floats, *, constant: bool) -> Floats:
    """Orthonormal basis of the dummies of the effects (and of the constant) off the city effects; shape (N, L)."""
    blocks = [np.ones((len(root), 1))] if constant else []
    blocks += [np.eye(int(codes.max()) + 1)[codes] for codes in effects]
    if not blocks:
        return np.empty((len(root), 0))
    columns = within(np.hstack(blocks)) * root
    basis: Floats = np.linalg.qr(columns[:, independent_levels(columns.T @ columns)])[0]
    return basis


def _off(basis: Floats, columns: Floats) -> Floats:
    """Residuals of the columns on an orthonormal basis; the second pass removes the rounding of the first."""
    for _ in range(2):
        columns = columns - basis @ (basis.T @ columns)
    return columns


def _independent(left: Floats, limits: Floats) -> list[int]:
    """Places of the linearly independent columns, in order; a dependent one leaves before the next is judged."""
    kept = list(range(left.shape[1]))
    limits = np.maximum(limits, COLLINEAR * np.linalg.norm(left, axis=0))
    while kept:
        own = np.abs(np.diag(np.linalg.qr(left[:, kept], mode="r")))
        dependent = np.flatnonzero(own <= limits[kept])
        if not len(dependent):
            break
        kept.pop(int(dependent[0]))
    return kept


def _membership(clusters: Sequence[Codes], first_rows: Codes) -> Floats:
    """1 where a city lies in a cluster, shape (G, number of clusters)."""
    if not clusters:
        return np.empty((len(first_rows), 0))
    return np.eye(int(clusters[0].max()) + 1)[clusters[0][first_rows]]
