"""Specifications of a curve that a column of the panel counts in: whether any of those behind a row was estimated."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from resilience_pipeline.lineage.edge import EVERY
from resilience_pipeline.lineage.naming import plain
from resilience_pipeline.lineage.opened import Index
from resilience_pipeline.study.formula import roots
from resilience_pipeline.study.study import ResultTable

#: Dimension -> choice -> columns that stand in place of the controls; None where they are the column's own.
Choices = dict[str, dict[str, list[str] | None]]


def choices_of(result: ResultTable) -> Choices:
    """The dimensions of a curve that choose among controls, for the index; empty for what is no curve."""
    found: Choices = {}
    for dimension in getattr(result.settings, "dimensions", ()):
        if any(choice.controls is not None or choice.baseline for choice in dimension.choices):
            found[dimension.name] = {
                choice.name: None if choice.controls is None else [*choice.controls, *(choice.baseline or ())]
                for choice in dimension.choices
            }
    return found


def sample_choices(result: ResultTable) -> dict[str, list[str]]:
    """Choices of a curve that count only some rows -> the condition."""
    dimensions = getattr(result.settings, "dimensions", ())
    return {choice.name: [choice.where] for dimension in dimensions for choice in dimension.choices if choice.where}


def held_by_choices(index: Index, about: Mapping[str, Any], row: Mapping[str, Any], column: str) -> str | None:
    """That no specification behind the row has the column among its controls, or that none of these was estimated."""
    table = f"estimates/{row['name'].split('.')[0]}/specifications"
    choices: Choices = about.get("choices") or {}
    own = {name for spec in about.get("specifications", ()) for name in spec["controls"]}
    if not choices or column not in own or table not in index.by_table:
        return None
    behind = index.look(table)
    parts = row["name"].split(".")
    for dimension in [name for name in behind.columns if plain(name) in parts and behind[name].dtype == pl.String]:
        named = [choice for choice in behind[dimension].unique() if plain(choice or "") in parts]
        behind = behind.filter(pl.col(dimension).is_in(named)) if named else behind
    for dimension, columns in choices.items():
        having = [name for name, held in columns.items() if held is None or column in held]
        behind = behind.filter(pl.col(dimension).is_in(having))
    if behind.is_empty():
        return f"no specification of it has {column}"
    if behind["status"].is_in(["estimated"]).any():
        return None
    return f"no specification with {column} could be estimated: {behind['reason'][0]}"


def held_by_controls(
    index: Index, study: str, about: Mapping[str, Any], row: Mapping[str, Any], indicator: str
) -> str | None:
    """Why an indicator that a curve reads by itself stops at the controls that it makes; None where it may not.

    A curve makes its columns anew under each choice. Nothing is said unless all of them are made of indicators alone:
    an index may be made of others under another choice.
    """
    formulas = _formulas(index, study)
    read = index.graph.direct((row["table"], EVERY))
    cells = {unit for (table, unit), _ in read if table == f"grid/{study}/cells"}
    made: list[str] = []
    for column in _columns(about):
        if column not in formulas or not cells.issuperset(names := roots(formulas[column])):
            return None
        made += [column] if indicator in names else []
    reasons = [held_by_choices(index, about, row, column) for column in made]
    known = [reason for reason in reasons if reason is not None]
    return "; ".join(dict.fromkeys(known)) if known and len(known) == len(reasons) else None


def _formulas(index: Index, study: str) -> dict[str, str]:
    tables = [table for table in index.by_table if table.startswith(f"panel/{study}/")]
    declared = [index.declared(table).get("variables", {}) for table in tables]
    return {name: variable["formula"] for variables in declared for name, variable in variables.items()}


def _columns(about: Mapping[str, Any]) -> list[str]:
    """Outcome and controls of a curve under any of its choices."""
    specifications = about.get("specifications", ())
    found = [name for spec in specifications for name in (spec["outcome"], *spec["controls"])]
    choices: Choices = about.get("choices") or {}
    found += [name for columns in choices.values() for held in columns.values() for name in held or ()]
    return list(dict.fromkeys(found))
