"""Stage a numeric source: recognise headings, resolve cities and years, convert units, set refused rows aside."""

import polars as pl

from resilience_pipeline import reference
from resilience_pipeline.sources.source import Source
from resilience_pipeline.sql_files import sql_text
from resilience_pipeline.staging import rules, table_rules
from resilience_pipeline.staging.contracts import contract_holds
from resilience_pipeline.staging.headings import PRINTED, recognise
from resilience_pipeline.staging.places import resolve_places
from resilience_pipeline.staging.schema import OBSERVATIONS
from resilience_pipeline.step import StepResult
from resilience_pipeline.warehouse.query import run_sql


def stage_observations(source: Source, cells: pl.DataFrame, previous: pl.DataFrame | None) -> StepResult:
    """Observations of one source; see `stage.stage`."""
    headings, errors = recognise(source, cells)
    judged = _judge(source, cells, headings)
    kept = judged.filter(pl.col("outcome") == "kept").select(OBSERVATIONS.names())
    table, unique, repeated = table_rules.one_value_per_key(kept, table_rules.OBSERVATION_KEY, "value")
    refused = rules.rejects(judged.filter(pl.col("outcome") == "rejected"))
    values = int(kept["value"].count())
    checks = (
        *rules.row_checks("observations", refused),
        table_rules.headings_are_unambiguous(errors),
        table_rules.required_headings(source, headings, cells),
        table_rules.known_units(headings, cells),
        unique,
        table_rules.enough_cities(source, table),
        table_rules.few_rejects(source, refused, values),
        table_rules.agrees_with_previous(source, table, previous),
        contract_holds("observations", table),
    )
    outcomes = dict(judged.group_by("outcome").len().iter_rows())
    notes: dict[str, str | int | float | bool] = {
        "status": "delivered",
        "cells": cells.height,
        "cells_recognised": judged.height,
        "values": values,
        "missing": kept.height - values,
        "missing_marks": _counts(kept.filter(pl.col("missing_mark") != ""), "missing_mark"),
        "rejects": refused.height,
        "rows_of_provinces_and_totals": outcomes.get("other_row", 0),
        "empty_cells_without_a_city": outcomes.get("outside", 0),
        "repetitions_dropped": repeated,
        "indicators": _counts(table.filter(pl.col("value").is_not_null()), "indicator"),
    }
    return StepResult(table, checks, refused, notes)


def _judge(source: Source, cells: pl.DataFrame, headings: pl.DataFrame) -> pl.DataFrame:
    """Every recognised cell with its value, or the rule it breaks (sql/staging/shared/observations.sql)."""
    convertible = headings.filter(pl.col("factor").is_not_null()).with_row_index("heading_id")
    numbered = cells.join(convertible.select(*PRINTED, "heading_id"), on=PRINTED, how="left", nulls_equal=True)
    placed = run_sql(
        sql_text("staging", source.name),
        {f"sources.{source.name}": numbered, "staging.headings": convertible.drop(PRINTED)},
    )
    named, places = resolve_places(placed.with_columns(nation=pl.col("scope") == "nation"))
    return run_sql(
        sql_text("staging", "shared/observations"),
        {
            "staging.cells": named,
            "staging.resolved_places": places,
            "reference.missing_marks": reference.load("missing_marks"),
            "reference.indicators": reference.indicators(),
        },
    )


def _counts(frame: pl.DataFrame, column: str) -> str:
    counts = frame.group_by(column).len().sort("len", column, descending=[True, False])
    return ", ".join(f"{name}: {count}" for name, count in counts.iter_rows())
