"""The calendar: when editions are due the sources are looked at, and once a month everything is.

Both cost little: a step behind which nothing changed is not computed. They stand beside the landing sensor for the
day when it was off, and so that a table damaged or lost since comes back by itself.
"""

import os
import time
from collections.abc import Sequence
from pathlib import Path

import dagster as dg

from resilience_pipeline.assets.landing import held_back_config, refresh_of
from resilience_pipeline.landing.memory import FILE, read_memory
from resilience_pipeline.landing.rules import Rules
from resilience_pipeline.landing.watch import held_back
from resilience_pipeline.project import find_project
from resilience_pipeline.running import EVERYTHING
from resilience_pipeline.sources.source import Source
from resilience_pipeline.warehouse.lake import Lake


def editions_due(sources: Sequence[Source], rules: Rules) -> dg.ScheduleDefinition:
    """In the middle of each month in which editions appear, a run over their sources and what rests on them."""
    months = sorted({source.due.appears for source in sources if source.due is not None})

    @dg.schedule(
        name="editions_due",
        job_name=EVERYTHING,
        cron_schedule=[f"0 4 15 {month} *" for month in months],
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Takes in the editions that appear in this month as a rule, should the landing sensor be off.",
    )
    def editions_due(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        at = context.scheduled_execution_time
        due = tuple(source.name for source in sources if source.due is not None and source.due.appears == at.month)
        if not due or context.repository_def is None:
            return dg.SkipReason("no source is due in this month")
        return dg.RunRequest(
            run_key=f"due {at:%Y-%m}",
            asset_selection=refresh_of(context.repository_def, Lake(find_project().lake), due),
            run_config=held_back_config(held_back_now(rules)),
            tags={"resilience/due": ", ".join(due)},
        )

    return editions_due


def monthly_recheck(rules: Rules) -> dg.ScheduleDefinition:
    """On the first of each month, everything."""

    @dg.schedule(
        name="monthly_recheck",
        job_name=EVERYTHING,
        cron_schedule="0 3 1 * *",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Looks at every file and every table again; what did not change is not computed.",
    )
    def monthly_recheck(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        at = context.scheduled_execution_time
        return dg.RunRequest(run_key=f"recheck {at:%Y-%m}", run_config=held_back_config(held_back_now(rules)))

    return monthly_recheck


def held_back_now(rules: Rules) -> dict[str, str]:
    """What the sensor holds back at this moment; nothing where it has not looked lately.

    The memory is written at every tick while a file arrives, so an old one knows of no arrivals; what it calls failed
    counts for as long as the file is the same.
    """
    project = find_project()
    memory = read_memory(project.lake)
    if memory is None:
        return {}
    alive = time.time() - (project.lake / FILE).stat().st_mtime < 10 * rules.interval_seconds
    return {
        file: reason
        for file, reason in held_back(memory).items()
        if (memory.files[file].arriving and alive)
        or (memory.files[file].failed and _is(project.landing / file, memory.files[file].size, memory.files[file].time))
    }


def _is(path: Path, size: int, modified: int) -> bool:
    try:
        state = os.lstat(path)
    except OSError:
        return False
    return (state.st_size, state.st_mtime_ns) == (size, modified)
