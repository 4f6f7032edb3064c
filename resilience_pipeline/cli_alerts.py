"""`resilience alerts`: where alerts go, and a test of the way, without Dagster."""

from typing import Annotated

import typer

from resilience_pipeline import terminal
from resilience_pipeline.project import find_project


def alerts_command(
    test: Annotated[bool, typer.Option("--test", help="Send a test alert to each channel.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print data as JSON.")] = False,
) -> None:
    """Say where alerts go beside the log of their sensors; with --test, send one there. Secrets are never printed."""
    from resilience_pipeline.alerts.channels import send
    from resilience_pipeline.alerts.message import Alert
    from resilience_pipeline.alerts.settings import load_channels

    project = find_project()
    channels = load_channels(project.settings_file)
    ways = {}
    if (email := channels.email) is not None:
        ways["email"] = f"to {', '.join(email.to)} by {email.host}:{email.port} ({email.security})"
    if (webhook := channels.webhook) is not None:
        ways["webhook"] = f"to the address in {webhook.url_from}" if webhook.url_from else "to the address in the file"
    outcomes = {}
    if test:
        outcomes = send(Alert("resilience: a test", f"Alerts of {project.root} reach you here."), channels)
    if as_json:
        terminal.print_json({"channels": ways, "test": outcomes})
    else:
        for channel, way in ways.items():
            typer.echo(f"{channel} {way}" + (f": {outcomes[channel]}" if test else ""))
        if not ways:
            typer.echo(f"only to the log of their sensors: {project.settings_file} has no [alerts]")
    if any(outcome != "sent" for outcome in outcomes.values()):
        raise typer.Exit(terminal.FAILED)
