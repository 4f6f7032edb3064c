"""City business-environment index, 0 to 1: a long table of city and year."""

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
    name="business_environment",
    publisher="China City Business Environment Evaluation Group",
    title="City business-environment index (中国城市营商环境评价)",
    description="One index between 0 and 1 per city and year.",
    licence="Rights held by the publisher; deliver your own copy",
    cadence="irregular",
    patterns=(
        "**/*营商环境*.csv",
        "**/*营商环境*.xls*",
        "**/*business_environment*.csv",
        "**/*business_environment*.xls*",
    ),
    read=read,
    headings=(Heading("business_environment_index", r"^(城市)?营商环境(总|综合)?(指数|得分)$", unit="0-1"),),
    rules=TableRules(required=("business_environment_index",)),
    unlocks="the mediator BUET (Table 9)",
)
