"""Which rows a column is estimated on, as a do-file and an R script can say it."""

from dataclasses import dataclass

from resilience_pipeline.replication.column import ReplicatedColumn
from resilience_pipeline.replication.conditions import Condition, NotTranslatedError, in_r, in_stata, parse_condition
from resilience_pipeline.replication.panel_file import PanelFile


@dataclass(frozen=True)
class Filter:
    """A sample filter that both languages have words for."""

    condition: Condition


def filter_of(column: ReplicatedColumn, panel: PanelFile) -> Filter | str | None:
    """The column's filter; where it has no translation, the 0/1 variable of the file that marks its rows; else None."""
    where = column.specification.where
    if where is None:
        return None
    condition = translated(where, panel.names, panel.texts)
    return panel.names[marker(column)] if condition is None else Filter(condition)


def translated(where: str, names: object, texts: frozenset[str]) -> Condition | None:
    """The condition where both languages can say it, else None."""
    try:
        condition = parse_condition(where)
        for write in (in_stata, in_r):
            write(condition, names, texts)  # type: ignore[arg-type]
    except NotTranslatedError:
        return None
    return condition


def marker(column: ReplicatedColumn) -> str:
    """Name of the 0/1 column that marks the rows that meet a filter without translation."""
    return f"in_{column.specification.name.replace('.', '_')}"
