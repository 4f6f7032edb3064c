"""Winsorising: values beyond a percentile are set to it. Used on raw indicators or on variables, as an option says.

Which columns are winsorised is the caller's to say; the percentiles' definition is named, since programs differ.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from resilience_pipeline.options import Options

#: Options that a step reads when it winsorises.
OPTIONS = ("winsorise", "winsorise_stage", "winsorise_lower", "winsorise_upper", "percentile")


@dataclass(frozen=True)
class Winsorising:
    """How to winsorise: within each year, pooled or not at all; at which shares; by which percentile definition."""

    rule: str = "by_year"
    lower: float = 0.01
    upper: float = 0.99
    percentile: str = "linear"

    @classmethod
    def at(cls, stage: str, options: Options) -> "Winsorising":
        """What the options ask for at a stage ("before_index" or "after_index"); rule "none" at the other one."""
        rule = str(options["winsorise"]) if options["winsorise_stage"] == stage else "none"
        lower, upper = float(options["winsorise_lower"]), float(options["winsorise_upper"])
        return cls(rule, lower, upper, str(options["percentile"]))


def percentiles(values: NDArray[np.float64], share: float, definition: str) -> NDArray[np.float64]:
    """Percentile of each column of `values`, nan left out.

    linear : x[h] with h = (n - 1) share, linear between neighbours (type 7 of Hyndman and Fan 1996; numpy, R).
    stata : with P = n share, the mean of the P-th and the next value where P is whole, else the next value above
        (`_pctile`, and so `winsor2`).

    Parameters
    ----------
    values : shape (rows, columns).
    share : 0 to 1.

    Returns
    -------
    Shape (columns,); nan for a column without values.
    """
    ordered = np.sort(values, axis=0)  # nan last
    n = (~np.isnan(ordered)).sum(axis=0)
    last = np.maximum(n - 1, 0)
    if definition == "linear":
        h = last * share
        low = np.floor(h).astype(int)
        high, part = np.minimum(low + 1, last), h - low
    else:
        P = n * share
        whole = np.isclose(P, np.rint(P), rtol=0, atol=1e-9)  # 0.07 * 100 is not 7 in binary
        low = np.clip(np.where(whole, np.rint(P) - 1, np.ceil(P) - 1).astype(int), 0, last)
        high = np.clip(np.where(whole, np.rint(P), low).astype(int), 0, last)
        part = np.full(n.shape, 0.5)
    columns = np.arange(values.shape[1])
    below, above = ordered[low, columns], ordered[high, columns]
    return below + part * (above - below)


def winsorise(frame: pl.DataFrame, columns: Sequence[str], how: Winsorising) -> pl.DataFrame:
    """The frame with `columns` winsorised within each `year`, or over all rows.

    A null stays null and counts in no percentile. Rows keep their order; other columns are untouched.
    """
    if how.rule == "none" or not columns or frame.is_empty():
        return frame
    values = frame.select(pl.col(columns).cast(pl.Float64).fill_null(float("nan"))).to_numpy().copy()
    if how.rule == "by_year":
        year = frame["year"].to_numpy()
        groups = [np.flatnonzero(year == y) for y in np.unique(year)]
    else:
        groups = [np.arange(frame.height)]
    for rows in groups:
        block = values[rows]
        low = percentiles(block, how.lower, how.percentile)
        high = percentiles(block, how.upper, how.percentile)
        values[rows] = np.clip(block, low, high)
    changed = {name: pl.Series(values[:, i]).fill_nan(None) for i, name in enumerate(columns)}
    return frame.with_columns(**changed)
