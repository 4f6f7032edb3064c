"""A printed figure stands for every number that rounds to it; what follows from several is an interval."""

import numpy as np
import pytest

from resilience_pipeline.audit.printed import Interval, Printed, image, say

#: Ends are halves of a last digit: exact up to binary rounding.
TOLERANCE = 1e-12


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("0.656", 0.6555, 0.6565),
        ("0.210", 0.2095, 0.2105),
        ("0.21", 0.205, 0.215),
        ("-30.63", -30.635, -30.625),
        ("3,085", 3084.5, 3085.5),
    ],
)
def test_digits_decide_how_wide_a_figure_is(text, low, high):
    interval = Printed(text).interval
    assert (interval.low, interval.high) == (pytest.approx(low, abs=TOLERANCE), pytest.approx(high, abs=TOLERANCE))


@pytest.mark.parametrize(("text", "value"), [(".656", 0.656), ("\u22120.20", -0.2), ("+3", 3.0), ("12,345.5", 12345.5)])
def test_figures_are_read_as_papers_print_them(text, value):
    assert Printed.readable(text)
    assert Printed(text).value == value


@pytest.mark.parametrize(
    ("one", "other", "agree"),
    [
        ("0.656", "0.656", True),
        ("0.655", "0.656", False),
        ("3,090", "3091", False),
        ("3,091", "3091", True),
        ("0.66", "0.656", True),
        ("0.66", "0.655", True),
        ("0.65", "0.656", False),
        ("7.36", "7.358", True),
        ("0.210", "0.21", True),
    ],
)
def test_two_figures_agree_where_one_is_the_other_or_its_rounding(one, other, agree):
    assert Printed(one).agrees(Printed(other)) is agree
    assert Printed(other).agrees(Printed(one)) is agree


@pytest.mark.parametrize("text", ["", "1_000", "0,5x", "1e3", "n.a.", "0.656***", "inf", "nan"])
def test_what_is_no_plain_figure_is_not_read(text):
    assert not Printed.readable(text)


def test_products_and_sums_hold_every_number_that_rounds_to_the_printed_ones():
    a, b, direct = Printed("-0.0159"), Printed("35.65"), Printed("0.103")
    implied = direct.interval + a.interval * b.interval
    rng = np.random.default_rng(3)
    draws = [rng.uniform(p.interval.low, p.interval.high, size=2000) for p in (a, b, direct)]
    values = draws[2] + draws[0] * draws[1]
    assert implied.low <= values.min()
    assert values.max() <= implied.high
    assert implied.high - implied.low < 1.1 * (values.max() - values.min())


def test_an_image_takes_the_extremes_of_all_corners():
    assert image(lambda x, y: x - y, Interval(1, 2), Interval(0, 5)) == Interval(-4, 2)


def test_intervals_that_share_an_end_meet_and_others_do_not():
    assert Interval(0, 1).meets(Interval(1, 2))
    assert not Interval(0, 1).meets(Interval(1.001, 2))


@pytest.mark.parametrize(
    ("value", "said"), [(0.66983, "0.6698"), (3085.0, "3,085"), (45.0, "45"), (2222181.7, "2,222,182")]
)
def test_computed_numbers_are_short(value, said):
    assert say(value) == said
