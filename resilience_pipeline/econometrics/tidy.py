"""An Estimate as rows of a table and as a JSON-able record. No number is made here."""

import json
import math
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

import polars as pl

from resilience_pipeline.econometrics.estimate import Estimate

_TERM: dict[str, pl.DataType] = {
    "term": pl.String(),
    "estimate": pl.Float64(),
    "std_error": pl.Float64(),
    "t": pl.Float64(),
    "p_value": pl.Float64(),
    "ci_low": pl.Float64(),
    "ci_high": pl.Float64(),
}
_SPECIFICATION: dict[str, pl.DataType] = {
    "name": pl.String(),
    "label": pl.String(),
    "outcome": pl.String(),
    "treatment": pl.String(),
    "controls": pl.List(pl.String()),
    "absorb": pl.List(pl.String()),
    "where": pl.String(),
    "weights": pl.String(),
    "cluster": pl.List(pl.String()),
    "singletons": pl.String(),
    "estimator": pl.String(),
}
_MODEL: dict[str, pl.DataType] = {
    "status": pl.String(),
    "reason": pl.String(),
    "vcov": pl.String(),
    "ssc": pl.String(),
    "dof": pl.Float64(),
    "n_obs": pl.Int64(),
    "n_dropped_missing": pl.Int64(),
    "n_singletons": pl.Int64(),
    "n_units": pl.Int64(),
    "n_periods": pl.Int64(),
    "n_clusters": pl.Int64(),
    "n_treated_units": pl.Int64(),
    "r2_overall": pl.Float64(),
    "r2_within_entity": pl.Float64(),
    "r2_within_all": pl.Float64(),
    "rmse": pl.Float64(),
    "engine": pl.String(),
    "spec_hash": pl.String(),
    "data_hash": pl.String(),
    "versions": pl.String(),
    "warnings": pl.List(pl.String()),
    "kilometres": pl.Float64(),
    "draws": pl.Int64(),
    "undefined_draws": pl.Int64(),
    "seed": pl.Int64(),
    "options": pl.String(),
}

ESTIMATES = pl.Schema({**_SPECIFICATION, "term_position": pl.Int64(), **_TERM, **_MODEL})
"""One row per specification and term; `versions` and `options` are JSON.

What was not estimated has one row with a null term.
"""


def to_frame(estimates: Iterable[Estimate]) -> pl.DataFrame:
    """Tidy table of estimates, schema `ESTIMATES`: terms in printed order, the model's fields on each row."""
    rows: list[dict[str, Any]] = []
    for estimate in estimates:
        model = {name: getattr(estimate, name) for name in _MODEL}
        model["versions"] = json.dumps(estimate.versions, sort_keys=True)
        model["options"] = json.dumps(estimate.options, sort_keys=True)
        model["warnings"] = list(estimate.warnings)
        spec = {name: getattr(estimate.specification, name) for name in _SPECIFICATION}
        shared = {name: list(value) if isinstance(value, tuple) else value for name, value in (spec | model).items()}
        terms = [asdict(term) for term in estimate.terms] or [dict.fromkeys(_TERM)]
        rows += [shared | term | {"term_position": position} for position, term in enumerate(terms, start=1)]
    made = pl.DataFrame(rows, schema=ESTIMATES)
    given = ("std_error", "t", "p_value", "ci_low", "ci_high")
    return made.with_columns(pl.col(given).fill_nan(None))  # what an error rule or an estimator does not give


def to_record(estimate: Estimate) -> dict[str, Any]:
    """JSON-able record: `terms`, each with its numbers, and the model's fields; a number that is not finite is None."""
    record = {name: value for name, value in asdict(estimate).items() if name != "terms"}
    terms = [{name: _number(value) for name, value in asdict(term).items()} for term in estimate.terms]
    return {"terms": terms} | {name: _number(value) for name, value in record.items()}


def _number(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
