"""`resilience doctor`: what is well and what is not, and what to do."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from resilience_pipeline import terminal
from resilience_pipeline.project import find_project

STYLES = {"ok": "green", "warning": "yellow", "error": "bold red"}


def doctor_command(
    deep: Annotated[
        bool, typer.Option("--deep", help="Also kept versions, runs, the whole warehouse and Dagster's files.")
    ] = False,
    lake: Annotated[Path | None, typer.Option("--lake", help="Folder of the data lake (default: data_lake).")] = None,
    landing: Annotated[Path | None, typer.Option("--landing", help="Folder of delivered files.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print data as JSON.")] = False,
) -> None:
    """Look at installation, lake, every file's hash, warehouse, Dagster and landing folder; exit code 1 if not well."""
    from resilience_pipeline.doctor.examination import examine
    from resilience_pipeline.doctor.finding import ERROR

    findings = list(examine(find_project(lake=lake, landing=landing), deep=deep))
    well = all(finding.level != ERROR for finding in findings)
    if as_json:
        terminal.print_json({"ok": well, "findings": [asdict(finding) for finding in findings]})
    else:
        table = Table(box=None, pad_edge=False, show_header=False)
        table.add_column(no_wrap=True)
        table.add_column(no_wrap=True)
        table.add_column(overflow="fold")
        for finding in findings:
            words = finding.message + (f"\n-> {finding.remedy}" if finding.remedy else "")
            table.add_row(Text(finding.level, style=STYLES[finding.level]), finding.area, Text(words))
        terminal.out.print(table)
    raise typer.Exit(0 if well else 1)
