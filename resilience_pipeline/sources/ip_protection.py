"""City-level intensity of intellectual-property protection: a long table of city and year."""

import polars as pl

from resilience_pipeline.sources.readers.long_table import (
    CITY_NAMES,
    CODE_NAMES,
    YEAR_NAMES,
    Keys,
    long_tables,
    read_long,
)
from resilience_pipeline.sources.readers.opening import read_grids
from resilience_pipeline.sources.source import Delivery, Heading, Source, TableRules

KEYS = Keys(entity=CITY_NAMES, period=YEAR_NAMES, code=CODE_NAMES)


def read(delivery: Delivery) -> pl.DataFrame:
    """Cells of every column beside the keys.

    Raises
    ------
    DeliveryError
        The file cannot be opened, or no sheet has city and year.
    """
    return read_long(SOURCE.name, delivery, long_tables(read_grids(delivery), KEYS, delivery))


SOURCE = Source(
    name="ip_protection",
    publisher="PKU Law (北大法宝), compiled",
    title="City-level intellectual-property protection intensity (知识产权保护强度)",
    description="One intensity per city and year, counted from court judgments and rules.",
    licence="Rights held by the publisher; deliver your own copy",
    cadence="irregular",
    patterns=("**/*知识产权*.csv", "**/*知识产权*.xls*", "**/*ip_protection*.csv", "**/*ip_protection*.xls*"),
    read=read,
    headings=(Heading("ip_protection_index", r"^知识产权保护(强度|水平|力度)?(指数)?$", unit="指数"),),
    rules=TableRules(required=("ip_protection_index",)),
    unlocks="the median split of Table 7",
)
