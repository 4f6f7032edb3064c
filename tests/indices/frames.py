"""Frames by city and year written down as a test needs them."""

from collections.abc import Iterable, Mapping

import polars as pl

Value = float | int | None


def by_city(cities: Mapping[str, Iterable[Value]], column: str, first_year: int = 2015) -> pl.DataFrame:
    """city_code, year and `column`: one line a city, one value a year."""
    rows = [
        {"city_code": city, "year": first_year + t, column: value}
        for city, values in cities.items()
        for t, value in enumerate(values)
    ]
    return pl.DataFrame(rows, schema={"city_code": pl.String, "year": pl.Int32, column: pl.Float64})


def in_one_year(cities: Mapping[str, Mapping[str, Value]], year: int = 2015) -> pl.DataFrame:
    """city_code, year and the columns named, all float: one line a city."""
    columns = list(next(iter(cities.values())))
    rows = [{"city_code": city, "year": year, **values} for city, values in cities.items()]
    schema = {"city_code": pl.String, "year": pl.Int32, **dict.fromkeys(columns, pl.Float64)}
    return pl.DataFrame(rows, schema=schema)


def shuffled(frame: pl.DataFrame) -> pl.DataFrame:
    """The same rows in another order."""
    return frame.sample(fraction=1, shuffle=True, seed=7)
