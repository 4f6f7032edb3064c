"""Capital stocks, wedges and resource allocation, by hand, by loops, and by what must not move them."""

from itertools import pairwise

import numpy as np
import polars as pl
import pytest

from resilience_pipeline.indices.allocation import (
    COLUMNS,
    EMPLOYED,
    INDICATORS,
    INVESTMENT,
    OUTPUT,
    PRICES,
    WAGE,
    allocation,
    capital_stock,
    investment_growth,
    returns_average_to_one,
    wedge,
    within_bounds,
)
from tests.indices.frames import shuffled

TOLERANCE = 1e-12
NO_INFLATION = [100.0, 100.0, 100.0]


def test_a_steady_state_stays_where_it_is():
    # Investment of 20 a year, no growth, depreciation 10%: the stock is 200 and 20 replace what wears out.
    stock = capital_stock(np.array([[20.0, 20.0, 20.0]]), NO_INFLATION, 0.1, "steady_state")
    np.testing.assert_allclose(stock, [[200.0, 200.0, 200.0]])


def test_a_stock_that_grows_with_its_investment_keeps_its_ratio_to_it():
    stock = capital_stock(np.array([[10.0, 11.0, 12.1]]), NO_INFLATION, 0.15, "steady_state")
    # g = 10%: K = 10 / 0.25 = 40; 0.85 * 40 + 11 = 45; 0.85 * 45 + 12.1 = 50.35
    np.testing.assert_allclose(stock, [[40.0, 45.0, 50.35]])


def test_a_tenth_divides_the_first_years_investment_by_a_tenth():
    stock = capital_stock(np.array([[10.0, 0.0, 0.0]]), NO_INFLATION, 0.5, "tenth")
    np.testing.assert_allclose(stock, [[100.0, 50.0, 25.0]])


def test_investment_is_put_at_prices_of_the_first_year():
    # 22 at prices of 110 are 20 of the first year; the first year's own index says nothing.
    stock = capital_stock(np.array([[20.0, 22.0]]), [140.0, 110.0], 0.1, "steady_state")
    np.testing.assert_allclose(stock, [[200.0, 200.0]])


def test_after_a_missing_year_of_investment_or_prices_the_stock_is_unknown():
    gap = capital_stock(np.array([[10.0, np.nan, 10.0], [10.0, 10.0, 10.0]]), NO_INFLATION, 0.1, "tenth")
    np.testing.assert_array_equal(np.isnan(gap), [[False, True, True], [False, False, False]])
    unpriced = capital_stock(np.array([[10.0, 10.0, 10.0]]), [100.0, 100.0, None], 0.1, "steady_state")
    np.testing.assert_array_equal(np.isnan(unpriced), [[False, False, True]])


def test_growth_is_of_the_summed_investment_of_cities_without_a_gap():
    real = np.array([[10.0, 99.0, 30.0], [30.0, 1.0, 60.0], [5.0, np.nan, 500.0]])
    assert investment_growth(real) == pytest.approx(1.5 - 1)  # from 40 to 90 in two years


def test_growth_runs_over_the_years_with_prices():
    assert investment_growth(np.array([[10.0, 12.0, np.nan]])) == pytest.approx(0.2)


def test_one_year_alone_has_no_growth_and_so_no_steady_state():
    assert np.isnan(investment_growth(np.array([[10.0]])))
    assert np.isnan(capital_stock(np.array([[10.0]]), [100.0], 0.1, "steady_state")).all()


def test_investment_that_shrinks_faster_than_capital_wears_out_has_no_steady_state():
    assert np.isnan(capital_stock(np.array([[10.0, 5.0]]), NO_INFLATION[:2], 0.1, "steady_state")).all()


def test_no_city_gives_no_stock():
    assert capital_stock(np.empty((0, 0)), [], 0.1, "steady_state").shape == (0, 0)


def test_a_wedge_is_the_share_in_output_over_the_share_in_the_factor_less_one():
    # Output shares 1/4 and 3/4; factor shares 1/2 and 1/2.
    got = wedge(np.array([1.0, 3.0]), np.array([5.0, 5.0]), np.array([2015, 2015]), np.array([True, True]))
    assert got.tolist() == [-0.5, 0.5]


def panel(cities, years=2, first=2015):
    """From city -> (output, wage, employed, investment), each the same in all years; no inflation."""
    rows = [
        {"city_code": city, "year": first + t, **dict(zip(INDICATORS, (*values, 100.0), strict=True))}
        for city, values in cities.items()
        for t in range(years)
    ]
    schema = {"city_code": pl.String, "year": pl.Int32, **dict.fromkeys(INDICATORS, pl.Float64)}
    return pl.DataFrame(rows, schema=schema)


#: Output 100 and 300; wage bills 2 x 10 and 1 x 20 (alike); investment 10 and 30, so stocks 1 to 3.
TWO = {"a": (100.0, 20_000.0, 10.0, 10.0), "b": (300.0, 10_000.0, 20.0, 30.0)}


def test_two_cities_by_hand():
    first = allocation(panel(TWO), 0.4, 0.1, "steady_state").filter(year=2015)
    assert first["capital_stock_cny_10k"].to_list() == pytest.approx([100.0, 300.0])
    assert first["wage_bill_cny_10k"].to_list() == [20.0, 20.0]
    assert first["capital_wedge"].to_list() == pytest.approx([0.0, 0.0])
    assert first["labour_wedge"].to_list() == pytest.approx([-0.5, 0.5])  # 1/4 over 1/2, 3/4 over 1/2
    assert first["labour_distortion"].to_list() == pytest.approx([0.5, 0.5])
    assert first["resource_allocation"].to_list() == pytest.approx([1 / 1.3, 1 / 1.3])  # 1 + 0.6 * 0.5


def test_allocation_is_one_where_every_return_is_the_nations():
    alike = {"a": (10.0, 5.0, 2.0, 1.0), "b": (30.0, 15.0, 2.0, 3.0)}
    assert allocation(panel(alike), 0.5, 0.096, "steady_state")["resource_allocation"].to_list() == pytest.approx(
        [1.0] * 4
    )


def test_too_much_and_too_little_of_a_factor_both_lower_allocation():
    base = panel({"a": (100.0, 1.0, 100.0, 10.0), "b": (100.0, 1.0, 100.0, 10.0), "c": (1e6, 1.0, 1e6, 1e5)})

    def of_a(investment):
        moved = base.with_columns(
            pl.when(pl.col("city_code") == "a").then(investment).otherwise(INVESTMENT).alias(INVESTMENT)
        )
        return allocation(moved, 0.5, 0.1, "steady_state")["resource_allocation"][0]

    assert of_a(10.0) > of_a(12.0) > of_a(15.0)
    assert of_a(10.0) > of_a(8.0) > of_a(5.0)


def random_panel(seed=4, cities=8, years=5):
    rng = np.random.default_rng(seed)
    index = [(f"33{c:02d}00", 2015 + t) for c in range(cities) for t in range(years)]
    columns = {name: rng.lognormal(5, 0.6, size=len(index)) for name in (OUTPUT, WAGE, EMPLOYED, INVESTMENT)}
    prices = rng.normal(102, 1, size=years)
    frame = pl.DataFrame({"city_code": [c for c, _ in index], "year": [y for _, y in index], **columns})
    gap = (pl.col("city_code") == "330300") & (pl.col("year") == 2017)
    return frame.with_columns(
        pl.col("year").cast(pl.Int32),
        pl.Series(PRICES, np.tile(prices, cities)),
        pl.when(gap).then(None).otherwise(WAGE).alias(WAGE),
    )


def test_loops_over_cities_and_years_agree():
    frame, share, depreciation = random_panel(), 0.45, 0.096
    rows = {(r["city_code"], r["year"]): r for r in frame.to_dicts()}
    codes, years = sorted({c for c, _ in rows}), sorted({y for _, y in rows})
    level = {years[0]: 1.0}
    for before, year in pairwise(years):
        level[year] = level[before] * rows[codes[0], year][PRICES] / 100

    def real(code, year):
        return rows[code, year][INVESTMENT] / level[year]

    g = (sum(real(c, years[-1]) for c in codes) / sum(real(c, years[0]) for c in codes)) ** (1 / (len(years) - 1)) - 1
    stock = {}
    for c in codes:
        stock[c, years[0]] = real(c, years[0]) / (g + depreciation)
        for before, year in pairwise(years):
            stock[c, year] = (1 - depreciation) * stock[c, before] + real(c, year)
    got = {(r["city_code"], r["year"]): r for r in allocation(frame, share, depreciation, "steady_state").to_dicts()}
    for year in years:
        counted = [c for c in codes if rows[c, year][WAGE] is not None]
        Y, K, W = (
            {c: amount(c) for c in counted}
            for amount in (
                lambda c, year=year: rows[c, year][OUTPUT],
                lambda c, year=year: stock[c, year],
                lambda c, year=year: rows[c, year][WAGE] * rows[c, year][EMPLOYED] / 10_000,
            )
        )
        for c in counted:
            tau_K = (Y[c] / sum(Y.values())) / (K[c] / sum(K.values())) - 1
            tau_L = (Y[c] / sum(Y.values())) / (W[c] / sum(W.values())) - 1
            row = got[c, year]
            assert row["capital_wedge"] == pytest.approx(tau_K, rel=1e-10)
            assert row["labour_wedge"] == pytest.approx(tau_L, rel=1e-10)
            expected = 1 / (1 + share * abs(tau_K) + (1 - share) * abs(tau_L))
            assert row["resource_allocation"] == pytest.approx(expected, rel=TOLERANCE)


@pytest.mark.parametrize("missing", [OUTPUT, WAGE, EMPLOYED, INVESTMENT])
@pytest.mark.parametrize("value", [None, 0.0])
def test_a_city_without_an_input_has_no_allocation_and_is_in_no_sum(missing, value):
    there = allocation(panel(TWO), 0.5, 0.1, "steady_state")
    with_c = panel({**TWO, "c": (50.0, 9_000.0, 40.0, 7.0)}).with_columns(
        pl.when(pl.col("city_code") == "c").then(value).otherwise(missing).alias(missing)
    )
    got = allocation(with_c, 0.5, 0.1, "steady_state")
    assert got.filter(city_code="c").select(COLUMNS[2:]).null_count().row(0) == (2,) * 5
    assert got.filter(pl.col("city_code") != "c").equals(there)


def test_without_prices_there_is_capital_in_the_first_year_only():
    got = allocation(panel(TWO).with_columns(pl.lit(None, dtype=pl.Float64).alias(PRICES)), 0.5, 0.1, "tenth")
    assert got["resource_allocation"].is_not_null().to_list() == [True, False, True, False]


def test_without_investment_there_is_no_allocation_and_wage_bills_stay():
    got = allocation(panel(TWO).with_columns(pl.lit(None, dtype=pl.Float64).alias(INVESTMENT)), 0.5, 0.1, "tenth")
    assert got["wage_bill_cny_10k"].null_count() == 0
    assert got["resource_allocation"].null_count() == 4


def test_the_order_of_rows_changes_no_bit():
    frame = random_panel()
    assert allocation(shuffled(frame), 0.5, 0.096, "steady_state").equals(allocation(frame, 0.5, 0.096, "steady_state"))


@pytest.mark.parametrize("scaled", [OUTPUT, WAGE, EMPLOYED, INVESTMENT])
def test_the_unit_of_an_input_does_not_matter(scaled):
    frame = random_panel()
    got, again = (
        allocation(f, 0.5, 0.096, "steady_state")["resource_allocation"]
        for f in (frame, frame.with_columns(pl.col(scaled) * 1000))
    )
    np.testing.assert_allclose(again, got, rtol=1e-10)


def test_other_names_for_the_cities_give_the_same_values():
    frame = random_panel()
    renamed = frame.with_columns(city_code=pl.lit("9") + pl.col("city_code").str.slice(1))
    got, again = (allocation(f, 0.5, 0.096, "steady_state").drop("city_code") for f in (frame, renamed))
    assert again.equals(got)


def test_sound_returns_average_to_one_and_lie_within_bounds():
    table = allocation(random_panel(), 0.5, 0.096, "steady_state")
    assert returns_average_to_one(table).passed
    assert within_bounds(table).passed


@pytest.mark.parametrize("column", ["capital_wedge", "labour_wedge"])
def test_a_wedge_off_the_nation_fails_and_names_the_year(column):
    table = allocation(random_panel(), 0.5, 0.096, "steady_state")
    moved = pl.when(pl.col("year") == 2016).then(pl.col(column) + 0.01).otherwise(column).alias(column)
    check = returns_average_to_one(table.with_columns(moved))
    assert not check.passed
    assert check.failures.select("wedge", "year").rows() == [(column, 2016)]


@pytest.mark.parametrize(
    ("column", "value"),
    [("capital_wedge", -1.0), ("labour_wedge", -1.2), ("resource_allocation", 0.0), ("resource_allocation", 1.1)],
)
def test_a_value_outside_its_bounds_fails(column, value):
    table = allocation(panel(TWO), 0.5, 0.1, "steady_state")
    first = pl.int_range(pl.len()) == 0
    check = within_bounds(table.with_columns(pl.when(first).then(value).otherwise(column).alias(column)))
    assert not check.passed
    assert check.failures.height == 1
