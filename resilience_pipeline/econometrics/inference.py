"""Rows of results that are no regression's terms: one row per quantity and method, the same for every kind of them."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass

import numpy as np
import polars as pl

#: One row per subject, method and statistic; what was not computed has one row with its status and reason.
INFERENCE = pl.Schema(
    {
        "subject": pl.String(),
        "method": pl.String(),
        "statistic": pl.String(),
        "estimate": pl.Float64(),
        "std_error": pl.Float64(),
        "ci_low": pl.Float64(),
        "ci_high": pl.Float64(),
        "p_value": pl.Float64(),
        "draws": pl.Int64(),
        "undefined_draws": pl.Int64(),
        "seed": pl.Int64(),
        "n_obs": pl.Int64(),
        "n_clusters": pl.Int64(),
        "note": pl.String(),
        "status": pl.String(),
        "reason": pl.String(),
    }
)


@dataclass(frozen=True)
class Inference:
    """One quantity by one method.

    Parameters
    ----------
    subject : what it is about: a mediator, a treatment.
    method, statistic : how and what, in words.
    estimate, std_error, ci_low, ci_high, p_value : a 95 % interval; None where the method gives none.
    draws, undefined_draws : re-sampled, and those of them in which the statistic is not identified (left out).
    seed : of the draws.
    n_obs, n_clusters : rows and clusters behind it.
    note : the small-sample factor, the law of the test, what is permuted.
    status : estimated, awaiting or failed, with the reason.
    """

    subject: str
    method: str
    statistic: str
    estimate: float | None = None
    std_error: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    p_value: float | None = None
    draws: int | None = None
    undefined_draws: int | None = None
    seed: int | None = None
    n_obs: int | None = None
    n_clusters: int | None = None
    note: str = ""
    status: str = "estimated"
    reason: str | None = None


def to_frame(rows: Iterable[Inference]) -> pl.DataFrame:
    """Tidy table, schema `INFERENCE`; nan becomes null."""
    frame = pl.DataFrame([asdict(row) for row in rows], schema=INFERENCE)
    return frame.with_columns(pl.col(pl.Float64).fill_nan(None))


def two_sided(estimate: float, std_error: float, dof: float | None = None) -> tuple[float, float, float]:
    """p value and 95 % interval by the t law with `dof` degrees of freedom, by the normal law for None."""
    from scipy.special import ndtr, ndtri, stdtr, stdtrit  # the laws without the slow import of scipy.stats

    critical = float(ndtri(0.975)) if dof is None else float(stdtrit(dof, 0.975))
    distance = abs(estimate / std_error) if std_error > 0 else np.nan
    tail = float(ndtr(-distance) if dof is None else stdtr(dof, -distance))
    return 2 * tail, estimate - critical * std_error, estimate + critical * std_error
