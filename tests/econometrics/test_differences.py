"""Differences between subsamples against regressions that carry them, and their size where there is none."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from resilience_pipeline.econometrics.differences import (
    Split,
    interaction,
    sides_of,
    stacked,
    subsample_rows,
)
from resilience_pipeline.econometrics.estimation import estimate
from resilience_pipeline.econometrics.sample import NotEstimableError
from tests.econometrics.groups import DIFFERENCE, flagged, split

#: Two exact roads.
AGREEMENT = 1e-10

SETTINGS = {
    "two effects": {},
    "weights": {"weights": "weight"},
    "region by year": {"absorb": ("city", "region^year")},
    "no effects": {"absorb": ()},
    "city effects only": {"absorb": ("city",)},
}


def columns_of(halves: Split) -> list[tuple[float, float]]:
    """The treatment's coefficient and error in each printed column."""
    found = [estimate(spec, halves.frame, engines=("kernel",)).terms[0] for spec in (halves.first, halves.second)]
    return [(term.estimate, term.std_error) for term in found]


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
@pytest.mark.parametrize("changing", [False, True], ids=["fixed groups", "changing groups"])
def test_the_sides_are_the_printed_columns(changing, settings) -> None:
    halves = split(flagged(lost=40, changing=changing), **settings)
    printed = columns_of(halves)
    rows = subsample_rows(halves, sides_of(halves))
    for (b, se), row in zip(printed, rows, strict=True):
        assert row.estimate == pytest.approx(b, abs=AGREEMENT)
        assert row.std_error == pytest.approx(se, rel=AGREEMENT)


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_with_fixed_groups_the_interaction_is_exactly_the_difference_of_the_columns(settings) -> None:
    halves = split(flagged(lost=40, difference=DIFFERENCE), **settings)
    (first, _), (second, _) = columns_of(halves)
    assert interaction(halves).estimate == pytest.approx(second - first, abs=AGREEMENT)


def test_with_changing_groups_the_interaction_is_another_number_and_says_why() -> None:
    halves = split(flagged(lost=40, changing=True))
    (first, _), (second, _) = columns_of(halves)
    got = interaction(halves)
    assert abs(got.estimate - (second - first)) > 1e-4
    assert "cities change groups" in got.note
    assert "cities change groups" not in interaction(split(flagged(lost=40))).note


@pytest.mark.parametrize("changing", [False, True], ids=["fixed groups", "changing groups"])
def test_the_stacked_error_is_that_of_one_regression_in_which_every_effect_is_doubled(changing) -> None:
    # City x group and year x group effects and doubled controls give both columns at once; clustered by city, plain
    # sandwich. With factors of one on both sides the two errors are the same number.
    frame = flagged(lost=40, changing=changing)
    halves = split(frame, ssc="none")
    doubled = frame.with_columns((pl.col(name) * pl.col("flag")).alias(f"{name}_1") for name in ("did", "gdp", "roads"))
    spec = replace(
        halves.first,
        treatment="did_1",
        controls=("did", "gdp", "roads", "gdp_1", "roads_1"),
        absorb=("city^flag", "year^flag"),
        where=None,
    )
    referee = estimate(spec, doubled, engines=("kernel",)).terms[0]
    got = stacked(halves, sides_of(halves))
    assert got.estimate == pytest.approx(referee.estimate, abs=AGREEMENT)
    assert got.std_error == pytest.approx(referee.std_error, rel=1e-9)


def test_without_a_city_in_both_groups_the_variances_add_up() -> None:
    halves = split(flagged(lost=40))
    sides = sides_of(halves)
    assert (sides.covariance, sides.n_shared) == (0.0, 0)
    (_, s1), (_, s2) = columns_of(halves)
    assert stacked(halves, sides).std_error == pytest.approx(np.hypot(s1, s2), rel=AGREEMENT)


def test_cities_in_both_groups_are_counted_and_their_covariance_enters() -> None:
    halves = split(flagged(changing=True))
    sides = sides_of(halves)
    # A city with a single year in a group is a singleton of that subsample and leaves it.
    rows = flagged(changing=True).group_by("city", "flag").len().filter(pl.col("len") > 1)
    both = int((rows["city"].value_counts()["count"] == 2).sum())
    assert sides.n_shared == both > 10
    assert sides.covariance != 0
    assert f"{both} clusters are in both" in stacked(halves, sides).note


def test_the_planted_difference_is_found_by_both_tests() -> None:
    halves = split(flagged(units=240, difference=DIFFERENCE))
    for got in (interaction(halves), stacked(halves, sides_of(halves))):
        assert got.ci_low < DIFFERENCE < got.ci_high
        assert got.p_value < 0.001


def test_without_a_difference_the_tests_reject_as_often_as_they_say() -> None:
    rejected = np.zeros(2)
    simulations = 300
    for seed in range(simulations):
        halves = split(flagged(units=80, periods=6, changing=seed % 2 == 0, seed=100 + seed))
        p = interaction(halves).p_value, stacked(halves, sides_of(halves)).p_value
        rejected += np.array(p) < 0.05
    # 5 % plus what few treated cities add; four simulation errors are 5 points
    assert (rejected / simulations > 0.015).all()
    assert (rejected / simulations < 0.11).all()


def test_rows_and_labels_in_another_order_change_nothing() -> None:
    frame = flagged(lost=40, changing=True)
    moved = frame.sample(fraction=1.0, shuffle=True, seed=5).with_columns(city=(pl.col("city") * 7919) % 1009)
    for one, two in (
        (stacked(split(frame), sides_of(split(frame))), stacked(split(moved), sides_of(split(moved)))),
        (interaction(split(frame)), interaction(split(moved))),
    ):
        assert two.estimate == pytest.approx(one.estimate, abs=1e-11)
        assert two.std_error == pytest.approx(one.std_error, rel=1e-10)


def test_the_other_order_of_the_columns_turns_the_sign_only() -> None:
    halves = split(flagged(lost=40, changing=True))
    other = Split(halves.second, halves.first, halves.frame)
    one, two = stacked(halves, sides_of(halves)), stacked(other, sides_of(other))
    assert (two.estimate, two.std_error, two.p_value) == pytest.approx((-one.estimate, one.std_error, one.p_value))


def test_a_group_that_is_missing_is_in_neither_subsample() -> None:
    frame = flagged()
    unknown = frame.with_columns(flag=pl.when(pl.col("year") < 2014).then(None).otherwise("flag"))
    halves = split(unknown)
    expected = split(unknown.filter(pl.col("year") >= 2014))
    assert sides_of(halves).difference == sides_of(expected).difference
    assert interaction(halves).estimate == interaction(expected).estimate


def test_subsamples_that_share_rows_are_refused() -> None:
    halves = split(flagged())
    overlapping = replace(halves, second=replace(halves.second, where="flag >= 0"))
    with pytest.raises(NotEstimableError, match="share rows"):
        interaction(overlapping)


def test_a_subsample_without_treated_cities_is_refused_with_the_reason() -> None:
    halves = split(flagged().with_columns(did=pl.col("did") * pl.col("flag")))
    with pytest.raises(NotEstimableError, match="'did' does not vary"):
        sides_of(halves)
