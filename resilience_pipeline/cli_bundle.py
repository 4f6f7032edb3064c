"""`resilience verify`: check a bundle that `resilience export --bundle` wrote."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from resilience_pipeline import terminal
from resilience_pipeline.project import find_project

if TYPE_CHECKING:
    from resilience_pipeline.bundle.verify import Verification

NAMED = 20  # tables and files named on the screen; --json names all


def verify_command(
    bundle: Annotated[Path, typer.Argument(help="An archive written by `resilience export --bundle`.")],
    landing: Annotated[
        Path | None, typer.Option("--landing", help="Folder with the delivered files, under any names.")
    ] = None,
    run: Annotated[
        bool, typer.Option("--run/--no-run", help="Compute everything again, or compare files only.")
    ] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print data as JSON.")] = False,
) -> None:
    """Check a bundle: is it whole, are the files the same, does every table come out the same again."""
    from resilience_pipeline.bundle.verify import verify_bundle

    found = verify_bundle(bundle, landing or find_project().landing, run=run)
    terminal.print_json(found.as_json()) if as_json else _print(found)
    raise typer.Exit(0 if found.ok or (not run and _as_far_as_looked(found)) else terminal.FAILED)


def _as_far_as_looked(found: "Verification") -> bool:
    return not found.damaged and all(entry.state == "same" for entry in found.inputs)


def _print(found: "Verification") -> None:
    say = partial(terminal.out.print, markup=False, soft_wrap=True)
    say("archive   " + ("whole" if not found.damaged else f"DAMAGED: {', '.join(found.damaged)}"))
    states = {
        state: [entry for entry in found.inputs if entry.state == state] for state in ("same", "changed", "missing")
    }
    say("files     " + ", ".join(f"{len(some)} {state}" for state, some in states.items() if some or state == "same"))
    for entry in states["missing"]:
        say(f"  missing  {entry.file} ({entry.source})")
    for entry in states["changed"]:
        say(f"  changed  {entry.file} ({entry.source}) {entry.message}")
        for place in entry.cells:
            say(f"           {place}")
    if found.other_code:
        say(f"code      {len(found.other_code)} tables are computed by other code here, such as {found.other_code[0]}")
    for name, (theirs, ours) in found.other_packages.items():
        say(f"package   {name} {theirs} made the bundle, {ours} is installed")
    for name, message in found.failures.items():
        say(f"failed    {name}: {message}")
    if not found.ran:
        say("tables    not computed again" + (": files are missing" if states["missing"] else ""))
        return
    say(f"tables    {found.same} the same, {len(found.different)} different, {len(found.absent)} not computed")
    say(f"results   {len(found.otherwise)} of its files are written otherwise here")
    lists = (("different", found.different), ("not computed", found.absent), ("otherwise", found.otherwise))
    for word, names in lists:
        for name in names[:NAMED]:
            say(f"  {word}  {name}")
        if len(names) > NAMED:
            say(f"  and {len(names) - NAMED} more; --json names all")
