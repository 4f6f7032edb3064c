"""Each small-sample rule is the number that the software it is named after prints."""

from dataclasses import replace

import numpy as np
import pandas as pd
import polars as pl
import pytest

from resilience_pipeline.econometrics.estimation import estimate
from resilience_pipeline.econometrics.specification import Specification
from tests.econometrics.panels import panel

FRAME = panel(lost=60)
SPEC = Specification("t", "y", "did", ("gdp", "roads"), absorb=("city", "year"), cluster=("city",))
N, G, T, K = FRAME.height, 40, 8, 3


def error(spec: Specification, frame: pl.DataFrame = FRAME) -> float:
    return estimate(spec, frame, engines=("kernel",)).terms[0].std_error


def linearmodels_panel(frame: pl.DataFrame = FRAME) -> tuple[pd.DataFrame, list[str]]:
    indexed = frame.to_pandas().set_index(["city", "year"])
    return indexed, ["did", "gdp", "roads"]


def test_the_factors_of_all_rules_are_the_closed_forms() -> None:
    plain = error(replace(SPEC, ssc="none"))
    stata = G / (G - 1) * (N - 1) / (N - (K + T - 1 + 1))
    assert error(replace(SPEC, ssc="reghdfe")) == pytest.approx(plain * np.sqrt(stata), rel=1e-12)
    assert error(replace(SPEC, ssc="xtreg")) == pytest.approx(plain * np.sqrt(stata), rel=1e-12)
    all_effects = N / (N - K - (G + T - 1))
    assert error(replace(SPEC, ssc="linearmodels")) == pytest.approx(plain * np.sqrt(all_effects), rel=1e-12)


def test_clusters_that_do_not_hold_the_units_part_reghdfe_from_xtreg() -> None:
    by_year = replace(SPEC, cluster=("year",))
    plain = error(replace(by_year, ssc="none"))
    nested_years = T / (T - 1) * (N - 1) / (N - K - (G + T - 1) + (T - 1))
    units_out = T / (T - 1) * (N - 1) / (N - K - T)
    assert error(replace(by_year, ssc="reghdfe")) == pytest.approx(plain * np.sqrt(nested_years), rel=1e-12)
    assert error(replace(by_year, ssc="xtreg")) == pytest.approx(plain * np.sqrt(units_out), rel=1e-12)


def test_linearmodels_with_two_effects_prints_the_rule_named_after_it() -> None:
    from linearmodels.panel import PanelOLS

    frame, names = linearmodels_panel()
    referee = PanelOLS(frame["y"], frame[names], entity_effects=True, time_effects=True)
    fitted = referee.fit(cov_type="clustered", cluster_entity=True)
    assert error(replace(SPEC, ssc="linearmodels")) == pytest.approx(fitted.std_errors["did"], rel=1e-8)


def test_linearmodels_with_one_effect_and_year_dummies_prints_the_stata_rule() -> None:
    from linearmodels.panel import PanelOLS

    frame, names = linearmodels_panel()
    dummies = pd.get_dummies(frame.reset_index()["year"], drop_first=True, dtype=float).set_index(frame.index)
    exog = pd.concat([frame[names], dummies.rename(columns=str)], axis=1).assign(const=1.0)
    referee = PanelOLS(frame["y"], exog, entity_effects=True)
    fitted = referee.fit(cov_type="clustered", cluster_entity=True, group_debias=True)
    assert error(SPEC) == pytest.approx(fitted.std_errors["did"], rel=1e-8)
    estimated = estimate(SPEC, FRAME)
    assert estimated.r2_within_entity == pytest.approx(fitted.rsquared, rel=1e-8)
    assert estimated.r2_overall == pytest.approx(fitted.rsquared_inclusive, rel=1e-8)


def test_two_way_r2_and_classical_errors_are_those_of_linearmodels() -> None:
    from linearmodels.panel import PanelOLS

    frame, names = linearmodels_panel()
    referee = PanelOLS(frame["y"], frame[names], entity_effects=True, time_effects=True)
    got = estimate(replace(SPEC, vcov="iid", cluster=()), FRAME)
    assert got.r2_within_all == pytest.approx(referee.fit().rsquared, rel=1e-8)
    assert got.r2_overall == pytest.approx(referee.fit().rsquared_inclusive, rel=1e-8)
    assert got.terms[0].std_error == pytest.approx(referee.fit().std_errors["did"], rel=1e-8)
    robust = estimate(replace(SPEC, vcov="hc1", cluster=()), FRAME)
    assert robust.terms[0].std_error == pytest.approx(referee.fit(cov_type="robust").std_errors["did"], rel=1e-8)


def test_pooled_two_way_clusters_are_those_of_statsmodels_with_one_factor_for_the_fewer_groups() -> None:
    import statsmodels.api as sm
    from statsmodels.stats.sandwich_covariance import cov_cluster_2groups

    data = FRAME.to_pandas()
    fitted = sm.OLS(data["y"], sm.add_constant(data[["did", "gdp", "roads"]])).fit()
    plain, _, _ = cov_cluster_2groups(fitted, data["city"], data["year"], use_correction=False)
    expected = np.sqrt(np.diag(plain) * T / (T - 1) * (N - 1) / (N - K - 1))
    got = estimate(replace(SPEC, absorb=(), cluster=("city", "year")), FRAME)
    assert not any("negative" in warning for warning in got.warnings)
    errors = [got.terms[-1].std_error, *(term.std_error for term in got.terms[:3])]
    np.testing.assert_allclose(errors, expected, rtol=1e-8)
    assert got.dof == T - 1


def test_t_has_as_many_degrees_of_freedom_as_clusters_less_one_or_rows_less_parameters() -> None:
    assert estimate(SPEC, FRAME).dof == G - 1
    assert estimate(replace(SPEC, vcov="hc1"), FRAME).dof == N - K - (G + T - 1)
