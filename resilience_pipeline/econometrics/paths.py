"""Moments of two subsamples when the cities' histories of a flag are dealt out anew.

A subsample split by a flag of city and year holds, of each city, the years in which its flag has one value. A city's
path is its flag over all years: first subsample, second, or neither (the flag is not known). Under a permutation city
i receives the whole path of city j; its outcome, treatment and controls stay its own. So a draw's cross-products are a
sum over cities of one cell (city, path) each, and there are as many cells as cities times different paths. A flag that
never changes has two paths, and the permutation is that of plain labels.

A cell demeans the city's rows over the years that the path gives to the subsample:

    S - s s' / n,    S = sum w z z', s = sum w z, n = sum w over those years.

Rows enter off the effects of the full sample (see `moments`), so little cancels in the difference.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from resilience_pipeline.econometrics.absorption import Codes, Floats, is_nested
from resilience_pipeline.econometrics.moments import Moments, batch_rows, dummies_and_columns, reduced, root_of

#: Place of a city and year in a path.
FIRST, SECOND, NEITHER = 0, 1, -1

Members = NDArray[np.int8]

_FEW_PATHS = 8
_BATCH = 512  # draws added to at a time, which keeps their sums in the cache of a core


class UnitEffectsError(ValueError):
    """An absorbed effect lies inside the units but is not the units: its means would need cells of their own."""


@dataclass(frozen=True)
class Rows:
    """The rows of both subsamples before the split.

    Parameters
    ----------
    columns : outcome, treatment and controls by name, each of shape (N,).
    units, times : numbers 0..G-1 and 0..T-1, each of shape (N,).
    effects : absorbed effects, each of shape (N,); those nested in the units must be the units.
    weights : analytic weights, shape (N,); None = unweighted.
    """

    columns: dict[str, Floats]
    units: Codes
    times: Codes
    effects: tuple[Codes, ...]
    weights: Floats | None = None


class PathTable:
    """Sums over (city, path) cells, for any number of dealings of the paths.

    Parameters
    ----------
    rows : of both subsamples and of neither; what a unit has.
    member : FIRST, SECOND or NEITHER for unit and time, shape (G, T).

    Attributes
    ----------
    path_of : path number of each unit, shape (G,). n_paths : how many differ.

    Raises
    ------
    UnitEffectsError : see there.
    """

    def __init__(self, rows: Rows, member: Members) -> None:
        self._paths, path_of = np.unique(member, axis=0, return_inverse=True)
        self.path_of = path_of.astype(np.intp).ravel()
        self.n_paths = len(self._paths)
        nested = [codes for codes in rows.effects if is_nested(codes, rows.units)]
        if any(not is_nested(rows.units, codes) for codes in nested):
            raise UnitEffectsError(
                "only effects of the units themselves, and effects that reach over units, can be dealt"
            )
        self._demeaned = bool(nested)
        Z, self._norms = dummies_and_columns(rows.columns, rows.units, rows.effects, rows.weights)
        self._names = tuple(rows.columns)
        order = np.argsort(rows.units, kind="stable")
        self._ends = np.cumsum(np.bincount(rows.units, minlength=len(member)))
        self._Z, self._times = Z[order], rows.times[order]
        self._weights = root_of(rows.weights, len(Z))[order, 0] ** 2

    def under(self, side: int, paths: Codes) -> Moments:
        """Moments of one subsample, FIRST or SECOND, when unit i has path `paths[b, i]`; shape (B, G)."""
        q = self._Z.shape[1]
        entries = q * (q + 1) // 2
        cells = (self._cells(unit, side) for unit in range(paths.shape[1]))
        if self.n_paths <= _FEW_PATHS:  # labels that stay: a product of matrices for each path
            by_path = np.stack(list(cells), axis=1)
            total = sum((paths == path).astype(np.float64) @ by_path[path] for path in range(self.n_paths))
        else:
            total = _gathered(cells, paths, entries)
        size = batch_rows(entries)
        return reduced([total[start : start + size] for start in range(0, len(total), size)], self._names, self._norms)

    def _cells(self, unit: int, side: int) -> Floats:
        """Packed cross-products of a unit under each path, shape (H, P)."""
        start, end = (self._ends[unit - 1] if unit else 0), self._ends[unit]
        Z, w = self._Z[start:end], self._weights[start:end]
        mine = (self._paths[:, self._times[start:end]] == side) * w
        i, j = np.triu_indices(Z.shape[1])
        products = mine @ (Z[:, i] * Z[:, j])
        if self._demeaned:
            sums, count = mine @ Z, mine.sum(axis=1, keepdims=True)
            means = np.divide(sums, count, out=np.zeros_like(sums), where=count > 0)
            products -= means[:, i] * sums[:, j]
        return products


def _gathered(cells: Iterator[Floats], paths: Codes, entries: int) -> Floats:
    """Sum over units of the cell of the path that each draw gives them, shape (B, P)."""
    total, taken = np.zeros((len(paths), entries)), np.empty((_BATCH, entries))
    for unit, of_unit in enumerate(cells):
        drawn = np.ascontiguousarray(paths[:, unit])
        for start in range(0, len(total), _BATCH):
            batch = total[start : start + _BATCH]
            # "clip" lets numpy write into the buffer at once; every number is in range
            batch += np.take(of_unit, drawn[start : start + _BATCH], 0, out=taken[: len(batch)], mode="clip")
    return total
