"""The frame that one specification is estimated on: its columns, gathered from the panel's tables."""

from collections.abc import Iterable, Mapping, Sequence

import polars as pl

from resilience_pipeline.econometrics.specification import Specification
from resilience_pipeline.errors import SpecificationError
from resilience_pipeline.grid.wide import KEY
from resilience_pipeline.step import TableKey
from resilience_pipeline.study.columns import specification_columns
from resilience_pipeline.study.needs import all_variables
from resilience_pipeline.study.study import Study
from resilience_pipeline.study.vocabulary import (
    CITY_FACTS,
    MATCHING_COLUMNS,
    SPILLOVER_COLUMNS,
    TREATMENT_COLUMNS,
    event_columns,
)

#: Columns of the `geography` table.
GEOGRAPHY = ("name", *CITY_FACTS)


def table_of(study: Study, column: str) -> TableKey:
    """Key of the panel table that holds a column.

    Raises
    ------
    SpecificationError
        When the study has no such column.
    """
    tables = {variable.name: variable.table for variable in all_variables(study)}
    tables |= dict.fromkeys(TREATMENT_COLUMNS, "treatment") | dict.fromkeys(GEOGRAPHY, "geography")
    tables |= dict.fromkeys(SPILLOVER_COLUMNS, "spillovers")
    tables |= dict.fromkeys(event_columns(range(study.first_year, study.last_year + 1)), "event_time")
    tables |= {programme.column: "programmes" for programme in study.programmes}
    if study.matching is not None:
        tables |= dict.fromkeys(MATCHING_COLUMNS, "matching")
    if column not in tables:
        raise SpecificationError(
            what=f"study {study.name} has no column {column!r}",
            expected=", ".join(sorted(tables)),
            remedy=f"declare it under [variables.{column}], or mend the name",
        )
    return "panel", study.name, tables[column]


def analysis_tables(study: Study, specification: Specification) -> tuple[TableKey, ...]:
    """Keys of the panel tables that the specification reads, each once."""
    columns = [name for name in specification_columns(specification) if name not in KEY]
    return tuple(dict.fromkeys(table_of(study, name) for name in columns))


def columns_read(study: Study, columns: Iterable[str]) -> dict[TableKey, tuple[str, ...]]:
    """Panel table -> those of the columns that it holds; `Step.reads` of a step that makes its frame of `columns`.

    The table `matching` is left whole: whoever weights by it also reports on the match.
    """
    held: dict[TableKey, tuple[str, ...]] = {}
    for name in dict.fromkeys(part for column in columns for part in column.split("^")):
        if name not in KEY:
            table = table_of(study, name)
            held[table] = (*held.get(table, ()), name)
    return {key: names for key, names in held.items() if key[-1] != "matching"}


def analysis_frame(tables: Mapping[TableKey, pl.DataFrame], columns: Sequence[str]) -> pl.DataFrame:
    """city_code, year and `columns`, one row per kept city and year, sorted.

    Parameters
    ----------
    tables : panel tables that hold the columns between them; all have the same balanced key.
    columns : names, "a^b" for an interaction of two.

    Raises
    ------
    SpecificationError
        When no table holds a column.
    ValueError
        When a table repeats a city and year: joining it would multiply rows.
    """
    for key, table in tables.items():
        if table.select(KEY).is_duplicated().any():
            raise ValueError(f"{'.'.join(key)} has several rows for a city and year; it is no panel table")
    names = tuple(dict.fromkeys(part for name in columns for part in name.split("^") if part not in KEY))
    if not tables:
        raise SpecificationError(what="no panel table was given", remedy="name the tables that hold the columns")
    frame = next(iter(tables.values())).select(KEY)
    for table in tables.values():
        held = [name for name in names if name in table.columns and name not in frame.columns]
        if held:
            frame = frame.join(table.select(*KEY, *held), on=KEY, how="left", maintain_order="left")
    absent = [name for name in names if name not in frame.columns]
    if absent:
        raise SpecificationError(
            what=f"no panel table holds {', '.join(absent)}",
            remedy="declare the variable in the study file, or mend its name",
        )
    return frame.select(*KEY, *names).sort(KEY)
