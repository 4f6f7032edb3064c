"""Dagster's home: set up, loads, its stores open and are of this release's schema, telemetry off, daemons."""

import os
import sqlite3
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from resilience_pipeline.doctor.finding import Finding, error, ok, some, warning
from resilience_pipeline.errors import PipelineError
from resilience_pipeline.postgres import demand_server
from resilience_pipeline.project import Project
from resilience_pipeline.serving import served_by

if TYPE_CHECKING:
    from dagster import DagsterInstance
    from dagster._daemon.types import DaemonStatus

AREA = "instance"
_NOT_THE_LAKE = "results do not depend on it"
_OPEN_UP = "make {home} and every file in it writable for you, or call this as their owner"
#: How SQLite says that it may not write or open a file; one that is damaged it calls malformed or no database.
_CLOSED = ("readonly database", "unable to open database file")


def examine(project: Project, *, deep: bool = False) -> Iterator[Finding]:
    """Findings on Dagster's home; `deep`: every page of its SQLite files is looked at. Starts nothing."""
    home = project.dagster_home
    if not (home / "dagster.yaml").is_file():
        yield warning(AREA, f"{home} is not set up: it holds no dagster.yaml", "resilience setup")
        return
    stated = os.environ.get("DAGSTER_HOME")
    if stated is not None and Path(stated).resolve() != home.resolve():
        yield warning(AREA, f"DAGSTER_HOME names {stated}, the project {home}", "let .env name one home")
    damaged = [file for file in sorted(home.rglob("*.db")) if deep and not _sound(file)]
    if damaged:
        yield error(AREA, f"Dagster's files are damaged: {some(list(map(str, damaged)))}", _move_away(home))
        return
    yield from _loaded(project)


def _loaded(project: Project) -> Iterator[Finding]:
    import dagster as dg
    import yaml
    from dagster_shared.check import CheckError
    from sqlalchemy.exc import SQLAlchemyError

    home = project.dagster_home
    try:
        demand_server(project)
        with dg.DagsterInstance.from_config(str(home)) as instance:
            yield ok(AREA, f"dagster.yaml of {home} loads; {instance.get_runs_count()} runs are recorded")
            yield from _schema(instance)
            yield _telemetry(instance)
            yield _queue(instance)
            yield from _daemons(instance.get_daemon_statuses(), home)
    except PipelineError as refusal:
        yield error(AREA, str(refusal), refusal.remedy)
    except (dg.DagsterError, CheckError, yaml.YAMLError) as mistake:
        words = str(mistake).strip().splitlines()
        yield error(
            AREA,
            f"{home / 'dagster.yaml'} cannot be used: {' '.join(words[:3])}",
            "mend that file, or delete it and write it anew: resilience setup",
        )
    except (SQLAlchemyError, OSError) as damage:
        said = str(damage).splitlines()[0]
        remedy = _OPEN_UP.format(home=home) if _is_closed(damage, said) else _move_away(home)
        yield error(AREA, f"Dagster's history cannot be opened: {said}", remedy)


def _schema(instance: "DagsterInstance") -> Iterator[Finding]:
    stores = {
        "runs": instance.run_storage,
        "events": instance.event_log_storage,
        "schedules": instance.schedule_storage,
    }
    old = []
    for name, store in stores.items():
        version = store.alembic_version() if store is not None else None
        if version is not None and version[0] != version[1]:
            old.append(f"{name} (is {version[0] or 'unmarked'}, should be {version[1]})")
    if old:
        yield error(
            AREA,
            f"Dagster's stores are of another release's schema: {some(old)}",
            "end `resilience dev`, keep a copy of Dagster's home, then: dagster instance migrate",
        )
    else:
        yield ok(AREA, "Dagster's stores have the schema of the Dagster that is installed")


def _telemetry(instance: "DagsterInstance") -> Finding:
    if instance.telemetry_enabled and os.environ.get("DAGSTER_DISABLE_TELEMETRY") is None:
        return warning(
            AREA,
            "Dagster's telemetry is on: it tells its makers of runs",
            "in dagster.yaml: telemetry: {enabled: false}; or DAGSTER_DISABLE_TELEMETRY=yes in .env",
        )
    return ok(AREA, "Dagster's telemetry is off")


def _queue(instance: "DagsterInstance") -> Finding:
    most = instance.get_concurrency_config().run_queue_config
    at_once = None if most is None else most.max_concurrent_runs
    if at_once == 1:
        return ok(AREA, "one run at a time")
    return warning(
        AREA,
        f"Dagster may start {'any number of' if at_once in (None, -1) else at_once} runs at a time, the lake takes one",
        "they wait for each other; in dagster.yaml: concurrency: {runs: {max_concurrent_runs: 1}}",
    )


def _daemons(statuses: Mapping[str, "DaemonStatus"], home: Path) -> Iterator[Finding]:
    served = served_by(home)
    where = "" if served is None or not served.pid else f", served by process {served.pid} on port {served.port}"
    wanted = {name: status for name, status in statuses.items() if status.required}
    alive = [name for name, status in wanted.items() if status.healthy]
    faults = {
        fault.message.strip().splitlines()[0]
        for status in wanted.values()
        if status.healthy and status.last_heartbeat is not None
        for fault in status.last_heartbeat.errors or []
    }
    if any("multiple daemon" in fault for fault in faults):
        yield error(
            AREA, "more than one daemon serves this home", "end all `dagster dev`, then start one: resilience dev"
        )
    elif faults:
        yield error(AREA, f"daemons report: {some(sorted(faults), 2)}", "see the log of `resilience dev`")
    elif len(alive) == len(wanted):
        yield ok(AREA, f"{len(alive)} daemons are alive{where}")
    elif served is None:
        yield ok(
            AREA, f"no daemon runs, so sensors and schedules rest{_last_seen(statuses)}; `resilience dev` starts one"
        )
    else:
        silent = sorted(wanted.keys() - set(alive))
        yield warning(
            AREA,
            f"daemons are silent{where}: {some(silent)}",
            "one that has just started needs half a minute; else end `resilience dev` and start it again",
        )


def _last_seen(statuses: Mapping[str, "DaemonStatus"]) -> str:
    beats = [status.last_heartbeat.timestamp for status in statuses.values() if status.last_heartbeat is not None]
    if not beats:
        return ""
    late = " (in the future: a clock was set)" if max(beats) > time.time() + 60 else ""
    return f" since {datetime.fromtimestamp(max(beats), UTC).isoformat(timespec='seconds')}{late}"


def _sound(file: Path) -> bool:
    try:
        connection = sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)
        try:
            return bool(connection.execute("PRAGMA quick_check").fetchone() == ("ok",))
        finally:
            connection.close()
    except sqlite3.Error:
        return False


def _is_closed(damage: Exception, words: str) -> bool:
    """Whether this user may not write there, which is no damage."""
    return isinstance(damage, PermissionError) or any(sign in words for sign in _CLOSED)


def _move_away(home: Path) -> str:
    return f"{_NOT_THE_LAKE}: end `resilience dev`, move {home} away, then: resilience setup"
