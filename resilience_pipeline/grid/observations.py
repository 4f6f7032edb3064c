"""Union of the staged sources: what the study may use, and which of several values of a fact is taken.

Nothing is dropped in silence: a value that is not taken stays as a row whose `standing` says why.
"""

from collections.abc import Mapping, Sequence

import polars as pl

from resilience_pipeline.grid.reference import national_indicators
from resilience_pipeline.staging.schema import OBSERVATIONS

#: Standing taken: the value that counts. overruled: another source, earlier in the order of precedence, gives the fact.
#: imputed: filled in by the compiler, and imputations are not used. empty: delivered without a value.
SCHEMA = pl.Schema([*OBSERVATIONS.items(), ("standing", pl.String())])

FACT = ("city_code", "indicator", "year")


def observations(
    staged: Mapping[str, pl.DataFrame],
    indicators: Sequence[str],
    first_year: int,
    last_year: int,
    imputed_values: str,
) -> pl.DataFrame:
    """Staged rows of the study's window and indicators, each with its standing.

    Parameters
    ----------
    staged : source -> OBSERVATIONS, in order of precedence.
    indicators : canonical names to keep.
    first_year, last_year : window, both ends included.
    imputed_values : "drop" leaves a compiler's imputations out; "keep" takes one where no office's value stands.

    Returns
    -------
    Columns of `SCHEMA`, sorted by fact, taken rows first. City indicators come from scope "city",
    national ones from scope "nation".
    """
    in_study = (
        pl.col("indicator").is_in(list(indicators))
        & pl.col("year").is_between(first_year, last_year)
        & pl.col("scope").eq(
            pl.when(pl.col("indicator").is_in(sorted(national_indicators())))
            .then(pl.lit("nation"))
            .otherwise(pl.lit("city"))
        )
    )
    order = pl.int_range(pl.len()).alias("_order")
    frames = [
        frame.filter(in_study).with_columns(pl.lit(i).alias("_source")) for i, frame in enumerate(staged.values())
    ]
    if not frames:
        return pl.DataFrame(schema=SCHEMA)
    filled_in = pl.col("imputed").fill_null(False)
    usable = pl.col("value").is_not_null() & (~filled_in if imputed_values == "drop" else pl.lit(True))
    # Sorted so that the first usable row of a fact is the one to take: offices before imputations, then precedence.
    union = (
        pl.concat(frames)
        .with_columns(_unusable=~usable, _imputed=filled_in)
        .sort(*FACT, "_unusable", "_imputed", "_source", "edition", "row", "column", maintain_order=True)
        .with_columns(order)
    )
    first_of_fact = pl.any_horizontal(pl.col(name) != pl.col(name).shift() for name in FACT).fill_null(True)
    standing = (
        pl.when(pl.col("value").is_null())
        .then(pl.lit("empty"))
        .when(pl.col("_unusable"))
        .then(pl.lit("imputed"))
        .when(first_of_fact)
        .then(pl.lit("taken"))
        .otherwise(pl.lit("overruled"))
    )
    return union.with_columns(standing=standing).select(SCHEMA.names())


def taken(table: pl.DataFrame) -> pl.DataFrame:
    """The rows that count."""
    return table.filter(pl.col("standing") == "taken")
