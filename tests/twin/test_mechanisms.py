"""Whom the twin's policy helps more and through what: planted, stated in the truth, found by a plain regression."""

import json
from functools import cache

import numpy as np
import pytest

from resilience_pipeline import twin
from resilience_pipeline.errors import OptionError
from resilience_pipeline.study.load import find_studies
from resilience_pipeline.twin import estimands, mechanisms
from resilience_pipeline.twin.cities import leaving
from resilience_pipeline.twin.inversion import composites_of, indicators_of
from resilience_pipeline.twin.layouts.work_reports import report
from resilience_pipeline.twin.regression import coefficients
from resilience_pipeline.twin.truth import truth

SEEDS = range(100, 120)
MEDIATORS = ("business_environment", "industrial_synergy", "new_quality_productive_forces")
GROUPED = ("table_6", "table_7", "table_8")
SOME_TERMS = ("数字经济", "大数据", "人工智能", "云计算", "工业互联网", "智慧城市")


@cache
def _truth(seed: int, **plan: float) -> dict:
    return truth(twin.draw(seed, **plan))


@cache
def _measured(seed: int, **plan: float) -> dict[str, np.ndarray]:
    """Outcome and mediators of the kept cities of a treated twin, from raw series by the referee's formulas."""
    draw = twin.draw(seed, **plan)
    cpi, kept = draw.national["consumer_price_index"], draw.kept
    forces, _ = mechanisms.productive_forces(mechanisms.system_indicators(draw.treated, cpi), kept)
    return {
        "ctri": composites_of(indicators_of(draw.treated, cpi), kept)[0]["CTRI"][kept],
        "business_environment": draw.treated["business_environment_index"][kept],
        "industrial_synergy": mechanisms.industrial_synergy(draw.treated, kept)[kept],
        "new_quality_productive_forces": forces[kept],
        "did": draw.treated_rows[kept].astype(float),
        **{name: flag[kept] for name, flag in draw.moderators.flags.items()},
    }


def _fit(y: np.ndarray, *x: np.ndarray, rows: np.ndarray | None = None) -> np.ndarray:
    """Two-way regression by demeaning in turn until nothing moves: arrays (cities, years), rows a mask."""
    rows = np.ones(y.shape, dtype=bool) if rows is None else rows
    columns = np.stack([np.where(rows, v, 0.0) for v in (y, *x)])
    for _ in range(200):
        for axis in (2, 1):
            means = columns.sum(axis=axis, keepdims=True) / np.maximum(rows.sum(axis=axis - 1, keepdims=True), 1)
            columns = np.where(rows, columns - means, 0.0)
    flat = columns.reshape(len(columns), -1).T
    return np.linalg.lstsq(flat[:, 1:], flat[:, 0], rcond=None)[0]


def test_the_mean_effect_stays_as_planted_and_no_group_loses() -> None:
    draw = twin.draw(11)
    rows = draw.treated_rows & draw.kept[:, None]
    assert draw.effects[rows].mean() == pytest.approx(0.656, abs=1e-12)
    assert draw.effects[rows].std() > 0.2
    assert draw.effects.min() >= 0
    assert (draw.effects[~draw.treated_rows] == 0).all()
    for flag in draw.moderators.flags.values():
        assert draw.effects[rows & flag].mean() > draw.effects[rows & ~flag].mean() + 0.2


def test_without_heterogeneity_every_group_and_year_has_the_same_effect() -> None:
    found = _truth(11, heterogeneity=0.0)["results"]
    by_group = [value for name, value in found.items() if name[:7] in GROUPED and name.endswith(".did")]
    later = [value for name, value in found.items() if name.startswith("figure_1") and name[-4:] >= "2018"]
    assert len(by_group) == 6
    assert len(later) == 5
    # indices weigh each twin anew, which moves an effect of two thirds by less than a hundredth
    assert by_group + later == pytest.approx([found["table_4.3.did"]] * 11, abs=0.01)


def test_one_regression_with_interactions_finds_the_difference_where_cities_stay_in_their_group() -> None:
    found = _truth(11)["groups"]
    fixed, moving = found["non_resource"]["difference"], found["digital"]["difference"]
    assert fixed["with_interactions"] == pytest.approx(fixed["estimand"], abs=1e-9)
    assert 0.2 < moving["with_interactions"] < moving["estimand"] - 0.02


def test_without_mediation_the_policy_leaves_the_mediators_and_their_errors_say_nothing() -> None:
    draw = twin.draw(12, mediation=0.0)
    found = truth(draw)
    for name in MEDIATORS:
        assert found["mediators"][name]["a"] == 0
        assert found["mediators"][name]["b"] == 0
        assert found["mediators"][name]["direct"] == found["results"]["table_4.3.did"]
    assert found["results"]["table_4.3.did"] == pytest.approx(0.656, abs=0.01)
    moved = {name for name in draw.untreated if not np.array_equal(draw.treated[name], draw.untreated[name])}
    assert moved == {"imports_cny_10k", "retail_sales_cny_10k", "patents_granted_count"}


def test_without_an_effect_no_result_has_one_but_the_outcome_still_goes_with_the_mediators() -> None:
    found = _truth(13, effect=0.0)["results"]
    slopes = {f"table_9.{column}.{name}" for column, name in zip((2, 4, 6), MEDIATORS, strict=True)}
    assert {name for name, value in found.items() if value != 0} == slopes


def test_total_is_direct_and_indirect_and_all_three_leave_something_direct() -> None:
    for seed in (1, 2, 3):
        found = _truth(seed)["mediators"]
        for name in MEDIATORS:
            part = found[name]
            assert part["direct"] + part["a"] * part["b"] == pytest.approx(part["total"], abs=1e-12)
        assert found["all_three"]["indirect"] == pytest.approx(sum(found[name]["indirect"] for name in MEDIATORS))
        assert 0 < found["all_three"]["direct"] < 0.2


def test_mediation_changes_whose_errors_the_outcome_has_and_not_how_large_they_are() -> None:
    def spread(mediation: float) -> tuple[float, float]:
        paths = [twin.draw(seed, mediation=mediation).paths["CTRI"] for seed in SEEDS]
        errors = np.concatenate([path - path.mean(axis=1, keepdims=True) for path in paths])
        return errors.std(), np.mean(errors[:, 1:] * errors[:, :-1]) / errors.var()

    with_it, without = spread(1.0), spread(0.0)
    assert with_it[0] == pytest.approx(without[0], rel=0.02)  # over 20 twins the sd's own error is near 1 %
    assert with_it[1] == pytest.approx(without[1], abs=0.02)


@pytest.mark.parametrize("name", MEDIATORS)
def test_a_regression_finds_what_the_policy_adds_to_a_mediator_and_what_the_outcome_gains(name: str) -> None:
    a, b = [], []
    for seed in SEEDS:
        seen = _measured(seed)
        a.append(_fit(seen[name], seen["did"])[0])
        b.append(_fit(seen["ctri"], seen["did"], seen[name])[1])
    planted = [_truth(seed)["mediators"][name] for seed in SEEDS]
    assert min(a) > 0
    assert min(b) > 0
    for got, true in ((a, [p["a"] for p in planted]), (b, [p["b"] for p in planted])):
        gap = np.array(got) - np.array(true)
        assert abs(gap.mean()) < 3.5 * gap.std(ddof=1) / np.sqrt(len(gap))


@pytest.mark.parametrize("flag", ["digital", "ip_high", "non_resource"])
def test_a_regression_finds_the_larger_effect_in_the_group_where_it_is(flag: str) -> None:
    gaps = []
    for seed in SEEDS:
        seen = _measured(seed)
        low, high = (
            _fit(seen["ctri"], seen["did"], rows=seen[flag] if side else ~seen[flag])[0] for side in (False, True)
        )
        true = _truth(seed)["groups"][flag]["difference"]["estimand"]
        assert true > 0.3
        gaps.append((high - low, true))
    got, planted = np.array(gaps).T
    assert (got > 0).mean() >= 0.95
    assert abs((got - planted).mean()) < 3.5 * (got - planted).std(ddof=1) / np.sqrt(len(gaps))


def test_most_cities_stand_on_both_sides_and_both_sides_have_treated_rows() -> None:
    draw = twin.draw(14)
    rows = draw.treated_rows & draw.kept[:, None]
    for name in ("digital", "ip_high"):
        flag = draw.moderators.flags[name][draw.kept]
        both = flag.any(axis=1) & ~flag.all(axis=1)
        assert both.sum() > 180
    for flag in draw.moderators.flags.values():
        assert 25 < (rows & flag).sum() < 200


def test_moderators_do_not_respond_to_the_policy() -> None:
    one, other = twin.draw(15), twin.draw(15, effect=0.0, heterogeneity=0.0, mediation=0.0)
    for name, flag in one.moderators.flags.items():
        assert np.array_equal(flag, other.moderators.flags[name])
    assert np.array_equal(one.treated["ip_protection_index"], one.untreated["ip_protection_index"])


def test_protection_is_high_above_the_median_of_the_year_over_kept_cities() -> None:
    draw = twin.draw(16)
    assert leaving(draw.years)
    printed = draw.treated["ip_protection_index"][draw.kept]
    for t in range(printed.shape[1]):
        middle = sorted(printed[:, t])[140]  # of 281
        assert draw.moderators.ip_high[draw.kept][:, t].tolist() == [value > middle for value in printed[:, t]]


def test_reports_name_the_digital_economy_three_times_or_more_where_there_is_a_policy() -> None:
    draw = twin.draw(17, cities=60)
    counts: dict[bool, set[int]] = {False: set(), True: set()}
    for i in range(len(draw.cities)):
        for t in range(len(draw.year_list)):
            text = report(draw, i, t)
            counts[bool(draw.moderators.digital[i, t])].add(sum(text.count(term) for term in SOME_TERMS))
    assert counts[False] == {0, 1, 2}
    assert min(counts[True]) == 3
    assert max(counts[True]) > 5


def test_the_leap_divides_by_the_mean_that_it_names() -> None:
    outcome, years = np.array([[2.0, 4.0, 6.0, 8.0]]), (2016, 2017, 2018, 2019)
    assert estimands.leap(outcome, years, "whole_sample").tolist() == [[0.4, 0.8, 1.2, 1.6]]
    assert estimands.leap(outcome, years, "before_policy")[0, 2:].tolist() == [2.0, 8 / 3]
    past = estimands.leap(outcome, years, "past")
    assert np.isnan(past[0, 0])
    assert past[0, 1:].tolist() == [2.0, 2.0, 2.0]


def test_synergy_agrees_with_a_case_worked_by_hand() -> None:
    none = np.zeros((2, 1))
    raw = {
        "employment_total_persons": np.array([[100.0], [300.0]]),
        "employment_manufacturing_persons": np.array([[20.0], [140.0]]),  # shares 0.2 and 7/15; nation 0.4
        "employment_finance_persons": np.array([[10.0], [10.0]]),  # shares 0.1 and 1/30; nation 0.05
        **{f"employment_{sector}_persons": none for sector in ("transport", "information", "science")},
    }
    got = mechanisms.industrial_synergy(raw, np.array([True, True]))
    assert got[0, 0] == pytest.approx(1 - 1.5 / 2.5 + 2.5)
    assert got[1, 0] == pytest.approx(1 - 0.5 / (11 / 6) + 11 / 6)


def test_productive_forces_lie_between_zero_and_one_and_energy_counts_against() -> None:
    draw = twin.draw(18)
    indicators = mechanisms.system_indicators(draw.treated, draw.national["consumer_price_index"])
    index, parts = mechanisms.productive_forces(indicators, draw.kept)
    assert 0 <= index[draw.kept].min() < index[draw.kept].max() <= 1
    slopes = mechanisms.slopes(parts)
    assert {name for name, slope in slopes.items() if slope < 0} == {"energy_intensity"}
    step = {name: values + (name == "research_intensity") * 0.001 for name, values in indicators.items()}
    moved, _ = mechanisms.productive_forces(step, draw.kept, parts)
    assert np.allclose(moved - index, 0.001 * slopes["research_intensity"])


def test_the_generators_least_squares_agree_with_dummies() -> None:
    rng = np.random.default_rng(1)
    city, year = np.repeat(np.arange(12), 5), np.tile(np.arange(5), 12)
    keep = rng.random(60) < 0.8
    city, year = city[keep], year[keep]
    y, x, z = rng.normal(size=(3, keep.sum()))
    design = np.column_stack([x, z, np.eye(12)[city], np.eye(5)[year]])
    expected = np.linalg.lstsq(design, y, rcond=None)[0][:2]
    assert coefficients(y, [x, z], city, year) == pytest.approx(expected, abs=1e-10)


def test_the_truth_names_a_result_for_every_column_that_identifies_an_effect() -> None:
    found = json.loads(json.dumps(_truth(1)))["results"]
    columns = {name.rsplit(".", 1)[0] for name in found if not name.startswith("figure")}
    expected = {
        "table_4": (3,),
        "table_5": (1, 2, 3, 4),
        "table_6": (1, 2),
        "table_7": (1, 2),
        "table_8": (1, 2),
        "table_9": range(1, 7),
        "resource_allocation": (1, 2),
        "winsorised": (1, 2, 3),
    }
    assert columns == {f"{table}.{column}" for table, numbers in expected.items() for column in numbers}
    assert all(np.isfinite(value) for value in found.values())


def test_the_names_of_results_and_terms_are_those_of_the_study() -> None:
    study = next(study for study in find_studies() if study.name == "trade_resilience")
    terms = {
        f"{column.name}.{term}" for table in study.tables for column in table.columns for term in column.regressors
    }
    by_matching = {name for name in _truth(1)["results"] if name.startswith("table_5.2.")}
    assert set(_truth(1)["results"]) - by_matching <= terms


def test_a_window_too_short_for_a_comparison_says_nothing_instead_of_a_number() -> None:
    found = truth(twin.draw(1, cities=40, years=(2016, 2018)))
    assert found["results"]["table_4.3.did"] == pytest.approx(0.656, abs=0.02)
    json.dumps(found, allow_nan=False)


@pytest.mark.parametrize("wrong", [{"heterogeneity": 1.5}, {"mediation": -0.1}])
def test_a_share_outside_zero_and_one_is_refused_with_a_remedy(wrong: dict) -> None:
    with pytest.raises(OptionError) as error:
        twin.draw(1, **wrong)
    assert "--" in (error.value.remedy or "")
