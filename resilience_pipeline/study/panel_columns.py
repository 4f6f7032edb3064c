"""Which panel tables hold the columns that a result names, and these columns side by side."""

from collections.abc import Mapping, Sequence

import polars as pl

from resilience_pipeline.step import Inputs, TableKey
from resilience_pipeline.study.needs import all_variables
from resilience_pipeline.study.study import Study
from resilience_pipeline.study.vocabulary import CITY_FACTS, KEYS, TREATMENT_COLUMNS


def tables_of(study: Study, columns: Sequence[str]) -> dict[TableKey, tuple[str, ...]]:
    """Panel table -> the columns wanted of it; keys of the panel need no table of their own.

    Treatment columns, regions and provinces stand in the treatment table.
    """
    place = {variable.name: variable.table for variable in all_variables(study)}
    place |= dict.fromkeys((*TREATMENT_COLUMNS, *CITY_FACTS), "treatment")
    wanted: dict[TableKey, tuple[str, ...]] = {}
    for column in columns:
        if column not in KEYS:
            key = ("panel", study.name, place[column])
            wanted[key] = (*wanted.get(key, ()), column)
    return wanted


def side_by_side(inputs: Inputs, wanted: Mapping[TableKey, tuple[str, ...]]) -> pl.DataFrame:
    """One row per city and year of the panel tables, with the wanted columns only, sorted."""
    frame: pl.DataFrame | None = None
    for key, columns in wanted.items():
        part = inputs[key].select(*KEYS, *columns)
        frame = part if frame is None else frame.join(part, on=list(KEYS), how="full", coalesce=True, validate="1:1")
    if frame is None:
        raise ValueError("a result names at least one column of the panel")
    return frame.sort(KEYS)
