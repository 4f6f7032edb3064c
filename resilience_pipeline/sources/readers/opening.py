"""From a delivery to its grids, by what the file is; the name decides only where bytes cannot tell."""

from resilience_pipeline.sources.readers.container import delivered_bytes, kind_of
from resilience_pipeline.sources.readers.delimited import read_delimited
from resilience_pipeline.sources.readers.grid import Grid
from resilience_pipeline.sources.readers.stata import read_stata
from resilience_pipeline.sources.readers.workbook import read_workbook
from resilience_pipeline.sources.source import Delivery

_TEXT_SUFFIXES = (".csv", ".tsv", ".txt")


def read_grids(delivery: Delivery) -> list[Grid]:
    """The filled sheets of a workbook, or the one grid of a delimited file or Stata data set.

    Raises
    ------
    DeliveryError
        The file is none of them, or is damaged.
    """
    name = delivery.file.lower()
    kind = kind_of(delivered_bytes(delivery))
    if kind == "dta" or name.endswith(".dta"):
        return [read_stata(delivery)]
    if kind == "text" and name.endswith(_TEXT_SUFFIXES):
        return [read_delimited(delivery)]
    return read_workbook(delivery)
