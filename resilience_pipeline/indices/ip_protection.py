"""High and low intellectual-property protection, split at the median (Table 7).

    ip_high_it = 1 where P_it > median P, else 0

by_year : the median of the year's kept cities. pooled : the median of all their city-years.

The paper says "median" and not of what. A median split halves its rows but for ties; the paper's groups have 1,330
and 1,755 city-years, so what it splits is not the sample it estimates on, or not at the median.
"""

import polars as pl

from resilience_pipeline.grid.wide import KEY

INDICATOR = "ip_protection_index"
INDICATORS = (INDICATOR,)
COLUMNS = ("ip_protection_median", "ip_high")


def ip_high(values: pl.DataFrame, split: str) -> pl.DataFrame:
    """Whether a city's protection is above the median.

    Parameters
    ----------
    values : city_code, year and ip_protection_index of the kept cities.
    split : "by_year" or "pooled".

    Returns
    -------
    city_code, year, ip_protection_median (the one compared with), ip_high (1 or 0; null where there is no value),
    sorted. A value at the median is low.
    """
    median = pl.col(INDICATOR).median()
    table = values.sort(KEY).with_columns(ip_protection_median=median.over("year") if split == "by_year" else median)
    high = (pl.col(INDICATOR) > pl.col("ip_protection_median")).cast(pl.Int32)
    return table.select(*KEY, "ip_protection_median", ip_high=high)
