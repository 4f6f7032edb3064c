"""What each column of a select is made of, read from its text by a parser, and the selects of staging joined up.

Columns that only join, filter or order decide which rows there are; these are not followed.
"""

from collections.abc import Iterable, Mapping
from functools import cache

from resilience_pipeline import reference
from resilience_pipeline.sources.source import CELLS, Source
from resilience_pipeline.sql_files import sql_text
from resilience_pipeline.staging.headings import HEADINGS, PRINTED

#: ("sources.wind", "text"): a relation that a select reads, and its column.
Column = tuple[str, str]
_CELLS, _HEADINGS, _PLACES, _RESOLVED = "staging.cells", "staging.headings", "staging.places", "staging.resolved_places"
_PLACE_COLUMNS = ("place_id", "place", "place_code", "period", "nation")


def columns_behind(text: str, relations: Mapping[str, Iterable[str]]) -> dict[str, tuple[Column, ...]]:
    """Output column of a select -> columns of the relations that its value is made of, sorted.

    Parameters
    ----------
    text : one DuckDB select; common table expressions are followed.
    relations : "schema.table" -> its columns, of every relation that the select reads.
    """
    return dict(_columns_behind(text, tuple((name, tuple(columns)) for name, columns in sorted(relations.items()))))


@cache
def _columns_behind(text: str, relations: tuple[tuple[str, tuple[str, ...]], ...]) -> dict[str, tuple[Column, ...]]:
    from sqlglot import exp, parse_one
    from sqlglot.lineage import lineage
    from sqlglot.optimizer.qualify import qualify
    from sqlglot.optimizer.scope import build_scope

    layers: dict[str, dict[str, dict[str, str]]] = {}
    for name, columns in relations:
        layer, table = name.split(".")
        layers.setdefault(layer, {})[table] = dict.fromkeys(columns, "varchar")
    schema: dict[str, object] = {**layers}
    select = qualify(parse_one(text, dialect="duckdb"), schema=schema, dialect="duckdb")
    assert isinstance(select, exp.Query)
    scope = build_scope(select)
    found: dict[str, tuple[Column, ...]] = {}
    for name in select.named_selects:
        whole = lineage(name, select, schema, scope=scope, dialect="duckdb", trim_selects=False)
        places = {
            (f"{node.source.db}.{node.source.name}", node.name.rsplit(".", 1)[-1].strip('"'))
            for node in whole.walk()
            if not node.downstream and isinstance(node.source, exp.Table)
        }
        found[name] = tuple(sorted(places))
    return found


@cache
def staged_columns(source: Source) -> dict[str, tuple[str, ...]]:
    """Column of a source's staged table -> columns of its delivered cells that it is made of, sorted."""
    cells = f"sources.{source.name}"
    if source.shape != "observations":
        relations = {cells: CELLS.names(), "reference.pilot_names": reference.pilot_names().columns}
        picked = columns_behind(sql_text("staging", source.name), relations)
        made = {name: _of(cells, columns) for name, columns in picked.items()}
        return made if source.shape == "pilots" else {**made, **_places(made)}
    headings = [name for name in HEADINGS.names() if name not in PRINTED]
    relations = {cells: [*CELLS.names(), "heading_id"], _HEADINGS: ["heading_id", *headings]}
    picked = columns_behind(sql_text("staging", source.name), relations)
    # What a heading is, and its unit's factor, stand in the printed title, heading and unit (staging/headings.py).
    placed = {
        name: tuple(sorted({*_of(cells, columns), *(PRINTED if _of(_HEADINGS, columns) else ())} - {"heading_id"}))
        for name, columns in picked.items()
    }
    places = _places(placed)
    judged = columns_behind(
        sql_text("staging", "shared/observations"),
        {
            _CELLS: [*(name for name in placed if name != "canonical_unit"), "place_id"],  # it names one of its own
            _RESOLVED: ["place_id", *places],
            "reference.missing_marks": reference.load("missing_marks").columns,
            "reference.indicators": reference.indicators().columns,
        },
    )
    made_of = {_CELLS: placed, _RESOLVED: places}
    return {
        name: tuple(sorted({own for relation, column in columns for own in made_of.get(relation, {}).get(column, ())}))
        for name, columns in judged.items()
    }


def _places(placed: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Column of the resolved places -> columns of the cells, through the columns that the places are read from."""
    names = ("cities", "city_aliases", "former_codes", "provinces", "other_rows")
    relations = {f"reference.{name}": reference.load(name).columns for name in names}
    resolved = columns_behind(sql_text("staging", "shared/places"), {_PLACES: _PLACE_COLUMNS, **relations})
    return {
        name: tuple(sorted({c for _, column in columns for c in placed.get(column, ())}))
        for name, columns in resolved.items()
        if name != "place_id"
    }


def _of(relation: str, columns: Iterable[Column]) -> tuple[str, ...]:
    return tuple(column for name, column in columns if name == relation)
