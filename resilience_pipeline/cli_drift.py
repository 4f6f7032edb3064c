"""`resilience drift`: what moved between two runs, and what moved it."""

from pathlib import Path
from typing import Annotated

import typer

from resilience_pipeline import terminal
from resilience_pipeline.project import find_project


def drift_command(
    run_a: Annotated[
        str | None, typer.Argument(help="The older: a run (`resilience runs`), a date, a time or a variant.")
    ] = None,
    run_b: Annotated[str | None, typer.Argument(help="The newer; left out: the last run.")] = None,
    recomputations: Annotated[
        int | None, typer.Option(min=0, help="At most so many to tell causes apart; 0 only compares.")
    ] = None,
    lake: Annotated[Path | None, typer.Option("--lake", help="Folder of the data lake (default: data_lake).")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print data as JSON.")] = False,
) -> None:
    """Say which coefficients moved between two runs and why; without runs, at the last one that changed any."""
    from resilience_pipeline.drift.refresh import drift_between, last_refresh, state_of
    from resilience_pipeline.plan import project_plan
    from resilience_pipeline.settings import load_recomputations
    from resilience_pipeline.warehouse.history import LAST
    from resilience_pipeline.warehouse.lake import Lake

    project = find_project(lake=lake)
    stored = Lake(project.lake)
    pair = last_refresh(stored) if run_a is None else (state_of(stored, run_a), state_of(stored, run_b or LAST))
    if pair is None:
        if as_json:
            terminal.print_json({"older": None, "newer": None, "causes": [], "rows": []})
        else:
            typer.echo("nothing to compare: no run has changed an estimate since the first one that made any")
        return
    old, new = pair
    largest = load_recomputations(project.settings_file) if recomputations is None else recomputations
    names = _name(old), _name(new)
    found = drift_between(
        old, new, project_plan(), stored.root, largest=largest, title=f"What moved from {names[0]} to {names[1]}"
    )
    if as_json:
        terminal.print_json(
            {
                "older": names[0],
                "newer": names[1],
                "causes": found.attribution.causes,
                "notes": found.attribution.notes,
                "recomputed_steps": found.attribution.steps,
                "changed_tables": [".".join(key) for key in found.changed],
                "lacking": found.lacking,
                "rows": found.table.to_dicts(),
            }
        )
    elif not found.changed:
        typer.echo(f"nothing moved from {names[0]} to {names[1]}: every estimate that both have is the same")
        for note in found.attribution.notes:
            typer.echo(note)
    else:
        terminal.out.print(found.document.text, markup=False, soft_wrap=True)


def _name(state: object) -> str:
    run = getattr(state, "run", None)
    return str(getattr(state, "variant_name", None)) if run is None else str(run.record.run_id)[:8]
