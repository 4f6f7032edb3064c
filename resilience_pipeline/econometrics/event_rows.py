"""An event study as rows: simultaneous bands, joint tests of leads and lags, average lag, power of the leads."""

from dataclasses import replace

import numpy as np

from resilience_pipeline.econometrics.absorption import Codes
from resilience_pipeline.econometrics.inference import Inference, two_sided
from resilience_pipeline.econometrics.pretest_power import Trend, detectable_trends
from resilience_pipeline.econometrics.simultaneous import band
from resilience_pipeline.econometrics.year_effects import (
    JointTest,
    YearEffects,
    average_lag,
    combination,
    hotelling,
    joint_test,
)

SUP_T = "sup-t"
WALD = "Wald"
HOTELLING = "Wald, Hotelling's law"
LEAST_SQUARES = "least squares"
BAND, CRITICAL, F, AVERAGE = "band", "critical value", "F", "average"
ALL, LEADS, LAGS = "all years", "leads", "lags"

#: Chances with which the leads' tests find the trends that are reported.
POWERS = (0.5, 0.8)


def event_rows(effects: YearEffects, draws: int, seed: int, n_obs: int, n_clusters: int | None) -> list[Inference]:
    """Rows of one event study.

    Parameters
    ----------
    draws : simulated normal vectors. seed : of them; bands and power each begin with it.
    n_obs, n_clusters : of the regression.
    """
    rows = [*_bands(effects, draws, seed), *_joint_tests(effects), *_average(effects), *_power(effects, draws, seed)]
    return [replace(row, n_obs=n_obs, n_clusters=n_clusters) for row in rows]


def _bands(effects: YearEffects, draws: int, seed: int) -> list[Inference]:
    found = band(effects, draws, np.random.default_rng(seed))
    law = "normal vectors" if effects.dof is None else f"t vectors with {effects.dof:g} degrees of freedom"
    note = f"95 % quantile of the largest |t| over all leads and lags of {draws:,} {law} with the estimated correlation"
    rows = [Inference(ALL, SUP_T, CRITICAL, found.critical, draws=draws, seed=seed, note=note)]
    columns = (effects.years, effects.estimates, effects.std_errors, found.low, found.high, found.p_values)
    for year, *figures in zip(*columns, strict=True):
        estimate, error, low, high, p = map(float, figures)
        rows.append(Inference(str(year), SUP_T, BAND, estimate, error, low, high, p, draws, seed=seed, note=note))
    return rows


def _joint_tests(effects: YearEffects) -> list[Inference]:
    return [
        row for subject, at in ((LEADS, effects.leads), (LAGS, effects.lags)) for row in _joint(effects, subject, at)
    ]


def _joint(effects: YearEffects, subject: str, places: Codes) -> list[Inference]:
    """The test by the clusters' count, and where errors are clustered by the treated clusters' count, too."""
    if not len(places):
        return []
    method, rows = WALD, []
    try:
        test = joint_test(effects.estimates[places], effects.covariance[np.ix_(places, places)], effects.dof)
        rows.append(_law(subject, WALD, test))
        if effects.treated_clusters is not None:
            method = HOTELLING
            rows.append(_law(subject, HOTELLING, hotelling(test, effects.treated_clusters)))
    except ArithmeticError as error:
        rows.append(Inference(subject, method, F, status="failed", reason=str(error)))
    return rows


def _law(subject: str, method: str, test: JointTest) -> Inference:
    return Inference(subject, method, F, test.statistic, p_value=test.p_value, note=f"{test.law}, all {subject} zero")


def _average(effects: YearEffects) -> list[Inference]:
    if not len(effects.lags):
        return []
    estimate, error = combination(effects, average_lag(effects))
    p, low, high = two_sided(estimate, error, effects.dof)
    return [Inference(LAGS, LEAST_SQUARES, AVERAGE, estimate, error, low, high, p, note="mean of all lags")]


def _power(effects: YearEffects, draws: int, seed: int) -> list[Inference]:
    if not len(effects.leads) or not len(effects.lags):
        return []
    try:
        trends = detectable_trends(effects, POWERS, draws, np.random.default_rng(seed))
    except ArithmeticError as error:
        return [Inference(LEADS, "power", slope_name(power), status="failed", reason=str(error)) for power in POWERS]
    return [row for trend in trends for row in _trend(trend, draws, seed)]


def _trend(trend: Trend, draws: int, seed: int) -> list[Inference]:
    figures = (trend.slope, trend.bias, trend.bias_if_passed)
    names = (slope_name, bias_name, passed_name)
    note = "a linear trend against the base year, the covariance matrix taken as known"
    return [
        Inference(LEADS, trend.test, name(trend.power), figure, draws=draws, seed=seed, note=note)
        for name, figure in zip(names, figures, strict=True)
    ]


def slope_name(power: float) -> str:
    """`slope found with 80 % power`."""
    return f"slope found with {100 * power:g} % power"


def bias_name(power: float) -> str:
    """Of the average lag under that slope."""
    return f"bias of the average lag under the slope found with {100 * power:g} % power"


def passed_name(power: float) -> str:
    """The same among samples that pass."""
    return f"{bias_name(power)}, if the test finds nothing"
