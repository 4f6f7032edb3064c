"""`resilience withdraw`: do without delivered files, or take them in again."""

from pathlib import Path
from typing import Annotated

import typer

from resilience_pipeline import terminal
from resilience_pipeline.errors import DeliveryError
from resilience_pipeline.options import Options
from resilience_pipeline.project import Project, find_project


def withdraw_command(
    files: Annotated[
        list[str] | None,
        typer.Argument(metavar="FILE...", help="As it lies, or lay, inside the landing folder; `*` for any letters."),
    ] = None,
    gone: Annotated[bool, typer.Option("--gone", help="All that stands though its file is gone.")] = False,
    undo: Annotated[bool, typer.Option("--undo", help="Take withdrawn files in again.")] = False,
    landing: Annotated[Path | None, typer.Option("--landing", help="Folder of delivered files.")] = None,
    lake: Annotated[Path | None, typer.Option("--lake", help="Folder of the data lake (default: data_lake).")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print data as JSON.")] = False,
) -> None:
    """Do without deliveries, there or gone, and refresh what rests on them; no file is deleted."""
    project = find_project(lake=lake, landing=landing)
    named = _to_undo(project, files or ["*"]) if undo else _to_withdraw(project, files or [], gone=gone)
    if not as_json:
        said = "\n".join(f"{'taken in again' if undo else 'withdrawn'}: {file}" for file in named)
        terminal.out.print(said, markup=False, soft_wrap=True)
    lists = {"reinstate" if undo else "withdraw": named}
    raise typer.Exit(terminal.run(project, None, Options(), deliveries=lists, as_json=as_json))


def _to_withdraw(project: Project, files: list[str], *, gone: bool) -> list[str]:
    from resilience_pipeline.arrivals import arrivals_now

    arrivals = arrivals_now(project.lake, project.landing)
    found = arrivals.find([*files, *(arrivals.standing() if gone else ())])
    if not found:
        raise DeliveryError(
            "nothing to do without",
            remedy="name files inside the landing folder, or --gone for all that stand though their file is gone",
        )
    return sorted({delivery.file for delivery in found})


def _to_undo(project: Project, files: list[str]) -> list[str]:
    from resilience_pipeline.arrivals import arrivals_now

    return sorted({file for file, _ in arrivals_now(project.lake, project.landing).find_withdrawn(files)})
