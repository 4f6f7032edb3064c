"""What a test of the leads can see: the linear trend that it finds half of the time, and the bias that trend gives.

Had the pilots' outcome a trend of its own of gamma a year, the coefficients were off by gamma (t - base) before and
after. A test of the leads that passes such trends often is weak evidence of parallel trends; and among samples that
pass, the bias of the lags is another one than gamma (t - base), since leads and lags are correlated through the base
year. Roth (2022), "Pretest with caution", American Economic Review: Insights 4(3), sections 1 and 2.

The covariance matrix is taken as known. Two tests of the leads:

    joint      F = b'V^-1 b / q above its 5 % critical value; power by the non-central F
    any lead   some |t| above its 5 % critical value, as readers of a figure judge; power by simulation
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from resilience_pipeline.econometrics.absorption import Floats
from resilience_pipeline.econometrics.simultaneous import normal_draws
from resilience_pipeline.econometrics.year_effects import YearEffects, demand_definite

JOINT = "joint test of the leads"
ANY = "any lead by itself"
SIZE = 0.05

Found = Callable[[Floats], NDArray[np.bool_]]
Power = Callable[[float], float]

_STEPS = 60  # halvings: the slope is exact to rounding, given the draws


@dataclass(frozen=True)
class Trend:
    """A linear trend that a test of the leads finds with a given power.

    Parameters
    ----------
    test : JOINT or ANY. power : the chance to find it.
    slope : of the trend, in the outcome's unit a year; its negative is found as often.
    bias : of the average lag under the trend.
    bias_if_passed : the same, among samples in which the test finds nothing.
    """

    test: str
    power: float
    slope: float
    bias: float
    bias_if_passed: float


def detectable_trends(
    effects: YearEffects, powers: tuple[float, ...], draws: int, rng: np.random.Generator
) -> list[Trend]:
    """The trends that each test finds with each power.

    Raises
    ------
    ArithmeticError : there is no lead or no lag, or the leads' covariance matrix is singular or none.
    """
    leads, lags = effects.leads, effects.lags
    V = effects.covariance[np.ix_(leads, leads)]
    if not len(leads) or not len(lags):
        raise ArithmeticError("there is no lead or no lag")
    demand_definite(V)
    before, after = effects.horizons[leads], float(effects.horizons[lags].mean())
    errors = normal_draws(V, draws, rng)
    # What the leads' errors say of the average lag's: its regression on them.
    pull = errors @ np.linalg.solve(V, effects.covariance[np.ix_(leads, lags)].mean(axis=1))
    trends = []
    for name, found, power_of in ((JOINT, *_joint(V, effects.dof, before)), (ANY, *_any(V, effects.dof))):
        for power in powers:
            slope = _solve(power_of or _share(found, errors, before), power, _scale(V, before))
            passed = np.logical_not(found(errors + slope * before))
            shift = float(pull[passed].mean()) if passed.any() else float("nan")
            trends.append(Trend(name, power, slope, slope * after, slope * after + shift))
    return trends


def _joint(V: Floats, dof: float | None, before: Floats) -> tuple[Found, Power]:
    from scipy.special import chdtri, chndtr, fdtri, ncfdtr

    q, inverse = len(V), np.linalg.inv(V)
    critical = float(chdtri(q, SIZE)) if dof is None else q * float(fdtri(q, dof, 1 - SIZE))
    pull = float(before @ inverse @ before)

    def power(slope: float) -> float:
        shift = slope**2 * pull
        return 1 - float(chndtr(critical, q, shift) if dof is None else ncfdtr(q, dof, shift, critical / q))

    return lambda b: np.einsum("ij,jk,ik->i", b, inverse, b) > critical, power


def _any(V: Floats, dof: float | None) -> tuple[Found, None]:
    from scipy.special import ndtri, stdtrit

    critical = float(ndtri(1 - SIZE / 2) if dof is None else stdtrit(dof, 1 - SIZE / 2))
    limits = critical * np.sqrt(np.diag(V))
    return lambda b: (np.abs(b) > limits).any(axis=1), None


def _share(found: Found, errors: Floats, before: Floats) -> Power:
    return lambda slope: float(found(errors + slope * before).mean())


def _scale(V: Floats, before: Floats) -> float:
    """A slope of the right order: one standard error a year at the lead that sees the trend best."""
    return float((np.sqrt(np.diag(V)) / np.abs(before)).min())


def _solve(power_of: Power, power: float, scale: float) -> float:
    low, high = 0.0, scale
    while power_of(high) < power:
        low, high = high, 2 * high
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if power_of(middle) < power else (low, middle)
    return (low + high) / 2
