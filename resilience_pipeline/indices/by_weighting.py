"""The composite of a system under every weighting and form, side by side, and how alike they rank city-years."""

import numpy as np
import polars as pl

from resilience_pipeline.indices.composites import KEY, WEIGHTS, composites, weights
from resilience_pipeline.indices.principal_component import correlations
from resilience_pipeline.indices.system import System
from resilience_pipeline.indices.weighting import WEIGHTINGS

FORMS = ("levels", "scaled")

#: The study's own choice, which the others are compared with.
DEFAULT = ("entropy", "levels")

RANKS = pl.Schema(
    {
        "column": pl.String,  # of the table by weighting
        "weighting": pl.String,
        "form": pl.String,
        "rows": pl.Int32,  # city-years with both
        "rank_correlation": pl.Float64,  # Spearman's, with the default; null where one of both is not there
    }
)


def column(system: System, weighting: str, form: str) -> str:
    """`ctri_pca_scaled`."""
    return f"{system.name}_{weighting}_{form}"


def columns(system: System) -> tuple[str, ...]:
    """Every weighting in every form, the weightings in the order of their option."""
    return tuple(column(system, weighting, form) for weighting in WEIGHTINGS for form in FORMS)


def every_weights(table: pl.DataFrame, system: System, start_year: int) -> pl.DataFrame:
    """`composites.weights` under every weighting and form, one below the other; columns of `WEIGHTS`.

    Parameters
    ----------
    table : the system's indicators. start_year : of the weighting that learns before it.
    """
    parts = [weights(table, form, name, system, start_year) for name in WEIGHTINGS for form in FORMS]
    return pl.concat([pl.DataFrame(schema=WEIGHTS), *parts])


def by_weighting(table: pl.DataFrame, weights: pl.DataFrame, system: System) -> pl.DataFrame:
    """The system's composite of all dimensions of each city and year: city_code, year and `columns(system)`.

    Parameters
    ----------
    table : the system's indicators. weights : `every_weights`.
    """
    scores = table.select(KEY)
    for weighting in WEIGHTINGS:
        for form in FORMS:
            rows = weights.filter(weighting=weighting, form=form)
            whole = composites(table, rows, system)[system.name]
            scores = scores.with_columns(whole.alias(column(system, weighting, form)))
    return scores


def rank_correlations(scores: pl.DataFrame, system: System) -> pl.DataFrame:
    """Spearman's correlation of each column with the default's: Pearson's of the ranks, ties at their mean rank.

    Parameters
    ----------
    scores : `by_weighting`.

    Returns
    -------
    Columns of `RANKS`, one row per column.
    """
    reference = column(system, *DEFAULT)
    rows = []
    for weighting in WEIGHTINGS:
        for form in FORMS:
            name = column(system, weighting, form)
            both = scores.sort(KEY).select(own=name, default=reference).drop_nulls()
            ranks = both.select(pl.all().rank("average")).to_numpy()
            vary = len(ranks) > 1 and bool((np.ptp(ranks, axis=0) > 0).all())
            rho = float(correlations(ranks)[0, 1]) if vary else None
            rows.append((name, weighting, form, both.height, rho))
    return pl.DataFrame(rows, schema=RANKS, orient="row")
