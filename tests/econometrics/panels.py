"""Small panels with a planted effect, for the tests of the estimation core and its referees."""

import numpy as np
import polars as pl

EFFECT = 0.5


def panel(units: int = 40, periods: int = 8, *, lost: int = 0, lone: int = 0, seed: int = 7) -> pl.DataFrame:
    """Units 0.. by years 2012.., a third of the units treated from the fifth year on.

    lost : rows removed at random. lone : extra units with a single row each.
    """
    rng = np.random.default_rng(seed)
    city = np.repeat(np.arange(units), periods)
    year = 2012 + np.tile(np.arange(periods), units)
    did = ((city < units // 3) & (year >= 2016)).astype(float)
    gdp = rng.normal(size=city.size) + city / units
    roads = rng.normal(size=city.size) + 0.3 * (year - 2012)
    shock = rng.normal(size=(units, periods)).cumsum(axis=1).ravel() / 2
    y = EFFECT * did + 0.3 * gdp - 0.2 * roads + city / 10 + (year - 2012) / 3 + shock
    frame = pl.DataFrame(
        {
            "city": city,
            "year": year,
            "province": city % 9,
            "y": y,
            "did": did,
            "gdp": gdp,
            "roads": roads,
            "weight": rng.uniform(0.5, 3.0, size=city.size),
        }
    )
    kept = np.sort(rng.permutation(frame.height)[lost:])
    singles = frame[:lone].with_columns(city=pl.Series(units + np.arange(lone)), y=pl.col("y") + 5)
    return pl.concat([frame[kept], singles])
