"""Where `resilience` starts: a command that only reads is loaded alone, so that it answers at once; others with all.

A command is light when its module imports no more than it needs to read pointers and print.
"""

import gc
import sys
from collections.abc import Callable
from importlib import import_module

#: Command -> module and function.
LIGHT = {
    "show": ("cli_results", "show_command"),
    "trace": ("cli_lineage", "trace_command"),
    "impact": ("cli_lineage", "impact_command"),
}


def main() -> None:
    """Run a command; a PipelineError prints as a message and ends with exit code 2."""
    name = sys.argv[1] if len(sys.argv) > 1 else ""
    if name not in LIGHT:
        from resilience_pipeline.cli import main as every_command

        every_command()
        return
    gc.disable()  # such a process ends before its garbage counts; looking for it takes a tenth of its time
    import typer

    module, function = LIGHT[name]
    command = getattr(import_module(f"resilience_pipeline.{module}"), function)
    app = typer.Typer(pretty_exceptions_enable=False, add_completion=False)
    app.command()(command)
    guarded(lambda: app(args=sys.argv[2:], prog_name=f"resilience {name}"))


def guarded(command: Callable[[], object]) -> None:
    """Call it; what a user can mend goes to stderr and ends with exit code 2."""
    from resilience_pipeline.errors import PipelineError

    try:
        command()
    except PipelineError as error:
        from resilience_pipeline.screen import err

        err.print(f"error: {error}", markup=False, soft_wrap=True)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
