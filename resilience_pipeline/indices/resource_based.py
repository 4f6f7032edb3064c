"""Resource-based cities: those that the State Council's plan of 2013 lists, by class (Table 8).

    resource_based_i = 1 where the city stands in the list in a class that counts, else 0

The plan (国发〔2013〕45号) lists growing, mature, declining and regenerating cities. Regenerating ones have by its own
words largely left their resources behind, so they can be left out.
"""

import polars as pl

from resilience_pipeline.grid.wide import KEY

#: Value of the option `resource_classes` -> classes that count.
CLASSES = {
    "all": ("growing", "mature", "declining", "regenerating"),
    "without_regenerating": ("growing", "mature", "declining"),
    "declining": ("declining",),
}


def resource_based(index: pl.DataFrame, listed: pl.DataFrame, classes: str) -> pl.DataFrame:
    """Whether a city is resource-based, the same in every year.

    Parameters
    ----------
    index : city_code and year of the kept cities.
    listed : city_code and city_class of the list; empty = nobody delivered it.
    classes : a key of `CLASSES`.

    Returns
    -------
    city_code, year, resource_based (1 or 0; null without a list), on the rows of `index`. A city that a delivered
    list does not name is 0.
    """
    counted = listed.filter(pl.col("city_class").is_in(CLASSES[classes]))["city_code"].to_list()
    flag = pl.col("city_code").is_in(counted).cast(pl.Int32)
    return index.select(*KEY, resource_based=pl.lit(None, dtype=pl.Int32) if listed.is_empty() else flag)
