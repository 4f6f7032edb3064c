"""Three designs of matching a panel: what each scores together, who enters and leaves, and a planted effect."""

import numpy as np
import polars as pl
import pytest

from resilience_pipeline.econometrics.estimation import estimate
from resilience_pipeline.econometrics.matched_panel import (
    MATCHED_PANEL,
    Rules,
    account,
    match_panel,
    match_units,
    refusal_of,
    scored_units,
    unmatched_panel,
)
from resilience_pipeline.econometrics.matching import kernel_match
from resilience_pipeline.econometrics.propensity import fit_propensity
from resilience_pipeline.econometrics.sample import NotEstimableError
from resilience_pipeline.econometrics.specification import Specification

START = 2018
YEARS = range(2014, 2022)
EFFECT = 0.5
DESIGNS = ("baseline", "by_year", "pooled")


def panel(cities=240, seed=2, confounding=1.0):
    """Cities whose size decides treatment and, from 2018 on, growth; the effect of treatment is EFFECT."""
    rng = np.random.default_rng(seed)
    size, trade = rng.normal(size=(2, cities))
    treat = (0.8 * size + 0.5 * trade + rng.normal(size=cities) > 1.1).astype(int)
    rows = []
    for c in range(cities):
        for year in YEARS:
            post = year >= START
            growth = confounding * (0.6 * size[c] + 0.4 * trade[c]) * (year - START + 1) / 2 if post else 0.0
            y = size[c] + 0.1 * (year - 2014) + growth + EFFECT * treat[c] * post + 0.2 * rng.normal()
            noise = 0.3 * rng.normal(size=2)
            rows.append((f"{c:06d}", year, treat[c], size[c] + noise[0], trade[c] + noise[1], y, treat[c] * post))
    names = ["city_code", "year", "treat", "size", "trade", "y", "did"]
    return pl.DataFrame(rows, schema=names, orient="row").cast({"year": pl.Int32, "treat": pl.Int32})


def rules(**changed):
    return Rules(("size", "trade"), "treat", START, **changed)


def did(frame, weights=None):
    spec = Specification("s", "y", "did", absorb=("city_code", "year"), weights=weights, cluster=("city_code",))
    result = estimate(spec, frame, engines=("kernel",))
    return result, next((term.estimate for term in result.terms if term.term == "did"), None)


def joined(frame, **changed):
    return frame.join(match_panel(frame, rules(**changed)), on=["city_code", "year"])


@pytest.mark.parametrize("design", DESIGNS)
def test_every_design_gives_the_whole_grid_with_weights_that_sum_to_the_treated_on_support(design):
    frame = panel()
    table = match_panel(frame, rules(design=design))
    assert table.schema == MATCHED_PANEL
    assert table.select("city_code", "year").equals(frame.select("city_code", "year").sort("city_code", "year"))
    full = table.join(frame, on=["city_code", "year"])
    for _, year in full.group_by("year"):
        treated = year.filter(treat=1)["matching_weight"].sum()
        controls = year.filter(treat=0)["matching_weight"].sum()
        if design != "pooled":
            assert controls == pytest.approx(treated, abs=1e-12 * treated)
    assert full.filter(treat=0)["matching_weight"].sum() == pytest.approx(
        full.filter(treat=1)["matching_weight"].sum(), rel=1e-12
    )


def test_a_baseline_match_weighs_a_city_alike_in_all_years_by_its_means_before_the_policy():
    frame = panel()
    table = match_panel(frame, rules())
    assert (table.group_by("city_code").agg(pl.col("matching_weight").n_unique())["matching_weight"] == 1).all()
    means = (
        frame.filter(pl.col("year") < START)
        .group_by("city_code")
        .agg(pl.col("treat").first(), pl.col("size", "trade").mean())
        .sort("city_code")
    )
    treated = means["treat"].to_numpy() == 1
    score = fit_propensity(treated.astype(float), means.select("size", "trade").to_numpy()).probabilities
    first = table.filter(year=2014)
    np.testing.assert_allclose(first["propensity_score"], score, rtol=1e-12)
    np.testing.assert_allclose(first["matching_weight"], kernel_match(score, treated).weights, atol=1e-12)


def test_what_happens_after_the_policy_moves_no_baseline_weight():
    frame = panel()
    later = frame.with_columns(size=pl.when(pl.col("year") >= START).then(pl.col("size") * 9).otherwise("size"))
    assert match_panel(later, rules()).equals(match_panel(frame, rules()))
    assert not match_panel(later, rules(design="pooled")).equals(match_panel(frame, rules(design="pooled")))


def test_by_year_is_the_match_of_each_year_alone():
    frame = panel()
    table = match_panel(frame, rules(design="by_year"))
    for year in (2014, 2021):
        alone = match_panel(frame.filter(year=year), rules(design="pooled"))
        assert table.filter(year=year).equals(alone)


def test_the_designs_differ_in_who_is_in_the_sample():
    frame = panel()
    cities = {}
    for design in DESIGNS:
        matched = match_panel(frame, rules(design=design)).filter(pl.col("matching_weight") > 0)
        cities[design] = matched.group_by("city_code").len()["len"]
    assert set(cities["baseline"]) == {len(YEARS)}  # a city is in or out
    assert set(cities["by_year"]) - {len(YEARS)}  # some enter or leave
    assert len({int(c.sum()) for c in cities.values()}) == 3


@pytest.mark.parametrize("design", DESIGNS)
def test_matching_recovers_a_planted_effect_where_the_plain_difference_does_not(design):
    frame = panel(cities=600)
    _, plain = did(frame)
    _, matched = did(joined(frame, design=design), "matching_weight")
    assert abs(plain - EFFECT) > 0.8
    assert abs(matched - EFFECT) < 0.25


def test_without_confounding_matching_and_the_plain_difference_agree():
    frame = panel(cities=600, confounding=0.0)
    assert did(frame)[1] == pytest.approx(EFFECT, abs=0.05)
    assert did(joined(frame), "matching_weight")[1] == pytest.approx(EFFECT, abs=0.05)


def test_the_regression_counts_only_rows_of_positive_weight():
    table = joined(panel())
    result, _ = did(table, "matching_weight")
    assert result.n_obs == table.filter(pl.col("matching_weight") > 0).height
    assert result.n_dropped_missing == 0


@pytest.mark.parametrize("option", [{"model": "logit"}, {"bandwidth": 0.2}, {"support": "none"}])
def test_each_rule_moves_the_match(option):
    frame = panel()
    assert not match_panel(frame, rules(**option)).equals(match_panel(frame, rules()))


@pytest.mark.parametrize("design", DESIGNS)
def test_the_order_of_rows_changes_no_bit(design):
    frame = panel()
    shuffled = frame.sample(fraction=1, shuffle=True, seed=4)
    assert match_panel(shuffled, rules(design=design)).equals(match_panel(frame, rules(design=design)))


def test_a_row_without_a_covariate_is_not_scored_and_says_so():
    hole = pl.when((pl.col("city_code") == "000003") & (pl.col("year") == 2015)).then(None).otherwise("trade")
    frame = panel().with_columns(trade=hole)
    rows = match_panel(frame, rules(design="pooled")).filter(city_code="000003")
    assert rows.filter(year=2015).row(0)[2:] == (None, None, None, "not scored: a covariate is missing")
    assert rows["matching_weight"].null_count() == 1
    baseline = match_panel(frame, rules()).filter(city_code="000003")
    assert baseline["propensity_score"].null_count() == 0  # the mean of the other three years
    units = scored_units(frame, rules()).filter(city_code="000003")
    expected = frame.filter(pl.col("year").is_in([2014, 2016, 2017]), city_code="000003")["size"].mean()
    assert units["size"].item() == pytest.approx(expected, rel=1e-14)


def test_a_city_without_a_baseline_year_has_no_weight_in_any_year():
    hole = pl.when((pl.col("city_code") == "000003") & (pl.col("year") < START)).then(None).otherwise("trade")
    rows = match_panel(panel().with_columns(trade=hole), rules()).filter(city_code="000003")
    assert rows["matching_weight"].null_count() == len(YEARS)
    assert set(rows["matching_fate"]) == {"not scored: no year before 2018 with all covariates"}


def test_a_study_that_starts_with_the_policy_has_no_baseline():
    with pytest.raises(NotEstimableError, match="before 2018: there is no baseline"):
        match_panel(panel().filter(pl.col("year") >= START), rules())


def test_undelivered_covariates_and_pilots_await_their_source():
    for column in ("trade", "treat"):
        with pytest.raises(NotEstimableError, match=f"no value was delivered for {column}") as refusal:
            match_panel(panel().with_columns(pl.lit(None, pl.Float64).alias(column)), rules())
        assert refusal.value.status == "awaiting"


def test_a_treatment_that_changes_within_a_city_is_refused():
    with pytest.raises(NotEstimableError, match="'did' changes within"):
        match_panel(panel(), Rules(("size",), "did", START))


def test_a_year_that_cannot_be_matched_is_named():
    frame = panel().with_columns(
        size=pl.when(pl.col("year") == 2016).then(pl.col("treat") + pl.col("size") / 100).otherwise("size")
    )
    with pytest.raises(NotEstimableError, match="in 2016: the covariates separate"):
        match_panel(frame, rules(design="by_year"))


def test_a_panel_that_cannot_be_matched_is_still_a_table_with_the_reason_in_every_row():
    frame = panel()
    refused = NotEstimableError("the covariates separate the groups")
    table = unmatched_panel(frame, refused)
    assert table.schema == MATCHED_PANEL
    assert table.height == frame.height
    assert table["matching_weight"].null_count() == table.height
    assert set(table["matching_fate"]) == {"failed: the covariates separate the groups"}
    found = refusal_of(table)
    assert (found.status, found.reason) == (refused.status, refused.reason)
    assert refusal_of(match_panel(frame, rules())) is None


def test_units_keep_the_covariates_they_were_matched_on():
    units = match_units(scored_units(panel(), rules()), rules())
    assert {"size", "trade", "treat", "propensity_score", "matching_weight"} <= set(units.columns)
    assert units.height == 240


@pytest.mark.parametrize("design", DESIGNS)
def test_the_account_counts_units_of_the_design_and_names_who_is_off_support(design):
    frame = panel()
    table = match_panel(frame, rules(design=design))
    found = account(table, design)
    full = table.join(frame, on=["city_code", "year"])
    if design == "baseline":
        full = full.filter(year=2014)
    treated, controls = full.filter(treat=1), full.filter(treat=0)
    assert found.unit == ("cities" if design == "baseline" else "city-years")
    assert (found.treated, found.controls) == (treated.height, controls.height)
    assert found.on_support == treated["matching_weight"].sum()
    assert found.on_support + sum(years for _, years in found.off_support) == found.treated
    assert found.off_support
    assert found.controls_used == controls.filter(pl.col("matching_weight") > 0).height
    w = controls["matching_weight"]
    assert found.effective_controls == pytest.approx(w.sum() ** 2 / (w**2).sum(), rel=1e-12)
    assert found.effective_controls < found.controls_used
    assert found.unscored == 0
