"""`resilience stale`: which tables the next run would compute, and why. Nothing is computed."""

from pathlib import Path
from typing import Annotated

import typer

from resilience_pipeline import terminal
from resilience_pipeline.project import find_project
from resilience_pipeline.words import many

LakeOption = Annotated[Path | None, typer.Option("--lake", help="Folder of the data lake (default: data_lake).")]


def stale_command(
    lake: LakeOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print data as JSON.")] = False,
) -> None:
    """Which tables the next run would compute, and why: code, an option, an input, a failure.

    Other releases of packages make no table stale; how many were computed under others is said beneath.
    """
    import polars as pl

    from resilience_pipeline.plan import project_plan
    from resilience_pipeline.stale import stale_tables, under_other_packages
    from resilience_pipeline.warehouse.lake import Lake

    plan = project_plan()
    stored = Lake(find_project(lake=lake).lake)
    found = stale_tables(stored, plan.steps)
    older, packages = under_other_packages(stored, plan.steps)
    if older:
        terminal.err.print(
            f"{many(older, 'table')} computed under other packages ({', '.join(packages)}); not stale for that, "
            "`resilience run --force` computes all anew",
            markup=False,
            soft_wrap=True,
        )
    if as_json:
        terminal.print_json(found.to_dicts())
        return
    if found.height:
        terminal.print_frame(found.select("table", "why"))
        typer.echo()
    follow = found.filter(pl.col("follows")).height
    typer.echo(
        f"{found.height - follow} of {len(plan.steps)} tables are stale"
        + (f"; {follow} more are computed if what they read comes out otherwise" if follow else "")
        + ".\nWhether files in the landing folder changed is not looked at here: each run looks."
    )
