"""The wild cluster bootstrap with the null imposed (WCR-11) from the table of moments: no row is touched by a draw.

Let X be the model's columns (dummies, controls, the tested x), xt what is left of x off the others, a its combination
of X (xt = X a), u the residuals, and d = b0 - b the hypothesis. The restricted residuals are u - d xt, a draw puts a
sign v_g before each cluster's, and with S_g = X_g'u_g, C_g = X_g'xt_g, D = xt'xt, A = (X'X)^-1

    b* - b0 = sum v_g a'(S_g - d C_g) / D,
    V(b*)   = factor * sum_g (v_g a'(S_g - d C_g) - C_g'A sum_h v_h (S_h - d C_h))^2 / D^2,

both as `inversion` wants them, so a p value for any hypothesis and the interval come from one pass of draws. The
factor is the printed one of CV1. Where the 2^G sign vectors are no more than the draws asked for, each is taken once.

Rademacher: v = -1 or 1. Webb: six values, for few clusters, where 2^G vectors give few different p values.

References
----------
Cameron, Gelbach and Miller (2008); Webb (2023), "Reworking wild bootstrap-based inference for clustered errors";
MacKinnon, Nielsen and Webb (2023), "Fast and reliable jackknife and bootstrap methods for cluster-robust inference",
section 4; Roodman et al. (2019), boottest.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from resilience_pipeline.econometrics.absorption import Floats
from resilience_pipeline.econometrics.elimination import places, size_of
from resilience_pipeline.econometrics.inversion import InvertibleTest
from resilience_pipeline.econometrics.kernel import Fit
from resilience_pipeline.econometrics.moments import MomentTable

Weights = Literal["rademacher", "webb"]

_WEBB = np.sqrt(np.array([1.5, 1.0, 0.5, 0.5, 1.0, 1.5])) * np.array([-1, -1, -1, 1, 1, 1])
_BATCH = 1 << 19  # signs held at a time: 4 MB


@dataclass(frozen=True)
class _Tested:
    """What the draws need of one term, in columns of unit norm.

    to_draw : shape (G, 4 q): S, C, (a'S) C and (a'C) C. squares : shape (G, 3): (a'S)^2, (a'S)(a'C), (a'C)^2.
    a, D : as above. inverse : A, shape (q, q). outer : C'C, shape (q, q). scale : of a coefficient in its own units.
    """

    to_draw: Floats
    squares: Floats
    a: Floats
    inverse: Floats
    outer: Floats
    D: float
    scale: float


def wild_bootstrap(
    table: MomentTable,
    fit: Fit,
    outcome: str,
    regressors: Sequence[str],
    terms: Sequence[str],
    *,
    draws: int,
    rng: Generator,
    weights: Weights = "rademacher",
) -> dict[str, InvertibleTest]:
    """The WCR-11 test of each of the terms, the same signs for all.

    Parameters
    ----------
    table, fit : the moments, clusters as the errors are clustered, and their fit (`MomentTable.fit`).
    regressors : of the equation. terms : those of them that are tested, one at a time.
    draws : B; all 2^G sign vectors are listed instead where there are no more.

    Returns
    -------
    Term -> test of "coefficient = null" for any null.
    """
    n_clusters = len(table.present)
    listed = weights == "rademacher" and n_clusters < 63 and 2**n_clusters <= draws
    tested = {term: _tested(table, outcome, regressors, term) for term in terms}
    found: dict[str, list[Floats]] = {term: [] for term in terms}
    for signs in _every_sign(n_clusters) if listed else _drawn(n_clusters, draws, rng, weights):
        squared = None if weights == "rademacher" else signs**2
        for term, prepared in tested.items():
            found[term].append(_draw(prepared, signs, squared))
    tests = {}
    for term, parts in found.items():
        place, scale = list(regressors).index(term), tested[term].scale
        a, c, u, v, w = np.hstack(parts)
        factor = fit.factor
        tests[term] = InvertibleTest(
            float(fit.coefficients[place]),
            float(fit.std_errors[place]),
            scale * a,
            c,
            factor * scale**2 * u,
            factor * scale * v,
            factor * w,
            listed,
        )
    return tests


def _tested(table: MomentTable, outcome: str, regressors: Sequence[str], term: str) -> _Tested:
    size, packed = size_of(table.packed.shape[1]), table.packed[table.present]
    at, first = places(size), size - len(table.names)  # the columns stand after the dummies
    X = [*range(first), *(first + table.names.index(name) for name in regressors)]
    y = first + table.names.index(outcome)
    gram = packed[:, at[np.ix_(X, X)]]
    total = gram.sum(axis=0)
    inverse = np.linalg.inv(total)
    x = first + list(regressors).index(term)
    others = [place for place in range(len(X)) if place != x]
    a = np.zeros(len(X))
    a[x] = 1.0
    a[others] = -np.linalg.solve(total[np.ix_(others, others)], total[others, x])
    on_y = packed[:, at[X, y]]
    S = on_y - gram @ (inverse @ on_y.sum(axis=0))
    C = gram @ a
    own_S, own_C = S @ a, C @ a
    norms = dict(zip(table.names, table.norms, strict=True))
    return _Tested(
        to_draw=np.hstack([S, C, own_S[:, None] * C, own_C[:, None] * C]),
        squares=np.column_stack([own_S**2, own_S * own_C, own_C**2]),
        a=a,
        inverse=inverse,
        outer=C.T @ C,
        D=float(own_C.sum()),
        scale=norms[outcome] / norms[term],
    )


def _draw(tested: _Tested, signs: Floats, squared: Floats | None) -> Floats:
    """a, c, u, v, w of a batch of signs, shape (5, b); without scale and factor."""
    S, C, by_S, by_C = np.split(signs @ tested.to_draw, 4, axis=1)
    if squared is None:
        uu, ux, xx = (np.full(len(signs), total) for total in tested.squares.sum(axis=0))
    else:
        uu, ux, xx = (squared @ tested.squares).T
    to_S, to_C = S @ tested.inverse, C @ tested.inverse
    bent_S, bent_C = to_S @ tested.outer, to_C @ tested.outer
    uu = uu - 2 * _dots(to_S, by_S) + _dots(to_S, bent_S)
    ux = ux - _dots(to_S, by_C) - _dots(to_C, by_S) + _dots(to_C, bent_S)
    xx = xx - 2 * _dots(to_C, by_C) + _dots(to_C, bent_C)
    D = tested.D
    return np.stack([S @ tested.a / D, -(C @ tested.a) / D, uu / D**2, -ux / D**2, xx / D**2])


def _dots(one: Floats, two: Floats) -> Floats:
    dots: Floats = np.einsum("ij,ij->i", one, two)
    return dots


def _every_sign(n_clusters: int) -> Iterator[Floats]:
    """All 2^G sign vectors, in order, shape (b, G) at a time."""
    batch = max(1, _BATCH // n_clusters)
    for start in range(0, 2**n_clusters, batch):
        numbers = np.arange(start, min(start + batch, 2**n_clusters))
        yield _signs((numbers[:, None] >> np.arange(n_clusters)) & 1)


def _drawn(n_clusters: int, draws: int, rng: Generator, weights: Weights) -> Iterator[Floats]:
    batch = max(1, _BATCH // n_clusters)
    for start in range(0, draws, batch):
        size = min(batch, draws - start)
        if weights == "webb":
            yield _WEBB[rng.integers(0, 6, (size, n_clusters), dtype=np.uint8)]
            continue
        width = -(-n_clusters // 8)  # bytes that hold a sign vector
        bits = np.unpackbits(np.frombuffer(rng.bytes(size * width), dtype=np.uint8).reshape(size, width), axis=1)
        yield _signs(bits[:, :n_clusters])


def _signs(bits: NDArray[np.integer]) -> Floats:
    signs = np.empty(bits.shape)
    np.multiply(bits, -2.0, out=signs)
    signs += 1.0
    return signs
