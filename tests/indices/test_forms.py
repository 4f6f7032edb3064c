"""Ranks and shares of the year: counted by hand, blind to the order of rows, unknown where the index is."""

import polars as pl
import pytest

from resilience_pipeline.indices.forms import forms, shares_sum_to_100


def resilience(values: list[float | None], year: int = 2015) -> pl.DataFrame:
    codes = [f"{place:06}" for place in range(len(values))]
    return pl.DataFrame({"city_code": codes, "year": [year] * len(values), "ctri": values})


def test_ranks_and_shares_of_four_cities():
    table = forms(resilience([1.0, 3.0, 3.0, 13.0]))
    assert table["ctri_rank"].to_list() == pytest.approx([0.125, 0.5, 0.5, 0.875])
    assert table["ctri_share_pct"].to_list() == pytest.approx([5, 15, 15, 65])


def test_a_city_without_the_index_has_neither_and_counts_for_no_other():
    table = forms(resilience([1.0, None, 3.0]))
    assert table["ctri_rank"].to_list() == [0.25, None, 0.75]
    assert table["ctri_share_pct"].to_list() == [25.0, None, 75.0]


def test_every_year_is_ranked_by_itself_and_rows_may_come_in_any_order():
    both = pl.concat([resilience([1.0, 2.0]), resilience([9.0, 4.0], 2016)])
    table = forms(both)
    assert table.filter(year=2016)["ctri_rank"].to_list() == [0.75, 0.25]
    assert forms(both.reverse()).equals(table)


def test_a_monotone_change_of_the_index_moves_no_rank():
    values = [0.5, 2.0, 7.0, 1.0]
    assert forms(resilience([v**3 for v in values]))["ctri_rank"].equals(forms(resilience(values))["ctri_rank"])


def test_shares_that_do_not_sum_to_a_hundred_fail():
    table = forms(resilience([1.0, 3.0]))
    assert shares_sum_to_100(table).passed
    assert not shares_sum_to_100(table.with_columns(ctri_share_pct=pl.col("ctri_share_pct") * 2)).passed
    assert not shares_sum_to_100(table.with_columns(ctri_rank=pl.lit(0.9))).passed
