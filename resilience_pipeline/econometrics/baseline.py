"""Controls held at what they were before the policy: a control that the policy itself may move hides a part of it.

Each control's mean over the years before the start enters once for every year but the first: cities that began
differently may then grow apart in any way, and nothing that happened after the start is held constant.
"""

from collections.abc import Sequence

import numpy as np
import polars as pl


def baseline_names(control: str, years: Sequence[int]) -> tuple[str, ...]:
    """`log_loans_before_x_2013` and so on, one for each year but the first."""
    return tuple(f"{control}_before_x_{year}" for year in sorted(years)[1:])


def baseline_columns(
    control: pl.Series, unit: pl.Series, year: pl.Series, years: Sequence[int], start_year: int
) -> dict[str, pl.Series]:
    """The unit's mean of a control over its values before the start year, times a dummy for each year but the first.

    Parameters
    ----------
    control, unit, year : shape (N,).
    years : of the window; names follow from them, whatever years the rows have.
    start_year : first year that does not count.

    Returns
    -------
    Name -> shape (N,); null where a unit has no value before.
    """
    values, codes = control.cast(pl.Float64).to_numpy(), unit.rank("dense").to_numpy().astype(np.intp)
    calendar = year.to_numpy()
    counts = np.isfinite(values) & (calendar < start_year)
    sums = np.bincount(codes[counts], values[counts], int(codes.max(initial=0)) + 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        means = (sums / np.bincount(codes[counts], minlength=len(sums)))[codes]
    return {
        name: pl.Series(name, np.where(np.isnan(means), np.nan, means * (calendar == at))).fill_nan(None)
        for name, at in zip(baseline_names(control.name, years), sorted(years)[1:], strict=True)
    }
