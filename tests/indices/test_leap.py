"""The resilience leap over each of its three means, by hand and by loops."""

import numpy as np
import polars as pl
import pytest

from resilience_pipeline.indices.leap import leap, own_mean_is_one
from tests.indices.frames import by_city, shuffled

#: 2015 to 2018; the policy starts in 2017.
START = 2017
HANGZHOU = {"330100": [1.0, 2.0, 3.0, 6.0]}
MEANS = ("whole_sample", "past", "before_policy")


def leaps(cities, over):
    return leap(by_city(cities, "ctri"), over, START)["resilience_leap"].to_list()


def close(expected, rel):
    """approx of a list with nulls."""
    return [None if value is None else pytest.approx(value, rel=rel) for value in expected]


@pytest.mark.parametrize(
    ("over", "expected"),
    [
        ("whole_sample", [1 / 3, 2 / 3, 1.0, 2.0]),  # over 3
        ("past", [None, 2.0, 2.0, 3.0]),  # over nothing, 1, 1.5, 2
        ("before_policy", [1 / 1.5, 2 / 1.5, 2.0, 4.0]),  # over (1 + 2) / 2
    ],
)
def test_each_mean_by_hand(over, expected):
    assert leaps(HANGZHOU, over) == close(expected, 1e-15)


def test_the_first_year_has_no_past():
    assert leaps({"a": [5.0, 5.0], "b": [7.0, 7.0]}, "past") == [None, 1.0, None, 1.0]


def test_a_missing_year_has_no_leap_and_counts_in_no_mean():
    assert leaps({"a": [2.0, None, 4.0, 6.0]}, "whole_sample") == [0.5, None, 1.0, 1.5]
    assert leaps({"a": [2.0, None, 4.0, 6.0]}, "past") == [None, None, 2.0, 2.0]
    assert leaps({"a": [2.0, None, 4.0, 6.0]}, "before_policy") == [1.0, None, 2.0, 3.0]


def test_a_city_whose_first_years_are_missing_has_no_past_until_it_has_one():
    assert leaps({"a": [None, 2.0, 3.0]}, "past") == [None, None, 1.5]


@pytest.mark.parametrize("over", MEANS)
def test_a_mean_of_zero_gives_null_and_never_infinity(over):
    assert leaps({"a": [0.0, 0.0, 0.0]}, over) == [None, None, None]


def test_a_mean_below_zero_gives_null_since_a_ratio_would_turn_the_order_round():
    assert leaps({"a": [-1.0, -2.0, -3.0]}, "whole_sample") == [None, None, None]


def test_a_city_without_a_year_before_the_policy_has_no_leap():
    assert leaps({"a": [None, None, 3.0, 4.0]}, "before_policy") == [None] * 4


def test_years_after_the_policy_move_the_whole_sample_mean_and_not_the_other():
    higher = {"330100": [1.0, 2.0, 3.0, 12.0]}
    assert leaps(higher, "before_policy")[:3] == leaps(HANGZHOU, "before_policy")[:3]
    assert leaps(higher, "whole_sample")[0] < leaps(HANGZHOU, "whole_sample")[0]


def random_panel(seed=3, cities=7, years=6):
    rng = np.random.default_rng(seed)
    drawn = rng.lognormal(sigma=0.5, size=(cities, years))
    drawn[rng.random(drawn.shape) < 0.15] = np.nan
    return {f"33{c:02d}00": [None if np.isnan(v) else float(v) for v in row] for c, row in enumerate(drawn)}


@pytest.mark.parametrize("over", MEANS)
def test_loops_over_the_cities_agree(over):
    panel = random_panel()
    expected = []
    for values in panel.values():
        for t, value in enumerate(values):
            counted = {"whole_sample": values, "past": values[:t], "before_policy": values[: START - 2015]}[over]
            known = [v for v in counted if v is not None]
            expected.append(value / (sum(known) / len(known)) if known and value is not None else None)
    assert leaps(panel, over) == close(expected, 1e-14)


@pytest.mark.parametrize("over", MEANS)
def test_the_order_of_rows_changes_no_bit(over):
    frame = by_city(random_panel(), "ctri")
    assert leap(shuffled(frame), over, START).equals(leap(frame, over, START))


@pytest.mark.parametrize("over", MEANS)
def test_the_unit_of_resilience_does_not_matter(over):
    frame = by_city(random_panel(), "ctri")
    doubled = frame.with_columns(pl.col("ctri") * 2)  # a power of two, so no rounding
    assert leap(doubled, over, START)["resilience_leap"].equals(leap(frame, over, START)["resilience_leap"])


@pytest.mark.parametrize("over", MEANS)
def test_sound_leaps_average_to_one(over):
    assert own_mean_is_one(leap(by_city(random_panel(), "ctri"), over, START), over, START).passed


@pytest.mark.parametrize("over", ["whole_sample", "before_policy"])
def test_leaps_that_do_not_average_to_one_fail_and_name_the_city(over):
    table = leap(by_city({"a": [1.0, 2.0], "b": [1.0, 3.0]}, "ctri"), over, START)
    wrong = table.with_columns(resilience_leap=pl.when(pl.col("city_code") == "b").then(1.5).otherwise(1.0))
    check = own_mean_is_one(wrong, over, START)
    assert not check.passed
    assert check.failures["city_code"].to_list() == ["b"]


def test_a_leap_in_the_first_year_over_the_past_fails():
    table = leap(by_city(HANGZHOU, "ctri"), "whole_sample", START)
    assert not own_mean_is_one(table, "past", START).passed
