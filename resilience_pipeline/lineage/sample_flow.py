"""Where city-years are lost between the panel and a regression's sample, as the estimator loses them.

Counted anew from the panel, so that a trace imports no estimator; tests hold the numbers to `econometrics.sample`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from resilience_pipeline.econometrics.predicate import keep_rows


def rows_that_stay(
    frame: pl.DataFrame, spec: Mapping[str, Any], columns: Sequence[str]
) -> tuple[dict[str, int], pl.DataFrame]:
    """Reason -> rows that leave for it, in the order in which they leave, and the rows that stay.

    Parameters
    ----------
    frame : one row per city and year. spec : as declared, without what is empty. columns : those that must have values.
    """
    lost: dict[str, int] = {}
    if where := spec.get("where"):
        met = keep_rows(frame, where)
        lost[f"do not meet {where}"] = frame.height - met.height
        frame = met
    gaps = [pl.when(pl.col(name).is_null()).then(pl.lit(name)) for name in columns if name in frame.columns]
    if gaps:
        named = frame.select(reason=pl.concat_str(gaps, separator=", ", ignore_nulls=True))["reason"]
        counted = named.filter(named != "").value_counts(sort=True)
        lost |= {f"no value of {reason}": count for reason, count in counted.rows()}
        frame = frame.filter(named == "")
    if (weights := spec.get("weights")) in frame.columns:
        weighted = frame.filter(pl.col(weights) > 0)
        lost[f"{weights} is zero"] = frame.height - weighted.height
        frame = weighted
    if spec.get("singletons") == "drop":
        together = _without_singletons(frame, spec.get("absorb", ()))
        lost["alone in an absorbed effect"] = frame.height - together.height
        frame = together
    return {reason: count for reason, count in lost.items() if count}, frame


def _without_singletons(frame: pl.DataFrame, absorb: Sequence[str]) -> pl.DataFrame:
    """Rows that share each absorbed level with another row; that one leaves may leave another alone."""
    levels = [effect.split("^") for effect in absorb if set(effect.split("^")) <= set(frame.columns)]
    while levels and (kept := frame.filter(pl.len().over(level) > 1 for level in levels)).height < frame.height:
        frame = kept
    return frame
