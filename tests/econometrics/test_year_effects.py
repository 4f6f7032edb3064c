"""Year effects with their covariances: what is tested jointly is what another package tests jointly."""

import numpy as np
import pytest

from resilience_pipeline.econometrics.event_rows import event_rows
from resilience_pipeline.econometrics.year_effects import average_lag, combination, joint_test
from tests.econometrics.events import SPECIFICATION, YEARS, correlated, effects_of, panel

REFEREE = 1e-8  # two exact algorithms on one sample


def test_covariances_have_the_printed_errors_on_their_diagonal() -> None:
    from resilience_pipeline.econometrics.estimation import estimate

    frame = panel(1)
    printed = {term.term: term for term in estimate(SPECIFICATION, frame).terms}
    effects = effects_of(frame)
    assert effects.years == tuple(YEARS.values())
    for name, ours, error in zip(YEARS, effects.estimates, effects.std_errors, strict=True):
        assert ours == pytest.approx(printed[name].estimate, abs=1e-10)
        assert error == pytest.approx(printed[name].std_error, rel=REFEREE)


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
    """60 samples of 60 cities with AR(1) errors: between 0 and 8 rejections of 60 have a chance of 0.994 at 5 %."""

    def rejected(trend: float) -> int:
        count = 0
        for seed in range(60):
            effects = effects_of(panel(seed, trend=trend))
            leads = effects.leads
            V = effects.covariance[np.ix_(leads, leads)]
            count += joint_test(effects.estimates[leads], V, effects.dof).p_value < 0.05
        return count

    assert rejected(0.0) <= 8
    assert rejected(0.5) >= 55
