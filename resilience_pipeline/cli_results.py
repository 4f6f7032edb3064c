"""`resilience show` and `resilience export`: results of the lake on the screen or as files, without Dagster."""

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from resilience_pipeline import terminal
from resilience_pipeline.errors import LakeError, OptionError
from resilience_pipeline.project import Project, find_project

LakeOption = Annotated[Path | None, typer.Option("--lake", help="Folder of the data lake (default: data_lake).")]
VariantOption = Annotated[str | None, typer.Option(help="Name of a set of options; see `resilience status`.")]
REPLICATION = "replication"  # folder of it within the export
_FORMATS = "text, markdown, latex, html, docx, csv; for a figure also svg, png, pdf"


def show_command(
    result: Annotated[str, typer.Argument(help='A result, such as "table_4"; `resilience status` lists them.')],
    variant: VariantOption = None,
    as_of: Annotated[
        str | None, typer.Option("--as-of", help="As a run (`resilience runs`), a date or a time left it.")
    ] = None,
    form: Annotated[str | None, typer.Option("--format", help=f"{_FORMATS}.")] = None,
    ours: Annotated[bool, typer.Option("--ours", help="Leave out the paper's figures.")] = False,
    out: Annotated[Path | None, typer.Option("--out", help="Write to this file; its suffix names the format.")] = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="The same as --format markdown.")] = False,
    lake: LakeOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print data as JSON.")] = False,
) -> None:
    """Print one result, or write it to a file."""
    from resilience_pipeline.frozen.pins import read_pins
    from resilience_pipeline.status import read_result

    project = find_project(lake=lake)
    found = read_result(project.lake, result, variant, as_of)
    if as_of is None:
        terminal.warn_where_behind(project, variant)
    if as_json:
        terminal.print_json(found.record())
        return
    form = form or ("markdown" if markdown else None)
    if form in (None, "text", "markdown") and not ours and out is None:
        terminal.print_result(found, markdown=form == "markdown")
        if variant is None and (pins := read_pins(project.lake)) is not None:
            typer.echo(f"The study is {pins.words}.")
        return
    from resilience_pipeline.report.export import BINARY, format_of, in_format

    form = form or ("text" if out is None else format_of(out))
    if form in BINARY and out is None and sys.stdout.isatty():
        raise OptionError(what=f"{form} is nothing to read on a screen", remedy=f"add --out {found.name}.{form}")
    with _warnings_in_words():
        data = in_format(found, form, _studies(project.studies), ours=ours)
    if out is None:
        sys.stdout.buffer.write(data)
        return
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_bytes(data)
    typer.echo(f"wrote {out}")


def export_command(
    out: Annotated[Path, typer.Option("--out", help="Folder to write to, made when missing; the archive of a bundle.")],
    formats: Annotated[str | None, typer.Option(help=f"Some of: {_FORMATS}. If left out: all.")] = None,
    replication: Annotated[
        bool, typer.Option("--replication", help="Only the panel, do-files and R scripts to check each regression.")
    ] = False,
    bundle: Annotated[
        bool, typer.Option("--bundle", help="One archive for a data editor, without licensed rows: see `verify`.")
    ] = False,
    variant: VariantOption = None,
    lake: LakeOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print data as JSON.")] = False,
) -> None:
    """Write every result in every format, and in `replication/` what it takes to check them in Stata and R."""
    if bundle:
        _write_bundle(out, find_project(lake=lake), as_json=as_json)
        return
    from resilience_pipeline.replication.folder import write_replication
    from resilience_pipeline.report.export import ALL_FORMATS, export_results

    project = find_project(lake=lake)
    terminal.warn_where_behind(project, variant)
    studies = _studies(project.studies)
    chosen = tuple(name.strip() for name in formats.split(",")) if formats else ALL_FORMATS
    for name in chosen:
        if name not in ALL_FORMATS:
            raise OptionError(
                what=f"there is no format {name!r}", expected=", ".join(ALL_FORMATS), remedy="use the expected ones"
            )
    files: list[str] = []
    open_: dict[str, str] = {}
    if not replication:
        with _warnings_in_words():
            exported = export_results(project.lake, out, studies, formats=chosen, variant=variant)
        files, open_ = list(exported.files), exported.open
    checked = write_replication(project.lake, out / REPLICATION, studies, variant)
    if replication and not checked:
        raise LakeError(
            what=f"{project.lake} holds no estimated regression",
            remedy="run `resilience demo` or `resilience run` first",
        )
    for made in checked:
        files += [f"{REPLICATION}/{name}" for name in made.files]
        open_ |= made.open
    if as_json:
        terminal.print_json({"out": str(out), "files": files, "open": open_})
        return
    typer.echo(f"wrote {len(files)} files to {out}")
    for name, reason in open_.items():
        terminal.err.print(f"left out: {name}: {reason}", markup=False, soft_wrap=True)


def _write_bundle(out: Path, project: Project, *, as_json: bool) -> None:
    from resilience_pipeline.bundle.write import write_bundle

    with _warnings_in_words():
        written = write_bundle(project.lake, out, _studies(project.studies), project.studies)
    if as_json:
        record = written.record
        terminal.print_json({"out": str(out), "files": written.files, "tables": len(record.tables)})
        return
    typer.echo(f"wrote {out}: {len(written.files)} files. Check it with: resilience verify {out} --landing FOLDER")


def _studies(folder: Path) -> tuple:
    from resilience_pipeline.study.load import find_studies

    return find_studies(folder)


@contextmanager
def _warnings_in_words() -> Iterator[None]:
    """Each warning once on stderr, as a sentence."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
    for message in dict.fromkeys(
        str(warning.message) for warning in caught if warning.category is not DeprecationWarning
    ):
        terminal.err.print(f"warning: {message}", markup=False, soft_wrap=True)
