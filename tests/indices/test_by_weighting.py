"""CTRI under every weighting and form: the same as each choice alone gives, and ranks that are compared rightly."""

import numpy as np
import polars as pl
import pytest
from scipy.stats import spearmanr

from resilience_pipeline.indices.by_weighting import by_weighting, columns, every_weights, rank_correlations
from resilience_pipeline.indices.composites import composites, weights
from resilience_pipeline.indices.registry import TRADE_RESILIENCE
from resilience_pipeline.indices.weighting import WEIGHTINGS
from resilience_pipeline.options import CATALOGUE
from tests.indices.test_composites import table

START = 2013


def every(frame):
    return by_weighting(frame, every_weights(frame, TRADE_RESILIENCE, START), TRADE_RESILIENCE)


def test_there_is_a_column_for_each_value_of_both_options():
    choices = {option.name: option.choices for option in CATALOGUE}
    assert set(WEIGHTINGS) == set(choices["weighting"])
    assert set(columns(TRADE_RESILIENCE)) == {
        f"ctri_{weighting}_{form}" for weighting in choices["weighting"] for form in choices["index_form"]
    }
    assert len(columns(TRADE_RESILIENCE)) == 12


@pytest.mark.parametrize("form", ["levels", "scaled"])
@pytest.mark.parametrize("name", list(WEIGHTINGS))
def test_each_column_is_the_index_under_that_choice_alone(name, form):
    frame = table()
    alone = composites(frame, weights(frame, form, name, start_year=START))
    assert every(frame)[f"ctri_{name}_{form}"].equals(alone["ctri"])


def test_no_two_choices_are_one():
    scores = every(table())
    distinct = {tuple(scores[name].to_list()) for name in columns(TRADE_RESILIENCE)}
    assert len(distinct) == 12


def test_rank_correlations_agree_with_scipy():
    scores = every(table())
    found = rank_correlations(scores, TRADE_RESILIENCE)
    expected = [spearmanr(scores[name], scores["ctri_entropy_levels"]).statistic for name in found["column"]]
    np.testing.assert_allclose(found["rank_correlation"], expected, rtol=1e-12)
    assert found.filter(column="ctri_entropy_levels")["rank_correlation"].to_list() == [pytest.approx(1, rel=1e-12)]


def test_ties_take_their_mean_rank():
    same = {name: [1.0] * 4 for name in columns(TRADE_RESILIENCE)}
    scores = pl.DataFrame({"city_code": list("abcd"), "year": [1] * 4, **same})
    scores = scores.with_columns(
        ctri_entropy_levels=pl.Series([1.0, 2, 3, 4]), ctri_equal_scaled=pl.Series([1.0, 1, 2, 3])
    )
    found = dict(rank_correlations(scores, TRADE_RESILIENCE).select("column", "rank_correlation").rows())
    assert found["ctri_equal_scaled"] == pytest.approx(4.5 / np.sqrt(4.5 * 5))  # of 1.5, 1.5, 3, 4 with 1, 2, 3, 4
    assert found["ctri_pca_levels"] is None  # the same everywhere: nothing to rank


def test_a_city_year_with_a_gap_has_no_score_and_counts_in_no_correlation():
    frame = table()
    gap = frame.with_columns(foreign_trade_scale=pl.when(pl.int_range(pl.len()) > 0).then("foreign_trade_scale"))
    scores = every(gap)
    assert set(scores.row(0)[2:]) == {None}
    assert set(rank_correlations(scores, TRADE_RESILIENCE)["rows"]) == {17}


def test_an_undelivered_indicator_leaves_twelve_empty_columns():
    scores = every(table().with_columns(product_technology=pl.lit(None, dtype=pl.Float64)))
    assert scores.select(columns(TRADE_RESILIENCE)).null_count().sum_horizontal().item() == 12 * 18
    assert rank_correlations(scores, TRADE_RESILIENCE)["rank_correlation"].null_count() == 12
