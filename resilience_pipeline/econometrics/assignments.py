"""Fake treatments to compare the true one with: who is treated, and from which start on.

An assignment names cities by their position in the sorted sample and starts by their position among the possible
start years. Where a design has no more assignments than were asked for, each is listed once; else they are drawn
independently, all equally likely. The first draws of a longer series are the series of a shorter one: cities and
dates have streams of their own.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain, combinations, product
from math import comb

import numpy as np

from resilience_pipeline.econometrics.absorption import Codes

_CELLS_AT_ONCE = 4_000_000  # random keys held at a time; 32 megabytes


@dataclass(frozen=True)
class Assignments:
    """B fake treatments of n cities each.

    Parameters
    ----------
    cities : treated cities, ascending in each row; shape (B, n).
    starts : position of each one's start; shape (B, n).
    space : number of assignments that the design has.
    listed : whether these are all of them, each once, in order; else they are draws.
    """

    cities: Codes
    starts: Codes
    space: int
    listed: bool

    def __len__(self) -> int:
        return len(self.cities)


def fake_cities(n_cities: int, n_treated: int, start: int, draws: int, rng: np.random.Generator) -> Assignments:
    """`n_treated` of `n_cities` without replacement, all from one start on."""
    space = comb(n_cities, n_treated)
    listed = space <= draws
    if listed:
        cities = _listed(combinations(range(n_cities), n_treated), space, n_treated)
    else:
        cities = _subsets(n_cities, n_treated, draws, rng.spawn(2)[0])
    return Assignments(cities, np.full_like(cities, start), space, listed)


def fake_common_dates(treated: Codes, starts: Codes) -> Assignments:
    """The same cities from each of the starts on, one start for all of them; always listed."""
    return Assignments(
        np.tile(treated, (len(starts), 1)), np.repeat(starts[:, None], len(treated), axis=1), len(starts), listed=True
    )


def fake_own_dates(treated: Codes, starts: Codes, draws: int, rng: np.random.Generator) -> Assignments:
    """The same cities, each from a start of its own on, drawn independently."""
    space, n = len(starts) ** len(treated), len(treated)
    listed = space <= draws
    if listed:
        dates = _listed(product(starts.tolist(), repeat=n), space, n)
    else:
        dates = starts[_positions(len(starts), (draws, n), rng.spawn(2)[1])]
    return Assignments(np.tile(treated, (len(dates), 1)), dates, space, listed)


def fake_cities_and_common_dates(
    n_cities: int, n_treated: int, starts: Codes, draws: int, rng: np.random.Generator
) -> Assignments:
    """`n_treated` of `n_cities` without replacement, all from one start on that is drawn too."""
    subsets = comb(n_cities, n_treated)
    space = subsets * len(starts)
    listed = space <= draws
    if listed:
        every = _listed(combinations(range(n_cities), n_treated), subsets, n_treated)
        cities, dates = np.repeat(every, len(starts), axis=0), np.tile(starts, subsets)
    else:
        for_cities, for_dates = rng.spawn(2)
        cities = _subsets(n_cities, n_treated, draws, for_cities)
        dates = starts[_positions(len(starts), (draws,), for_dates)]
    return Assignments(cities, np.repeat(dates[:, None], n_treated, axis=1), space, listed)


def _listed(rows: Iterable[tuple[int, ...]], count: int, width: int) -> Codes:
    return np.fromiter(chain.from_iterable(rows), dtype=np.intp, count=count * width).reshape(count, width)


def _subsets(n_cities: int, n_treated: int, draws: int, rng: np.random.Generator) -> Codes:
    """Uniform subsets, shape (draws, n_treated): the cities with the smallest of independent uniform keys."""
    block = max(1, _CELLS_AT_ONCE // n_cities)
    parts = []
    for first in range(0, draws, block):
        keys = rng.random((min(block, draws - first), n_cities))
        least = np.argpartition(keys, n_treated - 1, axis=1)[:, :n_treated]
        parts.append(np.sort(least, axis=1))
    return np.concatenate(parts)


def _positions(count: int, shape: tuple[int, ...], rng: np.random.Generator) -> Codes:
    """Uniform positions 0..count-1; from uniform floats, whose stream numpy keeps between versions."""
    return (rng.random(shape) * count).astype(np.intp)
