"""Figures as the paper prints them, for comparison only; the CSV files and their source stand beside this module.

Tables are asked for by our names ("table_4"), columns by theirs ("3"); a study's table that the paper does not print
gives empty frames.
"""

from functools import cache
from importlib import resources

import polars as pl

from resilience_pipeline.study.needs import all_variables
from resilience_pipeline.study.study import Study
from resilience_pipeline.study.vocabulary import TREATMENT

_NUMBERS = ("estimate", "std_error", "r2", "mean", "sd", "min", "max")
_COUNTS = ("stars", "n_obs", "n_cities", "city_fe", "year_fe")


def published_coefficients(table: str | None = None, column: str | None = None) -> pl.DataFrame:
    """Terms (the paper's symbols) of one printed column, or of all: label, outcome, term, estimate, std_error, stars.

    `printed_estimate` and `printed_std_error` hold the digits as printed.
    """
    return _of(_read("coefficients"), table, column)


def published_models(table: str | None = None, column: str | None = None) -> pl.DataFrame:
    """n_obs, r2 and r2_kind ("overall" | "within" | null) of one printed column, of all of a table, or of all."""
    return _of(_read("models"), table, column)


def published_descriptives(table: str = "table_3") -> pl.DataFrame:
    """Table 3: variable (the paper's symbol), n_obs, mean, sd, min, max."""
    frame = _read("descriptives")
    return frame if table == "table_3" else frame.clear()


def terms_by_symbol(study: Study) -> dict[str, str]:
    """The paper's symbol in lower case (Table 3 prints DID, Table 4 did) -> our column; "constant" is "const"."""
    named = {v.symbol.lower(): v.name for v in (*TREATMENT, *all_variables(study)) if v.symbol and not v.copy_of}
    return {**named, "const": "const"}


def _of(frame: pl.DataFrame, table: str | None, column: str | None) -> pl.DataFrame:
    if table is None:
        return frame
    of_table = frame.filter(pl.lit("table_") + pl.col("table") == table)
    return of_table if column is None else of_table.filter(pl.col("column") == column)


@cache
def _read(name: str) -> pl.DataFrame:
    text = resources.files(__name__).joinpath(f"{name}.csv").read_bytes()
    frame = pl.read_csv(text, infer_schema=False)
    if name == "coefficients":
        frame = frame.with_columns(pl.col("estimate", "std_error").name.prefix("printed_"))
    return frame.with_columns(
        pl.col([c for c in _NUMBERS if c in frame.columns]).cast(pl.Float64),
        pl.col([c for c in _COUNTS if c in frame.columns]).cast(pl.Int64),
    )
