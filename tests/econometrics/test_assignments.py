"""Fake treatments: full lists against itertools, draws against their law and their seed."""

from itertools import combinations, product
from math import comb

import numpy as np
import pytest
from scipy.stats import chisquare

from resilience_pipeline.econometrics.assignments import (
    fake_cities,
    fake_cities_and_common_dates,
    fake_common_dates,
    fake_own_dates,
)

STARTS = np.array([0, 1, 2])
TREATED = np.array([1, 4])


def rng(seed=1):
    return np.random.default_rng(seed)


def pairs(assignments):
    """Each assignment as its cities with their starts."""
    rows = zip(assignments.cities.tolist(), assignments.starts.tolist(), strict=True)
    return [tuple(zip(*row, strict=True)) for row in rows]


def test_a_small_design_is_listed_in_full():
    got = fake_cities(6, 2, 3, draws=15, rng=rng())
    assert got.listed
    assert got.space == 15
    assert pairs(got) == [((a, 3), (b, 3)) for a, b in combinations(range(6), 2)]


def test_a_design_larger_than_the_draws_is_drawn():
    got = fake_cities(6, 2, 3, draws=14, rng=rng())
    assert (got.listed, got.space, len(got)) == (False, 15, 14)


def test_own_dates_are_listed_as_the_product_of_the_starts():
    got = fake_own_dates(TREATED, STARTS, draws=9, rng=rng())
    assert got.listed
    assert pairs(got) == [((1, a), (4, b)) for a, b in product(STARTS, repeat=2)]


def test_cities_and_a_common_date_are_listed_together():
    got = fake_cities_and_common_dates(4, 2, STARTS, draws=18, rng=rng())
    assert got.listed
    assert pairs(got) == [((a, g), (b, g)) for a, b in combinations(range(4), 2) for g in STARTS]


def test_one_date_for_all_gives_as_many_assignments_as_there_are_dates():
    assert pairs(fake_common_dates(TREATED, STARTS)) == [((1, g), (4, g)) for g in STARTS]


def test_every_set_of_cities_is_equally_likely():
    got = [fake_cities(5, 2, 0, draws=9, rng=rng(seed)).cities for seed in range(2000)]
    seen = dict.fromkeys(combinations(range(5), 2), 0)
    for pair in map(tuple, np.concatenate(got).tolist()):
        seen[pair] += 1  # a repeated or unordered city would be a KeyError
    assert chisquare(list(seen.values())).pvalue > 0.001


def test_every_date_is_equally_likely_and_dates_are_independent():
    got = [fake_own_dates(TREATED, STARTS, draws=8, rng=rng(seed)).starts for seed in range(2000)]
    counts = np.bincount(np.concatenate(got) @ [3, 1], minlength=9)
    assert chisquare(counts).pvalue > 0.001


def test_the_same_seed_gives_the_same_draws_and_another_seed_others():
    first, again, other = (fake_cities(40, 7, 2, draws=50, rng=rng(seed)) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first.cities, again.cities)
    assert (first.cities != other.cities).any()


@pytest.mark.parametrize("draw", [fake_cities_and_common_dates, fake_cities], ids=["both", "cities"])
def test_a_shorter_series_is_the_beginning_of_a_longer_one(draw):
    starts = 2 if draw is fake_cities else STARTS
    short, long = (draw(40, 7, starts, draws=draws, rng=rng()) for draws in (30, 200))
    np.testing.assert_array_equal(short.cities, long.cities[:30])
    np.testing.assert_array_equal(short.starts, long.starts[:30])


def test_fake_cities_are_the_same_with_and_without_a_fake_date():
    alone = fake_cities(40, 7, 2, draws=30, rng=rng())
    both = fake_cities_and_common_dates(40, 7, STARTS, draws=30, rng=rng())
    np.testing.assert_array_equal(alone.cities, both.cities)


def test_the_papers_design_has_more_assignments_than_any_float_counts_exactly():
    assert fake_cities(281, 45, 5, draws=10, rng=rng()).space == comb(281, 45)


def test_a_long_series_drawn_in_blocks_is_the_series_drawn_at_once(monkeypatch):
    at_once = fake_cities(40, 7, 2, draws=100, rng=rng())
    monkeypatch.setattr("resilience_pipeline.econometrics.assignments._CELLS_AT_ONCE", 130)
    np.testing.assert_array_equal(fake_cities(40, 7, 2, draws=100, rng=rng()).cities, at_once.cities)
