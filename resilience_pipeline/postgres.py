"""Dagster's storage in Postgres, for a team that shares one instance; the lake's tables never go there.

Only the setting in `dagster.yaml` and the words for what can be wrong with it. The address, password and all, stands
in an environment variable, so no file of Dagster's home, no log and no page of the UI holds it.
"""

import os
from importlib.util import find_spec
from pathlib import Path

import yaml

from resilience_pipeline.errors import PipelineError
from resilience_pipeline.project import SQLITE_EVENT_LOG, Project, set_up

URL = "DAGSTER_POSTGRES_URL"
#: With the key that names the storage, what `dagster.yaml` says.
STORAGE = f"""\
storage:
  postgres:
    postgres_url:
      env: {URL}
"""
_EXAMPLE = f"{URL}=postgresql://USER:PASSWORD@HOST:5432/DATABASE"


def use_postgres(project: Project) -> list[Path]:
    """Set up the project with its Dagster storage in Postgres, in place of the default's SQLite; what was written.

    Raises
    ------
    PipelineError : the extra is not installed, or `dagster.yaml` names another storage.
    """
    if find_spec("dagster_postgres") is None:
        raise PipelineError(
            what="Dagster's Postgres storage is not installed",
            remedy="install the extra: pip install 'resilience-pipeline[postgres]'",
        )
    written = set_up(project)
    file = project.dagster_home / "dagster.yaml"
    text = file.read_text(encoding="utf-8")
    stated = (yaml.safe_load(text) or {}).get("storage")
    if stated is None:
        file.write_text(f"{text.replace(SQLITE_EVENT_LOG, '').rstrip()}\n{STORAGE}", encoding="utf-8")
        return [*dict.fromkeys((*written, file))]
    if "postgres" not in stated:
        raise PipelineError(
            what="another storage is set",
            file=str(file),
            found=", ".join(stated),
            remedy=f"take out the section `storage`, then call this again; it would write:\n{STORAGE}",
        )
    return written


def demand_server(project: Project) -> None:
    """Refuse in words where `dagster.yaml` asks for Postgres and its server cannot be reached; else do nothing.

    Dagster tries a connection again for ten seconds and then prints a traceback. No word of ours holds the address,
    which holds a password.

    Raises
    ------
    PipelineError : the variable is not set, says no address, or the server refuses.
    """
    text = (project.dagster_home / "dagster.yaml").read_text(encoding="utf-8")
    stated = (yaml.safe_load(text) or {}).get("storage") or {}
    if stated.get("postgres", {}).get("postgres_url") != {"env": URL}:
        return
    from sqlalchemy import create_engine
    from sqlalchemy.exc import ArgumentError, OperationalError

    address = os.environ.get(URL)
    if not address:
        raise PipelineError(
            what=f"dagster.yaml asks for Postgres, and {URL} is not set", remedy=f"put a line into .env: {_EXAMPLE}"
        )
    try:
        engine = create_engine(address)
        engine.connect().close()
        engine.dispose()
    except (ArgumentError, ValueError):
        raise PipelineError(
            what=f"what {URL} says is no address of a database",
            remedy=f"correct it in .env: {_EXAMPLE}, with %40 for @ and %2F for / in the password",
        ) from None
    except OperationalError as error:
        raise PipelineError(
            what="the Postgres server of Dagster's storage refuses",
            found=str(error.orig).splitlines()[0],
            remedy=f"start it, or correct {URL} in .env",
        ) from None
