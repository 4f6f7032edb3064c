"""`resilience dev`: Dagster's UI and daemon on this project."""

from typing import Annotated

import typer

from resilience_pipeline.project import find_project
from resilience_pipeline.serving import is_loopback, serve


def dev_command(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port of the web pages.")] = 3000,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    read_only: Annotated[
        bool,
        typer.Option("--read-only", help="Web pages that only show: no runs from there, no sensors, no schedules."),
    ] = False,
    allow_remote: Annotated[
        bool, typer.Option("--allow-remote", help="Take a --host that other machines reach. There is no login.")
    ] = False,
) -> None:
    """Start Dagster's UI and, unless read-only, the daemon that watches the landing folder. Ctrl-C ends both."""

    def announce() -> None:
        shown = f"[{host}]" if ":" in host else host
        if not is_loopback(host):
            may = "see everything" if read_only else "see everything, start runs and change what Dagster stores"
            typer.echo(f"warning: there is no login; whoever reaches {shown}:{port} may {may}", err=True)
        typer.echo(f"http://{shown}:{port}{' (read-only)' if read_only else ''}; Ctrl-C ends it", err=True)

    project = find_project()
    raise typer.Exit(serve(project, host, port, read_only=read_only, remote=allow_remote, starting=announce))
