"""Composites in both forms, held to plain arithmetic and to what they must and must not react to."""

import numpy as np
import polars as pl
import pytest

from resilience_pipeline.errors import TableRuleError
from resilience_pipeline.indices.composites import composites, indicators, weights
from resilience_pipeline.indices.registry import REGISTRY
from resilience_pipeline.options import Options

NAMES = [entry.name for entry in REGISTRY]
COMPOSITES = ["res", "rec", "rst", "ctri"]

#: Sums of a few products.
TOLERANCE = 1e-12


def table(seed=1, cities=6, years=3):
    rng = np.random.default_rng(seed)
    key = [(f"3301{c:02d}", 2012 + t) for c in range(cities) for t in range(years)]
    columns = {name: rng.lognormal(sigma=0.3 + 0.2 * j, size=len(key)) for j, name in enumerate(NAMES)}
    return pl.DataFrame({"city_code": [k[0] for k in key], "year": [k[1] for k in key], **columns})


def weight_of(frame, composite):
    return dict(frame.filter(composite=composite).select("indicator", "weight").rows())


def both(frame, form, weighting="entropy"):
    learnt = weights(frame, form, weighting)
    return learnt, composites(frame, learnt)


def test_in_levels_a_component_is_the_weighted_sum_of_its_indicators():
    frame = table()
    learnt, scores = both(frame, "levels")
    w = weight_of(learnt, "res")
    expected = sum(frame[name] * weight for name, weight in w.items())
    np.testing.assert_allclose(scores["res"], expected, rtol=TOLERANCE)
    w = weight_of(learnt, "ctri")
    np.testing.assert_allclose(scores["ctri"], sum(scores[name] * w[name] for name in w), rtol=TOLERANCE)


def test_scaled_components_are_weighted_sums_of_scaled_values():
    frame = table()
    learnt, scores = both(frame, "scaled")

    def z(column):
        return (column - column.min()) / (column.max() - column.min())

    expected = sum(z(frame[name]) * weight for name, weight in weight_of(learnt, "rst").items())
    np.testing.assert_allclose(scores["rst"], expected, rtol=TOLERANCE, atol=TOLERANCE)
    expected = sum(z(scores[name]) * weight for name, weight in weight_of(learnt, "ctri").items())
    np.testing.assert_allclose(scores["ctri"], expected, rtol=TOLERANCE, atol=TOLERANCE)


def test_both_forms_share_the_weights_within_dimensions():
    frame = table()
    for composite in ("res", "rec", "rst"):
        levels, scaled = (weight_of(weights(frame, form, "entropy"), composite) for form in ("levels", "scaled"))
        assert levels == scaled


def test_scaled_composites_lie_between_zero_and_one():
    _, scores = both(table(), "scaled")
    assert scores.select(pl.col(COMPOSITES).is_between(0, 1).all()).row(0) == (True,) * 4


@pytest.mark.parametrize("form", ["levels", "scaled"])
def test_the_order_of_rows_changes_no_bit(form):
    frame = table()
    shuffled = frame.sample(fraction=1, shuffle=True, seed=7)
    learnt, scores = both(frame, form)
    again, scores_again = both(shuffled, form)
    assert again.equals(learnt)
    assert scores_again.sort("city_code", "year").equals(scores)


@pytest.mark.parametrize("form", ["levels", "scaled"])
def test_units_leave_the_weights_within_dimensions_alone(form):
    frame = table()
    moved = frame.with_columns(pl.col("foreign_trade_scale") * 1000 + 5)
    for composite in ("res", "rec", "rst"):
        expected = weight_of(weights(frame, form, "entropy"), composite)
        assert weight_of(weights(moved, form, "entropy"), composite) == pytest.approx(expected, rel=1e-10)


def test_units_leave_scaled_scores_alone():
    frame = table()
    moved = frame.with_columns(pl.col("foreign_trade_scale") * 1000 + 5)
    _, scores = both(frame, "scaled")
    _, again = both(moved, "scaled")
    np.testing.assert_allclose(again["ctri"], scores["ctri"], rtol=1e-10, atol=1e-12)


def test_a_row_with_a_missing_indicator_has_no_composite_and_moves_no_weight():
    frame = table()
    gap = frame.with_columns(
        foreign_trade_scale=pl.when(pl.int_range(pl.len()) == 0).then(None).otherwise("foreign_trade_scale"),
        supply_chain_robustness=pl.when(pl.int_range(pl.len()) == 0).then(99.0).otherwise("supply_chain_robustness"),
    )
    learnt, scores = both(gap, "levels")
    assert scores.row(0)[2:] == (None, scores["rec"][0], scores["rst"][0], None)
    assert learnt.filter(composite="res")["rows"].to_list() == [17, 17]
    assert weight_of(learnt, "res") == weight_of(weights(frame[1:], "levels", "entropy"), "res")


def test_an_undelivered_indicator_empties_its_composite_and_ctri_only():
    frame = table().with_columns(product_technology=pl.lit(None, dtype=pl.Float64))
    learnt, scores = both(frame, "levels")
    assert set(learnt["composite"]) == {"res", "rec"}
    assert [scores[name].null_count() for name in COMPOSITES] == [0, 0, 18, 18]


def test_a_constant_indicator_is_an_error_that_names_it():
    frame = table().with_columns(consumption_level=pl.lit(2.0))
    with pytest.raises(TableRuleError, match=r"consumption_level is 2\.0 in all 18 city-years"):
        weights(frame, "levels", "entropy")


def test_equal_weighting_gives_halves_and_thirds():
    learnt, _ = both(table(), "scaled", "equal")
    assert weight_of(learnt, "rec") == {"consumption_level": 0.5, "fiscal_decentralisation": 0.5}
    assert set(weight_of(learnt, "ctri").values()) == {1 / 3}


RAW = {
    "supplier_top5_share_pct": 30.0,
    "customer_top5_share_pct": 50.0,
    "exports_cny_10k": 600.0,
    "imports_cny_10k": 400.0,
    "resident_population_10k_persons": 2.0,
    "gdp_cny_10k": 20000.0,
    "retail_sales_cny_10k": 8000.0,
    "price_level": 1.25,
    "budget_revenue_cny_10k": 300.0,
    "budget_expenditure_cny_10k": 400.0,
    "patents_granted_count": 12.0,
    "invention_patents_granted_count": 3.0,
    "technology_contracts_cny_10k": 50.0,
    "high_tech_firms_count": 7.0,
}


@pytest.mark.parametrize(
    ("name", "settings", "expected"),
    [
        ("supply_chain_robustness", {}, 1 - 0.4),
        ("foreign_trade_scale", {}, 0.05),
        ("foreign_trade_scale", {"foreign_trade_scale": "per_gdp"}, 0.05),
        ("consumption_level", {}, 0.32),
        ("consumption_level", {"consumption_level": "per_gdp"}, 0.4),
        ("fiscal_decentralisation", {}, 0.75),
        ("innovation_capability", {}, 6.0),
        ("innovation_capability", {"innovation_capability": "invention_patents"}, 1.5),
        ("product_technology", {}, 0.25),
        ("product_technology", {"product_technology": "firms_per_gdp"}, 3.5),
    ],
)
def test_each_reading_of_each_indicator_by_hand(name, settings, expected):
    values = pl.DataFrame({"city_code": ["330100"], "year": [2012], **{k: [v] for k, v in RAW.items()}})
    assert indicators(values, Options.of(settings))[name].to_list() == [pytest.approx(expected, rel=1e-14)]


def test_a_division_by_zero_gives_no_indicator():
    raw = RAW | {"budget_expenditure_cny_10k": 0.0}
    values = pl.DataFrame({"city_code": ["330100"], "year": [2012], **{k: [v] for k, v in raw.items()}})
    assert indicators(values, Options())["fiscal_decentralisation"].to_list() == [None]
