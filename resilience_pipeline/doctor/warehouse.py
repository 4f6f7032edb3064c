"""`warehouse.duckdb`: opens, and holds the tables that the lake holds."""

from collections.abc import Iterator
from pathlib import Path

from resilience_pipeline.doctor.finding import Finding, error, ok, some, warning
from resilience_pipeline.errors import LakeError
from resilience_pipeline.warehouse.catalogue import relation_of
from resilience_pipeline.warehouse.lake import Lake
from resilience_pipeline.warehouse.query import user_query

AREA = "warehouse"
_REBUILD = "`resilience rebuild` makes it anew from the Parquet files"


def examine(root: Path, *, deep: bool = False) -> Iterator[Finding]:
    """Findings on the warehouse; `deep`: reads every relation from beginning to end."""
    if not (root / "warehouse.duckdb").is_file():
        yield warning(AREA, "there is no warehouse.duckdb", _REBUILD)
        return
    try:
        rows = user_query(root, "select schema_name, table_name, data_version, rows from catalogue.tables").rows()
    except LakeError as refusal:
        held = "held by somebody" in refusal.what
        remedy = "look again when that process has closed it" if held else _REBUILD
        yield (warning if held else error)(AREA, f"{refusal.what}: {refusal.found}", remedy)
        return
    have = {(schema, table): version for schema, table, version, _ in rows}
    headline = Lake(root)
    lakes = [headline, *(headline.variant(name) for name in headline.variants())]
    want = {
        relation_of(pointer.key, pointer.variant): pointer.data_version
        for lake in lakes
        for pointer in lake.readable_tables()
    }
    behind = sorted(".".join(place) for place in have.keys() | want.keys() if have.get(place) != want.get(place))
    if behind:
        yield warning(
            AREA, f"{len(behind)} tables are not as in the lake: {some(behind)}", f"the next run; or {_REBUILD}"
        )
    else:
        yield ok(AREA, f"warehouse.duckdb opens and holds the lake's {len(have)} tables")
    if deep:
        yield _read_all(root, [(schema, table, count) for schema, table, _, count in rows])


def _read_all(root: Path, relations: list[tuple[str, str, int]]) -> Finding:
    """All in one query; where that fails, one by one, to name those that cannot be read."""
    if relations and _short(root, relations):
        damaged = [f"{schema}.{table}" for schema, table, rows in relations if _short(root, [(schema, table, rows)])]
        return error(AREA, f"tables cannot be read to their end: {some(damaged)}", _REBUILD)
    return ok(AREA, f"{len(relations)} tables were read to their end")


def _short(root: Path, relations: list[tuple[str, str, int]]) -> bool:
    """Whether one of the relations cannot be read, or has not the rows that the catalogue says."""
    query = " union all ".join(
        f'select count(*) - {rows} as too_many, bit_xor(hash(read)) as every_value from "{schema}"."{table}" read'  # noqa: S608
        for schema, table, rows in relations
    )
    try:
        return bool((user_query(root, query)["too_many"] != 0).any())
    except LakeError:
        return True
