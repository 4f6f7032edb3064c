"""Cities and indicators as reference lists: who can be in the grid, and which series are national."""

from functools import lru_cache
from importlib.resources import files

import polars as pl

#: Code of the nation and the world in staged tables.
NATION = "000000"

#: Units that the yearbook counts as cities; autonomous prefectures, leagues and regions are none.
CITY_TYPES = ("municipality", "city")


def _text(name: str) -> str:
    return files("resilience_pipeline.reference").joinpath(name).read_text(encoding="utf-8")


@lru_cache(maxsize=1)
def cities_text() -> str:
    """The list of cities as written; part of the code version of what reads it."""
    return _text("cities.csv")


@lru_cache(maxsize=1)
def cities() -> pl.DataFrame:
    """Prefecture-level cities by code: city_code, name, province, region."""
    table = pl.read_csv(cities_text().encode(), infer_schema=False)
    return (
        table.filter(pl.col("type").is_in(CITY_TYPES))
        .select(city_code="code6", name="name", province="province_name", region="region")
        .sort("city_code")
    )


@lru_cache(maxsize=1)
def national_indicators() -> frozenset[str]:
    """Indicators whose grain is the nation or the world."""
    table = pl.read_csv(_text("indicators.csv").encode(), infer_schema=False)
    return frozenset(table.filter(pl.col("grain") == "nation")["indicator"])
