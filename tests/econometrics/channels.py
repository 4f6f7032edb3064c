"""Panels in which a treatment acts through two mediators with planted coefficients."""

import numpy as np
import polars as pl

from resilience_pipeline.econometrics.specification import Specification

#: Planted: treatment on the mediators, mediators on the outcome, and the rest of the treatment's effect.
A, B, DIRECT = (0.8, -0.5), (1.2, 0.6), 0.4
TOTAL = DIRECT + A[0] * B[0] + A[1] * B[1]

MEDIATORS = ("business", "synergy")
SPEC = Specification(
    *("t", "y", "did", ("gdp", "roads")), absorb=("city", "year"), cluster=("city",), unit="city", time="year"
)


def channels(
    units: int = 60, periods: int = 9, *, lost: int = 0, persistent: float = 0.0, uneven: float = 0.0, seed: int = 3
) -> pl.DataFrame:
    """Cities by years from 2012, a third treated from the fifth year on.

    persistent : size of the cities' common shock after the fifth year, the same in mediators and outcome, which makes
    rows of a city dependent. uneven : cities in which the treatment moves `business` more, by a normal draw of this
    size, are those in which `business` moves the outcome more, by the same. lost : rows removed at random.
    """
    rng = np.random.default_rng(seed)
    city, year = np.repeat(np.arange(units), periods), 2012 + np.tile(np.arange(periods), units)
    did = ((city % 3 == 0) & (year >= 2016)).astype(float)
    gdp, roads = rng.normal(size=(2, city.size))
    shock = persistent * rng.normal(size=units)[city] * (year >= 2016)
    slope = uneven * rng.normal(size=units)[city]
    common = rng.normal(size=city.size)  # makes the mediators move together
    business = (A[0] + slope) * did + 0.2 * gdp + city / 20 + shock + common + rng.normal(size=city.size)
    synergy = A[1] * did - 0.1 * roads + (year - 2012) / 4 + common + rng.normal(size=city.size)
    y = (
        DIRECT * did
        + (B[0] + slope) * business
        + B[1] * synergy
        + 0.3 * gdp
        + city / 10
        + shock
        + rng.normal(size=city.size)
    )
    columns = {"city": city, "year": year, "did": did, "gdp": gdp, "roads": roads, "y": y}
    frame = pl.DataFrame(columns | {"business": business, "synergy": synergy})
    frame = frame.with_columns(weight=pl.Series(rng.uniform(0.5, 3.0, city.size)), region=pl.col("city") % 4)
    return frame[np.sort(rng.permutation(frame.height)[lost:])]
