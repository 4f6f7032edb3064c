"""Resource-based cities of the State Council's plan of 2013, with their class."""

import polars as pl

from resilience_pipeline.errors import DeliveryError
from resilience_pipeline.sources.readers.cells import CellRows
from resilience_pipeline.sources.readers.long_table import CITY_NAMES, CODE_NAMES, Keys, long_tables
from resilience_pipeline.sources.readers.opening import read_grids
from resilience_pipeline.sources.source import Delivery, Source

KEYS = Keys(entity=CITY_NAMES, code=CODE_NAMES)


def read(delivery: Delivery) -> pl.DataFrame:
    """One cell per listed city: heading 类型, text the class as delivered; no period.

    Raises
    ------
    DeliveryError
        The file cannot be opened, or has no column of cities or of classes.
    """
    cells = CellRows(SOURCE.name, delivery)
    for table in long_tables(read_grids(delivery), KEYS, delivery):
        column = table.column("(城市|资源型城市)?类型|类别|分类|category|class|type")
        if not column:
            raise DeliveryError(
                "the list says no class of its cities",
                remedy="add a column 类型 with 成长型, 成熟型, 衰退型 or 再生型",
                file=delivery.file,
                sheet=table.grid.sheet,
                row=table.header_row,
                expected="a column 类型 or category",
                found=" | ".join(name for _, name in table.values if name) or "no further column",
            )
        for row, city, code, _, _ in table.rows():
            text = table.grid.at(row, column)
            if city is not None or text is not None:
                cells.add(row, column, "类型", text, entity=city, entity_code=code, sheet=table.grid.sheet)
    return cells.frame()


SOURCE = Source(
    name="resource_cities",
    publisher="State Council of China, plan of 2013 (国发〔2013〕45号); also in CNRDS",
    title="Resource-based cities by class (全国资源型城市名单)",
    description="Cities whose economy rests on minerals or timber: growing, mature, declining or regenerating.",
    licence="Facts from a public notice",
    cadence="once, 2013",
    patterns=("**/*资源型*.csv", "**/*资源型*.xls*", "**/*resource_*.csv", "**/*resource_*.xls*"),
    read=read,
    shape="city_classes",
    unlocks="the split by resource endowment of Table 8",
)
