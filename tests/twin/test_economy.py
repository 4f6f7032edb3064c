"""The economy of the twin: planted effect, parallel trends, the moments it is calibrated to."""

import numpy as np
import pytest

from resilience_pipeline import twin
from resilience_pipeline.errors import OptionError
from resilience_pipeline.twin.calibration import TABLE_3
from resilience_pipeline.twin.inversion import COMPONENTS, composites_of, entropy_weights, indicators_of
from resilience_pipeline.twin.truth import effects, moments, truth


def test_entropy_weights_agree_with_a_case_worked_by_hand() -> None:
    columns = {"a": np.array([1.0, 3.0, 5.0]), "b": np.array([2.0, 2.0, 8.0])}
    weights = entropy_weights(columns)
    assert weights["a"] == pytest.approx(0.296082, abs=1e-6)
    assert weights["b"] == pytest.approx(0.703918, abs=1e-6)


def test_the_default_twin_has_the_sample_arithmetic_of_the_paper() -> None:
    expected = truth(twin.draw(1))["expected"]
    assert expected["delivered_cities"] == 285
    assert expected["kept_cities"] == 281
    assert expected["treated_cities"] == 45
    assert expected["rows_without_controls"] == 3091
    assert expected["rows_with_controls"] == 3085
    assert expected["rows_with_fixed_investment"] == 3087
    assert expected["rows_with_loans"] == 3089


def test_raw_series_of_the_untreated_twin_give_back_the_drawn_paths() -> None:
    draw = twin.draw(3)
    indicators = indicators_of(draw.untreated, draw.national["consumer_price_index"])
    composites, _ = composites_of(indicators, draw.kept)
    for name, path in draw.paths.items():
        # the leftover of the fixed point, far below what printing rounds away
        assert np.abs(composites[name] - path)[draw.kept].max() < 1e-6


def test_component_effects_add_up_to_the_planted_effect() -> None:
    draw = twin.draw(4, effect=0.9)
    assert sum(draw.weights["CTRI"][k] * draw.shifts[k] for k in COMPONENTS) == pytest.approx(0.9, abs=1e-12)
    fixed = effects(draw)["fixed_weights"]
    assert fixed["CTRI"] == pytest.approx(0.9, abs=1e-6)
    assert fixed["supply_chain_robustness"] == 0
    assert fixed["fiscal_decentralisation"] == 0


def test_an_effect_of_zero_changes_nothing() -> None:
    draw = twin.draw(5, effect=0.0)
    assert all(np.array_equal(draw.treated[name], draw.untreated[name]) for name in draw.untreated)


def test_the_policy_moves_no_control() -> None:
    draw = twin.draw(6)
    moved = {name for name in draw.untreated if not np.array_equal(draw.treated[name], draw.untreated[name])}
    of_components = {"imports_cny_10k", "retail_sales_cny_10k", "patents_granted_count"}
    of_mediators = {
        "business_environment_index",
        "finance_index",
        "electricity_10k_kwh",
        "green_cover_pct",
        "telecom_revenue_cny_10k",
        "research_expenditure_cny_10k",
        "new_product_sales_cny_10k",
        *(f"employment_{sector}_persons" for sector in ("manufacturing", "transport", "finance", "information")),
        *(f"employment_{sector}_persons" for sector in ("science", "education")),
    }
    assert moved == of_components | of_mediators


def test_a_bad_control_takes_part_of_the_effect() -> None:
    draw = twin.draw(6, bad_control=True)
    found = effects(draw)
    assert not np.array_equal(draw.treated["exports_cny_10k"], draw.untreated["exports_cny_10k"])
    assert found["fixed_weights"]["CTRI"] == pytest.approx(0.656, abs=1e-6)
    assert found["controls_held"]["CTRI"] < 0.75 * found["fixed_weights"]["CTRI"]


def test_pilots_and_others_have_parallel_trends_in_levels_before_the_policy() -> None:
    gaps = []
    for seed in range(150):
        draw = twin.draw(seed, cities=120)
        change = draw.paths["CTRI"][:, 3:6].mean(axis=1) - draw.paths["CTRI"][:, :3].mean(axis=1)
        gaps.append(change[draw.kept & draw.pilot].mean() - change[draw.kept & ~draw.pilot].mean())
    error = np.std(gaps) / np.sqrt(len(gaps))
    assert abs(np.mean(gaps)) < 3.5 * error  # 3.5 errors: a right twin fails one time in two thousand
    assert error < 0.02  # and the test would see a common log growth, which makes gaps of about one


def test_pilots_are_larger_at_baseline() -> None:
    draw = twin.draw(7)
    for series in (draw.paths["RES"][:, 0], np.log(draw.untreated["loans_cny_10k"][:, 0])):
        assert series[draw.pilot].mean() > series[~draw.pilot].mean() + 0.5
    y, rows, kept = draw.paths["CTRI"], draw.treated_rows, draw.kept[:, None]
    assert 2 < y[rows & kept].mean() - y[~rows & kept].mean() < 6


def test_moments_are_near_table_3() -> None:
    found = moments(twin.draw(1))
    # mean within a third of the published deviation, deviation within a fifth: FDI's printed sd no real panel has
    for name in TABLE_3:
        mean, sd = TABLE_3[name][:2]
        assert found[name]["mean"] == pytest.approx(mean, abs=sd / 3), name
        assert found[name]["sd"] == pytest.approx(sd, rel=0.2), name
    assert found["weights"]["RES"] == pytest.approx(0.887, abs=0.04)


@pytest.mark.parametrize("seed", range(40))
def test_every_raw_series_is_positive_and_bounds_hold(seed: int) -> None:
    draw = twin.draw(seed)
    assert min(values.min() for values in draw.treated.values()) > 0
    assert draw.treated["budget_revenue_cny_10k"].max() > 0
    assert draw.paths["RST"].max() < 99.69


def test_the_same_seed_draws_the_same_economy() -> None:
    one, two, other = twin.draw(8), twin.draw(8), twin.draw(9)
    assert all(np.array_equal(one.treated[name], two.treated[name]) for name in one.treated)
    assert not np.array_equal(one.treated["imports_cny_10k"], other.treated["imports_cny_10k"])


@pytest.mark.parametrize(("cities", "years"), [(40, (2012, 2022)), (60, (2016, 2018)), (285, (2010, 2020))])
def test_other_sizes_and_windows_can_be_drawn(cities: int, years: tuple[int, int]) -> None:
    draw = twin.draw(1, cities=cities, years=years)
    assert 3 < (draw.kept & draw.pilot).sum() < draw.kept.sum()
    assert draw.untreated["gdp_cny_10k"].shape == (len(draw.cities), years[1] - years[0] + 1)


@pytest.mark.parametrize("wrong", [{"cities": 20}, {"years": (2018, 2022)}, {"effect": -50.0}])
def test_what_cannot_be_drawn_is_refused_with_a_remedy(wrong: dict) -> None:
    with pytest.raises(OptionError) as error:
        twin.draw(1, **wrong)
    assert error.value.remedy
