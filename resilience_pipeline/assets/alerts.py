"""Alerts through Dagster's own hooks: a run that failed, deliveries that failed, a source that is overdue.

Each goes to the sensor's log, which the UI keeps, and to the channels of `[alerts]`. Runs from a terminal tell their
user themselves.
"""

import json
import logging
from collections.abc import Sequence

import dagster as dg

from resilience_pipeline.alerts.channels import send
from resilience_pipeline.alerts.message import Alert, overdue_alert, run_alert
from resilience_pipeline.alerts.settings import Channels, load_channels
from resilience_pipeline.assets.keys import asset_key
from resilience_pipeline.assets.landing import FAILED_TAG
from resilience_pipeline.errors import OptionError
from resilience_pipeline.project import find_project
from resilience_pipeline.running import reason_of, reason_of_run
from resilience_pipeline.sources.source import Source

FRESHNESS_LOOK_SECONDS = 3600
_TOLD = {
    dg.DagsterEventType.STEP_FAILURE,
    dg.DagsterEventType.ASSET_MATERIALIZATION,
    dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED,
}


def alert_sensors(sources: Sequence[Source]) -> list[dg.SensorDefinition]:
    """The three sensors."""
    return [_failed_runs(), _failed_deliveries(), _overdue(sources)]


def alert_of(instance: dg.DagsterInstance, run: dg.DagsterRun, channels: Channels) -> Alert:
    """What is to be said of a run: its failures in the words of the errors, and what waits for them."""
    blocked: dict[str, str] = {}
    planned: set[dg.AssetKey] = set()
    made: set[dg.AssetKey] = set()
    for entry in instance.all_logs(run.run_id, of_type=_TOLD):
        event = entry.dagster_event
        if event is None:
            continue
        if event.is_step_failure:
            blocked[str(event.step_key).replace("__", ".")] = reason_of(event.step_failure_data)
        elif event.asset_key is not None:
            (made if event.is_step_materialization else planned).add(event.asset_key)
    waiting = max(0, len(planned - made) - len(blocked)) if blocked else 0
    if not blocked and run.status == dg.DagsterRunStatus.FAILURE:
        blocked["the run"] = _run_failure(instance, run)
    page = f"{channels.page.rstrip('/')}/runs/{run.run_id}" if channels.page else ""
    failed = json.loads(run.tags.get(FAILED_TAG, "{}"))
    return run_alert(run.run_id, run.job_name, blocked=blocked, waiting=waiting, failed=failed, page=page)


def channels_now(log: logging.Logger) -> Channels:
    """The channels that `resilience.toml` names now; where it cannot be read the log says why and is the only one."""
    try:
        return load_channels(find_project().settings_file)
    except OptionError as error:
        log.error("no alert leaves this log: %s", error)
        return Channels()


def tell_of_run(context: dg.RunStatusSensorContext) -> None:
    """Say what is blocked or failed by the run that the sensor was called for."""
    channels = channels_now(context.log)
    tell(context.log, alert_of(context.instance, context.dagster_run, channels), channels)


def tell(log: logging.Logger, alert: Alert, channels: Channels) -> None:
    """Log the alert, send it, log how that went."""
    log.warning("%s\n%s", alert.subject, alert.text)
    for channel, outcome in send(alert, channels).items():
        log.log(logging.INFO if outcome == "sent" else logging.ERROR, "alert by %s: %s", channel, outcome)


def _run_failure(instance: dg.DagsterInstance, run: dg.DagsterRun) -> str:
    for entry in instance.all_logs(run.run_id, of_type=dg.DagsterEventType.PIPELINE_FAILURE):
        if entry.dagster_event is not None:
            return reason_of_run(entry.dagster_event)
    return "it ended without a word; its process may have been killed"


def _failed_runs() -> dg.SensorDefinition:
    @dg.run_failure_sensor(
        name="alert_of_failed_runs",
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Says which table is blocked, why, and that old results stand: in its log, and by [alerts].",
    )
    def alert_of_failed_runs(context: dg.RunFailureSensorContext) -> None:
        tell_of_run(context)

    return alert_of_failed_runs


def _failed_deliveries() -> dg.SensorDefinition:
    @dg.run_status_sensor(
        name="alert_of_failed_deliveries",
        run_status=dg.DagsterRunStatus.SUCCESS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Says which files never settled or do not open, once, though the run over the others went well.",
    )
    def alert_of_failed_deliveries(context: dg.RunStatusSensorContext) -> None:
        if FAILED_TAG in context.dagster_run.tags:
            tell_of_run(context)

    return alert_of_failed_deliveries


def _overdue(sources: Sequence[Source]) -> dg.SensorDefinition:
    cadences = {asset_key(("landing", source.name)): source for source in sources if source.due is not None}

    @dg.sensor(
        name="alert_of_overdue_sources",
        minimum_interval_seconds=FRESHNESS_LOOK_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Says which sources' next delivery is overdue by their freshness policies, once each.",
    )
    def alert_of_overdue_sources(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        records = context.instance.get_freshness_state_records(list(cadences))
        overdue = {
            cadences[key].name: cadences[key].cadence
            for key, record in records.items()
            if record.freshness_state.value == "FAIL"
        }
        known = set(json.loads(context.cursor or "[]"))
        new = {name: cadence for name, cadence in overdue.items() if name not in known}
        if new:
            tell(context.log, overdue_alert(new), channels_now(context.log))
        context.update_cursor(json.dumps(sorted(overdue)))
        return dg.SkipReason(f"overdue: {', '.join(sorted(overdue)) or 'nothing'}")

    return alert_of_overdue_sources
