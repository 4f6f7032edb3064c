"""Year effects with their covariances: what is tested jointly is what another package tests jointly."""

from dataclasses import replace

import numpy as np
import pytest

from resilience_pipeline.econometrics.estimation import estimate
from resilience_pipeline.econometrics.event_rows import event_rows
from resilience_pipeline.econometrics.year_effects import average_lag, combination, hotelling, joint_test
from tests.econometrics.events import SPECIFICATION, YEARS, correlated, effects_of, panel

REFEREE = 1e-8  # two exact algorithms on one sample


@pytest.mark.parametrize("vcov", ["iid", "hc1", "cluster", "cv3", "wcr"])
def test_covariances_have_the_printed_errors_on_their_diagonal(vcov: str) -> None:
    frame = panel(1)
    spec = replace(SPECIFICATION, vcov=vcov, draws=99)
    printed = {term.term: term for term in estimate(spec, frame, engines=("kernel",)).terms}
    effects = effects_of(frame, vcov=vcov, draws=99)
    assert effects.years == tuple(YEARS.values())
    for name, ours, error in zip(YEARS, effects.estimates, effects.std_errors, strict=True):
        assert ours == pytest.approx(printed[name].estimate, abs=1e-10)
        assert error == pytest.approx(printed[name].std_error, rel=REFEREE)


def test_the_law_by_treated_clusters_is_hotellings_of_their_mean() -> None:
    """T2 of 12 vectors of three numbers, against scipy's F law of the textbook's statistic."""
    from scipy.stats import f

    x = np.random.default_rng(3).normal(0.4, 1.0, size=(12, 3))
    mean, S = x.mean(axis=0), np.cov(x.T) / 12
    t2 = mean @ np.linalg.inv(S) @ mean
    ours = hotelling(joint_test(mean, S, 11.0), 12)
    assert ours.p_value == pytest.approx(f.sf((12 - 3) / (3 * 11) * t2, 3, 9))
    assert ours.law == "F(3, 9)"


def test_as_many_treated_clusters_as_leads_are_too_few() -> None:
    with pytest.raises(ArithmeticError, match="too few"):
        hotelling(joint_test(np.ones(5), np.eye(5), 280.0), 5)


def test_treated_clusters_are_counted_where_errors_are_clustered() -> None:
    assert effects_of(panel(1)).treated_clusters == 15
    assert effects_of(panel(1), vcov="hc1").treated_clusters is None


def test_a_dummy_that_is_collinear_leaves_a_gap() -> None:
    frame = panel(1).with_columns(treat_2014=0.0)
    effects = effects_of(frame)
    assert 2014 not in effects.years
    assert not effects.without_gaps
    assert effects.covariance.shape == (9, 9)


def test_the_joint_test_of_leads_is_a_wald_test_of_pyfixest() -> None:
    """Its covariance on one absorbed effect and year dummies is ours; the test is brute force on it."""
    pyfixest = pytest.importorskip("pyfixest")
    frame = panel(2, trend=0.1)
    formula = f"y ~ {' + '.join(YEARS)} + gdp + i(year) | city"
    fit = pyfixest.feols(formula, frame.to_pandas(), vcov={"CRV1": "city"})
    names = list(fit._coefnames)
    places = [names.index(name) for name, year in YEARS.items() if year < 2017]
    b, V = np.asarray(fit._beta_hat)[places], np.asarray(fit._vcov)[np.ix_(places, places)]
    effects = effects_of(frame)
    leads = effects.leads
    ours = joint_test(effects.estimates[leads], effects.covariance[np.ix_(leads, leads)], effects.dof)
    assert ours.statistic == pytest.approx(float(b @ np.linalg.inv(V) @ b) / 5, rel=1e-6)
    assert ours.law == "F(5, 59)"


def test_the_joint_test_is_that_of_statsmodels_with_its_p_value() -> None:
    from statsmodels.regression.linear_model import OLS

    frame = panel(3, trend=0.1)
    names = [*YEARS, "gdp"]
    dummies = frame.select("city", "year").to_dummies(drop_first=True, separator="_").to_numpy().astype(float)
    X = np.column_stack([frame.select(names).to_numpy(), dummies, np.ones(frame.height)])
    fit = OLS(frame["y"].to_numpy(), X).fit(cov_type="cluster", cov_kwds={"groups": frame["city"].to_numpy()})
    R = np.eye(X.shape[1])[:5]
    theirs = fit.f_test(R)
    effects = effects_of(frame)
    leads = effects.leads
    ours = joint_test(effects.estimates[leads], effects.covariance[np.ix_(leads, leads)], effects.dof)
    n, k = frame.height, X.shape[1]
    # statsmodels counts the city dummies as parameters; reghdfe does not, since they are nested in the clusters.
    factor = (n - k) / (n - (k - 59))
    assert ours.statistic == pytest.approx(float(np.squeeze(theirs.fvalue)) / factor, rel=1e-6)
    assert ours.denominator == theirs.df_denom == 59


def test_fewer_clusters_than_leads_give_no_joint_test() -> None:
    with pytest.raises(ArithmeticError, match="singular"):
        joint_test(np.ones(3), np.ones((3, 3)), 2.0)


def test_without_leads_there_is_neither_their_test_nor_their_power() -> None:
    rows = event_rows(correlated(leads=0), 200, 1, 100, 10)
    assert {row.subject for row in rows} == {"all years", "2018", "2019", "2020", "lags"}


def test_the_average_lag_has_the_error_of_a_mean() -> None:
    effects = correlated()
    estimate, error = combination(effects, average_lag(effects))
    lags = effects.covariance[3:, 3:]
    assert estimate == pytest.approx(0.6)
    assert error == pytest.approx(np.sqrt(lags.sum()) / 3)


def test_rows_of_the_same_seed_are_the_same() -> None:
    rows = [event_rows(correlated(), 500, 5, 100, 10) for _ in range(2)]
    assert rows[0] == rows[1]
    assert event_rows(correlated(), 500, 6, 100, 10) != rows[0]


def test_a_singular_covariance_matrix_is_a_row_with_its_reason() -> None:
    effects = correlated()
    flat = type(effects)(effects.years, effects.base, effects.estimates, np.ones((6, 6)), 1.0)
    failed = [row for row in event_rows(flat, 200, 1, 100, 2) if row.status == "failed"]
    assert {row.subject for row in failed} == {"leads", "lags"}
    assert all("singular" in str(row.reason) for row in failed)


@pytest.mark.slow
def test_a_planted_trend_is_found_and_none_is_found_one_time_in_twenty() -> None:
    """60 samples of 60 cities, 15 of them pilots, with AR(1) errors: 8 or more of 60 have p = 0.01 at 5 %."""

    def rejected(trend: float) -> int:
        count = 0
        for seed in range(60):
            effects = effects_of(panel(seed, trend=trend))
            leads = effects.leads
            test = joint_test(effects.estimates[leads], effects.covariance[np.ix_(leads, leads)], effects.dof)
            count += hotelling(test, 15).p_value < 0.05
        return count

    assert rejected(0.0) < 8
    assert rejected(0.5) >= 50
