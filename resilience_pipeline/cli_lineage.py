"""`resilience trace` and `impact`: back from a coefficient to its cells, forth from a cell to coefficients."""

from pathlib import Path
from typing import Annotated

import typer

from resilience_pipeline.project import find_project
from resilience_pipeline.screen import out, print_json

LakeOption = Annotated[Path | None, typer.Option("--lake", help="Folder of the data lake (default: data_lake).")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print data as JSON.")]


def trace_command(
    name: Annotated[str, typer.Argument(help="A coefficient, such as table_4.3.did, or how some begin.")],
    depth: Annotated[
        int, typer.Option(min=1, max=4, help="1 estimate and sample, 2 variables, 3 tables and files, 4 all of it.")
    ] = 3,
    city: Annotated[str | None, typer.Option(help="Show cells of this city: code or name.")] = None,
    year: Annotated[int | None, typer.Option(help="Show cells of this year.")] = None,
    cells: Annotated[int, typer.Option(min=0, help="Show so many cells at most.")] = 20,
    variant: Annotated[str | None, typer.Option(help="Name of a set of options; see `resilience status`.")] = None,
    as_of: Annotated[
        str | None, typer.Option("--as-of", help="As a run (`resilience runs`), a date or a time left it.")
    ] = None,
    lake: LakeOption = None,
    as_json: JsonOption = False,
) -> None:
    """From a coefficient back to the cells that it rests on: sample, variables, tables, files, cells."""
    from resilience_pipeline.lineage.opened import find, open_index
    from resilience_pipeline.lineage.trace import trace
    from resilience_pipeline.variants import lake_of

    index = open_index(lake_of(find_project(lake=lake).lake, variant), as_of)
    found = find(index, name)
    if len({coefficient.table for coefficient in found}) > 1:
        if as_json:
            print_json([vars(coefficient) for coefficient in found])
        else:
            from resilience_pipeline.lineage.printing import print_coefficients

            print_coefficients(out, found)
        return
    traced = trace(index, found, city=city, year=year, cells=cells)
    if as_json:
        print_json(traced.record())
        return
    from resilience_pipeline.lineage.printing import print_trace

    print_trace(out, traced, depth, cells_shown=city is not None or year is not None)


def impact_command(
    asked: Annotated[str, typer.Argument(help="file!sheet!R5C3, city/indicator/year, an indicator or a file.")],
    exact: Annotated[bool, typer.Option("--exact", help="Compute again with the cell changed.")] = False,
    to: Annotated[float | None, typer.Option(help="With --exact: the new value, in the indicator's unit.")] = None,
    result: Annotated[list[str] | None, typer.Option(help="With --exact: only this result; may be repeated.")] = None,
    lake: LakeOption = None,
    as_json: JsonOption = False,
) -> None:
    """From a delivered cell, a series or a file to the coefficients that rest on it."""
    from resilience_pipeline.lineage.impact import impact
    from resilience_pipeline.lineage.opened import open_index
    from resilience_pipeline.lineage.printing import print_impact, print_moved
    from resilience_pipeline.warehouse.lake import Lake

    index = open_index(Lake(find_project(lake=lake).lake))
    found = impact(index, asked)
    moved = {}
    if exact:
        from resilience_pipeline.lineage.exact import try_changes
        from resilience_pipeline.plan import project_plan

        steps = project_plan().studies
        wanted = [s.key for s in steps if s.key[0] == "estimates" and (not result or s.key[1] in result)]
        walks = try_changes(index, steps, found, to, wanted)
        moved = {trial: dict(walked.coefficients) for trial, walked in walks.items()}
    if as_json:
        print_json(found.record() | ({"moved": moved} if exact else {}))
        return
    print_impact(out, found)
    print_moved(out, moved)
