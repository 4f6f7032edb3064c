"""Composites of a whole system under every weighting and form: known answers, and what must and must not move them."""

import numpy as np
import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from resilience_pipeline.errors import TableRuleError
from resilience_pipeline.indices.composites import composites, weights
from resilience_pipeline.indices.principal_component import correlations
from resilience_pipeline.indices.registry import TRADE_RESILIENCE
from resilience_pipeline.indices.system import Indicator, System
from resilience_pipeline.indices.weighting import WEIGHTINGS
from tests.indices.test_composites import COMPOSITES, NAMES, table, weight_of

START = 2013

#: An eigenvector or a closeness of moved values: a shift by up to 100 costs digits of values near 1.
MOVED = 1e-6

EVERY = [(name, form) for name in WEIGHTINGS for form in ("levels", "scaled")]
every_weighting = pytest.mark.parametrize(("name", "form"), EVERY)
every_name = pytest.mark.parametrize("name", list(WEIGHTINGS))
tables = st.integers(0, 10_000).map(table)
rows_and_cities = settings(max_examples=8, deadline=None)


def both(frame, form, name, system=TRADE_RESILIENCE):
    learnt = weights(frame, form, name, system, START)
    return learnt, composites(frame, learnt, system)


def stable(frame, form, name):
    """Whether the first component of the three composites is well separated, so that rounding cannot turn it."""
    _, scores = both(frame, form, name)
    values = np.linalg.eigvalsh(correlations(scores.select("res", "rec", "rst").to_numpy()))
    return name != "pca" or values[-1] - values[-2] > 1e-2


def small_system(*signs):
    parts = tuple(Indicator(f"x{i}", "part", {"r": f"x{i}"}, {"r": ""}, None, "", "", s) for i, s in enumerate(signs))
    return System("whole", "Whole", "", {"part": "Part"}, parts)


KNOWN = pl.DataFrame({"city_code": ["1", "2", "3"], "year": [2012] * 3, "x0": [1.0, 3, 5], "x1": [2.0, 2, 8]})


@pytest.mark.parametrize(
    ("name", "form", "expected_weights", "middle"),
    [
        ("entropy", "scaled", [0.296082, 0.703918], 0.148041),
        ("entropy_before_policy", "scaled", [0.296082, 0.703918], 0.148041),
        ("equal", "scaled", [0.5, 0.5], 0.25),
        ("pca", "scaled", [0.5, 0.5], 0.25),
        ("critic", "scaled", [0.464102, 0.535898], 0.232051),
        ("topsis", "levels", [0.296082, 0.703918], 0.164681),
    ],
)
def test_three_rows_and_two_indicators_by_hand(name, form, expected_weights, middle):
    learnt, scores = both(KNOWN, form, name, small_system(1, 1))
    np.testing.assert_allclose(list(weight_of(learnt, "part").values()), expected_weights, atol=5e-7)
    np.testing.assert_allclose(scores["part"], [0, middle, 1], atol=5e-7)


def test_entropies_loadings_and_adequacy_stand_beside_the_weights():
    learnt, _ = both(KNOWN, "scaled", "critic", small_system(1, 1))
    part = learnt.filter(composite="part")
    np.testing.assert_allclose(part["entropy"], [0.579380, 0], atol=5e-7)
    # r = 0.866025, so the component explains (1 + r) / 2 and every loading is its root.
    np.testing.assert_allclose(part["explained_share"], [0.933013] * 2, atol=5e-7)
    np.testing.assert_allclose(part["loading"], np.sqrt([0.933013] * 2), atol=5e-7)
    np.testing.assert_allclose(part["kmo"], [0.5] * 2, rtol=1e-12)


@every_name
def test_an_indicator_that_counts_against_turns_topsis_and_sums_round(name):
    turned = KNOWN.with_columns(x0=6 - pl.col("x0"))  # 5, 3, 1: with a sign of -1 the same system
    expected = both(KNOWN, "scaled", name, small_system(1, 1))[1]["part"]
    np.testing.assert_allclose(both(turned, "scaled", name, small_system(-1, 1))[1]["part"], expected, atol=1e-12)


def test_topsis_in_levels_takes_the_least_of_a_negative_indicator_as_the_best():
    _, scores = both(KNOWN, "levels", "topsis", small_system(-1, -1))
    assert scores["part"].to_list()[0] == pytest.approx(1)
    assert scores["part"].to_list()[2] == pytest.approx(0)


@every_weighting
@rows_and_cities
@given(seed=st.integers(0, 10_000), shuffle=st.integers(0, 100))
def test_the_order_of_rows_changes_no_bit(name, form, seed, shuffle):
    frame = table(seed)
    learnt, scores = both(frame, form, name)
    again, scores_again = both(frame.sample(fraction=1, shuffle=True, seed=shuffle), form, name)
    assert again.equals(learnt)
    assert scores_again.sort("city_code", "year").equals(scores)


@every_weighting
@rows_and_cities
@given(frame=tables, turned=st.permutations(range(6)))
def test_the_order_of_indicators_changes_no_score(name, form, frame, turned):
    assume(stable(frame, form, name))
    entries = tuple(TRADE_RESILIENCE.indicators[i] for i in turned)
    other = System("ctri", "", "", TRADE_RESILIENCE.dimensions, entries)
    _, expected = both(frame, form, name)
    _, found = both(frame, form, name, other)
    np.testing.assert_allclose(found["ctri"], expected["ctri"], rtol=MOVED, atol=MOVED)


@every_weighting
@rows_and_cities
@given(frame=tables)
def test_the_weights_of_each_composite_sum_to_one(name, form, frame):
    learnt, _ = both(frame, form, name)
    for composite in COMPOSITES:
        assert sum(weight_of(learnt, composite).values()) == pytest.approx(1, abs=1e-12)


slopes = st.lists(st.floats(0.01, 100), min_size=6, max_size=6)
shifts = st.lists(st.floats(-100, 100), min_size=6, max_size=6)


def moved(frame, slope, shift):
    return frame.with_columns(pl.col(name) * a + b for name, a, b in zip(NAMES, slope, shift, strict=True))


@every_weighting
@rows_and_cities
@given(frame=tables, slope=slopes, shift=shifts)
def test_units_and_origins_change_no_weight_within_dimensions(name, form, frame, slope, shift):
    expected, _ = both(frame, form, name)
    found, _ = both(moved(frame, slope, shift), form, name)
    for composite in ("res", "rec", "rst"):
        assert weight_of(found, composite) == pytest.approx(weight_of(expected, composite), abs=MOVED)


@every_name
@rows_and_cities
@given(frame=tables, slope=slopes, shift=shifts)
def test_units_and_origins_change_no_score_in_scaled(name, frame, slope, shift):
    assume(stable(frame, "scaled", name))
    expected, scores = both(frame, "scaled", name)
    found, again = both(moved(frame, slope, shift), "scaled", name)
    assert weight_of(found, "ctri") == pytest.approx(weight_of(expected, "ctri"), abs=MOVED)
    for composite in COMPOSITES:
        np.testing.assert_allclose(again[composite], scores[composite], atol=MOVED)


@pytest.mark.parametrize("name", [name for name in WEIGHTINGS if name != "topsis"])
@rows_and_cities
@given(frame=tables, slope=st.lists(st.floats(0.01, 100), min_size=3, max_size=3), shift=shifts)
def test_one_factor_for_all_indicators_of_a_dimension_changes_no_weight_over_dimensions(name, frame, slope, shift):
    assume(stable(frame, "levels", name))
    by_dimension = [slope[i // 2] for i in range(6)]
    expected, _ = both(frame, "levels", name)
    found, _ = both(moved(frame, by_dimension, shift), "levels", name)
    assert weight_of(found, "ctri") == pytest.approx(weight_of(expected, "ctri"), abs=MOVED)


@rows_and_cities
@given(frame=tables, slope=slopes)
def test_units_alone_change_nothing_of_topsis_in_levels(frame, slope):
    expected, scores = both(frame, "levels", "topsis")
    found, again = both(moved(frame, slope, [0] * 6), "levels", "topsis")
    assert weight_of(found, "ctri") == pytest.approx(weight_of(expected, "ctri"), abs=MOVED)
    np.testing.assert_allclose(again["ctri"], scores["ctri"], atol=MOVED)


@every_name
@rows_and_cities
@given(frame=tables)
def test_scores_lie_between_zero_and_one_in_scaled_and_in_topsis(name, frame):
    for form in ("scaled", "levels") if WEIGHTINGS[name].bounded else ("scaled",):
        _, scores = both(frame, form, name)
        assert scores.select(pl.col(COMPOSITES).is_between(0, 1 + 1e-12).all()).row(0) == (True,) * 4


@every_weighting
@rows_and_cities
@given(frame=tables, row=st.integers(0, 17), column=st.integers(0, 5), part=st.floats(0.05, 1))
def test_a_score_rises_with_each_indicator_given_the_weights(name, form, frame, row, column, part):
    learnt, scores = both(frame, form, name)
    indicator = TRADE_RESILIENCE.indicators[column]
    raised = pl.col(indicator.name) + part * (pl.col(indicator.name).max() - pl.col(indicator.name))
    changed = frame.with_columns(pl.when(pl.int_range(pl.len()) == row).then(raised).otherwise(indicator.name))
    assume(changed[indicator.name][row] > frame[indicator.name][row] * (1 + 1e-6))
    again = composites(changed, learnt)
    # Closeness to an ideal rises up to the ideal: a row that passes the best of its dimension is not held to it.
    assume(name != "topsis" or again[indicator.composite][row] <= scores[indicator.composite].max())
    for composite in (indicator.composite, "ctri"):
        difference = (again[composite] - scores[composite]).to_numpy()
        # PCA may give a composite no weight at all, entropy hardly any: then a rise is none within rounding.
        assert difference[row] > -1e-12
        assert (np.delete(difference, row) == 0).all()
    assert again[indicator.composite][row] > scores[indicator.composite][row]


@every_weighting
def test_a_constant_indicator_is_an_error_under_every_weighting(name, form):
    frame = table().with_columns(consumption_level=pl.lit(2.0))
    with pytest.raises(TableRuleError, match=r"consumption_level is 2\.0 in all \d+ city-years"):
        both(frame, form, name)


@pytest.mark.parametrize("form", ["levels", "scaled"])
def test_weights_before_the_policy_are_those_of_a_study_that_ends_before_it(form):
    frame = table(years=5)
    early = weights(frame.filter(pl.col("year") < 2015), form, "entropy")
    late = weights(frame, form, "entropy_before_policy", start_year=2015)
    shared = ["composite", "indicator", "weight", "entropy", "learning_rows"]
    assert late.select(shared).equals(early.select(shared))
    assert set(late["rows"]) == {30}
    assert set(late["learning_rows"]) == {18}


@pytest.mark.parametrize("form", ["levels", "scaled"])
def test_what_happens_after_the_start_moves_no_weight_learnt_before_it(form):
    frame = table(years=5)
    after = pl.col("year") >= 2015
    changed = frame.with_columns(pl.when(after).then(pl.col(name) * 7).otherwise(name) for name in NAMES)
    first, second = (weights(f, form, "entropy_before_policy", start_year=2015) for f in (frame, changed))
    assert first.select("composite", "indicator", "weight").equals(second.select("composite", "indicator", "weight"))
    assert not weights(frame, form, "entropy")["weight"].equals(weights(changed, form, "entropy")["weight"])


def test_weights_before_the_policy_follow_the_start_year():
    frame = table(years=5)
    found = {year: weights(frame, "levels", "entropy_before_policy", start_year=year) for year in (2014, 2015)}
    assert not found[2014]["weight"].equals(found[2015]["weight"])


def test_scores_under_weights_from_before_the_policy_are_scaled_by_all_years():
    frame = table(years=5).with_columns(pl.when(pl.col("year") >= 2015).then(pl.col(n) * 7).otherwise(n) for n in NAMES)
    learnt = weights(frame, "scaled", "entropy_before_policy", start_year=2015)
    bounds = dict(learnt.select("indicator", "maximum").rows())
    assert bounds["consumption_level"] == frame["consumption_level"].max()
    scores = composites(frame, learnt)
    assert scores.select(pl.col(COMPOSITES).is_between(0, 1 + 1e-12).all()).row(0) == (True,) * 4


def test_without_a_year_before_the_start_there_are_no_weights_and_no_scores():
    learnt = weights(table(), "levels", "entropy_before_policy", start_year=2012)
    assert learnt.is_empty()
    assert composites(table(), learnt)["ctri"].null_count() == 18


def test_weights_before_the_policy_without_a_start_year_are_refused():
    with pytest.raises(ValueError, match="needs the start year"):
        weights(table(), "levels", "entropy_before_policy")
