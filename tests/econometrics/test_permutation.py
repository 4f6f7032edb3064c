"""Cities' groups dealt out anew: each draw is the pair of regressions on the panel so labelled."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from resilience_pipeline.econometrics.differences import sides_of
from resilience_pipeline.econometrics.estimation import estimate
from resilience_pipeline.econometrics.moments import MomentMismatchError
from resilience_pipeline.econometrics.permutation import permutation, permuted
from resilience_pipeline.econometrics.sample import NotEstimableError
from tests.econometrics.groups import DIFFERENCE, flagged, split

AGREEMENT = 1e-10

SETTINGS = {
    "two effects": {},
    "weights": {"weights": "weight"},
    "region by year": {"absorb": ("city", "region^year")},
    "no effects": {"absorb": ()},
}


def relabelled(frame: pl.DataFrame, seed: int, draws: int) -> list[pl.DataFrame]:
    """The frame under each draw of the seed: city i's flag of a year is that of the city whose path it takes."""
    cities = frame["city"].unique().sort().to_list()
    years = frame["year"].unique().sort().to_list()
    flag = {(row["city"], row["year"]): row["flag"] for row in frame.to_dicts()}
    path = [tuple(flag.get((city, year)) for year in years) for city in cities]
    ordered = sorted(set(path), key=lambda p: [-1 if v is None else v for v in p])
    numbers = np.array([ordered.index(p) for p in path])
    frames = []
    for dealt in np.random.default_rng(seed).permuted(np.tile(numbers, (draws, 1)), axis=1):
        given = {(c, y): ordered[p][t] for c, p in zip(cities, dealt, strict=True) for t, y in enumerate(years)}
        pairs = zip(frame["city"], frame["year"], strict=True)
        frames.append(frame.with_columns(flag=pl.Series([given[pair] for pair in pairs], dtype=pl.Float64)))
    return frames


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
@pytest.mark.parametrize("changing", [False, True], ids=["fixed groups", "changing groups"])
def test_a_draw_is_the_pair_of_regressions_under_its_labels(changing, settings) -> None:
    frame = flagged(units=40, lost=30, changing=changing)
    halves = split(frame, **settings)
    got = permuted(halves, sides_of(halves), 4, seed=11)
    for row, labelled in zip(got.to_dicts(), relabelled(frame, 11, 4), strict=True):
        for spec, name in ((halves.first, "first"), (halves.second, "second")):
            refit = estimate(spec, labelled, engines=("kernel",)).terms[0].estimate
            assert row[name] == pytest.approx(refit, abs=AGREEMENT)
        assert row["difference"] == row["second"] - row["first"]


def test_a_flag_unknown_in_a_year_travels_with_its_path() -> None:
    frame = flagged(units=40, changing=True)
    unknown = frame.with_columns(
        flag=pl.when((pl.col("city") < 9) & (pl.col("year") < 2015)).then(None).otherwise("flag")
    )
    halves = split(unknown)
    got = permuted(halves, sides_of(halves), 3, seed=2)
    for row, labelled in zip(got.to_dicts(), relabelled(unknown, 2, 3), strict=True):
        refit = estimate(halves.second, labelled, engines=("kernel",)).terms[0].estimate
        assert row["second"] == pytest.approx(refit, abs=AGREEMENT)


def test_the_seed_makes_the_draws() -> None:
    halves = split(flagged(units=30))
    sides = sides_of(halves)
    one, again, other = (permuted(halves, sides, 20, seed) for seed in (1, 1, 2))
    assert one.equals(again)
    assert not one.equals(other)


def test_draws_are_the_same_however_many_are_dealt_at_a_time(monkeypatch) -> None:
    halves = split(flagged(units=30, changing=True))
    sides = sides_of(halves)
    one = permuted(halves, sides, 20, 1)
    monkeypatch.setattr("resilience_pipeline.econometrics.permutation._BATCH", 7)
    assert permuted(halves, sides, 20, 1).equals(one)


def test_the_p_value_counts_the_observed_split_and_leaves_undefined_draws_out() -> None:
    halves = split(flagged(units=30))
    sides = sides_of(halves)
    d = abs(sides.difference)
    draws = pl.DataFrame({"draw": [1, 2, 3, 4], "difference": [2 * d, -3 * d, d / 2, None]})
    got = permutation(halves, sides, draws, seed=1)
    assert got.p_value == (1 + 2) / (1 + 3)
    assert (got.draws, got.undefined_draws, got.seed) == (4, 1, 1)


def test_draws_without_treated_cities_in_a_group_are_null_and_counted() -> None:
    # Two treated cities: both fall into one group in about half of the draws.
    frame = flagged(units=30).with_columns(did=pl.col("did") * pl.col("city").is_in([3, 6]))
    flag = pl.when(pl.col("city") == 3).then(1.0).when(pl.col("city") == 6).then(0.0).otherwise("flag")
    halves = split(frame.with_columns(flag=flag))
    draws = permuted(halves, sides_of(halves), 400, seed=1)
    undefined = permutation(halves, sides_of(halves), draws, 1).undefined_draws
    assert undefined == draws["difference"].null_count()
    assert 0.38 < undefined / 400 < 0.60


@pytest.mark.parametrize("changing", [False, True], ids=["fixed groups", "changing groups"])
def test_a_planted_difference_is_beyond_the_draws_and_none_is_within(changing) -> None:
    for difference, low, high in ((DIFFERENCE, 0.0, 0.01), (0.0, 0.05, 1.0)):
        halves = split(flagged(units=120, changing=changing, difference=difference, seed=8))
        sides = sides_of(halves)
        p = permutation(halves, sides, permuted(halves, sides, 399, 1), 1).p_value
        assert low < p <= high


def test_without_a_difference_the_test_rejects_as_often_as_it_says() -> None:
    p = []
    for seed in range(200):
        halves = split(flagged(units=40, periods=6, changing=seed % 2 == 0, seed=900 + seed))
        sides = sides_of(halves)
        p.append(permutation(halves, sides, permuted(halves, sides, 199, seed), seed).p_value)
    # an exact test of 200 panels rejects 5 % with an error of 1.5 points
    assert np.mean(np.array(p) <= 0.05) < 0.11
    assert 0.4 < np.mean(p) < 0.6


def test_names_of_cities_and_the_order_of_rows_leave_the_observed_difference_and_its_draws_law_alone() -> None:
    frame = flagged(units=40, lost=30, changing=True)
    moved = frame.sample(fraction=1.0, shuffle=True, seed=5)
    one, two = (permuted(split(f), sides_of(split(f)), 30, 4) for f in (frame, moved))
    assert one.equals(two)


def test_paths_that_do_not_give_the_columns_are_refused() -> None:
    halves = split(flagged(units=30))
    sides = replace(sides_of(halves), coefficients=(0.0, 1.0))
    with pytest.raises(MomentMismatchError, match="the paths as they are"):
        permuted(halves, sides, 5, 1)


def test_effects_inside_the_cities_are_refused_with_the_reason() -> None:
    frame = flagged(units=30).with_columns(half=pl.col("year") >= 2016)
    halves = split(frame.with_columns(did=pl.col("did") * (pl.col("year") % 2)), absorb=("city", "city^half", "year"))
    with pytest.raises(NotEstimableError, match="only effects of the units themselves"):
        permuted(halves, sides_of(halves), 5, 1)
