"""The 55 pilot cities of supply-chain innovation, as printed in Table 1 of the paper (misspelt in places)."""

import polars as pl

from resilience_pipeline.sources.readers.cells import CellRows
from resilience_pipeline.sources.readers.long_table import Keys, long_tables
from resilience_pipeline.sources.readers.opening import read_grids
from resilience_pipeline.sources.source import Delivery, Source

KEYS = Keys(
    entity=("paper_name", "城市|城市名称?|试点城市|city|pilot|name"),
    code=("paper_no", "序号|编号|no\\.?|number"),
)


def read(delivery: Delivery) -> pl.DataFrame:
    """One cell per printed name: heading 城市, the list's number as `entity_code`, no period.

    Raises
    ------
    DeliveryError
        The file cannot be opened, or has no column of names.
    """
    cells = CellRows(SOURCE.name, delivery)
    for table in long_tables(read_grids(delivery), KEYS, delivery):
        for row, name, number, _, _ in table.rows():
            if name is not None:
                cells.add(row, table.entity, "城市", name, entity=name, entity_code=number, sheet=table.grid.sheet)
    return cells.frame()


SOURCE = Source(
    name="pilot_list",
    publisher="Ministry of Commerce of China and seven departments, notice of 16 October 2018",
    title="Pilot cities of supply-chain innovation and application (供应链创新与应用试点城市)",
    description="55 names with their numbers in the list: municipalities, prefectures, county-level cities and zones.",
    licence="Facts from a public notice",
    cadence="once, 2018",
    patterns=("**/*pilot*.csv", "**/*pilot*.xls*", "**/*试点*.csv", "**/*试点*.xls*"),
    read=read,
    shape="pilots",
    unlocks="the treatment; without it no difference in differences can be estimated",
)
