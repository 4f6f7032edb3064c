"""How far parallel trends may fail before an effect is lost: intervals and breakdown values, as rows.

Rambachan and Roth (2023). What is bounded, and how, stands in `relative_magnitudes` and `smoothness`.
"""

from dataclasses import replace

import numpy as np

from resilience_pipeline.econometrics import relative_magnitudes, smoothness
from resilience_pipeline.econometrics.absorption import Floats
from resilience_pipeline.econometrics.inference import Inference
from resilience_pipeline.econometrics.relative_magnitudes import RelativeMagnitudes
from resilience_pipeline.econometrics.simultaneous import normal_draws
from resilience_pipeline.econometrics.smoothness import Smoothness
from resilience_pipeline.econometrics.year_effects import YearEffects

PARALLEL, RELATIVE, SMOOTH = "parallel trends", "relative magnitudes", "smoothness"
BREAKDOWN = "breakdown value"
FIRST, AVERAGE = "first lag", "average lag"

#: Normal critical value, as in the paper: the covariance matrix is taken as known.
_CRITICAL = 1.959963984540054


def honest_rows(
    effects: YearEffects,
    relative: tuple[float, ...],
    bends: tuple[float, ...],
    draws: int,
    seed: int,
    n_obs: int | None = None,
    n_clusters: int | None = None,
) -> list[Inference]:
    """Intervals and breakdown values of the first lag and of the average lag.

    Parameters
    ----------
    effects : leads, base year and lags without gaps.
    relative : values of Mbar.
    bends : values of M, in standard errors of the first lag under parallel trends.
    draws : normal vectors behind the least favourable critical values. seed : of them.
    """
    P, T = len(effects.leads), len(effects.lags)
    if not T or not effects.without_gaps:
        reason = "there is no lag" if not T else "the years have gaps, so changes from year to year are not known"
        return [Inference(subject, PARALLEL, "", status="failed", reason=reason) for subject in (FIRST, AVERAGE)]
    weights = {FIRST: np.eye(T)[0]} | ({AVERAGE: np.full(T, 1 / T)} if T > 1 else {})
    unit = float(effects.std_errors[P])
    rows = []
    for subject, of_lags in weights.items():
        rows.append(_parallel(subject, effects, of_lags))
        rows += _relative(subject, effects, of_lags, relative, draws, seed)
        rows += _smooth(subject, effects, of_lags, tuple(bend * unit for bend in bends))
    return [replace(row, n_obs=n_obs, n_clusters=n_clusters) for row in rows]


def _parallel(subject: str, effects: YearEffects, weights: Floats) -> Inference:
    lags = effects.lags
    estimate = float(weights @ effects.estimates[lags])
    error = float(np.sqrt(weights @ effects.covariance[np.ix_(lags, lags)] @ weights))
    low, high = estimate - _CRITICAL * error, estimate + _CRITICAL * error
    note = "as if no trend differed; normal law, as all intervals here"
    return Inference(subject, PARALLEL, "no difference", estimate, error, low, high, note=note)


def _relative(
    subject: str, effects: YearEffects, weights: Floats, bounds: tuple[float, ...], draws: int, seed: int
) -> list[Inference]:
    P = len(effects.leads)
    if P < 2:
        return [Inference(subject, RELATIVE, BREAKDOWN, status="failed", reason="there are fewer than two leads")]
    errors = normal_draws(effects.covariance, draws, np.random.default_rng(seed))
    model = RelativeMagnitudes(effects.estimates, effects.covariance, P, weights, errors)
    note = (
        "the trend bends from one year to the next at most Mbar times as much as it did at most before the policy; "
        f"conditional test with a least favourable first stage, {draws:,} draws"
    )
    rows = [
        _interval(Inference(subject, RELATIVE, f"Mbar = {bound:g}", note=note), model.interval(bound))
        for bound in bounds
    ]
    until = f"largest Mbar at which an effect of zero is rejected, to {relative_magnitudes.BREAKDOWN_TOLERANCE:g}"
    rows.append(_breakdown(subject, RELATIVE, model.breakdown(), until))
    return [replace(row, draws=draws, seed=seed) for row in rows]


def _smooth(subject: str, effects: YearEffects, weights: Floats, bounds: tuple[float, ...]) -> list[Inference]:
    P = len(effects.leads)
    if not P:
        return [Inference(subject, SMOOTH, BREAKDOWN, status="failed", reason="there is no lead")]
    model = Smoothness(effects.estimates, effects.covariance, P, weights)
    note = "the slope of the trend changes by at most M a year; M = 0 is a linear trend, extrapolated"
    rows = [
        _interval(Inference(subject, SMOOTH, f"M = {bound:.4g}", note=note), model.interval(bound)) for bound in bounds
    ]
    tolerance = smoothness.BREAKDOWN_TOLERANCE * model.std_error
    until = f"largest M at which the interval excludes zero, to {tolerance:.1g}, in the outcome's unit"
    return [*rows, _breakdown(subject, SMOOTH, model.breakdown(), until)]


def _interval(row: Inference, ends: tuple[float, float]) -> Inference:
    if not np.isfinite(ends).all():
        return replace(row, status="failed", reason="every effect is rejected: the data refute the bound", note="")
    return replace(row, ci_low=ends[0], ci_high=ends[1])


def _breakdown(subject: str, method: str, value: float, note: str) -> Inference:
    if np.isinf(value):
        return Inference(subject, method, BREAKDOWN, note=f"{note}: zero is rejected under every bound tried")
    if value == 0:
        note += "; 0: the interval holds zero under the strictest bound already"
    return Inference(subject, method, BREAKDOWN, value, note=note)
