"""Estimators that must agree do, and ours agree with other packages on staggered panels."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from tests.econometrics.adoptions import adoption_panel, by, numbers

EXACT = 1e-10  # algebra; what is left is rounding
ONE_DATE = adoption_panel({2005: 12, None: 20})
STAGGERED = adoption_panel({2003: 8, 2005: 10, 2007: 6, None: 16})


def test_with_one_date_imputation_is_the_two_way_estimate() -> None:
    two_way, imputed = numbers(by("twfe", ONE_DATE))["did"], numbers(by("imputation", ONE_DATE))["att"]
    assert imputed[0] == pytest.approx(two_way[0], abs=EXACT)


def test_with_one_date_the_two_way_estimate_is_one_comparison_of_weight_one() -> None:
    found = numbers(by("bacon", ONE_DATE))
    assert found["weight_treated_vs_never"][0] == pytest.approx(1, abs=EXACT)
    assert found["treated_vs_never"][0] == pytest.approx(found["did"][0], abs=EXACT)


def test_with_one_date_uniform_synthetic_weights_give_the_two_way_estimate() -> None:
    uniform = numbers(by("sdid", ONE_DATE, options={"weights": "did"}, draws=2))["att"][0]
    assert uniform == pytest.approx(numbers(by("twfe", ONE_DATE))["did"][0], abs=EXACT)


def test_with_one_date_cohorts_sun_abraham_and_stacking_on_the_year_before_agree() -> None:
    cs, sunab = numbers(by("cs", ONE_DATE)), numbers(by("sunab", ONE_DATE))
    event_study = numbers(by("event_study", ONE_DATE))
    stacked = np.mean([event_study[f"lag_{lag}"][0] for lag in range(4)])
    assert cs["att_simple"][0] == pytest.approx(sunab["att"][0], abs=EXACT)
    assert cs["att_simple"][0] == pytest.approx(stacked, abs=EXACT)
    assert cs["att_2005_2006"][0] == pytest.approx(sunab["att_2005_2006"][0], abs=EXACT)


def test_without_controls_drdid_is_the_difference_of_mean_changes() -> None:
    means = ONE_DATE.group_by("firm", pl.col("year") >= 2005).agg(pl.col("y").mean(), pl.col("did").max())
    wide = means.pivot(on="year", index="firm", values=["y", "did"])
    change = wide["y_true"] - wide["y_false"]
    treated = wide["did_true"] == 1
    by_hand = change.filter(treated).mean() - change.filter(~treated).mean()  # type: ignore[operator]
    assert numbers(by("drdid", ONE_DATE))["att"][0] == pytest.approx(by_hand, abs=EXACT)


def test_the_decomposition_adds_up_to_the_two_way_estimate() -> None:
    found = numbers(by("bacon", STAGGERED))
    pairs = [name.removeprefix("att_") for name in found if name.startswith("att_")]
    assert len(pairs) == 9
    total = sum(found[f"att_{pair}"][0] * found[f"weight_{pair}"][0] for pair in pairs)
    assert total == pytest.approx(numbers(by("twfe", STAGGERED))["did"][0], abs=EXACT)
    assert sum(found[f"weight_{pair}"][0] for pair in pairs) == pytest.approx(1, abs=EXACT)


def test_one_cohort_and_period_of_sun_abraham_is_that_of_callaway_and_santanna() -> None:
    cs, sunab = numbers(by("cs", STAGGERED)), numbers(by("sunab", STAGGERED))
    after = ["att_2003_2003", "att_2003_2008", "att_2005_2007", "att_2007_2007", "lag_0", "lag_3"]
    for term in after:
        assert sunab[term][0] == pytest.approx(cs[term][0], abs=EXACT)


def first_treated(frame: pl.DataFrame) -> pd.DataFrame:
    start = pl.col("year").filter(pl.col("did") == 1).min().over("firm").fill_null(0)
    return frame.with_columns(g=start).to_pandas()


@pytest.mark.parametrize("cluster", ["firm", "region", "year"])  # years cut the firms, whose effects are estimated
@pytest.mark.parametrize("controls", [(), ("x",)])
def test_imputation_agrees_with_diff_diff_in_effects_and_errors(controls: tuple[str, ...], cluster: str) -> None:
    diff_diff = pytest.importorskip("diff_diff")
    theirs = diff_diff.ImputationDiD(cluster=cluster).fit(
        first_treated(STAGGERED), "y", "firm", "year", "g", covariates=list(controls) or None
    )
    ours = numbers(by("imputation", STAGGERED, controls=controls, cluster=(cluster,)))["att"]
    assert ours == pytest.approx((theirs.overall_att, theirs.overall_se), rel=1e-8)


@pytest.mark.parametrize("controls", [(), ("x",)])
def test_sun_abraham_agrees_with_diff_diff_in_effects_and_errors(controls: tuple[str, ...]) -> None:
    diff_diff = pytest.importorskip("diff_diff")
    theirs = diff_diff.SunAbraham(cluster="firm").fit(
        first_treated(STAGGERED), "y", "firm", "year", "g", covariates=list(controls) or None
    )
    ours = numbers(by("sunab", STAGGERED, controls=controls))["att"]
    assert ours == pytest.approx((theirs.overall_att, theirs.overall_se), rel=1e-8)


def test_synthetic_differences_agree_with_diff_diff() -> None:
    diff_diff = pytest.importorskip("diff_diff")
    frame = first_treated(ONE_DATE).assign(ever=lambda rows: (rows["g"] > 0).astype(int))
    theirs = diff_diff.SyntheticDiD(variance_method="jackknife", seed=1).fit(
        frame, outcome="y", treatment="ever", unit="firm", time="year", post_periods=[2005, 2006, 2007, 2008]
    )
    ours = numbers(by("sdid", ONE_DATE, options={"errors": "jackknife"}))["att"]
    assert ours == pytest.approx((theirs.att, theirs.se), rel=1e-6)
