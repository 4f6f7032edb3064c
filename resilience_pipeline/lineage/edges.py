"""What each table's parts rest on, layer by layer, from what stands beside the steps.

That is `Step.reads`, `IndexTable.rests_on`, formulas of variables and headings of sources; tests hold it to what really
changes when a series or a column does.

From the sources to the grid a part is an indicator: these tables have one row per fact, and no step lets one indicator
into another. In the indices and the panel it is a column, in results a column or the variable that a row is about.
"""

from collections.abc import Iterable, Mapping

from resilience_pipeline.indices.tables import BY_COLUMN, BY_NAME, SYSTEMS
from resilience_pipeline.lineage.edge import EVERY, Edge, Way
from resilience_pipeline.options import Options
from resilience_pipeline.sources.registry import SOURCES
from resilience_pipeline.step import Step, TableKey
from resilience_pipeline.study.formula import roots
from resilience_pipeline.study.needs import all_variables, canonical, formula_of, needed_indicators
from resilience_pipeline.study.study import Study
from resilience_pipeline.study.vocabulary import KEYS, PRICE_INDEX, PRICE_LEVEL, TREATMENT_COLUMNS

#: Indicators that the headings of each source of observations give.
GIVEN = {
    source.name: tuple(dict.fromkeys(heading.indicator for heading in source.headings))
    for source in SOURCES
    if source.shape == "observations"
}
_WEIGHTS = {tables.weights.name: tables.system for tables in SYSTEMS.values()}
_COMPOSITES = {tables.composites.name: tables for tables in SYSTEMS.values()}


def edges(
    step: Step, studies: Mapping[str, Study], options: Options, rows: Mapping[str, int] | None = None
) -> set[Edge]:
    """What the parts of the step's table rest on.

    Parameters
    ----------
    studies : by name.
    options : in force; they choose among the readings of a formula.
    rows : joined key -> number of rows, where known: without any series that the sample rule asks for, it looks at all.
    """
    layer = step.key[0]
    if layer in ("sources", "staging", "frozen"):
        return set(_delivered(step))
    if layer == "grid":
        return set(_grid(step, studies[step.key[1]], options, rows or {}))
    if layer == "indices":
        return set(_indices(step, options))
    if layer == "panel":
        return set(_panel(step, studies[step.key[1]], options))
    return set(_result(step, studies, options))


def _edge(step: Step, unit: str, key: TableKey, from_unit: str, way: Way = "value") -> Edge:
    return Edge("/".join(step.key), unit, "/".join(key), from_unit, way)


def _delivered(step: Step) -> Iterable[Edge]:
    """Indicator by indicator; lists and documents as a whole."""
    for key in step.inputs:
        names = GIVEN.get(key[-1], (EVERY,)) if key[-1] == step.key[-1] else (EVERY,)
        way: Way = "value" if key[-1] == step.key[-1] else "rows"
        yield from (_edge(step, name, key, name, way) for name in names)


def _grid(step: Step, study: Study, options: Options, rows: Mapping[str, int]) -> Iterable[Edge]:
    needed = needed_indicators(study, options)
    required = study.required_indicators
    table = step.key[-1]
    for key in step.inputs:
        source = key[-1]
        if table == "observations":
            yield from (_edge(step, name, key, name) for name in GIVEN[source] if name in needed)
        elif source == "cities":
            yield _edge(step, EVERY, key, EVERY, "rows")
        elif table == "cells":
            yield from (_edge(step, name, key, name) for name in needed)
        elif table == "missing_runs":
            yield from (_edge(step, name, key, name, "rows") for name in required)
        elif source == "missing_runs":
            yield from (_edge(step, EVERY, key, name, "rows") for name in required)
        elif not required or rows.get("/".join(("grid", study.name, "missing_runs"))) == 0:
            yield from (_edge(step, EVERY, key, name, "rows") for name in needed)


def _indices(step: Step, options: Options) -> Iterable[Edge]:
    table, study = BY_NAME[step.key[-1]], step.key[1]
    cells = ("grid", study, "cells")
    resting = {column: _at(table.rests_on(column, options), study, cells) for column in table.columns}
    if (system := _WEIGHTS.get(table.name)) is not None:
        (indicators,) = step.inputs
        for composite in system.composites:
            members = [entry.name for entry in system.behind(composite) if entry.counts(options)]
            resting[composite] = [(indicators, name) for name in members]
    if (tables := _COMPOSITES.get(table.name)) is not None:
        for composite in tables.system.composites:
            resting[composite].append((("indices", study, tables.weights.name), composite))
    for unit, parts in resting.items():
        yield from (_edge(step, unit, key, name) for key, name in parts)
    named = {key for parts in resting.values() for key, _ in parts}
    for key in step.inputs:
        if key == ("grid", study, "cities"):
            yield _edge(step, EVERY, key, EVERY, "rows")
        elif key not in named:
            yield _edge(step, EVERY, key, EVERY)


def _panel(step: Step, study: Study, options: Options) -> Iterable[Edge]:
    table, cells = step.key[-1], ("grid", study.name, "cells")
    variables = [v for v in all_variables(study) if v.table == table or table == "value_status"]
    for variable in variables if table != "treatment" else ():
        for key, name in _at(roots(formula_of(variable, options)), study.name, cells):
            yield _edge(step, variable.name, key, name)
    if table == "value_status":  # which raw values were winsorised before the index
        names = [name for variable in variables for name in roots(formula_of(variable, options))]
        yield from (_edge(step, name, cells, name) for name in canonical(names, options))
    for key in step.inputs:
        if key == ("grid", study.name, "cities"):
            yield _edge(step, EVERY, key, EVERY, "rows")
        elif table == "treatment":
            yield from (_edge(step, name, key, EVERY) for name in ("treat", "did"))
        elif table in ("event_time", "spillovers"):
            yield _edge(step, EVERY, key, "treat" if key[-1] == "treatment" else EVERY)
        elif table == "sample":
            yield _edge(step, EVERY, key, EVERY, "rows")
        elif not variables:
            yield from (_edge(step, EVERY, key, name) for name in step.reads.get(key, (EVERY,)))


def _at(names: Iterable[str], study: str, cells: TableKey) -> list[tuple[TableKey, str]]:
    """Where the names of a formula stand."""
    found: list[tuple[TableKey, str]] = []
    for name in names:
        if name in BY_COLUMN:
            found.append((("indices", study, BY_COLUMN[name].name), name))
        elif name in TREATMENT_COLUMNS:
            found.append((("panel", study, "treatment"), name))
        elif name == PRICE_LEVEL:
            found.append((cells, PRICE_INDEX))
        elif name not in KEYS:
            found.append((cells, name))
    return found


def _result(step: Step, studies: Mapping[str, Study], options: Options) -> Iterable[Edge]:
    for key in step.inputs:
        for name in step.reads.get(key, (EVERY,)):
            if key[0] == "staging" and name != EVERY and not _needed_by_any(name, studies, options):
                continue  # shown for another reading of some formula than the one in force
            if step.row_reads:  # rows made of everything have every unit, so one stands for a table read whole
                yield _edge(step, key[-1] if name == EVERY else name, key, name)
            yield _edge(step, EVERY, key, name, "rows" if step.row_reads else "value")


def _needed_by_any(indicator: str, studies: Mapping[str, Study], options: Options) -> bool:
    return any(indicator in needed_indicators(study, options) for study in studies.values())
