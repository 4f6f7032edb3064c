"""Stage what is no numeric series: the pilot list, classes of cities, documents."""

import polars as pl

from resilience_pipeline import reference
from resilience_pipeline.sources.source import Source
from resilience_pipeline.sql_files import sql_text
from resilience_pipeline.staging import rules, table_rules
from resilience_pipeline.staging.contracts import contract_holds
from resilience_pipeline.staging.places import resolve_places
from resilience_pipeline.staging.schema import SHAPES
from resilience_pipeline.step import StepResult
from resilience_pipeline.warehouse.query import run_sql

#: For each shape: its key, and the column in which repetitions of a key must agree.
_KEYS = {
    "pilots": (("number",), "printed_name"),
    "city_classes": (("city_code",), "city_class"),
    "documents": (("city_code", "year"), "document"),
}


def stage_list(source: Source, cells: pl.DataFrame) -> StepResult:
    """Pilots, classes of cities or documents of one source; see `stage.stage`."""
    shape = source.shape
    picked = run_sql(
        sql_text("staging", source.name),
        {f"sources.{source.name}": cells, "reference.pilot_names": reference.pilot_names()},
    )
    judged = picked if shape == "pilots" else _resolved(picked, needs_year="year" in SHAPES[shape])
    refused = rules.rejects(judged.filter(pl.col("rule").is_not_null()))
    kept = judged.filter(pl.col("rule").is_null(), ~pl.col("other_row"))
    kept = kept.select(pl.col(name).cast(kind) for name, kind in SHAPES[shape].items())
    key, value = _KEYS[shape]
    table, unique, repeated = table_rules.one_value_per_key(kept, key, value)
    checks = (
        *rules.row_checks(shape, refused),
        unique,
        table_rules.few_rejects(source, refused, kept.height),
        contract_holds(shape, table),
    )
    notes: dict[str, str | int | float | bool] = {
        "status": "delivered",
        "cells": cells.height,
        "rows": table.height,
        "rejects": refused.height,
        "repetitions_dropped": repeated,
    }
    return StepResult(table, checks, refused, notes)


def _resolved(picked: pl.DataFrame, needs_year: bool) -> pl.DataFrame:
    """The rows with city and year; where the shape has no year, a list's city may have existed at any time.

    A row's own rule (the select's) counts where its place breaks none.
    """
    named, places = resolve_places(picked.with_columns(nation=pl.lit(False)))
    if not needs_year:
        timeless = pl.col("rule").is_in([rules.YEAR_IS_READABLE.name, rules.CITY_EXISTS_IN_THE_YEAR.name])
        places = places.with_columns(pl.when(~timeless).then(name).alias(name) for name in ("rule", "reason"))
    places = places.rename({"rule": "place_rule", "reason": "place_reason"})
    return named.join(places, on="place_id", how="left", maintain_order="left").with_columns(
        rule=pl.coalesce("place_rule", "rule"), reason=pl.coalesce("place_reason", "reason")
    )
