"""Descriptive statistics of panel columns: N, mean, standard deviation, minimum, maximum."""

from collections.abc import Sequence

import polars as pl

DESCRIPTIVES = pl.Schema(
    {
        "variable": pl.String(),
        "n_obs": pl.Int64(),
        "mean": pl.Float64(),
        "sd": pl.Float64(),
        "min": pl.Float64(),
        "max": pl.Float64(),
        "status": pl.String(),  # estimated | awaiting
    }
)


def describe(frame: pl.DataFrame, variables: Sequence[str]) -> pl.DataFrame:
    """One row per variable, in the order given, over the rows on which it has a value.

    Parameters
    ----------
    frame : panel rows; a variable without any value is "awaiting" its source.

    Returns
    -------
    Schema `DESCRIPTIVES`; `sd` divides by N - 1 and is null for a single row.
    """
    rows = []
    for name in variables:
        values = frame[name].cast(pl.Float64).drop_nulls()
        rows.append(
            {
                "variable": name,
                "n_obs": values.len(),
                "mean": values.mean(),
                "sd": values.std(),
                "min": values.min(),
                "max": values.max(),
                "status": "estimated" if values.len() else "awaiting",
            }
        )
    return pl.DataFrame(rows, schema=DESCRIPTIVES)
