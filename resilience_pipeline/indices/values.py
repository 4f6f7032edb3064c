"""What formulas are evaluated on: indicator values by city and year, and the price level that deflates them."""

from collections.abc import Sequence

import polars as pl

from resilience_pipeline.grid.reference import national_indicators
from resilience_pipeline.grid.wide import spread
from resilience_pipeline.indices.winsorise import Winsorising, winsorise
from resilience_pipeline.study.vocabulary import PRICE_INDEX, PRICE_LEVEL


def price_level(index: Sequence[float | None]) -> list[float | None]:
    """Price level of each year, 1 in the first, from a yearly index with the previous year = 100.

    P(1) = 1, P(t) = P(t-1) index(t) / 100. The first year's own index is not used. Unknown after a missing year.
    """

    levels: list[float | None] = [1.0] if index else []
    for value in index[1:]:
        level = levels[-1]
        levels.append(None if level is None or value is None else level * value / 100)
    return levels


def indicator_values(
    cells: pl.DataFrame, index: pl.DataFrame, names: Sequence[str], winsorising: Winsorising
) -> pl.DataFrame:
    """Indicators (and `price_level`, where named) on the rows of `index`; undelivered ones are null columns.

    Parameters
    ----------
    cells : the grid's `cells`.
    index : city_code and year, sorted; every city has every year of the window.
    names : canonical indicators and `price_level`.
    winsorising : of city indicators, before anything is made of them; national series have one value a year.
    """
    canonical = [name for name in names if name != PRICE_LEVEL]
    deflated = len(canonical) < len(names)
    read = [*canonical, PRICE_INDEX] if deflated and PRICE_INDEX not in canonical else canonical
    wide = spread(cells, index, read)
    of_cities = [name for name in canonical if name not in national_indicators()]
    wide = winsorise(wide, of_cities, winsorising)
    if deflated:
        by_year = wide.select("year", PRICE_INDEX).unique("year").sort("year")
        levels = pl.Series(PRICE_LEVEL, price_level(by_year[PRICE_INDEX].to_list()), dtype=pl.Float64)
        prices = pl.DataFrame([by_year["year"], levels])
        wide = wide.join(prices, on="year", how="left", maintain_order="left")
    return wide.select("city_code", "year", *names)


def finite_or_null(expression: pl.Expr) -> pl.Expr:
    """A division by zero or the log of a non-positive number gives null, not infinity."""
    return pl.when(expression.is_finite()).then(expression)
