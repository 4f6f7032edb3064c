"""`resilience runs` and `resilience prune`: what ran, what it left and takes on the disk, and how long it stays."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import polars as pl
import typer

from resilience_pipeline import terminal
from resilience_pipeline.project import find_project
from resilience_pipeline.words import many

if TYPE_CHECKING:
    from resilience_pipeline.warehouse.history import Run
    from resilience_pipeline.warehouse.lake import Lake

LakeOption = Annotated[Path | None, typer.Option("--lake", help="Folder of the data lake (default: data_lake).")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print data as JSON.")]
_LOCK_SECONDS = 20.0
_MEBIBYTE = 1 << 20


def runs_command(
    last: Annotated[int, typer.Option("--last", min=1, help="How many runs, counted from the newest.")] = 20,
    variant: Annotated[str | None, typer.Option(help="Runs that computed this set of options.")] = None,
    lake: LakeOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the runs with what each computed and changed, and what the lake takes on the disk."""
    from resilience_pipeline.variants import lake_of
    from resilience_pipeline.warehouse.disk_use import disk_use
    from resilience_pipeline.warehouse.history import runs_of
    from resilience_pipeline.warehouse.lock import holder_of

    project = find_project(lake=lake)
    home = lake_of(project.lake, variant)
    found = runs_of(home)[-last:][::-1]
    holder = holder_of(project.lake) or ""
    parts = disk_use(project)
    if as_json:
        records = [_record(run, holder) for run in found]
        terminal.print_json({"runs": records, "disk": [asdict(part) for part in parts]})
        return
    if not found:
        typer.echo("no run yet: start one with `resilience run`")
    else:
        terminal.print_frame(pl.DataFrame([_row(run, holder) for run in found]))
    typer.echo()
    terminal.print_frame(
        pl.DataFrame(
            [{"on the disk": part.part, "files": part.files, "MiB": f"{part.bytes / _MEBIBYTE:,.1f}"} for part in parts]
        )
    )


def prune_command(
    undeclared: Annotated[
        bool, typer.Option("--undeclared", help="Also take out tables that no study declares any more.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would go, and remove nothing.")] = False,
    lake: LakeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Remove the runs that [lake] keep_runs and keep_days of resilience.toml let go; deliveries always stay."""
    from resilience_pipeline.settings import load_retention
    from resilience_pipeline.warehouse.lake import Lake
    from resilience_pipeline.warehouse.lock import run_lock
    from resilience_pipeline.warehouse.retention import prune

    project = find_project(lake=lake)
    retention = load_retention(project.settings_file)
    stored, verb = Lake(project.lake), "would remove" if dry_run else "removed"
    tables: list[str] = []
    with run_lock(project.lake, "resilience prune", _LOCK_SECONDS):
        if undeclared:
            tables = _take_out_undeclared(stored, dry_run=dry_run)
        gone, forgotten = prune(stored, retention, dry_run=True), []
        if gone.files and not dry_run:
            from resilience_pipeline.running import forget_runs

            forgotten = forget_runs(project, gone.runs)  # first: a run that is gone from the lake nobody asks for again
            gone = prune(stored, retention)
    if as_json:
        record = {"dry_run": dry_run, "runs": gone.runs, "files": [str(file) for file in gone.files]}
        record |= {"bytes": gone.bytes, "undeclared": tables, "dagster_runs": forgotten}
        terminal.print_json(record)
        return
    if undeclared:
        typer.echo(f"{verb} {many(len(tables), 'table')} that no study declares any more")
        for name in tables:
            typer.echo(f"  {name}")
    if retention.everything:
        typer.echo(f"everything is kept: {project.settings_file.name} sets neither keep_runs nor keep_days of [lake]")
        return
    size = f"{gone.bytes / _MEBIBYTE:,.1f} MiB"
    typer.echo(f"{verb} {many(len(gone.runs), 'run')} and {many(len(gone.files), 'file')}, {size}")
    if forgotten:
        typer.echo(f"Dagster forgot {many(len(forgotten), 'run')} of these, too")


def _take_out_undeclared(lake: "Lake", *, dry_run: bool) -> list[str]:
    """Names of the tables that no study declares; they go unless it is a dry run, from the warehouse, too."""
    from resilience_pipeline.plan import project_plan
    from resilience_pipeline.undeclared import remove, undeclared_tables
    from resilience_pipeline.warehouse.catalogue import publish

    found = undeclared_tables(lake, project_plan())
    if found and not dry_run:
        remove(lake, found)
        publish(lake)
    return [table.name for table in found]


def _state(run: "Run", holder: str) -> str:
    """How a run went; one that did not end may be going on, if it is who holds the lake."""
    return "going on" if run.record.ended is None and run.record.run_id in holder.split() else run.state


def _record(run: "Run", holder: str) -> dict[str, object]:
    record = run.record
    return {
        "run": record.run_id,
        "sequence": record.sequence,
        "started": record.started,
        "ended": record.ended,
        "state": _state(run, holder),
        "ok": record.ok,
        "computed": list(record.computed),
        "changed": list(run.changed),
        "failed": list(record.failed),
    }


def _row(run: "Run", holder: str) -> dict[str, str | int]:
    return {
        "run": run.record.run_id,
        "started (UTC)": _to_seconds(run.record.started),
        "ended (UTC)": _to_seconds(run.record.ended),
        "state": _state(run, holder),
        "computed": len(run.record.computed),
        "changed": len(run.changed),
    }


def _to_seconds(moment: str | None) -> str:
    return "" if moment is None else moment[:19].replace("T", " ")
