"""Event studies for tests: effects with a covariance matrix in view, and a panel with a planted trend or none."""

from dataclasses import replace

import numpy as np
import polars as pl

from resilience_pipeline.econometrics.estimation import estimate
from resilience_pipeline.econometrics.specification import Specification
from resilience_pipeline.econometrics.tidy import to_frame
from resilience_pipeline.econometrics.year_effects import YearEffects, covariance_table, year_effects

BASE = 2017
YEARS = {f"treat_{year}": year for year in range(2012, 2023) if year != BASE}

SPECIFICATION = Specification(
    "event",
    "y",
    None,
    (*YEARS, "gdp"),
    absorb=("city", "year"),
    cluster=("city",),
    unit="city",
    time="year",
)


def correlated(leads: int = 3, lags: int = 3, *, dof: float | None = None) -> YearEffects:
    """Effects whose errors share the base year's: correlation one half, growing with the distance from it."""
    horizons = [*range(-leads, 0), *range(1, lags + 1)]
    spread = np.array([0.8 + 0.1 * abs(h) for h in horizons])
    covariance = 0.04 * np.outer(spread, spread) * (0.5 + 0.5 * np.eye(len(horizons)))
    estimates = np.array([0.05 * h if h < 0 else 0.6 for h in horizons])
    return YearEffects(tuple(BASE + h for h in horizons), BASE, estimates, covariance, dof)


def panel(seed: int, *, trend: float = 0.0, effect: float = 0.0, cities: int = 60) -> pl.DataFrame:
    """60 cities, a quarter of them pilots, 2012 to 2022; the pilots drift by `trend` a year and jump in 2018."""
    rng = np.random.default_rng(seed)
    city, year = np.repeat(np.arange(cities), 11), np.tile(np.arange(2012, 2023), cities)
    treat = (city < cities // 4).astype(float)
    shock = rng.normal(size=(cities, 11))
    for t in range(1, 11):
        shock[:, t] = 0.5 * shock[:, t - 1] + np.sqrt(0.75) * shock[:, t]
    y = treat * (trend * (year - BASE) + effect * (year > BASE)) + city / 10 + (year - 2012) / 3 + shock.ravel()
    dummies = {name: treat * (year == at) for name, at in YEARS.items()}
    return pl.DataFrame({"city": city, "year": year, "y": y, "gdp": rng.normal(size=city.size), **dummies})


def effects_of(frame: pl.DataFrame, **changes: object) -> YearEffects:
    """The year effects that the specification gives on the frame."""
    spec = replace(SPECIFICATION, **changes)  # type: ignore[arg-type]
    record = to_frame([estimate(spec, frame, engines=("kernel",))])
    return year_effects(record, covariance_table(spec, frame, tuple(YEARS)), YEARS, BASE)
