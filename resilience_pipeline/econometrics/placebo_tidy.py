"""A placebo as tables: every fake treatment with what it gave, and one row that sums the form up.

The sum is made from the table of draws alone, so whoever holds that table can make it again.
"""

from math import log10

import numpy as np
import polars as pl

from resilience_pipeline.econometrics.absorption import Codes, Floats
from resilience_pipeline.econometrics.placebo import FORMS, Placebo
from resilience_pipeline.econometrics.randomisation import randomisation_p

_RECORD: dict[str, pl.DataType] = {
    "form": pl.String(),
    "title": pl.String(),
    "specification": pl.String(),
    "status": pl.String(),
    "reason": pl.String(),
    "observed": pl.Float64(),  # what the specification printed
    "observed_std_error": pl.Float64(),
    "observed_t": pl.Float64(),
    "recomputed": pl.Float64(),  # the same by the placebo's own algebra; what the fake ones are compared with
    "recomputed_std_error": pl.Float64(),
    "listed": pl.Boolean(),  # all assignments, each once; else drawn
    "holds_observed": pl.Boolean(),  # whether the true assignment is one of those listed
    "randomisation_test": pl.Boolean(),
    "contaminated": pl.Boolean(),
    "log10_assignments": pl.Float64(),
    "true_start": pl.Int32(),
    "dof": pl.Float64(),
    "n_obs": pl.Int64(),
    "n_cities": pl.Int32(),
    "n_treated": pl.Int32(),
    "seed": pl.Int64(),
    "vcov": pl.String(),
    "ssc": pl.String(),
    "spec_hash": pl.String(),
    "data_hash": pl.String(),
}

DRAWS = pl.Schema(
    {
        "draw": pl.Int32(),  # from 1, in the order of drawing or listing
        "start_year": pl.Int32(),  # null where each city has its own
        "cities": pl.List(pl.String()),  # the fake pilots; null where they are the true ones
        "start_years": pl.List(pl.Int32()),  # one per true pilot, in the order of their codes; null where there is one
        "estimate": pl.Float64(),
        "std_error": pl.Float64(),
        "t": pl.Float64(),
        "p_value": pl.Float64(),  # by the t law of the printed error rule
        **_RECORD,
    }
)
"""One row per fake treatment, the form's record on each; what has no fake treatment has one row without a draw."""

_DISTRIBUTION = ("mean", "sd", "minimum", "p2_5", "median", "p97_5", "maximum", "mean_std_error", "rejected_share")
_P = ("p_value", "p_upper", "p_lower", "p_low", "p_high")
SUMMARY = pl.Schema(
    {
        **_RECORD,
        "draws": pl.Int32(),
        "undefined": pl.Int32(),  # fake treatments without an estimate
        "first_start": pl.Int32(),
        "last_start": pl.Int32(),
        # Of the fake coefficients; then the mean of their errors, and the share that has p < 0.05 by them.
        **dict.fromkeys(_DISTRIBUTION, pl.Float64()),
        # Of the coefficient, then of t. p_low to p_high is what drawing leaves open about p_value.
        **dict.fromkeys((f"{name}{of}" for of in ("", "_t") for name in _P), pl.Float64()),
    }
)
"""One row per form. p values are null where there is one date for all: a handful of values is shown, not ranked."""


def draws_table(result: Placebo, *, seed: int) -> pl.DataFrame:
    """Columns of `DRAWS`.

    Parameters
    ----------
    seed : what the draws' generator was made from; stored so that they can be repeated.
    """
    record = [pl.lit(value, dtype=_RECORD[name]).alias(name) for name, value in _record(result, seed).items()]
    table = _fakes(result).with_columns(record).with_columns(pl.col(pl.Float64).fill_nan(None))
    return table.select(pl.col(name).cast(kind) for name, kind in DRAWS.items())


def summary_table(draws: pl.DataFrame) -> pl.DataFrame:
    """The row of one form's `draws_table`, columns of `SUMMARY`."""
    record = draws.row(0, named=True)
    row = {name: record[name] for name in _RECORD}
    if record["status"] == "estimated":
        row |= _distribution(draws)
        if not (FORMS[record["form"]].cities == "true" and FORMS[record["form"]].dates == "fake"):
            true_t = record["recomputed"] / record["recomputed_std_error"]
            row |= _p_values(record["recomputed"], draws["estimate"], record["holds_observed"], "")
            row |= _p_values(true_t, draws["t"], record["holds_observed"], "_t")
    return pl.DataFrame([row], schema=SUMMARY)


def _record(result: Placebo, seed: int) -> dict[str, object]:
    observed, form = result.observed, result.form
    record: dict[str, object] = dict.fromkeys(_RECORD)
    record |= {
        "form": form.name,
        "title": form.title,
        "specification": observed.specification.name,
        "status": result.status,
        "reason": result.reason,
        "randomisation_test": form.is_randomisation_test,
        "contaminated": form.contaminated,
        "true_start": result.true_start,
        "dof": result.dof,
        "n_obs": result.n_obs,
        "n_treated": result.n_treated,
        "seed": seed,
        **{name: getattr(observed, name) for name in ("vcov", "ssc", "spec_hash", "data_hash")},
    }
    if observed.terms:
        term = observed.terms[0]
        record |= {"observed": term.estimate, "observed_std_error": term.std_error, "observed_t": term.t}
    if result.recomputed is not None and result.assignments is not None:
        record |= {
            "recomputed": float(result.recomputed.estimate[0]),
            "recomputed_std_error": float(result.recomputed.std_error[0]),
            "listed": result.assignments.listed,
            "holds_observed": result.holds_observed,
            "log10_assignments": log10(result.assignments.space),
            "n_cities": len(result.cities),
        }
    return record


def _fakes(result: Placebo) -> pl.DataFrame:
    from scipy.special import stdtr

    if result.assignments is None or result.statistics is None:
        return pl.DataFrame([{}], schema=dict(list(DRAWS.items())[:8]))
    assignments, statistics, form = result.assignments, result.statistics, result.form
    own, count = form.dates == "own", len(assignments)
    years = pl.Series(result.start_years, dtype=pl.Int32)
    names = pl.Series(result.cities, dtype=pl.String)
    nothing = pl.Series([None] * count)
    return pl.DataFrame(
        {
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


def _lists(values: pl.Series, positions: Codes) -> pl.Series:
    """The values at the positions, one list per row of `positions`."""
    return values.gather(positions.ravel()).reshape(positions.shape).arr.to_list()


def _distribution(draws: pl.DataFrame) -> dict[str, object]:
    b = _floats(draws["estimate"])
    years = draws["start_year"].drop_nulls()
    years = years if len(years) else draws["start_years"].explode()
    row: dict[str, object] = {
        "draws": draws.height,
        "undefined": draws.height - len(b),
        "first_start": years.min(),
        "last_start": years.max(),
    }
    if not len(b):
        return row
    spread = np.quantile(b, (0.0, 0.025, 0.5, 0.975, 1.0))
    figures = (
        b.mean(),
        b.std(ddof=1) if len(b) > 1 else None,
        *spread,
        _floats(draws["std_error"]).mean(),
        (_floats(draws["p_value"]) < 0.05).mean(),
    )
    return row | {
        name: None if value is None else float(value) for name, value in zip(_DISTRIBUTION, figures, strict=True)
    }


def _p_values(observed: float, fake: pl.Series, holds_observed: bool, suffix: str) -> dict[str, float]:
    values = _floats(fake)
    if not len(values):
        return {}
    p = randomisation_p(observed, values, holds_observed=holds_observed)
    figures = (p.p_value, p.p_upper, p.p_lower, p.ci_low, p.ci_high)
    return {f"{name}{suffix}": value for name, value in zip(_P, figures, strict=True)}


def _floats(values: pl.Series) -> Floats:
    return values.drop_nulls().to_numpy()
