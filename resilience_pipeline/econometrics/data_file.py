"""A file of somebody's own as a frame: CSV, Parquet or Stata. It knows nothing of publishers and their layouts."""

from pathlib import Path
from typing import TYPE_CHECKING

from resilience_pipeline.errors import DeliveryError

if TYPE_CHECKING:
    import polars as pl

MISSING_MARKS = ["", "NA", "NaN", "."]


def read_table(path: Path) -> "pl.DataFrame":
    """A CSV, Parquet or Stata file as a frame; empty cells, NA, NaN and "." of a CSV are missing.

    Raises
    ------
    DeliveryError : the file is absent, of another kind, or unreadable.
    """
    import polars as pl

    if not path.is_file():
        raise DeliveryError(what="there is no such file", file=str(path), remedy="give --data the path of a file")
    kind = path.suffix.lower()
    try:
        if kind == ".parquet":
            return pl.read_parquet(path)
        if kind == ".dta":
            import pandas as pd

            return pl.from_pandas(pd.read_stata(path, convert_categoricals=False))
        if kind in (".csv", ".txt", ".tsv"):
            return pl.read_csv(path, separator=_separator(path), null_values=MISSING_MARKS, infer_schema_length=None)
    except (pl.exceptions.PolarsError, ValueError, OSError) as error:
        raise DeliveryError(
            what="the file cannot be read",
            file=str(path),
            found=str(error).splitlines()[0],
            remedy="save it again as CSV in UTF-8 with one row of headings, or as Parquet",
        ) from None
    raise DeliveryError(
        what="this kind of file is not read",
        file=str(path),
        expected=".csv, .tsv, .txt, .parquet or .dta",
        found=kind or "no suffix",
        remedy="save it as CSV in UTF-8 or as Parquet",
    )


def _separator(path: Path) -> str:
    """What parts the columns: a tab in .tsv; a semicolon where the headings have no comma, as some countries save."""
    if path.suffix.lower() == ".tsv":
        return "\t"
    with path.open(encoding="utf-8", errors="replace") as lines:
        headings = lines.readline()
    return ";" if ";" in headings and "," not in headings else ","
