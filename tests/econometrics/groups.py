"""Panels with a flag that splits them, for tests of differences between subsamples."""

import numpy as np
import polars as pl

from resilience_pipeline.econometrics.differences import Split
from resilience_pipeline.econometrics.specification import Specification

#: Treatment x flag moves the outcome by this much.
DIFFERENCE = 1.5


def flagged(
    units: int = 60, periods: int = 9, *, lost: int = 0, changing: bool = False, difference: float = 0.0, seed: int = 3
) -> pl.DataFrame:
    """Cities by years from 2012, a third treated from the fifth year on; half of the cities have the flag.

    changing : the flag starts in a year of its own in each city, in some never. difference : the treatment's effect is
    larger by it where the flag is up. lost : rows removed at random.
    """
    rng = np.random.default_rng(seed)
    city, year = np.repeat(np.arange(units), periods), 2012 + np.tile(np.arange(periods), units)
    did = ((city % 3 == 0) & (year >= 2016)).astype(float)
    start = rng.integers(2010, 2023, units) if changing else np.where(rng.permutation(units) % 2 == 0, 2010, 2030)
    flag = (year >= start[city]).astype(float)
    gdp, roads = rng.normal(size=(2, city.size))
    shock = rng.normal(size=(units, periods)).cumsum(axis=1).ravel() / 4
    y = (0.5 + difference * flag) * did + 0.3 * gdp - 0.2 * roads + city / 10 + (year - 2012) / 3 + shock
    columns = {"city": city, "year": year, "flag": flag, "did": did, "gdp": gdp, "roads": roads, "y": y}
    frame = pl.DataFrame(columns).with_columns(
        weight=pl.Series(rng.uniform(0.5, 3.0, city.size)), region=pl.col("city") % 4
    )
    return frame[np.sort(rng.permutation(frame.height)[lost:])]


def split(frame: pl.DataFrame, **changed: object) -> Split:
    """The frame split by its flag."""
    given = {"controls": ("gdp", "roads"), "absorb": ("city", "year"), "cluster": ("city",)} | changed
    specs = [
        Specification(f"t.{side}", "y", "did", where=f"flag = {side}", unit="city", time="year", **given)
        for side in (0, 1)
    ]
    return Split(specs[0], specs[1], frame)
