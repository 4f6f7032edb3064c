"""A specification curve: rows for a product of specifications, what they add up to, and a joint test by permutation.

Outcomes of different index forms have different units, so the curve is of t values, and effects are given over the
standard deviation of the specification's own outcome, too. Specifications share data: their shares and their median
have no law of their own, and 1,000 significant ones are not 1,000 findings. The joint test asks how often the whole
curve looks like this where the pilots are dealt out to cities at random, all specifications with the same deal.

References
----------
Simonsohn, Simmons and Nelson (2020), "Specification curve analysis", Nature Human Behaviour 4: 1208-1214.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from resilience_pipeline.econometrics.absorption import Floats
from resilience_pipeline.econometrics.inference import Inference
from resilience_pipeline.econometrics.product import Product, replaced_t
from resilience_pipeline.econometrics.randomisation import randomisation_p
from resilience_pipeline.econometrics.shared_columns import Panel
from resilience_pipeline.econometrics.specification import Specification

LEVEL = 0.05

#: Columns beside the dimensions'; one row per specification.
ROWS = pl.Schema(
    {
        "marked": pl.Boolean,  # the column itself, under the options in force
        "estimate": pl.Float64,
        "std_error": pl.Float64,
        "t": pl.Float64,
        "p_value": pl.Float64,
        "dof": pl.Float64,
        "standardised": pl.Float64,  # estimate over the outcome's standard deviation in the specification's own rows
        "outcome_sd": pl.Float64,
        "n_obs": pl.Int64,
        "n_cities": pl.Int64,
        "n_treated": pl.Int64,
        "n_clusters": pl.Int64,
        "dropped": pl.String,  # controls that left as collinear
        "status": pl.String,
        "reason": pl.String,
    }
)
#: One row for all specifications, then one for each choice of each dimension.
SUMMARY = pl.Schema(
    {
        "dimension": pl.String,  # null for all
        "choice": pl.String,
        "specifications": pl.Int64,
        "estimated": pl.Int64,
        "share_positive": pl.Float64,
        "share_positive_significant": pl.Float64,
        "share_negative_significant": pl.Float64,
        "median_t": pl.Float64,
        "least_t": pl.Float64,
        "greatest_t": pl.Float64,
        "median_standardised": pl.Float64,
        "least_standardised": pl.Float64,
        "greatest_standardised": pl.Float64,
        "marked_t": pl.Float64,
        "share_below_marked": pl.Float64,  # of specifications with a smaller t than the marked one
    }
)
#: One row per deal of the pilots, 0 the true one.
PERMUTED = pl.Schema(
    {
        "draw": pl.Int64,
        "seed": pl.Int64,
        "specifications": pl.Int64,  # estimated under this deal
        "median_t": pl.Float64,
        "share_positive_significant": pl.Float64,
        "share_negative_significant": pl.Float64,
    }
)
_STATISTICS = {
    "median_t": "median t",
    "share_positive_significant": "share positive and significant",
    "share_negative_significant": "share negative and significant",
}


def two_sided_p(t: Floats, dof: Floats) -> Floats:
    """p value of each t."""
    from scipy.special import stdtr  # the t distribution without the slow import of scipy.stats

    p: Floats = 2 * stdtr(dof, -np.abs(t))
    return p


def figures_of(fits: Product) -> dict[str, NDArray[np.generic]]:
    """Columns of `ROWS` but `marked`, each of shape (panels, specifications)."""
    dof = np.where(fits.n_clusters > 0, fits.n_clusters - 1.0, np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        t, standardised = fits.estimate / fits.std_error, fits.estimate / fits.outcome_sd
    return {
        "estimate": fits.estimate,
        "std_error": fits.std_error,
        "t": t,
        "p_value": two_sided_p(t, dof),
        "dof": dof,
        "standardised": standardised,
        "outcome_sd": fits.outcome_sd,
        "n_obs": fits.n_obs,
        "n_cities": fits.n_units,
        "n_treated": fits.n_treated,
        "n_clusters": fits.n_clusters,
        "dropped": fits.dropped,
        "status": fits.status,
        "reason": fits.reason,
    }


def table_of(choices: Mapping[str, Sequence[str]], figures: Mapping[str, NDArray[np.generic]]) -> pl.DataFrame:
    """specification (from 1), a column for each dimension, `ROWS`.

    Parameters
    ----------
    choices : dimension -> name of the choice in each row. figures : columns of `ROWS`, each of shape (rows,).
    """
    schema = pl.Schema({**dict.fromkeys(choices, pl.String()), **ROWS})
    columns: dict[str, Sequence[str] | NDArray[np.generic]] = {**choices, **figures}
    frame = pl.DataFrame({name: pl.Series(name, columns[name], dtype=kind) for name, kind in schema.items()})
    return frame.with_columns(
        pl.col(pl.Float64).fill_nan(None),
        pl.when(pl.col(pl.Int64) >= 0).then(pl.col(pl.Int64)),
        *(pl.when(pl.col(name) != "").then(pl.col(name)).alias(name) for name in ("dropped", "reason")),
    ).with_row_index("specification", offset=1)


def summary(rows: pl.DataFrame, dimensions: Mapping[str, Sequence[str]]) -> pl.DataFrame:
    """Schema `SUMMARY`.

    Parameters
    ----------
    rows : from `table_of`. dimensions : name -> its choices, in declared order.
    """
    found = [_summed(rows, None, None)]
    for name, choices in dimensions.items():
        found += [_summed(rows.filter(pl.col(name) == choice), name, choice) for choice in choices]
    return pl.DataFrame(found, schema=SUMMARY)


def _summed(rows: pl.DataFrame, dimension: str | None, choice: str | None) -> dict[str, object]:
    done = rows.filter(status="estimated").drop_nulls("t")
    t, p, effect = (done[name].to_numpy() for name in ("t", "p_value", "standardised"))
    own = done.filter("marked")["t"].to_list()
    record: dict[str, object] = {
        "dimension": dimension,
        "choice": choice,
        "specifications": rows.height,
        "estimated": done.height,
        "marked_t": own[0] if own else None,
        "share_below_marked": float((t < own[0]).mean()) if own else None,
    }
    if not done.height:
        return record
    return record | {
        "share_positive": float((t > 0).mean()),
        "share_positive_significant": float(((t > 0) & (p < LEVEL)).mean()),
        "share_negative_significant": float(((t < 0) & (p < LEVEL)).mean()),
        "median_t": float(np.median(t)),
        "least_t": float(t.min()),
        "greatest_t": float(t.max()),
        "median_standardised": float(np.median(effect)),
        "least_standardised": float(effect.min()),
        "greatest_standardised": float(effect.max()),
    }


def permuted(
    specifications: Sequence[Specification],
    panels: Sequence[Panel],
    fits: Product,
    *,
    draws: int,
    seed: int,
) -> pl.DataFrame:
    """Schema `PERMUTED`: the curve of the true pilots, then of `draws` random deals of their places among the cities.

    A deal gives every city the treatment of another one, the same one in all specifications, so that pilots keep
    their number and dates, outcomes and controls their cities.

    Parameters
    ----------
    panels : balanced, sorted by unit and time.
    fits : `fit_product` of the same.
    """
    deals: dict[int, NDArray[np.intp]] = {}

    def dealt(panel: Panel, treatment: str) -> Floats:
        unit = str(specifications[0].unit)
        cities = panel[unit].n_unique()
        if cities not in deals:
            order = np.tile(np.arange(cities), (draws, 1))
            deals[cities] = np.random.default_rng(seed).permuted(order, axis=1)
        values = panel[treatment].cast(pl.Float64).to_numpy().reshape(cities, -1)
        return values[deals[cities]].reshape(draws, -1).T

    fake = replaced_t(specifications, panels, dealt, draws)
    with np.errstate(divide="ignore", invalid="ignore"):
        true = (fits.estimate / fits.std_error)[:, :, None]
    t = np.concatenate([true, fake], axis=2)
    dof = np.where(fits.n_clusters > 0, fits.n_clusters - 1.0, np.nan)[:, :, None]
    significant = two_sided_p(t, dof) < LEVEL
    rows = []
    for draw in range(draws + 1):
        there = np.isfinite(t[:, :, draw])
        values, stars = t[:, :, draw][there], significant[:, :, draw][there]
        row: dict[str, object] = {"draw": draw, "seed": seed, "specifications": len(values)}
        if len(values):
            row |= {
                "median_t": float(np.median(values)),
                "share_positive_significant": float((stars & (values > 0)).mean()),
                "share_negative_significant": float((stars & (values < 0)).mean()),
            }
        rows.append(row)
    return pl.DataFrame(rows, schema=PERMUTED)


def joint_test(permuted: pl.DataFrame) -> list[Inference]:
    """How the true curve's median and shares stand among those of random deals.

    The median's p value is two-sided; the shares' are the chance of one at least as large.
    """
    rows = []
    true = permuted.filter(draw=0).row(0, named=True)
    for name, words in _STATISTICS.items():
        fake = permuted.filter(pl.col("draw") > 0)[name].fill_null(np.nan).to_numpy()
        if true[name] is None or not np.isfinite(fake).any():
            rows.append(
                Inference("curve", "pilots dealt at random", words, status="failed", reason="nothing estimated")
            )
            continue
        found = randomisation_p(true[name], fake)
        sided = name == "median_t"
        rows.append(
            Inference(
                "curve",
                "pilots dealt at random",
                words,
                estimate=true[name],
                p_value=found.p_value if sided else found.p_upper,
                draws=found.n,
                undefined_draws=found.n_undefined,
                seed=true["seed"],
                note=f"{true['specifications']} specifications; "
                + ("as far from zero as ours" if sided else "at least ours"),
            )
        )
    return rows
