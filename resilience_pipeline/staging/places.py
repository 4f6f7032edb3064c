"""Which city and year each row is about. The rules stand in sql/staging/shared/places.sql."""

import polars as pl

from resilience_pipeline import reference
from resilience_pipeline.sql_files import sql_text
from resilience_pipeline.warehouse.query import run_sql

_PLACE = ["nation", "place", "place_code", "period"]
_TABLES = ("cities", "city_aliases", "former_codes", "provinces", "other_rows")


def resolve_places(rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows with a `place_id`, and one row per place: city_code, year, other_row, rule, reason.

    Parameters
    ----------
    rows : with `nation` (a series of the nation or the world), `place`, `place_code` and `period` as delivered.
    """
    places = rows.select(_PLACE).unique(maintain_order=True).with_row_index("place_id")
    named = rows.join(places, on=_PLACE, nulls_equal=True, maintain_order="left")
    tables = {f"reference.{name}": reference.load(name) for name in _TABLES}
    return named, run_sql(sql_text("staging", "shared/places"), {"staging.places": places, **tables})
