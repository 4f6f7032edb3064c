"""Cross-products of a regression's columns, cluster by cluster: what every re-estimation under other weights needs.

A re-sampling keeps, drops or repeats whole clusters (cities). Let z_i hold a row's columns (outcome, mediators,
treatment, controls) and the dummies of the effects that reach over clusters (years, region by year), all demeaned
within the effects that do not (city effects). Dropping or repeating a city never touches another city's means, so with

    M_c = sum over rows i of cluster c of w_i z_i z_i'

a sample in which cluster c stands v_c times has exactly the cross-products sum_c v_c M_c, whatever gaps the panel has.
The dummies are eliminated from that sum, and each equation is a small system on what is left. A dummy that a draw
left without rows is passed over, as a refit would have no such dummy; a regressor without variation of its own leaves
the draw's coefficients undefined (nan), to be counted by whoever draws.

Columns enter off all effects of the full sample and with unit norm: that subtracts combinations of dummies that stand
in every draw's model, changes no coefficient, and makes the normal equations as well conditioned as the columns allow.
The equations of the full sample are held against the kernel's QR decomposition on each use (`MomentTable.fit`).

References
----------
MacKinnon, Nielsen and Webb (2023), "Fast and reliable jackknife and bootstrap methods for cluster-robust inference",
section 3, who work with the same sums.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from resilience_pipeline.econometrics.absorption import (
    EXACT_LEVELS,
    Absorber,
    Codes,
    Floats,
    compact,
    independent_levels,
    is_nested,
    level_sums,
)
from resilience_pipeline.econometrics.elimination import eliminate, places, size_of, solve
from resilience_pipeline.econometrics.kernel import Fit, fit_arrays, tolerances
from resilience_pipeline.econometrics.specification import SmallSample

AGREEMENT = 1e-10  # of a coefficient between columns of unit norm; rounding is near 1e-14, a wrong table near 1e-2
_CELLS = 1 << 17  # numbers of a batch: 1 MB, which stays in the cache of a core


class TooManyDummiesError(ArithmeticError):
    """The effects that reach over clusters have too many levels to enter as dummies."""


class MomentMismatchError(ArithmeticError):
    """The table and the kernel give different coefficients for one equation: the table must not be used.

    Columns within 1e-3 of collinearity can do it, too: the table squares what the kernel does not.
    """


@dataclass(frozen=True)
class Moments:
    """Cross-products of the columns, off all effects, of B weighted samples.

    packed : upper triangles row by row, shape (m (m + 1) / 2, B). sizes : shape (m, B), the columns' own cross-products
    before the dummies were out. norms : shape (m,), what the columns were divided by.
    """

    names: tuple[str, ...]
    packed: Floats
    sizes: Floats
    norms: Floats

    def coefficients(self, outcome: str, regressors: Sequence[str]) -> Floats:
        """Coefficients of the outcome on the regressors in each sample, shape (B, k); nan rows where not identified."""
        order = [self.names.index(name) for name in (*regressors, outcome)]
        triangle = self.packed[places(len(self.names))[np.ix_(order, order)][np.triu_indices(len(order))]]
        scale = self.norms[order[-1]] / self.norms[order[:-1]]
        return solve(triangle, self.sizes[order[:-1]]).T * scale


@dataclass(frozen=True)
class MomentTable:
    """Cross-products of each cluster; built by `moment_table`.

    Parameters
    ----------
    names : the m columns.
    packed : shape (G, q (q + 1) / 2), upper triangles row by row of d dummies and then m columns, q = d + m. A cluster
        without rows is zero.
    norms : shape (m,), by which the columns were divided.
    columns, clusters, effects, weights : the rows the table was built from, for `fit`.
    """

    names: tuple[str, ...]
    packed: Floats
    norms: Floats
    columns: Mapping[str, Floats]
    clusters: Codes
    effects: tuple[Codes, ...]
    weights: Floats | None

    @property
    def n_clusters(self) -> int:
        """Places for clusters, those without rows among them."""
        return len(self.packed)

    @property
    def present(self) -> Codes:
        """Clusters that have rows, ascending."""
        return np.unique(self.clusters)

    def under(self, weights: Floats) -> Moments:
        """Moments of B samples in which cluster c stands `weights[b, c]` times; weights of shape (B, G)."""
        batch = batch_rows(self.packed.shape[1])
        starts = range(0, weights.shape[0], batch)
        return self._reduced([weights[start : start + batch] @ self.packed for start in starts])

    def leaving_one_out(self) -> Moments:
        """Moments of the G samples that lack one cluster each, in the order of `present`."""
        batch = batch_rows(self.packed.shape[1])
        total, present = self.packed.sum(axis=0), self.present
        starts = range(0, len(present), batch)
        return self._reduced([total - self.packed[present[start : start + batch]] for start in starts])

    def full(self) -> Moments:
        """Moments of the sample as it is, B = 1."""
        return self._reduced([self.packed.sum(axis=0, keepdims=True)])

    def _reduced(self, batches: list[Floats]) -> Moments:
        return reduced(batches, self.names, self.norms)

    def fit(self, outcome: str, regressors: Sequence[str], ssc: SmallSample = "reghdfe") -> Fit:
        """The kernel's fit of one equation, errors clustered (CV1), after the table was held against it.

        Raises
        ------
        MomentMismatchError : a coefficient differs by more than `AGREEMENT` between columns of unit norm.
        CollinearColumnsError : the regressors are not linearly independent once the effects are out.
        """
        X = np.column_stack([self.columns[name] for name in regressors])
        fit = fit_arrays(
            self.columns[outcome],
            X,
            effects=self.effects,
            weights=self.weights,
            clusters=(compact(self.clusters),),
            ssc=ssc,
        )
        ours = self.full().coefficients(outcome, regressors)[0]
        norms = dict(zip(self.names, self.norms, strict=True))
        unit = np.array([norms[name] for name in regressors]) / norms[outcome]
        apart = np.abs((ours - fit.coefficients[:-1]) * unit)
        if not (apart <= AGREEMENT).all():  # nan, too, is a mismatch: the kernel found the equation identified
            worst = int(np.argmax(np.where(np.isnan(apart), np.inf, apart)))
            raise MomentMismatchError(
                f"{outcome} on {regressors[worst]}: {ours[worst]:.15g} from the table of moments, "
                f"{fit.coefficients[worst]:.15g} from the kernel; allowed is {AGREEMENT:.0e}, found {apart[worst]:.1e}"
            )
        return fit

    def influence(self, outcome: str, regressors: Sequence[str]) -> Floats:
        """Each cluster's pull on the coefficients, (X'X)^-1 X_c'u_c with X off all effects; shape (G, k).

        Its cross-product is the plain clustered covariance; between two equations, their clustered covariance.
        """
        m, size = len(self.names), size_of(self.packed.shape[1])
        first = size - m  # the columns stand after the dummies
        x = [first + self.names.index(name) for name in regressors]
        y = first + self.names.index(outcome)
        at = places(size)
        b = self.full().coefficients(outcome, regressors)[0] / self._scale(outcome, regressors)
        gram = self.packed[:, at[np.ix_(x, x)]]
        scores = self.packed[:, at[x, y]] - gram @ b
        influence: Floats = np.linalg.solve(gram.sum(axis=0), scores.T).T * self._scale(outcome, regressors)
        return influence

    def _scale(self, outcome: str, regressors: Sequence[str]) -> Floats:
        norms = dict(zip(self.names, self.norms, strict=True))
        return norms[outcome] / np.array([norms[name] for name in regressors])


def reduced(batches: Sequence[Floats], names: tuple[str, ...], norms: Floats) -> Moments:
    """Moments of the columns once the dummies are out, from packed cross-products of both, batches of shape (b, P)."""
    m, size = len(names), size_of(batches[0].shape[1])
    own = np.diag(places(size))[size - m :]
    sizes = np.hstack([batch[:, own].T for batch in batches])
    packed = np.hstack([eliminate(np.ascontiguousarray(batch.T), size, size - m) for batch in batches])
    return Moments(names, packed, sizes, norms)


def batch_rows(entries: int) -> int:
    """Samples to handle at a time when each has so many packed cross-products."""
    return max(1, _CELLS // entries)


def moment_table(
    columns: Mapping[str, Floats],
    *,
    clusters: Codes,
    effects: Sequence[Codes] = (),
    weights: Floats | None = None,
    n_clusters: int | None = None,
) -> MomentTable:
    """The table of one sample.

    Parameters
    ----------
    columns : outcome, mediators, treatment, controls by name, each of shape (N,), no value missing.
    clusters : what re-sampling keeps, drops or repeats, numbers 0..G-1, shape (N,); a number may have no row.
    effects : absorbed effects as level numbers 0..L-1, each of shape (N,). Those nested in the clusters are demeaned
        cluster by cluster, the others enter as dummies. None = a constant.
    weights : analytic weights, positive, shape (N,).
    n_clusters : G, where numbers above the largest one are to have a place.

    Raises
    ------
    TooManyDummiesError : effects not nested in the clusters have more than `EXACT_LEVELS` levels.
    """
    Z, norms = dummies_and_columns(columns, clusters, effects, weights)
    G = n_clusters or int(clusters.max()) + 1
    packed = products(Z * root_of(weights, len(Z)), clusters, G)
    return MomentTable(tuple(columns), packed, norms, columns, clusters, tuple(effects), weights)


def dummies_and_columns(
    columns: Mapping[str, Floats], clusters: Codes, effects: Sequence[Codes], weights: Floats | None
) -> tuple[Floats, Floats]:
    """Z of shape (N, d + m), d independent dummies of the effects that reach over clusters and then the columns, and
    the norms, shape (m,), by which the columns were divided.

    All are off the effects nested in the clusters, the columns off all effects. A dependence between dummies holds row
    by row, so those that span all of them in the full sample do in any other. An absorbed column is zero.
    """
    nested = [codes for codes in effects if is_nested(codes, clusters)]
    outer = [codes for codes in effects if not is_nested(codes, clusters)]
    levels = sum(int(codes.max()) + 1 for codes in outer)
    if levels > EXACT_LEVELS:
        raise TooManyDummiesError(
            f"{levels} levels of effects reach over clusters, {EXACT_LEVELS} can enter as dummies"
        )
    root = root_of(weights, len(clusters))
    relative = root[:, 0] ** 2
    raw = np.column_stack(list(columns.values()))
    means = relative @ raw / len(raw)
    if not effects:
        dummies, within = np.ones((len(raw), 1)), raw - means
    else:
        dummies = np.hstack([np.empty((len(raw), 0)), *(np.eye(int(codes.max()) + 1)[codes] for codes in outer)])
        dummies = Absorber(nested, relative).residualise(dummies) if nested else dummies
        dummies = dummies[:, independent_levels(dummies.T @ (relative[:, None] * dummies))]
        within = Absorber(effects, relative).residualise(raw)
    norms = np.linalg.norm(within * root, axis=0)
    absorbed = norms <= tolerances(raw, means)
    norms[absorbed] = 1.0
    within[:, absorbed] = 0.0
    return np.hstack([dummies, within / norms]), norms


def root_of(weights: Floats | None, rows: int) -> Floats:
    """Square roots of the weights scaled to mean one, shape (N, 1); ones without weights."""
    return np.ones((rows, 1)) if weights is None else np.sqrt(weights / weights.mean())[:, None]


def products(Z: Floats, clusters: Codes, n_clusters: int) -> Floats:
    """Upper triangles of Z_c'Z_c row by row, shape (G, q (q + 1) / 2), of Z of shape (N, q)."""
    rows = [level_sums(Z[:, first:] * Z[:, first, None], clusters, n_clusters) for first in range(Z.shape[1])]
    return np.hstack(rows)
