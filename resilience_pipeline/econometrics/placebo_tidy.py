"""A placebo as tables: every fake treatment with what it gave, and one row that sums the form up."""

from math import log10

import numpy as np
import polars as pl

from resilience_pipeline.econometrics.absorption import Codes, Floats
from resilience_pipeline.econometrics.placebo import Placebo
from resilience_pipeline.econometrics.randomisation import RandomisationP, randomisation_p

DRAWS = pl.Schema(
    {
        "form": pl.String(),
        "draw": pl.Int32(),  # from 1, in the order of drawing or listing
        "start_year": pl.Int32(),  # null where each city has its own
        "cities": pl.List(pl.String()),  # the fake pilots; null where they are the true ones
        "start_years": pl.List(pl.Int32()),  # one per true pilot, in the order of their codes; null where there is one
        "estimate": pl.Float64(),
        "std_error": pl.Float64(),
        "t": pl.Float64(),
        "p_value": pl.Float64(),  # by the t law of the printed error rule
    }
)

_P: dict[str, pl.DataType] = {
    f"{name}{of}": pl.Float64() for of in ("", "_t") for name in ("p_value", "p_upper", "p_lower", "p_low", "p_high")
}
SUMMARY = pl.Schema(
    {
        "form": pl.String(),
        "title": pl.String(),
        "specification": pl.String(),
        "status": pl.String(),
        "reason": pl.String(),
        "observed": pl.Float64(),
        "observed_std_error": pl.Float64(),
        "observed_t": pl.Float64(),
        "recomputed": pl.Float64(),  # the same two by the placebo's own algebra
        "recomputed_std_error": pl.Float64(),
        "mean": pl.Float64(),
        "sd": pl.Float64(),
        "minimum": pl.Float64(),
        "p2_5": pl.Float64(),
        "median": pl.Float64(),
        "p97_5": pl.Float64(),
        "maximum": pl.Float64(),
        "mean_std_error": pl.Float64(),  # of the fake estimates
        "rejected_share": pl.Float64(),  # fake estimates with p < 0.05 under the printed error rule
        **_P,  # of the coefficient, then of t; p_low to p_high is what drawing leaves open about p_value
        "draws": pl.Int32(),
        "undefined": pl.Int32(),  # fake treatments without an estimate
        "listed": pl.Boolean(),  # all assignments, each once; else drawn
        "holds_observed": pl.Boolean(),  # whether the true assignment is one of those listed
        "randomisation_test": pl.Boolean(),
        "contaminated": pl.Boolean(),
        "log10_assignments": pl.Float64(),
        "first_start": pl.Int32(),
        "last_start": pl.Int32(),
        "true_start": pl.Int32(),
        "n_obs": pl.Int64(),
        "n_cities": pl.Int32(),
        "n_treated": pl.Int32(),
        "seed": pl.Int64(),
        "vcov": pl.String(),
        "ssc": pl.String(),
        "spec_hash": pl.String(),
        "data_hash": pl.String(),
    }
)


def draws_table(result: Placebo) -> pl.DataFrame:
    """One row per fake treatment, columns of `DRAWS`; empty where there are none."""
    from scipy.special import stdtr

    if result.assignments is None or result.statistics is None:
        return pl.DataFrame(schema=DRAWS)
    assignments, statistics, form = result.assignments, result.statistics, result.form
    own, count = form.dates == "own", len(assignments)
    years = pl.Series(result.start_years, dtype=pl.Int32)
    names = pl.Series(result.cities, dtype=pl.String)
    nothing = pl.Series([None] * count)
    return (
        pl.DataFrame(
            {
                "form": [form.name] * count,
                "draw": np.arange(1, count + 1),
                "start_year": nothing if own else years.gather(assignments.starts[:, 0]),
                "cities": _lists(names, assignments.cities) if form.cities == "fake" else nothing,
                "start_years": _lists(years, assignments.starts) if own else nothing,
                "estimate": statistics.estimate,
                "std_error": statistics.std_error,
                "t": statistics.t,
                "p_value": 2 * stdtr(result.dof, -np.abs(statistics.t)),
            }
        )
        .with_columns(pl.col(pl.Float64).fill_nan(None))
        .select(pl.col(name).cast(kind) for name, kind in DRAWS.items())
    )


def summary_table(result: Placebo, *, seed: int) -> pl.DataFrame:
    """One row, columns of `SUMMARY`. p values stand where the form draws or lists more than single dates.

    Parameters
    ----------
    seed : what the draws' generator was made from; stored so that they can be repeated.
    """
    observed = result.observed
    row: dict[str, object] = dict.fromkeys(SUMMARY)
    row |= {
        "form": result.form.name,
        "title": result.form.title,
        "specification": observed.specification.name,
        "status": result.status,
        "reason": result.reason,
        "randomisation_test": result.form.is_randomisation_test,
        "contaminated": result.form.contaminated,
        "seed": seed,
        "vcov": observed.vcov,
        "ssc": observed.ssc,
        "spec_hash": observed.spec_hash,
        "data_hash": observed.data_hash,
    }
    if observed.terms:
        term = observed.terms[0]
        row |= {"observed": term.estimate, "observed_std_error": term.std_error, "observed_t": term.t}
    return pl.DataFrame([row | _distribution(result)], schema=SUMMARY)


def _distribution(result: Placebo) -> dict[str, object]:
    assignments, statistics, true = result.assignments, result.statistics, result.recomputed
    if assignments is None or statistics is None or true is None:
        return {}
    b = statistics.estimate[np.isfinite(statistics.estimate)]
    p_values = draws_table(result)["p_value"].drop_nulls().to_numpy()
    row: dict[str, object] = {
        "recomputed": float(true.estimate[0]),
        "recomputed_std_error": float(true.std_error[0]),
        "draws": len(assignments),
        "undefined": len(assignments) - len(b),
        "listed": assignments.listed,
        "holds_observed": result.holds_observed,
        "log10_assignments": log10(assignments.space),
        "first_start": result.start_years[int(assignments.starts.min())],
        "last_start": result.start_years[int(assignments.starts.max())],
        "true_start": result.true_start,
        "n_obs": result.n_obs,
        "n_cities": len(result.cities),
        "n_treated": result.n_treated,
    }
    if len(b):
        low, median, high = (float(q) for q in np.quantile(b, (0.025, 0.5, 0.975)))
        row |= {
            "mean": float(b.mean()),
            "sd": float(b.std(ddof=1)) if len(b) > 1 else None,
            "minimum": float(b.min()),
            "p2_5": low,
            "median": median,
            "p97_5": high,
            "maximum": float(b.max()),
            "mean_std_error": float(np.nanmean(statistics.std_error)),
            "rejected_share": float((p_values < 0.05).mean()),
        }
        if not (result.form.cities == "true" and result.form.dates == "fake"):
            row |= _p_values(float(true.estimate[0]), statistics.estimate, "", result.holds_observed)
            row |= _p_values(float(true.t[0]), statistics.t, "_t", result.holds_observed)
    return row


def _p_values(observed: float, fake: Floats, suffix: str, holds_observed: bool) -> dict[str, float]:
    p: RandomisationP = randomisation_p(observed, fake, holds_observed=holds_observed)
    named = {
        "p_value": p.p_value,
        "p_upper": p.p_upper,
        "p_lower": p.p_lower,
        "p_low": p.ci_low,
        "p_high": p.ci_high,
    }
    return {f"{name}{suffix}": value for name, value in named.items()}


def _lists(values: pl.Series, positions: Codes) -> pl.Series:
    """The values at the positions, one list per row of `positions`."""
    return values.gather(positions.ravel()).reshape(positions.shape).arr.to_list()
