"""Dagster's event log in SQLite, with its files kept open.

Dagster opens and closes a file for each of the dozen events of a step, and compiles its SQL anew each time: of a run
in which nothing had to be computed that took more than half. Only how connections are made differs from Dagster's own
class; the files, their tables and their locks are the same, so either class reads what the other wrote. With a
write-ahead log `synchronous = NORMAL` cannot damage a file; a power cut may cost the last events, never a result,
since results stand in the lake.

It is also smaller. What a step says of its table Dagster keeps three times, once with the step's output, where nobody
looks for it: that one is left out. And the file of a run that is deleted goes, too.
"""

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dagster import DagsterInstance, EventLogEntry, Field, StringSource
from dagster._core.execution.plan.outputs import StepOutputData
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from dagster._serdes import ConfigurableClassData
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import QueuePool

#: Files kept open at most: the index and the runs looked at last.
OPEN_FILES = 8


class OpenSqliteEventLogStorage(SqliteEventLogStorage):
    """SqliteEventLogStorage that keeps its connections.

    Set in `dagster.yaml` under `event_log_storage`. Without a `base_dir` its place is `history/runs` of the home that
    is opened, as with Dagster's own, so that a copied or moved home reads and writes its own log.
    """

    def __init__(self, base_dir: str | None = None, inst_data: ConfigurableClassData | None = None) -> None:
        self._engines: OrderedDict[str, Engine] = OrderedDict()
        self._inst_data = inst_data
        if base_dir:
            super().__init__(base_dir, inst_data)

    @classmethod
    def config_type(cls) -> dict[str, Any]:
        """What `dagster.yaml` may say."""
        return {"base_dir": Field(StringSource, is_required=False)}

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> "OpenSqliteEventLogStorage":
        """Made by Dagster from `dagster.yaml`."""
        return cls(config_value.get("base_dir"), inst_data)

    def register_instance(self, instance: DagsterInstance) -> None:
        """Told by Dagster which instance uses this storage: what has no place yet takes that of its home."""
        if not hasattr(self, "_base_dir"):
            super().__init__(str(Path(instance.root_directory) / "history" / "runs"), self._inst_data)
        super().register_instance(instance)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        with self._db_lock:  # one user at a time, whatever its thread
            engine = self._engine(shard)
            if shard not in self._initialized_dbs:
                self._initdb(engine)
                self._initialized_dbs.add(shard)
            with engine.connect() as connection, connection.begin():
                yield connection

    def store_event(self, event: EventLogEntry) -> None:
        """Store an event; of a step's output without what the materialisation of its table says again."""
        super().store_event(_lean(event))

    def delete_events(self, run_id: str) -> None:
        """Delete a run's events with its file, which Dagster's own class leaves as large as it was."""
        super().delete_events(run_id)
        with self._db_lock:
            self._close(run_id)
            file = Path(self.path_for_shard(run_id))
            for part in (file, *(file.with_name(f"{file.name}-{end}") for end in ("wal", "shm"))):
                part.unlink(missing_ok=True)

    def dispose(self) -> None:
        """Close every file."""
        with self._db_lock:
            while self._engines:
                self._engines.popitem()[1].dispose()
        super().dispose()

    def _engine(self, shard: str) -> Engine:
        """The engine of a file; the one not used for longest is closed where there are too many."""
        if shard in self._engines and not Path(self.path_for_shard(shard)).exists():
            self._close(shard)  # somebody has deleted the run
        if shard not in self._engines:
            engine = create_engine(
                self.conn_string_for_shard(shard),
                poolclass=QueuePool,
                pool_size=1,
                connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS, "check_same_thread": False},
            )
            event.listen(engine, "connect", _flush_seldom)
            self._engines[shard] = engine
        self._engines.move_to_end(shard)
        while len(self._engines) > OPEN_FILES:
            self._engines.popitem(last=False)[1].dispose()
        return self._engines[shard]

    def _close(self, shard: str) -> None:
        """Close a file that is to be made anew where it is asked for again."""
        if shard in self._engines:
            self._engines.pop(shard).dispose()
        self._initialized_dbs.discard(shard)


def _lean(entry: EventLogEntry) -> EventLogEntry:
    event = entry.dagster_event
    if event is None or not isinstance(event.event_specific_data, StepOutputData):
        return entry
    without = event.event_specific_data._replace(metadata={})
    return entry._replace(dagster_event=event._replace(event_specific_data=without))


def _flush_seldom(connection: Any, _record: object) -> None:
    connection.execute("PRAGMA synchronous = NORMAL")
