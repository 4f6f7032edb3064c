"""`resilience freeze` and `resilience thaw`: pin studies to the deliveries they stand on, and let go of them."""

from pathlib import Path
from typing import Annotated

import typer

from resilience_pipeline import terminal
from resilience_pipeline.project import find_project

LakeOption = Annotated[Path | None, typer.Option("--lake", help="Folder of the data lake (default: data_lake).")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print data as JSON.")]


def freeze_command(
    renew: Annotated[bool, typer.Option("--renew", help="Pin what stands now in place of what was pinned.")] = False,
    lake: LakeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Pin studies to the deliveries they stand on: later editions and corrections then reach the living panel only."""
    from resilience_pipeline.frozen.freeze import freeze
    from resilience_pipeline.warehouse.lake import Lake

    pins = freeze(Lake(find_project(lake=lake).lake), renew=renew)
    counts = {source: len(deliveries) for source, deliveries in pins.sources.items()}
    if as_json:
        terminal.print_json({"frozen_at": pins.frozen_at, "deliveries": counts})
        return
    then = " `resilience run` brings the results up." if renew else ""
    synthetic = " They are synthetic." if any(d.synthetic for ds in pins.sources.values() for d in ds) else ""
    typer.echo(f"The studies are {pins.words} of {len(counts)} sources.{synthetic}{then}")


def thaw_command(lake: LakeOption = None, as_json: JsonOption = False) -> None:
    """Let studies follow the deliveries again."""
    from resilience_pipeline.frozen.freeze import thaw
    from resilience_pipeline.warehouse.lake import Lake

    pins = thaw(Lake(find_project(lake=lake).lake))
    if as_json:
        terminal.print_json({"frozen": False, "was_frozen_at": pins.frozen_at})
        return
    typer.echo("The studies follow the deliveries again. `resilience run` brings the results up.")
