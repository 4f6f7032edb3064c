"""How things look in a terminal: progress of a run, tables, status."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from resilience_pipeline.options import Options
from resilience_pipeline.project import Project
from resilience_pipeline.report.figures import number
from resilience_pipeline.screen import err, out, print_json

if TYPE_CHECKING:  # a command that only reads must not wait for what a run needs
    import polars as pl
    from rich.progress import Progress

    from resilience_pipeline.status import Result, Status
    from resilience_pipeline.step import TableKey

__all__ = ["err", "out", "print_json"]

_BAD = "bold red"
STATE_STYLES = {"delivered": "green", "awaiting": "yellow", "failed": _BAD, "damaged": _BAD, "never run": "dim"}
SHOWN_ROWS = 200
SHOWN_FILES = 20
FAILED = 1


def run(
    project: Project,
    select: str | None,
    options: Options,
    *,
    accept_revisions: bool = False,
    force: bool = False,
    deliveries: Mapping[str, list[str]] | None = None,
    variants: bool = False,
    as_json: bool = False,
) -> int:
    """Run the assets, then the variant where options differ from the defaults; the exit code.

    With `variants`, every other variant of the lake as well.
    """
    from resilience_pipeline.behind import options_of_variants
    from resilience_pipeline.driver import listen
    from resilience_pipeline.running import asset_count, run_assets, run_variant

    reports = []
    with _progress() as progress:
        task = progress.add_task("loading", total=None)
        total = asset_count(project)
        progress.update(task, total=None if select else total)
        listen(lambda key, state: _advance(progress, key, state))
        reports.append(
            run_assets(project, select=select, accept_revisions=accept_revisions, force=force, deliveries=deliveries)
        )
        wanted = options_of_variants(project.lake) if variants else {}
        if options.variant is not None:
            wanted[options.variant] = options
        for name, chosen in wanted.items():
            progress.update(task, description=f"options {name}", total=None)
            reports.append(run_variant(project, chosen, force=force))
    record = {
        "ok": all(report.ok for report in reports),
        "run_ids": [report.run_id for report in reports],
        "steps": sum(report.steps for report in reports),
        "computed": sum(report.computed for report in reports),
        "unchanged": sum(report.unchanged for report in reports),
        "failures": {name: message for report in reports for name, message in report.failures.items()},
        "arriving": arriving_in(project.lake, reports[0].run_id),
        "variant": options.variant,
        "lake": str(project.lake),
    }
    if as_json:
        print_json(record)
    else:
        _print_run(record)
    return 0 if record["ok"] else FAILED


def arriving_in(lake: Path, run_id: str) -> dict[str, str]:
    """Files that a run left unread because they were still being written, each with how it saw that."""
    from resilience_pipeline.warehouse.lake import Lake

    stored = Lake(lake)
    pointer = stored.current(("sources", "inventory"))
    if pointer is None or pointer.run_id != run_id:
        return {}
    return dict(stored.read_pointer(pointer).filter(state="arriving").select("file", "reason").iter_rows())


def print_frame(frame: "pl.DataFrame") -> None:
    """A frame as a table; at most `SHOWN_ROWS` rows."""
    table = Table(box=None, pad_edge=False)
    for name, dtype in frame.schema.items():
        table.add_column(Text(name), justify="right" if dtype.is_numeric() else "left", overflow="fold")
    for row in frame.head(SHOWN_ROWS).iter_rows():
        table.add_row(*(Text("" if value is None else str(value)) for value in row))
    out.print(table)
    if frame.height > SHOWN_ROWS:
        err.print(f"{SHOWN_ROWS} of {frame.height} rows shown; --json prints all", style="dim")


def print_result(result: "Result", *, markdown: bool = False) -> None:
    """A result as text for a terminal, in lines that fit it, or as Markdown to paste."""
    printed = result.markdown if markdown else result.text
    if result.document is not None and not markdown and sys.stdout.isatty():
        printed = result.document.text_within(out.width)
    if printed:
        out.print(printed, markup=False, soft_wrap=True)
    else:
        print_frame(result.table)


def print_planted(compared: "pl.DataFrame | None") -> None:
    """Ours beside what was planted in the synthetic twin, for the results that the truth names."""
    if compared is None:
        return
    import polars as pl

    known = compared.filter(pl.col("planted").is_not_null() & pl.col("ours").is_not_null())
    table = Table(box=None, pad_edge=False, title="Planted in the synthetic twin", title_justify="left")
    for name in ("result", "planted", "ours", "(s.e.)", "difference in our errors"):
        table.add_column(name, justify="left" if name == "result" else "right")
    for row in known.to_dicts():
        distance = row["difference_in_our_se"]
        table.add_row(
            row["result"],
            number(row["planted"]),
            number(row["ours"]),
            f"({number(row['std_error'])})",
            "" if distance is None else f"{distance:+.2f}",
        )
    out.print(table)
    out.print(f"{int(known['found'].sum())} of {known.height} planted values lie within 1.96 of our standard errors.")


def warn_where_behind(project: Project, variant: str | None) -> None:
    """Say on stderr that a variant is behind, where it is; a LakeError where there is no such variant."""
    from resilience_pipeline.behind import variant_status
    from resilience_pipeline.variants import lake_of

    if variant is None:
        return
    found = variant_status(lake_of(project.lake, variant), variant, project.studies, project.settings_file)
    if found.behind:
        err.print(f"warning: {found.words}", markup=False, soft_wrap=True)


def print_status(status: "Status") -> None:
    """Sources, then results, then what failed."""
    out.print(f"lake     {status.lake}\nlanding  {status.landing}")
    out.print(f"studies  {status.frozen or 'follow the deliveries (`resilience freeze` pins them)'}")
    for name, state in status.living.items():
        out.print(f"living   {name}: {state}")
    out.print()
    table = Table(box=None, pad_edge=False)
    for name in ("source", "state", "files", "staged rows", "rejected", "waits for it"):
        table.add_column(name, justify="right" if name in ("files", "staged rows", "rejected") else "left")
    for source in status.sources:
        state = f"{source.state} (synthetic)" if source.synthetic else source.state
        table.add_row(
            source.name,
            f"[{STATE_STYLES.get(source.state, '')}]{state}[/]" if source.state in STATE_STYLES else state,
            str(source.files),
            str(source.rows),
            str(source.rejected),
            source.unlocks,
        )
    out.print(table)
    _print_deliveries(status)
    if status.results:
        listed = Table(box=None, pad_edge=False)
        for name in ("result", "shows"):
            listed.add_column(name, overflow="fold")
        for result in status.results:
            listed.add_row(result.name, Text(result.title))
        out.print()
        out.print(listed)
        out.print("\n`resilience show NAME` prints one of them.")
    if status.undeclared:
        out.print(
            f"\nNo study declares {', '.join(status.undeclared)} any more; they stand as they were computed last. "
            "`resilience prune --undeclared` removes them.",
            markup=False,
            soft_wrap=True,
        )
    if status.variants:
        out.print("variants  " + ", ".join(variant.name for variant in status.variants))
    for variant in status.variants:
        if variant.behind:
            out.print(variant.words, markup=False, soft_wrap=True)
    for damage in status.damaged:
        out.print(f"\n[bold red]{damage.table}[/] cannot be read: {damage.file}")
        out.print(damage.remedy, markup=False)
    for name, message in [(s.name, s.message) for s in status.sources] + [(t.table, t.failed) for t in status.tables]:
        if message:
            out.print(f"\n[bold red]{name}[/] keeps its last good table:")
            out.print(message, markup=False)
    if not status.tables and not status.damaged:
        out.print("\nNothing has run yet: `resilience demo` tries everything on synthetic files.")


def _print_deliveries(status: "Status") -> None:
    """Files and deliveries that are not simply read: each with its state and the first line of the reason."""
    if not status.deliveries:
        return
    table = Table(box=None, pad_edge=False)
    for name in ("file", "state", "source", "why"):
        table.add_column(name, overflow="fold")
    for delivery in status.deliveries[:SHOWN_FILES]:
        why = delivery.reason.removeprefix(f"{delivery.file}: ").splitlines()
        table.add_row(Text(delivery.file), delivery.state, delivery.source or "", Text(why[0] if why else ""))
    out.print()
    out.print(table)
    if len(status.deliveries) > SHOWN_FILES:
        out.print(f'{SHOWN_FILES} of {len(status.deliveries)} files; all: resilience sql "from sources.inventory"')


def _progress() -> "Progress":
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=err, transient=True, disable=not err.is_terminal)


def _advance(progress: "Progress", key: "TableKey", state: str) -> None:
    (task,) = progress.task_ids
    if state == "started":
        progress.update(task, description=".".join(key))
    else:
        progress.advance(task)


def _print_run(record: dict[str, object]) -> None:
    failures, arriving = record["failures"], record["arriving"]
    if isinstance(failures, dict):
        for name, message in failures.items():
            err.print(f"[bold red]failed[/] {name}")
            err.print(str(message) + "\n", markup=False)
    if isinstance(arriving, dict) and arriving:
        for file, why in list(arriving.items())[:SHOWN_FILES]:
            err.print(f"not read: {file}: {why}", markup=False, soft_wrap=True)
        err.print("start `resilience run` again once they are all there (`resilience dev` does it by itself)\n")
    word = "finished" if record["ok"] else "finished with failures; what does not need them was refreshed"
    out.print(f"run {', '.join(map(str, record['run_ids']))} {word}")  # type: ignore[call-overload]
    out.print(f"{record['computed']} tables computed, {record['unchanged']} unchanged and not computed again")
    out.print("`resilience status` shows what stands; `resilience show table_4` prints a result.")
