"""Pearson correlations of panel columns, each with the number of rows that it rests on."""

from collections.abc import Sequence

import numpy as np
import polars as pl

CORRELATIONS = pl.Schema(
    {
        "variable": pl.String(),
        "other": pl.String(),
        "correlation": pl.Float64(),
        "n_obs": pl.Int64(),
        "p_value": pl.Float64(),
        "status": pl.String(),  # estimated | awaiting | undefined
    }
)


def correlate(frame: pl.DataFrame, variables: Sequence[str]) -> pl.DataFrame:
    """Every pair of variables once, the earlier one as `other`, in the order given; a variable with itself is left out.

    r = sum (x - mean x)(y - mean y) / sqrt(sum (x - mean x)^2 sum (y - mean y)^2) over the rows that have both;
    p from t = r sqrt((n - 2) / (1 - r^2)) with n - 2 degrees of freedom, which takes rows for independent: years of
    one city are not, so p is a description.

    Returns
    -------
    Schema `CORRELATIONS`; null and "awaiting" where a variable has no value at all, "undefined" where one is constant
    on the rows or fewer than three rows have both.
    """
    from scipy.special import stdtr

    rows = []
    for place, name in enumerate(variables):
        for other in variables[:place]:
            pair = frame.select(x=pl.col(name).cast(pl.Float64), y=pl.col(other).cast(pl.Float64))
            both = pair.drop_nulls()
            n = both.height
            record = {"variable": name, "other": other, "n_obs": n, "correlation": None, "p_value": None}
            x, y = both["x"].to_numpy(), both["y"].to_numpy()
            if pair["x"].count() == 0 or pair["y"].count() == 0:
                record["status"] = "awaiting"
            elif n < 3 or np.ptp(x) == 0 or np.ptp(y) == 0:
                record["status"] = "undefined"
            else:
                dx, dy = x - x.mean(), y - y.mean()
                r = float(np.clip(dx @ dy / np.sqrt((dx @ dx) * (dy @ dy)), -1, 1))
                t = r * np.sqrt((n - 2) / max(1 - r**2, np.finfo(float).eps))
                record |= {"correlation": r, "p_value": float(2 * stdtr(n - 2, -abs(t))), "status": "estimated"}
            rows.append(record)
    return pl.DataFrame(rows, schema=CORRELATIONS)
