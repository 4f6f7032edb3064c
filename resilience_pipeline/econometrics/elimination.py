"""Elimination in many small symmetric matrices at once, kept as packed upper triangles with the batch last.

Row i of a triangle, entries (i, i) to (i, q - 1), lies in one stretch, so a step of the elimination is one product of
stretches for all B matrices together. No other module needs to know where an entry lies.
"""

import numpy as np

from resilience_pipeline.econometrics.absorption import Codes, Floats

# Cross-products are squares: what is left of a column by less than 1e-5 of its length cannot be told from rounding.
_PIVOT = 1e-10


def size_of(entries: int) -> int:
    """Side of a matrix whose upper triangle has so many entries."""
    return round((np.sqrt(8 * entries + 1) - 1) / 2)


def places(size: int) -> Codes:
    """Place of entry (i, j) of a symmetric matrix among the packed upper triangle, shape (q, q)."""
    at = np.empty((size, size), dtype=np.intp)
    upper = np.triu_indices(size)
    at[upper] = np.arange(len(upper[0]))
    at.T[upper] = at[upper]
    return at


def eliminate(packed: Floats, size: int, first: int) -> Floats:
    """What is left of B symmetric matrices once the `first` rows are projected out, packed; overwrites its argument.

    packed : shape (q (q + 1) / 2, B). A row without variation of its own is passed over.
    """
    at = places(size)
    own = packed[np.diag(at)[:first]].copy()
    floor = own.max(axis=0, initial=0.0) * 1e-6  # what a level that lost its rows must not be measured by
    for step in range(first):
        row = packed[at[step, step] : at[step, size - 1] + 1]
        usable = row[0] > _PIVOT * np.maximum(own[step], floor)
        inverse = np.divide(1.0, row[0], out=np.zeros_like(row[0]), where=usable)
        _subtract(packed, at, row, step, size, inverse)
    return packed[at[first, first] :] if first < size else packed[:0]


def _subtract(packed: Floats, at: Codes, row: Floats, step: int, size: int, inverse: Floats) -> None:
    for other in range(step + 1, size):
        ahead = row[other - step :]
        packed[at[other, other] : at[other, size - 1] + 1] -= (ahead[0] * inverse) * ahead


def solve(packed: Floats, sizes: Floats) -> Floats:
    """Coefficients, shape (k, B), of the last of k + 1 columns on the others; nan where one has nothing of its own.

    Parameters
    ----------
    packed : shape ((k + 1)(k + 2) / 2, B); overwritten.
    sizes : shape (k, B), what the regressors' own cross-products were before anything was projected out of them: the
        rounding that is left of them is a share of these.
    """
    k, size = len(sizes), len(sizes) + 1
    at = places(size)
    defined = np.ones(packed.shape[1], dtype=bool)
    for step in range(k):
        row = packed[at[step, step] : at[step, k] + 1]
        usable = row[0] > _PIVOT * sizes[step]
        defined &= usable
        inverse = np.divide(1.0, row[0], out=np.zeros_like(row[0]), where=usable)
        _subtract(packed, at, row, step, size, inverse)
        row *= inverse
    b = np.empty((k, packed.shape[1]))
    for step in reversed(range(k)):
        row = packed[at[step, step] : at[step, k] + 1]
        b[step] = row[-1] - (row[1:-1] * b[step + 1 :]).sum(axis=0)
    b[:, ~defined] = np.nan
    return b
