"""Absorbed effects: singletons, the exact within transform, and how many parameters the effects are.

For effects with dummies D_0 (most levels), D_1, ..., the residual of z on all dummies is found in two steps, exact
for unbalanced panels, interactions and weights: means within the levels of D_0 are removed, then the remaining
dummies, themselves demeaned, are projected out through their L x L cross-product

    S = D'WD - C' diag(1 / w_0) C,    C = D_0'WD  (levels of D_0 by levels of the others).

S is singular by construction (at least one level per effect is redundant); a pivoted Cholesky decomposition keeps
independent levels only, and its rank is the number of parameters. A pseudo-inverse would keep a rounding-size
eigenvalue. Beyond `EXACT_LEVELS` other levels, S is not formed and the same system is solved by conjugate gradients.

Nothing here knows of outcomes, terms or error rules.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Codes = NDArray[np.intp]

EXACT_LEVELS = 1000  # an L x L system of this size is solved in well under a second
_RANK_TOLERANCE = 1e-9  # of a level's own cross-product; entries of S are counts, so rounding is near 1e-15
_CG_TOLERANCE = 1e-13
_ROUNDING = 1e-15
_CG_STEPS = 10_000


class AbsorptionError(ArithmeticError):
    """The iteration over absorbed effects did not converge."""


def singletons(effects: Sequence[Codes]) -> NDArray[np.bool_]:
    """Rows, shape (N,), that stand alone in a level of any effect, found again until none is left.

    References
    ----------
    Correia (2015), "Singletons, cluster-robust standard errors and fixed effects: a bad mix".
    """
    keep = np.ones(len(effects[0]) if effects else 0, dtype=bool)
    while True:
        alone = np.zeros_like(keep)
        for codes in effects:
            counts = np.bincount(codes[keep], minlength=int(codes.max(initial=-1)) + 1)
            alone |= keep & (counts[codes] == 1)
        if not alone.any():
            return ~keep
        keep &= ~alone


def compact(codes: Codes) -> Codes:
    """The same partition with levels numbered 0..L-1."""
    return np.unique(codes, return_inverse=True)[1].astype(np.intp).ravel()


def is_nested(effect: Codes, cluster: Codes) -> bool:
    """Whether every level of the effect lies inside one cluster."""
    first = np.empty(int(effect.max()) + 1, dtype=np.intp)
    first[effect] = cluster
    return bool(np.array_equal(first[effect], cluster))


class Absorber:
    """Projection off a set of effects, built once per sample and reusable for any number of columns.

    Parameters
    ----------
    effects : level numbers 0..L-1 of each effect, each of shape (N,).
    weights : shape (N,), positive; None = unweighted.

    Attributes
    ----------
    rank : number of parameters that the effects are, the constant among them. Exact for up to two effects, and for
        more wherever the other effects have at most `EXACT_LEVELS` levels; else each further effect counts all its
        levels but one, an upper bound.
    """

    def __init__(self, effects: Sequence[Codes], weights: Floats | None = None) -> None:
        levels = [int(codes.max()) + 1 for codes in effects]
        base = int(np.argmax(levels))
        self._base, self._base_levels = effects[base], levels[base]
        self._others = [codes for position, codes in enumerate(effects) if position != base]
        self._other_levels = [count for position, count in enumerate(levels) if position != base]
        self._weights = weights
        self._base_weight = np.bincount(self._base, weights, self._base_levels)[:, None].astype(np.float64)
        self._offsets = np.cumsum([0, *self._other_levels])
        self._inverse: Floats | None = None
        self.rank = self._base_levels
        if not self._others:
            return
        if self._offsets[-1] <= EXACT_LEVELS:
            schur = self._schur_complement()
            self._kept = independent_levels(schur)
            self._inverse = np.asarray(np.linalg.inv(schur[np.ix_(self._kept, self._kept)]), dtype=np.float64)
            self.rank += len(self._kept)
        else:
            self.rank += self._other_levels[0] - _components(self._base, self._others[0])
            self.rank += sum(count - 1 for count in self._other_levels[1:])

    def residualise(self, columns: Floats) -> Floats:
        """Residuals of (weighted) least squares of each column on all dummies; shape (N, m) in and out."""
        within = self._demean(columns)
        if not self._others:
            return within
        if self._inverse is None:
            return self._by_conjugate_gradients(columns, within)
        for _ in range(2):  # the second pass removes the rounding of the first
            sums = self._other_sums(within)
            effects = np.zeros_like(sums)
            effects[self._kept] = self._inverse @ sums[self._kept]
            within = within - self._demean(self._other_values(effects))
        return within

    def _demean(self, columns: Floats) -> Floats:
        means = level_sums(self._weighted(columns), self._base, self._base_levels) / self._base_weight
        return columns - means[self._base]

    def _weighted(self, columns: Floats) -> Floats:
        return columns if self._weights is None else columns * self._weights[:, None]

    def _norm(self, columns: Floats) -> Floats:
        norms: Floats = np.sqrt((self._weighted(columns) * columns).sum(axis=0))
        return norms

    def _other_sums(self, columns: Floats) -> Floats:
        weighted = self._weighted(columns)
        sums = [
            level_sums(weighted, codes, count) for codes, count in zip(self._others, self._other_levels, strict=True)
        ]
        return np.vstack(sums)

    def _other_values(self, effects: Floats) -> Floats:
        values = effects[self._others[0]]
        for codes, offset in zip(self._others[1:], self._offsets[1:], strict=False):
            values = values + effects[codes + offset]
        return values

    def _schur_complement(self) -> Floats:
        pairs = list(zip(self._others, self._other_levels, strict=True))
        crosstab = np.hstack([self._crosstab(self._base, self._base_levels, *pair) for pair in pairs])
        blocks = [[self._crosstab(*one, *two) for two in pairs] for one in pairs]
        schur: Floats = np.block(blocks) - crosstab.T @ (crosstab / self._base_weight)
        return schur

    def _crosstab(self, rows: Codes, n_rows: int, columns: Codes, n_columns: int) -> Floats:
        counts = np.bincount(rows * n_columns + columns, self._weights, n_rows * n_columns)
        return counts.reshape(n_rows, n_columns).astype(np.float64)

    def _by_conjugate_gradients(self, columns: Floats, within: Floats) -> Floats:
        scale = np.concatenate(
            [np.bincount(c, self._weights, n) for c, n in zip(self._others, self._other_levels, strict=True)]
        )[:, None]
        residual = self._other_sums(within)
        # What the columns' own rounding leaves is not worth a step: it never falls below a share of itself.
        target = _CG_TOLERANCE * self._norm(within) + _ROUNDING * self._norm(columns)
        preconditioned = residual / scale
        direction, effects = preconditioned, np.zeros_like(residual)
        power = (residual * preconditioned).sum(axis=0)
        for _ in range(_CG_STEPS):
            if (np.sqrt(power) <= target).all():
                return within - self._demean(self._other_values(effects))
            image = self._other_sums(self._demean(self._other_values(direction)))
            curvature = (direction * image).sum(axis=0)
            step = np.divide(power, curvature, out=np.zeros_like(power), where=curvature > 0)
            effects = effects + step * direction
            residual = residual - step * image
            preconditioned = residual / scale
            previous, power = power, (residual * preconditioned).sum(axis=0)
            turn = np.divide(power, previous, out=np.zeros_like(power), where=previous > 0)
            direction = preconditioned + turn * direction
        raise AbsorptionError(f"the absorbed effects did not converge in {_CG_STEPS} steps")


def independent_levels(schur: Floats) -> Codes:
    """Levels whose dummies are linearly independent, by pivoted Cholesky; shape (rank,)."""
    own = np.diag(schur).copy()
    left = own.copy()
    # A level that is alone with its base level leaves rounding only; a scale of zero would make it look large.
    own = np.maximum(own, own.max(initial=0.0) * 1e-6 + np.finfo(float).tiny)
    rows = np.zeros_like(schur)
    kept: list[int] = []
    for step in range(len(schur)):
        pivot = int(np.argmax(left / own))
        if left[pivot] <= _RANK_TOLERANCE * own[pivot]:
            break
        row = (schur[pivot] - rows[:step, pivot] @ rows[:step]) / np.sqrt(left[pivot])
        rows[step] = row
        left = left - row**2
        left[pivot] = -np.inf
        kept.append(pivot)
    return np.array(sorted(kept), dtype=np.intp)


def level_sums(columns: Floats, codes: Codes, levels: int) -> Floats:
    """Sums within levels, shape (L, m): one bincount over all columns at once."""
    m = columns.shape[1]
    cells = (codes[:, None] * m + np.arange(m)).ravel()
    sums: Floats = np.bincount(cells, columns.ravel(), levels * m).astype(np.float64, copy=False)
    return sums.reshape(levels, m)


def _components(one: Codes, two: Codes) -> int:
    """Connected components of the graph whose edges are rows, by spreading the least label."""
    label_one = np.arange(int(one.max()) + 1)
    label_two = np.full(int(two.max()) + 1, len(label_one))
    while True:
        np.minimum.at(label_two, two, label_one[one])
        before = label_one.copy()
        np.minimum.at(label_one, one, label_two[two])
        label_one = label_one[label_one]
        if np.array_equal(before, label_one):
            return len(np.unique(label_one))
