"""`resilience influence`: which cities, years, rows and cells move a coefficient, and one cell weighed."""

from typing import Annotated, Literal

import typer

from resilience_pipeline.cli_lineage import JsonOption, LakeOption
from resilience_pipeline.project import find_project
from resilience_pipeline.screen import out, print_json


def influence_command(
    name: Annotated[str, typer.Argument(help="A coefficient of a regression or an event study: table_4.3.did.")],
    by: Annotated[
        Literal["city", "year", "row", "cell"],
        typer.Option(help="Leave out cities, years, rows (a city's year) or delivered cells."),
    ] = "city",
    cell: Annotated[
        str | None, typer.Option(help="Weigh this delivered cell: city/indicator/year or file!sheet!R5C3.")
    ] = None,
    top: Annotated[int, typer.Option(min=1, help="Show so many, the strongest first.")] = 10,
    lake: LakeOption = None,
    as_json: JsonOption = False,
) -> None:
    """What moves a coefficient most, in its own errors: cities, years, rows, source cells; or one doubtful cell."""
    from resilience_pipeline.lineage import cell_influence, influence, influence_printing
    from resilience_pipeline.lineage.opened import open_index
    from resilience_pipeline.plan import project_plan
    from resilience_pipeline.warehouse.lake import Lake

    index, plan = open_index(Lake(find_project(lake=lake).lake)), project_plan()
    subject = influence.subject(index, name, plan.declared, plan.studies)
    if cell is not None:
        weighed = cell_influence.weigh(subject, cell)
        if as_json:
            print_json(influence.record(subject, [weighed]))
        else:
            influence_printing.print_weighing(out, subject, weighed)
    elif by == "cell":
        strongest = cell_influence.strongest_cells(subject, top)
        if as_json:
            print_json(influence.record(subject, strongest))
        else:
            influence_printing.print_cells(out, subject, strongest)
    else:
        pulls = influence.pulls(subject, by)
        if as_json:
            print_json(influence.record(subject, pulls))
        else:
            influence_printing.print_pulls(out, subject, pulls, top)
