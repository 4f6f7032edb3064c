"""`warehouse.duckdb`: the current tables of the lake, for people to query. It can be thrown away and built again.

No step reads it, so nothing waits for whoever has it open: `publish` gives up after a while and the next one catches
up. `catalogue.tables` inside the file says which version of each table it holds, and the last column of every
relation, `synthetic`, whether its rows descend from the synthetic twin: a table copied out keeps the label.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import astuple, dataclass, fields
from pathlib import Path

import duckdb
from filelock import FileLock, Timeout

from resilience_pipeline.errors import LakeError
from resilience_pipeline.step import TableKey
from resilience_pipeline.warehouse.atomic import replacing
from resilience_pipeline.warehouse.lake import Lake
from resilience_pipeline.warehouse.pointer import Pointer
from resilience_pipeline.warehouse.query import is_locked, quoted

#: Above so many rows the warehouse holds a view on the Parquet file in place of a second copy.
LARGEST_TABLE_ROWS = 1_000_000
#: DuckDB's smallest block, in place of 256 KiB: each table takes one at least, and most are small.
_BLOCK_BYTES = 16_384
_NO_TEXTS: Mapping[TableKey, str] = {}

_CATALOGUE = ("catalogue", "tables")
_TABLES = """
CREATE SCHEMA IF NOT EXISTS catalogue;
CREATE TABLE IF NOT EXISTS catalogue.tables (
    schema_name VARCHAR, table_name VARCHAR, kind VARCHAR, key VARCHAR, variant VARCHAR, data_version VARCHAR,
    rows BIGINT, synthetic BOOLEAN, run_id VARCHAR, written_at VARCHAR, code_version VARCHAR, description VARCHAR,
    file VARCHAR, PRIMARY KEY (schema_name, table_name)
);
"""


@dataclass(frozen=True)
class _Entry:
    """One row of catalogue.tables, in the order of its columns."""

    schema_name: str
    table_name: str
    kind: str  # "table" | "view"
    key: str
    variant: str | None
    data_version: str
    rows: int
    synthetic: bool
    run_id: str
    written_at: str
    code_version: str
    description: str
    file: str

    @property
    def place(self) -> tuple[str, str]:
        return self.schema_name, self.table_name

    @property
    def content(self) -> tuple[str, str, str, bool]:
        """What the relation itself depends on; the other fields only describe it."""
        return self.kind, self.data_version, self.file, self.synthetic

    @property
    def comment(self) -> str:
        return " ".join(part for part in (self.description, "[synthetic]" if self.synthetic else "") if part)


@dataclass(frozen=True)
class _Done:
    """How many relations were written or dropped, and which were not because their tables' files are damaged."""

    changed: int
    damaged: tuple[str, ...]

    @property
    def without(self) -> str:
        if not self.damaged:
            return ""
        return f"; not of damaged tables: {', '.join(self.damaged)} (`resilience run` computes them again)"


def publish(
    lake: Lake,
    *,
    descriptions: Mapping[TableKey, str] = _NO_TEXTS,
    wait_seconds: float = 10.0,
    largest_table_rows: int = LARGEST_TABLE_ROWS,
) -> str:
    """Bring the warehouse up to the lake, headline and variants, in one short transaction. Never fails the caller.

    Every table that is behind its pointer is brought up, whoever wrote it.

    Parameters
    ----------
    lake : any lake on the root.
    descriptions : sentence for a table's comment; one given earlier is kept.
    wait_seconds : how long to wait for whoever holds the file.
    largest_table_rows : larger tables become views.

    Returns
    -------
    "published: N tables", "up to date" or "deferred: <why and what then>". The first two name the tables that were
    left as they were because their files in the lake are damaged.
    """
    try:
        until = time.monotonic() + wait_seconds
        with _alone(lake, wait_seconds):
            try:
                done = _bring_up(lake, descriptions, largest_table_rows, until)
            except duckdb.Error as error:
                if is_locked(error):
                    return f"deferred: {_words(error)}; the next publish catches up"
                done = _build_anew(lake, descriptions, largest_table_rows)  # the file is damaged
    except Timeout:
        return f"deferred: another process was publishing for {wait_seconds:g} seconds; the next publish catches up"
    except (duckdb.Error, OSError, ValueError) as error:
        return f"deferred: {_words(error)}; mend this and use `resilience rebuild`"
    return (f"published: {done.changed} tables" if done.changed else "up to date") + done.without


def rebuild(
    lake: Lake,
    *,
    descriptions: Mapping[TableKey, str] = _NO_TEXTS,
    wait_seconds: float = 60.0,
    largest_table_rows: int = LARGEST_TABLE_ROWS,
) -> str:
    """Build the warehouse anew from the lake, whatever state the old file is in; returns "built: N tables".

    Whoever has the old file open keeps reading it until they open it again. LakeError where it cannot be built.
    """
    try:
        with _alone(lake, wait_seconds):
            done = _build_anew(lake, descriptions, largest_table_rows)
            return f"built: {done.changed} tables{done.without}"
    except Timeout:
        found, remedy = f"another process was publishing for {wait_seconds:g} seconds", "try again when it has ended"
    except (duckdb.Error, OSError, ValueError) as error:
        found, remedy = _words(error), "mend what was found, then rebuild again"
    raise LakeError(
        what="the warehouse could not be built; the old one, if any, is untouched",
        file=str(lake.root / "warehouse.duckdb"),
        found=found,
        remedy=remedy,
    )


def relation_of(key: TableKey, variant: str | None = None) -> tuple[str, str]:
    """Schema and name of a table in the warehouse: ("grid", "trade_resilience_cells"), ("variant_x", "grid_...")."""
    return (key[0], "_".join(key[1:])) if variant is None else (f"variant_{variant}", "_".join(key))


def _alone(lake: Lake, wait_seconds: float) -> FileLock:
    return FileLock(lake.root / "warehouse.duckdb.lock", timeout=wait_seconds, poll_interval=0.02)


def _words(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]


def _bring_up(lake: Lake, descriptions: Mapping[TableKey, str], largest: int, until: float) -> _Done:
    """In one transaction what it replaces stays beside it, so a file of which most is replaced would double.

    Where somebody keeps a relation of their own in the file, it grows instead.
    """
    file = lake.root / "warehouse.duckdb"
    with _opened(file, until) as connection:
        _check_length(connection, file)
        have = _entries(connection)
        want = _wanted(lake, descriptions, have, largest)
        there = _relations(connection)
        kept = not _mostly_new(have, want) or there.keys() - have.keys() - {_CATALOGUE}
        if kept or not all(lake.is_whole(pointer) for _, pointer in want.values()):
            return _synchronise(connection, lake, have, want, there)
    return _build_anew(lake, {pointer.key: entry.description for entry, pointer in want.values()}, largest)


def _build_anew(lake: Lake, descriptions: Mapping[TableKey, str], largest: int) -> _Done:
    file = lake.root / "warehouse.duckdb"
    with replacing(file) as hidden:
        try:
            with duckdb.connect(str(hidden), config={"default_block_size": _BLOCK_BYTES}) as connection:
                want = _wanted(lake, descriptions, {}, largest)
                done = _synchronise(connection, lake, _entries(connection), want, _relations(connection))
        finally:  # a full disk leaves it
            hidden.with_name(hidden.name + ".wal").unlink(missing_ok=True)
        # The old log first: the new file with the old file's log would be no database.
        file.with_name(file.name + ".wal").unlink(missing_ok=True)
    return done


def _check_length(connection: duckdb.DuckDBPyConnection, file: Path) -> None:
    """DuckDB opens a file whose end is missing as long as nobody asks for what stood there."""
    size, blocks = connection.execute(
        "SELECT block_size, total_blocks FROM pragma_database_size() WHERE database_name = current_database()"
    ).fetchall()[0]
    if file.stat().st_size < size * blocks:
        raise duckdb.IOException(f"{file} is cut short: {blocks} blocks of {size} bytes are expected")


@contextmanager
def _opened(file: Path, until: float) -> Iterator[duckdb.DuckDBPyConnection]:
    while True:
        try:
            connection = duckdb.connect(str(file))
            break
        except duckdb.Error as error:
            if not is_locked(error) or time.monotonic() > until:
                raise
            time.sleep(0.05)
    with connection:
        yield connection


def _entries(connection: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], _Entry]:
    """What the catalogue says of its relations."""
    connection.execute(_TABLES)
    columns = ", ".join(field.name for field in fields(_Entry))
    rows = connection.execute(f"SELECT {columns} FROM catalogue.tables").fetchall()  # noqa: S608 - our own names
    return {entry.place: entry for entry in (_Entry(*row) for row in rows)}


def _relations(connection: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], str]:
    """Whatever stands in the file, somebody's own relations, too: place -> "table" or "view"."""
    rows = connection.execute(
        "SELECT schema_name, table_name, 'table' FROM duckdb_tables() WHERE NOT internal "
        "UNION ALL SELECT schema_name, view_name, 'view' FROM duckdb_views() WHERE NOT internal"
    ).fetchall()
    return {(schema, name): kind for schema, name, kind in rows}


def _wanted(
    lake: Lake, descriptions: Mapping[TableKey, str], have: Mapping[tuple[str, str], _Entry], largest: int
) -> dict[tuple[str, str], tuple[_Entry, Pointer]]:
    """What it is to say of the lake's tables."""
    want: dict[tuple[str, str], tuple[_Entry, Pointer]] = {}
    for pointer in _pointers(lake):
        entry = _entry(pointer, lake, descriptions, have, largest)
        if entry.place in want:
            other = want[entry.place][0].key
            raise ValueError(f"{entry.key} and {other} have one name in the warehouse: {entry.place}")
        want[entry.place] = entry, pointer
    return want


def _mostly_new(have: Mapping[tuple[str, str], _Entry], want: Mapping[tuple[str, str], tuple[_Entry, Pointer]]) -> bool:
    """Whether most relations have another content; most take one block of the file, so they count alike."""
    new = sum(place not in have or have[place].content != entry.content for place, (entry, _) in want.items())
    return 2 * new > len(want)


def _synchronise(
    connection: duckdb.DuckDBPyConnection,
    lake: Lake,
    have: Mapping[tuple[str, str], _Entry],
    want: Mapping[tuple[str, str], tuple[_Entry, Pointer]],
    there: Mapping[tuple[str, str], str],
) -> _Done:
    """Make the relations those that are wanted; where a table's file is damaged, its relation stays as it is."""
    connection.execute("BEGIN")
    changed, damaged = 0, []
    for place in [place for place in have if place not in want]:
        _drop(connection, place, there)
        connection.execute("DELETE FROM catalogue.tables WHERE schema_name = ? AND table_name = ?", place)
        changed += 1
    for place, (entry, pointer) in want.items():
        old = have.get(place)
        fresh = old is not None and there.get(place) == entry.kind and old.content == entry.content
        if fresh and old == entry:
            continue
        if not fresh and not lake.is_whole(pointer):
            damaged.append(entry.key)
            continue
        if not fresh:
            _drop(connection, place, there)
            _create(connection, entry)
            changed += 1
        _describe(connection, entry)
    connection.execute("COMMIT")
    return _Done(changed, tuple(damaged))


def _pointers(lake: Lake) -> Iterator[Pointer]:
    """Of the headline all, of each variant what it wrote itself; a damaged one is left for its run to mend."""
    headline = lake.headline()
    yield from headline.readable_tables()
    for name in headline.variants():
        yield from (pointer for pointer in headline.variant(name).readable_tables() if pointer.variant is not None)


def _entry(
    pointer: Pointer,
    lake: Lake,
    descriptions: Mapping[TableKey, str],
    have: Mapping[tuple[str, str], _Entry],
    largest: int,
) -> _Entry:
    place = relation_of(pointer.key, pointer.variant)
    described = descriptions.get(pointer.key) or (have[place].description if place in have else "")
    view = pointer.rows > largest
    return _Entry(
        *place,
        kind="view" if view else "table",
        key=pointer.name,
        variant=pointer.variant,
        data_version=pointer.data_version,
        rows=pointer.rows,
        synthetic=pointer.synthetic,
        run_id=pointer.run_id,
        written_at=pointer.written_at,
        code_version=pointer.code_version,
        description=described,
        file=str(lake.file_of(pointer)),
    )


def _drop(connection: duckdb.DuckDBPyConnection, place: tuple[str, str], there: Mapping[tuple[str, str], str]) -> None:
    if place in there:
        connection.execute(f"DROP {there[place].upper()} {_identifier(place)}")


def _create(connection: duckdb.DuckDBPyConnection, entry: _Entry) -> None:
    connection.execute(f'CREATE SCHEMA IF NOT EXISTS "{entry.schema_name}"')
    label = "true" if entry.synthetic else "false"
    rows = f"SELECT *, {label} AS synthetic FROM read_parquet({quoted(Path(entry.file))})"  # noqa: S608 - path quoted
    connection.execute(f"CREATE {entry.kind.upper()} {_identifier(entry.place)} AS {rows}")


def _describe(connection: duckdb.DuckDBPyConnection, entry: _Entry) -> None:
    comment = "'" + entry.comment.replace("'", "''") + "'"
    connection.execute(f"COMMENT ON {entry.kind.upper()} {_identifier(entry.place)} IS {comment}")
    row = astuple(entry)
    marks = ", ".join("?" for _ in row)
    connection.execute(f"INSERT OR REPLACE INTO catalogue.tables VALUES ({marks})", row)  # noqa: S608 - marks only


def _identifier(place: tuple[str, str]) -> str:
    """Parts of checked table keys only, so that no quote can stand in them."""
    return f'"{place[0]}"."{place[1]}"'
