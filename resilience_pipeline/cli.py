"""The one entry point for a terminal. Thin: each command reads its arguments, calls one function, prints.

Exit codes: 0 done; 1 a run finished with failed steps; 2 the user can mend something (message on stderr); 3 a model
could not be estimated.
"""

from pathlib import Path
from typing import Annotated

import typer

from resilience_pipeline import terminal
from resilience_pipeline.cli_alerts import alerts_command
from resilience_pipeline.cli_bundle import verify_command
from resilience_pipeline.cli_deliveries import withdraw_command
from resilience_pipeline.cli_dev import dev_command
from resilience_pipeline.cli_doctor import doctor_command
from resilience_pipeline.cli_drift import drift_command
from resilience_pipeline.cli_estimate import estimate_command
from resilience_pipeline.cli_frozen import freeze_command, thaw_command
from resilience_pipeline.cli_influence import influence_command
from resilience_pipeline.cli_lineage import impact_command, trace_command
from resilience_pipeline.cli_report import report_command
from resilience_pipeline.cli_results import export_command, show_command
from resilience_pipeline.cli_runs import prune_command, runs_command
from resilience_pipeline.cli_stale import stale_command
from resilience_pipeline.errors import OptionError
from resilience_pipeline.project import find_project, set_up
from resilience_pipeline.start import guarded

app = typer.Typer(
    name="resilience",
    help="From raw yearbook workbooks to every coefficient of the study, each traceable to its cells.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command("alerts")(alerts_command)
app.command("estimate")(estimate_command)
app.command("show")(show_command)
app.command("report")(report_command)
app.command("export")(export_command)
app.command("verify")(verify_command)
app.command("drift")(drift_command)
app.command("runs")(runs_command)
app.command("prune")(prune_command)
app.command("freeze")(freeze_command)
app.command("thaw")(thaw_command)
app.command("dev")(dev_command)
app.command("withdraw")(withdraw_command)
app.command("doctor")(doctor_command)
app.command("stale")(stale_command)
app.command("trace")(trace_command)
app.command("impact")(impact_command)
app.command("influence")(influence_command)

LakeOption = Annotated[Path | None, typer.Option("--lake", help="Folder of the data lake (default: data_lake).")]
LandingOption = Annotated[Path | None, typer.Option("--landing", help="Folder of delivered files.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print data as JSON.")]
SetOption = Annotated[list[str] | None, typer.Option("--set", help="Option as name=value; may be repeated.")]


@app.command()
def setup(
    postgres: Annotated[bool, typer.Option("--postgres", help="Keep Dagster's runs and events in Postgres.")] = False,
) -> None:
    """Write .env and Dagster's home for this project, where they do not stand yet."""
    from resilience_pipeline.postgres import use_postgres

    project = find_project()
    for path in use_postgres(project) if postgres else set_up(project):
        typer.echo(f"wrote {path}")


@app.command()
def demo(
    seed: Annotated[int, typer.Option(help="Seed of the synthetic twin.")] = 2018,
    lake: LakeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write the synthetic twin, run everything on it, print Tables 3 and 4 and where everything is."""
    from resilience_pipeline.demo import run_demo

    raise typer.Exit(run_demo(find_project(lake=lake), seed, as_json=as_json))


@app.command()
def run(
    landing: LandingOption = None,
    select: Annotated[str | None, typer.Option(help='Dagster asset selection, such as "group:estimates".')] = None,
    settings: SetOption = None,
    accept_revisions: Annotated[
        bool, typer.Option(help="Take figures that differ widely from the last good ones.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Compute also what nothing changed behind.")] = False,
    variants: Annotated[
        bool, typer.Option("--variants", help="Also refresh every other set of options that has results.")
    ] = False,
    lake: LakeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Refresh what has changed since the last run; with --set, also compute the results under these options."""
    from resilience_pipeline.settings import load_settings

    project = find_project(lake=lake, landing=landing)
    options = load_settings(project.settings_file, parse_settings(settings or []))
    code = terminal.run(
        project,
        select,
        options,
        accept_revisions=accept_revisions,
        force=force,
        variants=variants,
        as_json=as_json,
    )
    raise typer.Exit(code)


@app.command()
def status(lake: LakeOption = None, landing: LandingOption = None, as_json: JsonOption = False) -> None:
    """What was delivered, what is awaited and what it would unlock, what stands in the lake, what failed."""
    from resilience_pipeline.status import read_status

    report = read_status(find_project(lake=lake, landing=landing))
    terminal.print_json(report.record()) if as_json else terminal.print_status(report)


@app.command()
def compare(
    truth: Annotated[
        Path | None, typer.Option(help="truth.json of the synthetic twin; by default the demonstration's.")
    ] = None,
    lake: LakeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Every published coefficient beside ours; where the lake is synthetic, beside what was planted, too."""
    from resilience_pipeline.status import read_comparison

    result, planted = read_comparison(find_project(lake=lake).lake, truth)
    if as_json:
        terminal.print_json((result.table if planted is None else planted).to_dicts())
    else:
        terminal.print_result(result)
        terminal.print_planted(planted)


@app.command()
def audit(
    paper: Annotated[
        Path | None, typer.Option("--paper", help="Folder of a paper (default: the seed paper's).")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Recompute what a paper's printed figures imply, and list where they contradict each other."""
    from resilience_pipeline.audit.command import audit_folder

    found = audit_folder(paper)
    terminal.print_json(found.table.to_dicts()) if as_json else typer.echo(found.text, nl=False)


@app.command()
def sql(
    query: Annotated[str, typer.Argument(help="One select statement; `show all tables` lists what there is.")],
    lake: LakeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Query the warehouse, reading only: `resilience sql "select * from estimates.table_4_3"`."""
    from resilience_pipeline.warehouse.query import user_query

    frame = user_query(find_project(lake=lake).lake, query)
    terminal.print_json(frame.to_dicts()) if as_json else terminal.print_frame(frame)


@app.command()
def twin(
    out: Annotated[Path, typer.Option("--out", help="Folder to write to; must be empty or absent.")],
    seed: Annotated[int, typer.Option(help="Seed of all draws.")],
    cities: Annotated[int, typer.Option(help="Cities delivered.")] = 285,
    years: Annotated[str, typer.Option(help="First and last data year.")] = "2012-2022",
    effect: Annotated[float, typer.Option(help="Planted effect on CTRI, the mean over treated city-years.")] = 0.656,
    heterogeneity: Annotated[
        float, typer.Option(help="How much of the effect differs between groups: 0 the same for all, to 1.")
    ] = 1.0,
    mediation: Annotated[
        float, typer.Option(help="How much runs through mediators: 0 nothing, to 1 as Table 9 reports.")
    ] = 1.0,
    bad_control: Annotated[bool, typer.Option(help="Let the treatment move controls, too.")] = False,
    through: Annotated[
        int | None, typer.Option(help="Last data year of `landing/`; what later editions bring goes to `editions/`.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Write a synthetic twin: raw files of all sources in their publishers' layouts, and truth.json."""
    from resilience_pipeline.demo import write_twin
    from resilience_pipeline.twin import draw

    drawn = draw(
        seed,
        cities=cities,
        years=parse_years(years),
        effect=effect,
        heterogeneity=heterogeneity,
        mediation=mediation,
        bad_control=bad_control,
        through=through,
    )
    written = write_twin(out, drawn)
    terminal.print_json(written) if as_json else typer.echo("\n".join(f"{k}: {v}" for k, v in written.items()))


@app.command()
def options(as_json: JsonOption = False) -> None:
    """List every choice the paper leaves open: default, other values, reason."""
    from resilience_pipeline.settings import options_table

    table = options_table()
    terminal.print_json(table.to_dicts()) if as_json else terminal.print_frame(table)


@app.command()
def rebuild(lake: LakeOption = None) -> None:
    """Write warehouse.duckdb anew from the Parquet files, which are the truth."""
    from resilience_pipeline.drift.refresh import DESCRIPTION, KEY
    from resilience_pipeline.plan import project_plan
    from resilience_pipeline.warehouse.catalogue import rebuild as rebuild_catalogue
    from resilience_pipeline.warehouse.lake import Lake

    texts = project_plan().descriptions | {KEY: DESCRIPTION}
    typer.echo(rebuild_catalogue(Lake(find_project(lake=lake).lake), descriptions=texts))


def parse_settings(settings: list[str]) -> dict[str, str]:
    """`["winsorise=none"]` as a dict; an OptionError where there is no "="."""
    parsed = {}
    for setting in settings:
        name, equals, value = setting.partition("=")
        if not equals:
            raise OptionError(
                what=f"--set {setting!r} has no '='",
                expected="name=value",
                remedy="write --set name=value; `resilience options` lists the names",
            )
        parsed[name.strip()] = value.strip()
    return parsed


def parse_years(years: str) -> tuple[int, int]:
    """`"2012-2022"` as two years; an OptionError otherwise."""
    first, dash, last = years.partition("-")
    if not (dash and first.isdigit() and last.isdigit() and int(first) < int(last)):
        raise OptionError(
            what=f"--years {years!r} is not a range of years",
            expected="FIRST-LAST, such as 2012-2022",
            remedy="write two years, the earlier one first",
        )
    return int(first), int(last)


def main() -> None:
    """Run a command; a PipelineError prints as a message and ends with exit code 2."""
    guarded(app)
