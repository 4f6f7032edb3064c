"""`resilience report`: the lake's results as a site to read, print and hand on, written without Dagster."""

import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from resilience_pipeline import terminal
from resilience_pipeline.project import find_project


def report_command(
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder to write to (default: report_site in the lake).")
    ] = None,
    open_: Annotated[bool, typer.Option("--open", help="Open it in a browser.")] = False,
    variant: Annotated[str | None, typer.Option(help="Name of a set of options; see `resilience status`.")] = None,
    lake: Annotated[Path | None, typer.Option("--lake", help="Folder of the data lake (default: data_lake).")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print data as JSON.")] = False,
) -> None:
    """Write every result as pages in English and Chinese that open without a network."""
    from resilience_pipeline.site.build import FOLDER, write_site
    from resilience_pipeline.study.load import find_studies

    project = find_project(lake=lake)
    written = write_site(project.lake, out or project.lake / FOLDER, find_studies(project.studies), variant)
    if as_json:
        terminal.print_json({"index": str(written.index), "pages": written.pages, "files": written.files})
    else:
        typer.echo(f"wrote {written.pages} pages and {written.files} files; open {written.index}")
    if open_:
        webbrowser.open(written.index.absolute().as_uri())
