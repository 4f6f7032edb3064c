"""The landing folder as Dagster sees it: one external asset a source, and the sensor that asks for runs."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache

import dagster as dg

from resilience_pipeline.assets.keys import asset_key
from resilience_pipeline.assets.lost_runs import close_lost_runs
from resilience_pipeline.errors import LakeError
from resilience_pipeline.frozen.pins import read_pins
from resilience_pipeline.frozen.steps import PINS_KEY
from resilience_pipeline.landing.listing import look
from resilience_pipeline.landing.memory import read_cursor, read_memory, write_memory
from resilience_pipeline.landing.opening import open_settled
from resilience_pipeline.landing.rules import Rules
from resilience_pipeline.landing.watch import Request, Tick, tick
from resilience_pipeline.project import Project, find_project
from resilience_pipeline.running import EVERYTHING
from resilience_pipeline.sources.delivered import deliveries_of
from resilience_pipeline.sources.registry import SOURCES
from resilience_pipeline.sources.source import Due, Source
from resilience_pipeline.step import TableKey
from resilience_pipeline.warehouse.attempts import last_attempt
from resilience_pipeline.warehouse.lake import Lake
from resilience_pipeline.warehouse.lock import holder_of
from resilience_pipeline.words import many, printable

#: tag of a run that is the first to know of failed deliveries: `alerts` reads it
FAILED_TAG = "resilience/failed_deliveries"
_NAMED_FILES = 10
#: a run that has started so lately may not have taken the lake's lock yet
_JUST_STARTED = timedelta(minutes=2)


def landing_asset(source: Source) -> dg.AssetSpec:
    """The source's files as they lie in the landing folder; a new delivery is an event of this asset.

    Its freshness is the publisher's calendar. The table made from it could not say that: each run looks at it anew.
    """
    return dg.AssetSpec(
        key=asset_key(("landing", source.name)),
        group_name="landing",
        description=f"Deliveries of {source.title}, as the sensor sees them settle in the landing folder. "
        f"Cadence: {source.cadence}.",
        freshness_policy=None if source.due is None else freshness(source.due),
        kinds={"file"},
        owners=["team:data_engineering"],
    )


def freshness(due: Due) -> dg.FreshnessPolicy:
    """Overdue on the first day of the month `overdue`, where nothing came since the month before `appears`."""
    months = (due.overdue - due.appears) % 12 or 12
    return dg.FreshnessPolicy.cron(
        deadline_cron=f"0 0 1 {due.overdue} *", lower_bound_delta=timedelta(days=min(365, 31 * (months + 1)))
    )


def landing_sensor(rules: Rules) -> dg.SensorDefinition:
    """The sensor: one run of the changed sources and all that rests on them, for each delivery."""

    @dg.sensor(
        name="landing",
        job_name=EVERYTHING,
        minimum_interval_seconds=rules.interval_seconds,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Watches the landing folder; files that have settled make one run of what rests on them.",
    )
    def landing(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        project = find_project()
        lake = Lake(project.lake)
        for run_id in close_lost_runs(context.instance, project):
            context.log.warning("run %s had lost its process and is called failed", run_id)
        before = read_memory(project.lake)
        looked = tick(
            look(project.landing, SOURCES),
            before,
            read_cursor(context.cursor),
            now=datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%f"),
            rules=rules,
            open_settled=lambda file, seen: open_settled(project.landing, file, seen),
            taken_in=cache(lambda source: taken_in(lake, source)),
            busy=busy(context.instance, project),
        )
        if looked.memory != before:
            try:
                write_memory(project.lake, looked.memory)
            except OSError as error:
                words = f"{project.lake} cannot be written ({error.strerror or type(error).__name__})"
                return dg.SensorResult(skip_reason=f"{words}: make room there or the folder writable")
        for file in looked.gone:
            context.log.info("%s is gone from the landing folder; what it held stands", printable(file))
        requested = looked.request
        return dg.SensorResult(
            run_requests=[] if requested is None else [_run_request(context, lake, requested, looked.held_back)],
            skip_reason=printable(looked.words) if requested is None else None,
            cursor=looked.cursor.text(),
            asset_events=_arrivals(looked),
        )

    return landing


def taken_in(lake: Lake, source: str) -> frozenset[tuple[str, str]]:
    """The (file, sha256) that the source's table holds; nothing where its last attempt failed: it has more to read."""
    attempt = last_attempt(lake, ("sources", source))
    if attempt is not None and not attempt.ok:
        return frozenset()
    try:
        pointer = lake.current(("sources", source))
    except LakeError:  # damaged: the next run writes it again
        return frozenset()
    return frozenset((delivered.file, delivered.sha256) for delivered in deliveries_of(pointer))


def busy(instance: dg.DagsterInstance, project: Project) -> str | None:
    """The run that is queued or going on this lake, from the UI, a schedule or a terminal; None = none.

    Whether a run goes, the lake's lock says: one that was killed stays "started" in Dagster's books (`lost_runs`).
    """
    holder = holder_of(project.lake)
    if holder is not None:
        return holder
    pending = (dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.STARTING)
    recent = datetime.now(UTC) - _JUST_STARTED
    for filters in (
        dg.RunsFilter(statuses=list(pending)),
        dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED], updated_after=recent),
    ):
        for record in instance.get_run_records(filters, limit=1):
            return f"Dagster run {record.dagster_run.run_id}"
    return None


def refresh_of(repository: dg.RepositoryDefinition, lake: Lake, sources: tuple[str, ...]) -> list[dg.AssetKey]:
    """The inventory, the sources, all that rests on them, and what the lake never had: the first delivery makes all.

    Pins that were moved since the last run count as a source that changed: what is frozen must not read on.
    """
    graph = repository.asset_graph
    changed: list[TableKey] = [("sources", name) for name in ("inventory", *sources)]
    if sources and pins_moved(lake):
        changed.append(PINS_KEY)
    found = dg.AssetSelection.assets(*map(asset_key, changed)).downstream().resolve(graph)
    if sources:
        found = {*found, *graph.materializable_asset_keys} - (_written(lake) - set(found))
    return sorted(key for key in found if graph.get(key).is_materializable)


def pins_moved(lake: Lake) -> bool:
    """Whether `resilience freeze` or `thaw` was said since a run carried the pins into the graph."""
    pins = read_pins(lake.root)
    try:
        pointer = lake.current(PINS_KEY)
    except LakeError:  # damaged: a table that the lake does not have, so the run writes it again
        pointer = None
    told = None if pointer is None else pointer.notes.get("frozen_at")
    return told != (None if pins is None else pins.frozen_at)


def _written(lake: Lake) -> set[dg.AssetKey]:
    """Assets whose table stands in the lake, or in a lake of a variant."""
    lakes = (lake, *(lake.variant(name) for name in lake.variants()))
    return {asset_key(pointer.key) for each in lakes for pointer in each.readable_tables()}


def held_back_config(held_back: Mapping[str, str]) -> dict[str, object]:
    """Run configuration that leaves these files unread; a name that is no text no run reads anyway."""
    files = sorted(file for file in held_back if printable(file) == file)
    return {"resources": {"lake": {"config": {"held_back": files}}}} if files else {}


def _run_request(
    context: dg.SensorEvaluationContext, lake: Lake, request: Request, held_back: Mapping[str, str]
) -> dg.RunRequest:
    if context.repository_def is None:
        raise RuntimeError("the sensor needs the code location it belongs to")
    tags = {"resilience/delivery": ", ".join(request.sources) or "inventory only"}
    if request.failed:
        tags[FAILED_TAG] = json.dumps(dict(request.failed))
    return dg.RunRequest(
        run_key=request.key,
        asset_selection=refresh_of(context.repository_def, lake, request.sources),
        run_config=held_back_config(held_back),
        tags=tags,
    )


def _arrivals(looked: Tick) -> list[dg.AssetMaterialization]:
    return [
        dg.AssetMaterialization(
            asset_key=asset_key(("landing", source)),
            description=f"{many(len(files), 'file')} settled",
            metadata={"files": len(files), "first_files": ", ".join(map(printable, files[:_NAMED_FILES]))},
        )
        for source, files in looked.arrived.items()
    ]
