"""Influence in a terminal: the coefficient, then what moves it most, in its own errors."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from resilience_pipeline.lineage.cell_influence import CellPull, Weighing
from resilience_pipeline.lineage.influence import AGREEMENT, Outcome, Pull, Subject
from resilience_pipeline.lineage.printing import place_of
from resilience_pipeline.report.figures import number


def print_pulls(out: Console, subject: Subject, found: Sequence[Pull], top: int) -> None:
    """The coefficient without each city, year or row of the regression's sample."""
    out.print(_heading(subject))
    if not found:
        return
    by_row = any(pull.dfbetas is not None for pull in found)  # the first may leave no coefficient, and has none
    table = _table("left out", "coefficient", "moves by (errors)", *(["dfbetas"] if by_row else []), "rows left")
    for pull in found[:top]:
        label = " ".join(str(part) for part in (pull.city, pull.city_code, pull.year) if part is not None)
        dfbetas = ["" if pull.dfbetas is None else f"{pull.dfbetas:.3f}"] if by_row else []
        table.add_row(label, *_moved(pull.without), *dfbetas, _rows(pull.without))
    out.print(table)
    if len(found) > top:
        out.print(f"… and {len(found) - top:,} that move it less; --top or --json shows them", style="dim")
    out.print("They leave the regression; indices and percentiles stay as they are.", style="dim")


def print_cells(out: Console, subject: Subject, found: Sequence[CellPull]) -> None:
    """The cells that move the coefficient most, and what 10 % more in each would do."""
    out.print(_heading(subject))
    table = _table("cell", "value", "without it", "moves by (errors)", "10 % more (errors)", "file, sheet, place")
    for pull in found:
        label = " ".join(str(part) for part in (pull.city, pull.city_code, pull.indicator, pull.year) if part)
        if pull.alike > 1:
            label += f" (or any of {pull.alike} cells whose absence takes the same rows out of the sample)"
        more = "" if pull.more.errors is None else f"{pull.more.errors:+.3f}"
        table.add_row(
            Text(label),
            f"{pull.value:g}",
            *_moved(pull.without),
            more,
            Text(place_of(pull.file, pull.sheet, pull.row, pull.column)),
        )
    out.print(table)
    out.print("Each computed anew through the whole chain, as if the cell had not been delivered.", style="dim")


def print_weighing(out: Console, subject: Subject, found: Weighing) -> None:
    """One sentence on the cell, then what changes of it would do."""
    cell = found.cell
    out.print(_heading(subject))
    city = subject.cities.get(cell.city_code or "", "")
    out.print(
        Text(f"{cell.indicator} of {city} {cell.city_code} in {cell.year}: {cell.text} (")
        .append(place_of(cell.file, cell.sheet, cell.row, cell.column), "dim")
        .append(")")
    )
    out.print(sentence(subject, found.trials["without it"]))
    table = _table("if it were", "coefficient", "moves by (errors)", "rows left")
    for name, outcome in found.trials.items():
        table.add_row(name, *_moved(outcome), _rows(outcome))
    out.print(table)
    if found.held:
        out.print(f"note: {found.held}", style="yellow")


def sentence(subject: Subject, without: Outcome) -> str:
    """What the cell does, in words."""
    if without.coefficient is None:
        return f"Without this cell (as if it had not been delivered) there is no coefficient: {without.reason}"
    if without.errors is None or abs(without.errors) < AGREEMENT:  # no more than rounding
        return "Without this cell (as if it had not been delivered) the coefficient is the same."
    return (
        f"Without this cell (as if it had not been delivered) the coefficient is {_digits(without.coefficient)} "
        f"instead of {_digits(subject.estimate)}: this cell moves it by {abs(without.errors):.2g} errors."
    )


def _heading(subject: Subject) -> Text:
    text = Text(subject.name, style="bold")
    return text.append(f"  {_digits(subject.estimate)} ({number(subject.std_error)})", style="")


def _table(*names: str) -> Table:
    table = Table(box=None, pad_edge=False)
    for place, name in enumerate(names):
        left = place == 0 or name.startswith("file")
        table.add_column(name, justify="left" if left else "right", overflow="fold")
    return table


def _moved(outcome: Outcome) -> tuple[str, str]:
    if outcome.coefficient is None or outcome.errors is None:
        return "none", outcome.reason or ""
    return _digits(outcome.coefficient), f"{outcome.errors:+.3f}"


def _rows(outcome: Outcome) -> str:
    return "" if outcome.n_obs is None else f"{outcome.n_obs:,}"


def _digits(value: float) -> str:
    return f"{value:.6g}"
