"""Foreign direct investment of cities, a compiled long series that states its unit in every row."""

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

KEYS = Keys(entity=CITY_NAMES, period=YEAR_NAMES, code=CODE_NAMES, unit=("单位|计量单位|unit",))


def read(delivery: Delivery) -> pl.DataFrame:
    """Cells of every column beside the keys; the unit is the row's own.

    Raises
    ------
    DeliveryError
        The file cannot be opened, or no sheet has city and year.
    """
    return read_long(SOURCE.name, delivery, long_tables(read_grids(delivery), KEYS, delivery))


SOURCE = Source(
    name="compiled_fdi",
    publisher="Compiled from city statistics offices",
    title="Foreign direct investment of cities, 1996 on (compiled)",
    description="One row per city and year with its unit (million US dollars); gaps are empty cells.",
    licence="Compiled by third parties, origin named in each row; deliver your own copy",
    cadence="irregular",
    patterns=("**/*fdi*.xls*", "**/*fdi*.csv", "**/*外商直接投资*.xls*", "**/*外商直接投资*.csv"),
    read=read,
    headings=(Heading("foreign_investment_usd_10k", r"^(外商直接投资|当年实际使用外资|实际使用外资)(额|金额)?$"),),
    rules=TableRules(required=("foreign_investment_usd_10k",)),
    unlocks="foreign investment (FDI) where the yearbook does not give it",
)
