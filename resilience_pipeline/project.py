"""Where a project keeps its things: lake, landing folder, study files, options and Dagster's home.

A project is a folder; the repository's checkout is one. Environment variables (a git-ignored `.env` sets two of them,
for Dagster and the terminal alike) come before `[paths]` of `resilience.toml`, which comes before the defaults.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from dotenv import dotenv_values, load_dotenv

from resilience_pipeline.errors import PipelineError
from resilience_pipeline.settings import load_paths

#: Dagster instance of the embedded default: local SQLite, one run at a time, nothing leaves the machine.
DAGSTER_YAML = """\
# Written once by `resilience setup`; yours to change.
telemetry:
  enabled: false
nux:
  enabled: false
concurrency:
  runs:
    max_concurrent_runs: 1
run_monitoring:
  enabled: true
  free_slots_after_run_end_seconds: 60
run_retries:
  enabled: true
  max_retries: 1
  retry_on_asset_or_op_failure: false
retention:
  schedule:
    purge_after_days: 90
  sensor:
    purge_after_days:
      skipped: 7
      failure: 30
      success: -1
"""


#: Section of `dagster.yaml`: SQLite whose files stay open (event_log.py). A storage in Postgres takes its place.
SQLITE_EVENT_LOG = """\
event_log_storage:
  module: resilience_pipeline.event_log
  class: OpenSqliteEventLogStorage
"""


@dataclass(frozen=True)
class Project:
    """Absolute paths of one project."""

    root: Path
    lake: Path
    landing: Path
    settings_file: Path  # resilience.toml, which may not exist
    studies: Path  # folder of the user's own study files, which may not exist
    dagster_home: Path


def find_project(lake: Path | None = None, landing: Path | None = None) -> Project:
    """The project of the working directory (or of RESILIENCE_PROJECT); arguments override what it says.

    Reads `.env` without overriding what the environment already sets.

    Raises
    ------
    PipelineError : `.env` was written for another folder, so that runs would end up there.
    """
    root = Path(os.environ.get("RESILIENCE_PROJECT", ".")).resolve()
    _refuse_another_folders_env(root)
    load_dotenv(root / ".env")
    settings = root / "resilience.toml"
    stated = load_paths(settings)
    lake = _absolute(lake or os.environ.get("RESILIENCE_LAKE") or stated.get("lake") or "data_lake", root)
    landing = _absolute(
        landing or os.environ.get("RESILIENCE_LANDING") or stated.get("landing") or lake / "landing", root
    )
    home = _absolute(os.environ.get("DAGSTER_HOME") or ".dagster_home", root)
    return Project(root, lake, landing, settings, root / "studies", home)


def _refuse_another_folders_env(root: Path) -> None:
    written_for = dotenv_values(root / ".env").get("RESILIENCE_PROJECT")
    if written_for and Path(written_for).resolve() != root:
        raise PipelineError(
            what="this project was copied or moved",
            file=str(root / ".env"),
            found=written_for,
            expected=str(root),
            remedy="delete this file and call: resilience setup",
        )


def set_up(project: Project) -> list[Path]:
    """Write `.env` and Dagster's home where they do not stand yet; returns what was written."""
    written = []
    project.dagster_home.mkdir(parents=True, exist_ok=True)
    dagster_yaml = project.dagster_home / "dagster.yaml"
    if not dagster_yaml.exists():
        dagster_yaml.write_text(DAGSTER_YAML + SQLITE_EVENT_LOG, encoding="utf-8")
        written.append(dagster_yaml)
    env = project.root / ".env"
    if not env.exists():
        lines = [
            f"DAGSTER_HOME={project.dagster_home}",
            f"RESILIENCE_PROJECT={project.root}",
            "DAGSTER_DISABLE_TELEMETRY=yes",
        ]
        env.write_text("\n".join(lines) + "\n", encoding="utf-8")
        written.append(env)
    project.landing.mkdir(parents=True, exist_ok=True)
    return written


def _absolute(path: str | Path, root: Path) -> Path:
    path = Path(path).expanduser()
    return path if path.is_absolute() else root / path
