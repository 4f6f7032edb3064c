"""China Statistical Yearbook on Science and Technology: research inputs by city. Edition t reports year t - 1."""

import polars as pl

from resilience_pipeline.errors import DeliveryError
from resilience_pipeline.sources.readers.cells import CellRows
from resilience_pipeline.sources.readers.city_table import city_tables
from resilience_pipeline.sources.readers.edition import edition_of
from resilience_pipeline.sources.readers.opening import read_grids
from resilience_pipeline.sources.source import Delivery, Due, Heading, Source, TableRules


def read(delivery: Delivery) -> pl.DataFrame:
    """Cells of every table that has a column 地区; period = edition - 1.

    Raises
    ------
    DeliveryError
        The workbook cannot be opened, says no edition, has no column 地区, or formulas in a table's body.
    """
    tables = [(grid, table) for grid in read_grids(delivery) for table in city_tables(grid, delivery)]
    if not tables:
        raise DeliveryError(
            "no sheet has a column of regions",
            remedy="deliver the table with its heading, or take the file out of the landing folder",
            file=delivery.file,
            expected="a heading cell 地区 or 城市",
            found="none",
        )
    edition = edition_of(delivery, [text for _, table in tables for text in table.preamble])
    cells = CellRows(SOURCE.name, delivery)
    for grid, table in tables:
        for row, column, city, text in table.values(grid):
            cells.add(
                row,
                column.column,
                column.heading,
                text,
                entity=city,
                period=str(edition - 1),
                unit=column.unit,
                edition=edition,
                sheet=grid.sheet,
                title=table.title,
            )
    return cells.frame()


SOURCE = Source(
    name="science_yearbook",
    publisher="National Bureau of Statistics and Ministry of Science and Technology of China",
    title="China Statistical Yearbook on Science and Technology (中国科技统计年鉴)",
    description="Research personnel, research expenditure and new-product sales by city, one workbook an edition.",
    licence="Rights held by the publishers; deliver your own copy",
    cadence="yearly; edition t reports year t - 1 and appears around the end of year t",
    due=Due(appears=12, overdue=4),
    patterns=(
        "**/*科技统计年鉴*/**/*.xls*",
        "**/*科技统计年鉴*.xls*",
        "**/science_yearbook*.xls*",
    ),
    read=read,
    headings=(
        Heading("research_personnel_persons", r"^R&D人员(全时)?(折合)?(当量|全时当量)(\|全市)?$", unit="人年"),
        Heading("research_expenditure_cny_10k", r"^R&D经费(内部)?支出(\|全市)?$"),
        Heading("new_product_sales_cny_10k", r"^新产品销售收入(\|全市)?$"),
    ),
    rules=TableRules(required=("research_expenditure_cny_10k",)),
    unlocks="research inputs of the new-quality productive forces index (NQPF)",
    by_edition=True,
)
