"""Start a run from a terminal, inside this process, on the same Dagster instance that the UI shows.

The only module outside `assets/` that knows Dagster; imported when a command really runs something.
"""

import logging
import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import dagster as dg
from filelock import FileLock

from resilience_pipeline.driver import listening
from resilience_pipeline.errors import PipelineError
from resilience_pipeline.options import Options
from resilience_pipeline.postgres import demand_server
from resilience_pipeline.project import Project, set_up
from resilience_pipeline.settings import settings_beside
from resilience_pipeline.step import TableKey

EVERYTHING = "everything"
WITH_OPTIONS = "with_options"
#: For another run to end: at a terminal a person waits, too. A run of the daemon's waits an hour.
LOCK_WAIT_SECONDS = 20.0


@dataclass(frozen=True)
class RunReport:
    """How a run went: its id, whether every step was kept, and each failure's message by asset.

    `computed` tables were written anew, `unchanged` ones stand as they were because nothing behind them changed.
    """

    run_id: str
    ok: bool
    steps: int
    failures: dict[str, str]
    computed: int = 0
    unchanged: int = 0


def run_assets(
    project: Project,
    *,
    select: str | None = None,
    accept_revisions: bool = False,
    force: bool = False,
    deliveries: Mapping[str, list[str]] | None = None,
) -> RunReport:
    """Refresh all assets, or those of a Dagster selection string, under the default options.

    What nothing changed behind is not computed, unless `force`. `deliveries` lists files to "withdraw" or "reinstate".
    """
    definitions, instance = _definitions(project), _instance(project)
    job = definitions.resolve_job_def(EVERYTHING)
    keys = None if select is None else sorted(_selected(definitions, select))
    with instance, _counted() as counts:
        result = job.execute_in_process(
            instance=instance,
            asset_selection=keys,
            raise_on_error=False,
            run_config=_run_config(project, accept_revisions=accept_revisions, force=force, **(deliveries or {})),
        )
    return _report(result, counts)


def run_variant(project: Project, options: Options, *, force: bool = False) -> RunReport:
    """Compute every study under other options, into tables of their own; staged tables are the headline's."""
    definitions, instance = _definitions(project), _instance(project)
    job = definitions.resolve_job_def(WITH_OPTIONS)
    settings = {name: str(value) for name, value in settings_beside(project.settings_file, options).items()}
    with instance, _counted() as counts:
        result = job.execute_in_process(
            instance=instance,
            run_config={
                **_run_config(project, force=force),
                "ops": {"compute_under_options": {"config": {"settings": settings}}},
            },
            raise_on_error=False,
        )
    return _report(result, counts)


def asset_count(project: Project) -> int:
    """How many assets a full run materialises."""
    return len(set(_definitions(project).resolve_job_def(EVERYTHING).asset_layer.executable_asset_keys))


def forget_runs(project: Project, run_ids: Sequence[str]) -> list[str]:
    """Let Dagster's record of runs go that the lake has let go; the ids of those that went."""
    if not run_ids or not (project.dagster_home / "dagster.yaml").is_file():
        return []
    from resilience_pipeline.dagster_runs import forget

    os.environ["DAGSTER_HOME"] = str(project.dagster_home)
    with _instance(project) as instance:
        return forget(instance, run_ids)


def _definitions(project: Project) -> dg.Definitions:
    logging.disable(logging.CRITICAL)  # Dagster logs each event to stderr and offers no other switch
    set_up(project)
    os.environ["DAGSTER_HOME"] = str(project.dagster_home)
    from resilience_pipeline.definitions import defs

    return defs


def _instance(project: Project) -> dg.DagsterInstance:
    """The project's Dagster instance; two processes that make its SQLite tables at once would trip over each other."""
    demand_server(project)
    with FileLock(project.dagster_home / "instance.lock", timeout=60):
        instance = dg.DagsterInstance.get()
        _ = instance.run_storage, instance.event_log_storage, instance.schedule_storage
    return instance


def _run_config(project: Project, **settings: bool | list[str]) -> dict[str, object]:
    where = {"root": str(project.lake), "landing": str(project.landing), **settings}
    return {"resources": {"lake": {"config": {**where, "lock_wait_seconds": LOCK_WAIT_SECONDS}}}}


def _selected(definitions: dg.Definitions, select: str) -> set[dg.AssetKey]:
    graph = definitions.resolve_asset_graph()
    try:
        keys = dg.AssetSelection.from_string(select).resolve(graph)
    except (dg.DagsterInvalidAssetSelectionError, dg.DagsterInvalidSubsetError, ValueError) as error:
        raise PipelineError(
            what=f"cannot read the selection {select!r}: {error}",
            remedy='use Dagster\'s selection syntax, such as "group:estimates" or "+key:estimates/table_4_3"',
        ) from None
    if not keys:
        raise PipelineError(
            what=f"the selection {select!r} names no asset",
            remedy='a table that SQL calls estimates.table_4_3 is the asset "key:estimates/table_4_3"',
        )
    return {key for key in keys if graph.get(key).is_materializable}


@contextmanager
def _counted() -> Iterator[Counter[str]]:
    """How many steps of the block ended in which state; the run is in this process."""
    counts: Counter[str] = Counter()

    def count(key: TableKey, state: str) -> None:
        counts[state] += 1

    with listening(count):
        yield counts


def _report(result: dg.ExecuteInProcessResult, counts: Counter[str]) -> RunReport:
    failures = {}
    for event in result.all_events:
        if event.is_step_failure:
            failures[str(event.step_key)] = reason_of(event.step_failure_data)
        elif event.event_type == dg.DagsterEventType.PIPELINE_FAILURE and not failures:
            failures["run"] = reason_of_run(event)
    steps = sum(event.is_step_success for event in result.all_events)
    return RunReport(result.run_id, result.success, steps, failures, counts["kept"], counts["unchanged"])


def reason_of(data: object) -> str:
    """Why a step failed, in our own words where we wrote them."""
    user = getattr(data, "user_failure_data", None)
    if user is not None and user.description:
        return str(user.description)
    error = getattr(data, "error", None)
    while error is not None and error.cause is not None:
        error = error.cause
    return "" if error is None else str(error.message).strip()


def reason_of_run(event: dg.DagsterEvent) -> str:
    """Why a run failed as a whole."""
    error = getattr(event.event_specific_data, "error", None)
    while error is not None and error.cause is not None:
        error = error.cause
    words = str(event.message if error is None else error.message).strip()
    return re.sub(r"^resilience_pipeline\.errors\.\w+: ", "", words)  # ours are written for people
