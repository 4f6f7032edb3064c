"""Location quotients and industrial synergy, by hand, by loops, and by what must not move them."""

import numpy as np
import polars as pl
import pytest

from resilience_pipeline.indices.synergy import (
    INDICATORS,
    PRODUCER_SERVICES,
    co_agglomeration,
    quotients_average_to_one,
    synergy,
    within_bounds,
)
from tests.indices.frames import in_one_year, shuffled

#: Sums of some tens of quotients.
TOLERANCE = 1e-12


def city(total, manufacturing, *services):
    """Persons employed: all, in manufacturing, in transport, finance, information and science."""
    return dict(zip(INDICATORS, (total, manufacturing, *services), strict=True))


#: Of 300 persons in the nation 60 are in manufacturing (1/5) and 60 in producer services (1/5).
TWO = {"a": city(100, 40, 2, 2, 2, 4), "b": city(200, 20, 10, 15, 5, 20)}


def table(cities):
    return synergy(in_one_year(cities))


def test_a_nation_of_two_cities_by_hand():
    got = table(TWO)
    # a: 40/100 over 1/5 is 2, 10/100 over 1/5 is 1/2. b: 20/200 over 1/5 is 1/2, 50/200 over 1/5 is 5/4.
    assert got["lq_manufacturing"].to_list() == pytest.approx([2.0, 0.5])
    assert got["lq_producer_services"].to_list() == pytest.approx([0.5, 1.25])
    # a: 1 - 1.5/2.5 + 2.5 = 2.9. b: 1 - 0.75/1.75 + 1.75.
    assert got["industrial_synergy"].to_list() == pytest.approx([2.9, 1 - 0.75 / 1.75 + 1.75])


def test_a_city_like_the_nation_has_quotients_of_one_and_a_synergy_of_three():
    alike = {"a": city(10, 2, 1, 1, 1, 1), "b": city(20, 4, 2, 2, 2, 2)}
    assert table(alike)["industrial_synergy"].to_list() == pytest.approx([3.0, 3.0])


@pytest.mark.parametrize("indicator", INDICATORS)
def test_a_city_that_does_not_report_a_sector_has_no_row_and_is_not_in_the_nation(indicator):
    gap = {**TWO, "c": city(1000, 900, 1, 1, 1, 1) | {indicator: None}}
    got = table(gap)
    assert got.row(2)[2:] == (None, None, None)
    assert got[:2].equals(table(TWO))


def test_a_city_where_nobody_is_employed_has_no_row_and_is_not_in_the_nation():
    for nobody in (city(0, 0, 0, 0, 0, 0), city(0, 5, 1, 1, 1, 1)):
        got = table({**TWO, "c": nobody})
        assert got.row(2)[2:] == (None, None, None)
        assert got[:2].equals(table(TWO))


def test_a_sector_without_anybody_in_the_nation_has_no_quotient():
    none = {name: values | dict.fromkeys(PRODUCER_SERVICES, 0) for name, values in TWO.items()}
    got = table(none)
    assert got["lq_manufacturing"].null_count() == 0
    assert got["lq_producer_services"].to_list() == [None, None]
    assert got["industrial_synergy"].to_list() == [None, None]


def test_a_city_with_neither_sector_has_quotients_of_zero_and_no_synergy():
    got = table({**TWO, "c": city(10, 0, 0, 0, 0, 0)})
    assert got.row(2)[2:] == (0.0, 0.0, None)


def test_a_city_with_one_sector_alone_has_the_quotient_as_its_synergy():
    assert co_agglomeration(np.array([2.0]), np.array([0.0])).tolist() == [2.0]


def random_employment(seed=2, cities=9, years=4):
    rng = np.random.default_rng(seed)
    rows = []
    for c in range(cities):
        for t in range(years):
            parts = rng.integers(1, 10_000, size=6).astype(float)
            row = city(parts.sum(), *parts[:5])
            if rng.random() < 0.1:
                row["employment_science_persons"] = None
            rows.append({"city_code": f"33{c:02d}00", "year": 2015 + t, **row})
    return pl.DataFrame(rows, schema_overrides={"year": pl.Int32})


def test_loops_over_years_and_cities_agree():
    frame = random_employment()
    got = {(row["city_code"], row["year"]): row for row in synergy(frame).to_dicts()}
    rows = [row for row in frame.to_dicts() if all(row[name] is not None for name in INDICATORS)]
    for row in rows:
        nation = [other for other in rows if other["year"] == row["year"]]
        employed = sum(other["employment_total_persons"] for other in nation)

        def quotient(names, row=row, nation=nation, employed=employed):
            here = sum(row[name] for name in names) / row["employment_total_persons"]
            return here / (sum(other[name] for other in nation for name in names) / employed)

        m, s = quotient(("employment_manufacturing_persons",)), quotient(PRODUCER_SERVICES)
        mine = got[row["city_code"], row["year"]]
        assert mine["lq_manufacturing"] == pytest.approx(m, rel=TOLERANCE)
        assert mine["lq_producer_services"] == pytest.approx(s, rel=TOLERANCE)
        assert mine["industrial_synergy"] == pytest.approx(1 - abs(m - s) / (m + s) + m + s, rel=TOLERANCE)
    assert sum(row["industrial_synergy"] is not None for row in got.values()) == len(rows) < frame.height


def test_the_order_of_rows_changes_no_bit():
    frame = random_employment()
    assert synergy(shuffled(frame)).equals(synergy(frame))


def test_counting_in_thousands_of_persons_changes_nothing():
    frame = random_employment()
    thousands = frame.with_columns(pl.col(INDICATORS) / 1024)  # a power of two, so no rounding
    assert synergy(thousands).equals(synergy(frame))


def test_other_names_for_the_cities_give_the_same_values():
    frame = random_employment()
    renamed = frame.with_columns(city_code=pl.lit("9") + pl.col("city_code").str.slice(1))
    assert synergy(renamed).drop("city_code").equals(synergy(frame).drop("city_code"))


def test_another_year_does_not_move_this_one():
    frame = random_employment()
    alone = synergy(frame.filter(year=2016))
    assert synergy(frame).filter(year=2016).equals(alone)


def test_sound_quotients_average_to_one_and_lie_within_bounds():
    frame = random_employment()
    assert quotients_average_to_one(synergy(frame), frame).passed
    assert within_bounds(synergy(frame)).passed


def test_a_quotient_of_another_nation_fails_and_names_the_year():
    frame = random_employment()
    scale = pl.when(pl.col("year") == 2017).then(1.01).otherwise(1.0)
    check = quotients_average_to_one(synergy(frame).with_columns(pl.col("lq_manufacturing") * scale), frame)
    assert not check.passed
    assert check.failures.select("quotient", "year").rows() == [("lq_manufacturing", 2017)]


@pytest.mark.parametrize(
    ("column", "value"), [("lq_manufacturing", -0.1), ("industrial_synergy", 5.0), ("industrial_synergy", 1.0)]
)
def test_a_value_outside_its_bounds_fails(column, value):
    first = pl.int_range(pl.len()) == 0
    wrong = table(TWO).with_columns(pl.when(first).then(value).otherwise(column).alias(column))
    check = within_bounds(wrong)
    assert not check.passed
    assert check.failures["city_code"].to_list() == ["a"]
