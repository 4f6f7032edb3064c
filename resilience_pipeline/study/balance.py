"""Pilots against others before the policy: means of cities, their difference, and how far apart the groups are."""

from collections.abc import Sequence

import numpy as np
import polars as pl

BALANCE = pl.Schema(
    {
        "variable": pl.String(),
        "pilots": pl.Int64(),  # cities with a value
        "others": pl.Int64(),
        "mean_pilots": pl.Float64(),
        "mean_others": pl.Float64(),
        "sd_pilots": pl.Float64(),
        "sd_others": pl.Float64(),
        "difference": pl.Float64(),
        "std_error": pl.Float64(),
        "p_value": pl.Float64(),
        "standardised_difference": pl.Float64(),
        "variance_ratio": pl.Float64(),
        "trend_difference": pl.Float64(),  # per year
        "trend_std_error": pl.Float64(),
        "trend_p_value": pl.Float64(),
        "status": pl.String(),  # estimated | awaiting | undefined
    }
)


def balance(frame: pl.DataFrame, variables: Sequence[str]) -> pl.DataFrame:
    """One row per variable, over the rows before the policy (post = 0), a city's years taken together first.

    Parameters
    ----------
    frame : city_code, year, treat, post and the variables.

    Returns
    -------
    Schema `BALANCE`. difference = mean of pilots less mean of others over cities' means; std_error and p by Welch
    (unequal variances). standardised_difference = difference / sqrt((s1^2 + s0^2) / 2), which does not grow with the
    number of cities (Rosenbaum and Rubin 1985; above 0.1 counts as unbalanced). variance_ratio = s1^2 / s0^2.
    trend_* compare the cities' own yearly slopes (least squares on the year, cities with two years or more) likewise:
    groups may differ in level, but parallel trends ask for like slopes.
    """
    before = frame.filter(pl.col("post") == 0)
    return pl.DataFrame([_row(before, name) for name in variables], schema=BALANCE)


def _row(before: pl.DataFrame, name: str) -> dict:
    rows = before.select("city_code", "treat", year=pl.col("year").cast(pl.Float64), x=pl.col(name).cast(pl.Float64))
    rows = rows.drop_nulls()
    if rows.is_empty():
        return {"variable": name, "status": "awaiting"}
    centred = pl.col("year") - pl.col("year").mean()
    cities = rows.group_by("city_code", maintain_order=True).agg(
        pl.col("treat").first(),
        mean=pl.col("x").mean(),
        slope=(centred * pl.col("x")).sum() / (centred**2).sum(),
    )
    groups = [cities.filter(treat=value) for value in (1, 0)]
    one, two = (group["mean"].to_numpy() for group in groups)
    if min(len(one), len(two)) < 2:
        return {"variable": name, "pilots": len(one), "others": len(two), "status": "undefined"}
    difference, std_error, p_value = welch(one, two)
    slopes = [group["slope"].to_numpy() for group in groups]
    slopes = [values[np.isfinite(values)] for values in slopes]
    trend = welch(*slopes) if min(map(len, slopes)) >= 2 else (None, None, None)
    v1, v0 = one.var(ddof=1), two.var(ddof=1)
    spread = np.sqrt((v1 + v0) / 2)
    return {
        "variable": name,
        "pilots": len(one),
        "others": len(two),
        "mean_pilots": float(one.mean()),
        "mean_others": float(two.mean()),
        "sd_pilots": float(np.sqrt(v1)),
        "sd_others": float(np.sqrt(v0)),
        "difference": difference,
        "std_error": std_error,
        "p_value": p_value,
        "standardised_difference": float(difference / spread) if spread > 0 else None,
        "variance_ratio": float(v1 / v0) if v0 > 0 else None,
        **dict(zip(("trend_difference", "trend_std_error", "trend_p_value"), trend, strict=True)),
        "status": "estimated",
    }


def welch(one: np.ndarray, two: np.ndarray) -> tuple[float, float, float | None]:
    """Difference of means, its standard error and p, variances unequal, degrees of freedom by Satterthwaite (1946)."""
    from scipy.special import stdtr

    a, b = one.var(ddof=1) / len(one), two.var(ddof=1) / len(two)
    difference, error = float(one.mean() - two.mean()), float(np.sqrt(a + b))
    if error == 0:
        return difference, error, None
    dof = (a + b) ** 2 / (a**2 / (len(one) - 1) + b**2 / (len(two) - 1))
    return difference, error, float(2 * stdtr(dof, -abs(difference / error)))
