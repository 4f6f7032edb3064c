"""From a delivery to its grids, by what the file is and not by what it is called."""

from resilience_pipeline.sources.readers.container import delivered_bytes, kind_of
from resilience_pipeline.sources.readers.delimited import read_delimited
from resilience_pipeline.sources.readers.grid import Grid
from resilience_pipeline.sources.readers.workbook import read_workbook
from resilience_pipeline.sources.source import Delivery

_TEXT_SUFFIXES = (".csv", ".tsv", ".txt")


def read_grids(delivery: Delivery) -> list[Grid]:
    """The sheets of a workbook, or the one grid of a delimited file; a DeliveryError where it is neither."""
    text = kind_of(delivered_bytes(delivery)) == "text" and delivery.file.lower().endswith(_TEXT_SUFFIXES)
    return [read_delimited(delivery)] if text else read_workbook(delivery)
