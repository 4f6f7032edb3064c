"""`resilience report`: the lake's results as a site to read, print and hand on, written without Dagster."""

import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from resilience_pipeline import terminal
from resilience_pipeline.errors import OptionError
from resilience_pipeline.project import find_project


def report_command(
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Folder to write to (default: report_site in the lake, or one below it)."),
    ] = None,
    pdf: Annotated[
        Path | None, typer.Option("--pdf", help="Print all results to this PDF, too (by a Chromium on this machine).")
    ] = None,
    language: Annotated[str, typer.Option(help="Language of the PDF: en or zh.")] = "en",
    open_: Annotated[bool, typer.Option("--open", help="Open it in a browser.")] = False,
    variant: Annotated[str | None, typer.Option(help="Name of a set of options; see `resilience status`.")] = None,
    lake: Annotated[Path | None, typer.Option("--lake", help="Folder of the data lake (default: data_lake).")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print data as JSON.")] = False,
) -> None:
    """Write every result as pages in English and Chinese that open without a network."""
    from resilience_pipeline.settings import load_access
    from resilience_pipeline.site.build import FOLDER, write_site
    from resilience_pipeline.site.pdf import find_browser, write_pdf
    from resilience_pipeline.study.load import find_studies

    project = find_project(lake=lake)
    terminal.warn_where_behind(project, variant)
    if pdf is not None:
        _demand(language)
        find_browser()  # before the pages are made, which takes a while
    access = load_access(project.settings_file)
    usual = project.lake / FOLDER / ("" if variant is None else f"variants/{variant}")
    written = write_site(project.lake, out or usual, find_studies(project.studies), variant, access)
    if pdf is not None:
        write_pdf(written.site, written.index.parent, pdf, language)
    if as_json:
        printed = {} if pdf is None else {"pdf": str(pdf)}
        terminal.print_json({"index": str(written.index), "pages": written.pages, "files": written.files, **printed})
    else:
        typer.echo(f"wrote {written.pages} pages and {written.files} files; open {written.index}")
        if pdf is not None:
            typer.echo(f"wrote {pdf}")
    if open_:
        webbrowser.open(written.index.absolute().as_uri())


def _demand(language: str) -> None:
    from resilience_pipeline.site.words import LANGUAGES

    if language not in LANGUAGES:
        raise OptionError(
            what="no such language", found=language, expected=", ".join(LANGUAGES), remedy="name one of them"
        )
