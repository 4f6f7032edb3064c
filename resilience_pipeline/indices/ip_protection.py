"""High and low intellectual-property protection, split at the median (Table 7).

    ip_high_it = 1 where P_it > median P, else 0

by_year : the median of the year's kept cities. pooled : the median of all their city-years.

The paper says "median" and not of what. A median split halves its rows but for ties; the paper's groups have 1,330
and 1,755 city-years, so what it splits is not the sample it estimates on, or not at the median. Its low group has 247
cities and its high group all 281: cities move between them, and even the least protected is high at some time. That
looks like one median for all years of a series that rises, not like the median of each year.
"""

import polars as pl

from resilience_pipeline.grid.wide import KEY
from resilience_pipeline.indices.index_table import IndexTable
from resilience_pipeline.indices.measures import Notes, measure_step
from resilience_pipeline.options import Options
from resilience_pipeline.step import Check, Step
from resilience_pipeline.study.study import Study
from resilience_pipeline.table_checks import zero_or_one

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


def _step(study: Study) -> Step:
    return measure_step(
        study,
        "ip_high",
        INDICATORS,
        _measure,
        "Whether a city's intellectual-property protection is above the median of the kept cities, of the year or of "
        "all years, and that median. One row per kept city and year; empty where there is no value; a value at the "
        "median is low. Section 5.6; the paper's Table 7.",
        options=("ip_split",),
        checks=("zero_or_one",),
    )


def _measure(values: pl.DataFrame, options: Options) -> tuple[pl.DataFrame, tuple[Check, ...], Notes]:
    table = ip_high(values, str(options["ip_split"]))
    known, high = table["ip_high"].count(), int(table["ip_high"].sum())
    notes: Notes = {"high_city_years": high, "low_city_years": known - high}
    for group, flag in (("high", 1), ("low", 0)):
        notes[f"cities_ever_{group}"] = table.filter(ip_high=flag)["city_code"].n_unique()
    if known:
        notes["high_share"] = round(high / known, 4)  # 1,755 / 3,085 = 0.5689 in the paper
    return table, (zero_or_one(table, "ip_high"),), notes


def _behind(column: str, options: Options | None) -> tuple[str, ...]:
    return INDICATORS


IP_HIGH = IndexTable("ip_high", COLUMNS, _behind, _step)
