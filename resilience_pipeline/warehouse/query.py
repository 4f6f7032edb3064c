"""SQL in a sealed DuckDB: `run_sql` for the package's own selects, `user_query` for a person's question.

Both run one select and nothing else. A select of the package sees the tables it declares and no file, network or
variable besides; a person's sees `warehouse.duckdb`, read-only. So lineage cannot be bypassed, and no query can write.
"""

import re
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import duckdb
import polars as pl

from resilience_pipeline.errors import LakeError

#: One thread adds floating numbers in one order: same inputs, same bits.
_SEALED: dict[str, str | bool | int | float | list[str]] = {
    "threads": 1,
    "python_enable_replacements": False,
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}
_NAME = re.compile(r"([a-z0-9_]+\.)?[a-z0-9_]+")
_LOCKED = re.compile("could not set lock|conflicting lock|different configuration|being used by another process", re.I)
#: What DuckDB raises when a file that it could open turns out to be cut short or overwritten.
_DAMAGE = (duckdb.IOException, duckdb.SerializationException, duckdb.InternalException, duckdb.FatalException)
_ASK = 'look at what there is with `resilience sql "show all tables"`'


def run_sql(query: str, inputs: Mapping[str, pl.DataFrame | Path]) -> pl.DataFrame:
    """Result of one select over the declared inputs and nothing else.

    Parameters
    ----------
    query : a single select (or with, from, values, describe) statement.
    inputs : "schema.table" or "table" -> a frame, or a Parquet file that is read as far as the query needs.

    Returns
    -------
    The rows; their order is the query's, so end it with `order by`. Sums of integers come as decimals: cast them.

    Raises
    ------
    LakeError : the query names an undeclared table or function, reaches for a file, is not a single select,
        or fails in another way; `found` holds DuckDB's own words.
    """
    with (
        tempfile.TemporaryDirectory(prefix="resilience_sql_") as spill,
        duckdb.connect(config={**_SEALED, "temp_directory": spill}) as connection,
    ):
        for number, (name, source) in enumerate(inputs.items()):
            _declare(connection, name, source, f"declared_{number}")
        connection.execute("SET TimeZone = 'UTC'")
        _seal(connection, [source for source in inputs.values() if isinstance(source, Path)])
        try:
            return _select(connection, query).pl()
        except duckdb.CatalogException as error:
            raise LakeError(
                what="the SQL names something that its step does not declare",
                expected=f"only {', '.join(inputs) or 'no table at all'}",
                found=str(error).splitlines()[0],
                remedy="add the table to the step's inputs, or mend its name in the SQL",
            ) from None
        except duckdb.Error as error:
            raise LakeError(
                what="the SQL of a step failed", found=str(error), remedy="mend the SQL file of that step"
            ) from None


def user_query(lake_root: Path, sql: str, limit: int | None = None, wait_seconds: float = 3.0) -> pl.DataFrame:
    """Answer to a person's question to `warehouse.duckdb`.

    Parameters
    ----------
    lake_root : the lake's folder.
    sql : a single select (or with, from, values, describe, summarize, show) statement.
    limit : at most so many rows; None = all.
    wait_seconds : how long to wait while a run is publishing.

    Raises
    ------
    LakeError : there is no warehouse yet, it is being written or cannot be read, or the query fails or does more
        than select.
    """
    file = lake_root / "warehouse.duckdb"
    if not file.is_file():
        raise LakeError(
            what="there is no warehouse yet",
            file=str(file),
            remedy="fill it with `resilience run`, or try `resilience demo`; `resilience rebuild` makes it anew",
        )
    with _reading(file, wait_seconds) as connection:
        try:
            views = connection.execute(
                "SELECT file FROM catalogue.tables WHERE kind = 'view' AND file IS NOT NULL"
            ).fetchall()
        except duckdb.CatalogException:  # a file that something else made
            views = []
        _seal(connection, [Path(view) for (view,) in views])
        try:
            answer = _select(connection, sql)
            return (answer if limit is None else answer.limit(limit)).pl()
        except duckdb.PermissionException as error:
            raise LakeError(
                what="the query reaches for a file; it may read the tables of the warehouse and nothing else",
                found=str(error).splitlines()[0],
                remedy=_ASK,
            ) from None
        except _DAMAGE as error:
            raise LakeError(
                what="the warehouse is damaged",
                file=str(file),
                found=str(error).splitlines()[0],
                remedy="make it anew from the Parquet files with `resilience rebuild`",
            ) from None
        except duckdb.Error as error:
            raise LakeError(what="the query failed", found=str(error), remedy=f"mend the query; {_ASK}") from None


def quoted(path: Path) -> str:
    """A path as an SQL text literal."""
    return "'" + str(path).replace("'", "''") + "'"


def is_locked(error: duckdb.Error) -> bool:
    """Whether DuckDB failed to open a file because somebody else holds it."""
    return _LOCKED.search(str(error)) is not None


def _declare(connection: duckdb.DuckDBPyConnection, name: str, source: pl.DataFrame | Path, alias: str) -> None:
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no table name: schema.table in lower-case letters, digits and underscores")
    if "." in name:
        connection.execute(f'CREATE SCHEMA IF NOT EXISTS "{name.partition(".")[0]}"')
    identifier = ".".join(f'"{part}"' for part in name.split("."))
    if isinstance(source, Path):
        rows = f"read_parquet({quoted(source)})"
    else:
        connection.register(alias, source)
        rows = f'"{alias}"'
    connection.execute(f"CREATE VIEW {identifier} AS SELECT * FROM {rows}")  # noqa: S608 - names are checked above


def _seal(connection: duckdb.DuckDBPyConnection, files: list[Path]) -> None:
    """From here on: these files, no other, no network, no extension, and no way to unlock."""
    connection.execute(f"SET allowed_paths = [{', '.join(map(quoted, files))}]")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")


def _select(connection: duckdb.DuckDBPyConnection, query: str) -> duckdb.DuckDBPyRelation:
    """The one select in `query`; anything else is refused before it runs."""
    statements = connection.extract_statements(query)
    kinds = [statement.type.name for statement in statements]
    if kinds != ["SELECT"]:
        raise LakeError(
            what="only one select statement can be asked",
            expected="a single select, with, from, values, describe, summarize or show statement",
            found=" and ".join(kinds).lower() or "an empty query",
            remedy="ask a single select; to keep its rows, write the answer to a file of yours",
        )
    return connection.sql(query)


@contextmanager
def _reading(file: Path, wait_seconds: float) -> Iterator[duckdb.DuckDBPyConnection]:
    until = time.monotonic() + wait_seconds
    while True:
        try:
            connection = duckdb.connect(str(file), read_only=True, config={**_SEALED, "temp_directory": ""})
            break
        except duckdb.Error as error:
            if not is_locked(error):
                raise LakeError(
                    what="the warehouse cannot be opened",
                    file=str(file),
                    found=str(error).splitlines()[0],
                    remedy="make it anew from the Parquet files with `resilience rebuild`",
                ) from None
            if time.monotonic() > until:
                raise LakeError(
                    what=f"the warehouse was held by somebody else for {wait_seconds:g} seconds",
                    file=str(file),
                    found=str(error).splitlines()[0],
                    remedy="ask again when that process has closed it, or read the Parquet files of the lake",
                ) from None
            time.sleep(0.05)
    with connection:
        yield connection
