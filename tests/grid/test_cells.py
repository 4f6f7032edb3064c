"""The balanced grid: every cell's value, status and origin."""

import polars as pl

from resilience_pipeline.grid.cells import cells
from resilience_pipeline.grid.missing_runs import grid_cities, missing_runs
from resilience_pipeline.grid.observations import observations
from resilience_pipeline.grid.reference import cities
from resilience_pipeline.grid.wide import city_years, spread
from tests.grid.staged import series, staged

LOANS, SHARE, CPI = "loans_cny_10k", "supplier_top5_share_pct", "consumer_price_index"
YEARS = range(2012, 2016)
N = None


def grid_and_cells(*parts, interpolation="linear", imputed_values="drop", maximum=3):
    observed = observations({"city_yearbook": staged(*parts)}, [LOANS, SHARE, CPI], 2012, 2015, imputed_values)
    runs = missing_runs(observed, cities(), (LOANS,), (SHARE,), YEARS)
    grid = grid_cities(observed, runs, cities(), maximum)
    return grid, cells(observed, grid, cities(), [LOANS, SHARE, CPI], (SHARE,), YEARS, interpolation)


def of(table, city, indicator=LOANS):
    return table.filter(city_code=city, indicator=indicator).sort("year")


def test_reported_cells_keep_the_place_they_came_from():
    _, table = grid_and_cells(series("330100", LOANS, [1, 2, 3, 4]))
    first = of(table, "330100").row(0, named=True)
    assert (first["status"], first["file"], first["row"], first["column"]) == ("reported", "city_yearbook.xlsx", 94, 2)


def test_a_gap_inside_is_interpolated_and_says_between_which_years():
    _, table = grid_and_cells(series("330100", LOANS, [1, N, N, 4]))
    rows = of(table, "330100").select("value", "status", "from_year", "to_year", "file").rows()
    assert rows[1] == (2.0, "interpolated", 2012, 2015, None)
    assert rows[2] == (3.0, "interpolated", 2012, 2015, None)


def test_a_gap_at_an_end_stays_missing():
    _, table = grid_and_cells(series("330100", LOANS, [N, 2, 3, N]))
    assert of(table, "330100").select("value", "status").rows()[::3] == [(None, "missing"), (None, "missing")]


def test_interpolation_can_be_switched_off():
    _, table = grid_and_cells(series("330100", LOANS, [1, N, 3, 4]), interpolation="none")
    assert of(table, "330100")["status"].to_list() == ["reported", "missing", "reported", "reported"]


def test_a_city_without_the_series_takes_the_mean_of_its_province_year_by_year():
    _, table = grid_and_cells(
        *(series(city, LOANS, [1] * 4) for city in ("330100", "330200", "330300", "320100")),
        series("330100", SHARE, [10, 20, 30, N]),
        series("330200", SHARE, [30, N, 50, 60]),
        series("320100", SHARE, [99] * 4),
    )
    rows = of(table, "330300", SHARE)
    assert rows["value"].to_list() == [20.0, 20.0, 40.0, 60.0]
    assert set(rows["status"]) == {"province_mean"}


def test_a_city_that_leaves_has_no_cells_but_counts_in_its_provinces_mean():
    _, table = grid_and_cells(
        series("330100", LOANS, [1, N, N, N]),
        series("330200", LOANS, [1] * 4),
        series("330100", SHARE, [10] * 4),
        maximum=2,
    )
    assert of(table, "330100").is_empty()
    assert of(table, "330200", SHARE)["value"].to_list() == [10.0] * 4


def test_imputed_values_that_are_kept_say_so():
    _, table = grid_and_cells(series("330100", LOANS, [1, 2, 3, 4], imputed=True), imputed_values="keep")
    assert set(of(table, "330100")["status"]) == {"imputed"}


def test_the_grid_is_balanced_over_cities_years_and_delivered_indicators():
    _, table = grid_and_cells(
        series("330100", LOANS, [1, N, 3, 4]),
        series("330200", LOANS, [1, 2, 3, N]),
        series("000000", CPI, [100, 102, 103, 101], scope="nation"),
    )
    assert table.height == 2 * 4 + 4
    assert table.select("city_code", "indicator", "year").is_unique().all()


def test_spread_sets_national_series_beside_every_city_and_leaves_undelivered_ones_null():
    grid, table = grid_and_cells(
        series("330100", LOANS, [1, 2, 3, 4]),
        series("330200", LOANS, [5, 6, 7, 8]),
        series("000000", CPI, [100, 102, 103, 101], scope="nation"),
    )
    wide = spread(table, city_years(grid, YEARS), [CPI, LOANS, SHARE])
    assert wide.columns == ["city_code", "year", CPI, LOANS, SHARE]
    assert wide[CPI].to_list() == [100, 102, 103, 101] * 2
    assert wide[LOANS].to_list() == [1, 2, 3, 4, 5, 6, 7, 8]
    assert wide[SHARE].null_count() == 8
    assert wide.schema[SHARE] == pl.Float64
