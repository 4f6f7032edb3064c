"""Stata data sets (.dta): variables as columns below a heading row of their names. Value labels are not applied."""

import io
import struct

import numpy as np

from resilience_pipeline.errors import DeliveryError
from resilience_pipeline.sources.readers.container import delivered_bytes
from resilience_pipeline.sources.readers.grid import Grid, cell_text
from resilience_pipeline.sources.source import Delivery


def read_stata(delivery: Delivery) -> Grid:
    """The data set as a grid: row 1 the variable names, observation i in row i + 1.

    Raises
    ------
    DeliveryError
        The file is empty, cut short or no Stata data set.
    """
    import pandas as pd  # it takes longer to import than everything else that a status needs

    content = delivered_bytes(delivery)
    try:
        frame = pd.read_stata(io.BytesIO(content), convert_categoricals=False)
    # pandas raises StopIteration for an impossible number of observations
    except (ValueError, KeyError, struct.error, OverflowError, MemoryError, StopIteration) as error:
        raise DeliveryError(
            "the file is no Stata data set, or is cut short",
            remedy="download it again, or save it from Stata with `saveold`",
            file=delivery.file,
            expected="a .dta file of Stata 8 or later",
            found=str(error)[:200] or "no observations",
        ) from error
    columns = [[_text(value) for value in values.to_numpy()] for _, values in frame.items()]
    return Grid(None, [[str(name) for name in frame.columns], *map(list, zip(*columns, strict=True))])


def _text(value: object) -> str | None:
    if isinstance(value, np.float32):  # its own shortest repr, not that of the nearest double
        return cell_text(float(str(value)))
    if isinstance(value, np.datetime64):
        moment = value.astype("datetime64[us]").item()  # None where it is not a time
        return None if moment is None else cell_text(moment)
    return cell_text(value.item()) if isinstance(value, np.generic) else cell_text(value)
