"""The checks of the indices' steps, each made to fail."""

import polars as pl
import pytest

from resilience_pipeline.indices.composites import composites, weights
from resilience_pipeline.indices.steps import sum_to_one, within_bounds
from resilience_pipeline.indices.weighting import WEIGHTINGS
from tests.indices.test_composites import table


@pytest.mark.parametrize("name", list(WEIGHTINGS))
@pytest.mark.parametrize("form", ["levels", "scaled"])
def test_sound_weights_and_composites_pass(name, form):
    learnt = weights(table(), form, name, start_year=2013)
    assert sum_to_one(learnt).passed
    assert within_bounds(composites(table(), learnt), learnt).passed


def test_weights_that_do_not_sum_to_one_fail_and_name_the_composite():
    learnt = weights(table(), "levels", "entropy")
    one_more = learnt.with_columns(weight=pl.when(pl.col("composite") == "rec").then(0.6).otherwise("weight"))
    check = sum_to_one(one_more)
    assert not check.passed
    assert check.failures["composite"].to_list() == ["rec"]


def test_a_scaled_composite_above_one_fails():
    learnt = weights(table(), "scaled", "entropy")
    scores = composites(table(), learnt).with_columns(rst=pl.col("rst") + 1)
    assert not within_bounds(scores, learnt).passed


def test_a_closeness_above_one_fails_in_levels_too():
    learnt = weights(table(), "levels", "topsis")
    scores = composites(table(), learnt).with_columns(res=pl.col("res") + 0.5)
    assert not within_bounds(scores, learnt).passed


def test_a_level_beyond_what_its_indicators_allow_fails():
    learnt = weights(table(), "levels", "entropy")
    scores = composites(table(), learnt).with_columns(res=pl.col("res") * 100)
    assert not within_bounds(scores, learnt).passed
