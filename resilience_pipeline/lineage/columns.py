"""What each column of a table is made of, column by column, as Dagster and OpenLineage understand lineage.

Of series in rows they see the column `value`; which series rests on which stands in the lineage index (`edges.py`).
"""

from collections.abc import Iterable, Mapping

from resilience_pipeline.lineage.edge import EVERY
from resilience_pipeline.lineage.edges import edges
from resilience_pipeline.lineage.sql import staged_columns
from resilience_pipeline.options import Options
from resilience_pipeline.sources.registry import SOURCES
from resilience_pipeline.step import INDEX, Step, TableKey
from resilience_pipeline.study.study import Study

#: (table, column) that a column is made of.
Made = tuple[TableKey, str]
_LONG = ("cells", "observations")
#: Columns of the grid's long tables that are no copy of the same column before them.
_GRID: dict[str, dict[str, tuple[str, ...]]] = {
    "observations": {"standing": ("value", "imputed", "source")},
    "cells": {"value": ("value",), "status": ("value", "imputed"), "from_year": ("value",), "to_year": ("value",)},
    "missing_runs": dict.fromkeys(("missing_years", "longest_run", "run_from", "run_to", "province_mean"), ("value",)),
}
_SOURCES = {source.name: source for source in SOURCES}


def column_lineage(
    step: Step, columns: Iterable[str], studies: Mapping[str, Study], options: Options
) -> dict[str, tuple[Made, ...]]:
    """Column of the step's table -> what its values are made of, sorted; columns that rest on no column are left out.

    Parameters
    ----------
    columns : of the table. studies : by name. options : in force.
    """
    layer, table = step.key[0], step.key[-1]
    if layer == "staging":
        (read,) = (key for key in step.inputs if key[0] == "sources")
        made = staged_columns(_SOURCES[table])
        return _found({name: [(read, own) for own in made.get(name, ())] for name in columns})
    if layer == "frozen":
        return _found({name: [(key, name) for key in step.inputs if key[0] == "staging"] for name in columns})
    if layer == "grid" and table in _GRID:
        (first, *others) = step.inputs if table != "cells" else step.inputs[:1]
        return _found(
            {
                name: [(key, own) for key in (first, *others) for own in _GRID[table].get(name, (name,))]
                for name in columns
            }
        )
    return _found(_by_edges(step, columns, studies, options))


def _by_edges(
    step: Step, columns: Iterable[str], studies: Mapping[str, Study], options: Options
) -> dict[str, list[Made]]:
    """From the declared edges: those of a column itself, and those of every column but city and year."""
    found: dict[str, list[Made]] = {name: [] for name in columns}
    whole: list[Made] = []
    for edge in edges(step, studies, options):
        if edge.way != "value" or edge.from_unit == EVERY:
            continue
        key = tuple(edge.from_table.split("/"))
        made = key, "value" if key[-1] in _LONG else edge.from_unit
        if edge.unit in found:
            found[edge.unit].append(made)
        else:  # of every column, or of a row that is about one variable
            whole.append(made)
    return {name: own if own or name in INDEX else whole for name, own in found.items()}


def _found(made: Mapping[str, Iterable[Made]]) -> dict[str, tuple[Made, ...]]:
    return {name: ordered for name, own in made.items() if (ordered := tuple(sorted(set(own))))}
