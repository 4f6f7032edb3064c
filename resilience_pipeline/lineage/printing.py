"""A trace and an impact in a terminal: short by default, nearest first, and what was left out is named."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console, Group
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from resilience_pipeline.lineage.impact_records import Impact, Reach
from resilience_pipeline.lineage.records import Cell, Coefficient, Trace
from resilience_pipeline.report.figures import number

_ROW = ("estimate", "ours", "std_error", "se", "t", "p_value", "ci_low", "ci_high", "n_obs", "status", "reason")
_ESTIMATED = frozenset({"estimate", "ours", "ci_low"})
_MODEL = frozenset({"label", "spec_hash", "data_hash", "versions", "term_position", "engine", "options"})


def print_coefficients(out: Console, found: Sequence[Coefficient], limit: int = 60) -> None:
    """Names with their figures, where a name asked for stands for several."""
    table = Table(box=None, pad_edge=False)
    for name in ("coefficient", "estimate", "(s.e.)", "status"):
        table.add_column(name, justify="left" if name in ("coefficient", "status") else "right", overflow="fold")
    for coefficient in found[:limit]:
        error = "" if coefficient.std_error is None else f"({number(coefficient.std_error)})"
        value = "" if coefficient.estimate is None else number(coefficient.estimate)
        table.add_row(coefficient.name, value, error, coefficient.status or "")
    out.print(table)
    if len(found) > limit:
        out.print(f"… and {len(found) - limit} more; --json lists all", style="dim")


def print_trace(out: Console, trace: Trace, depth: int, *, cells_shown: bool = False) -> None:
    """Estimate and sample; from depth 2 variables, from 3 tables and files, with 4 cells."""
    out.print(_heading(trace))
    for row in trace.rows[:12]:
        out.print(_figures(row))
    if trace.specification is not None:
        described = trace.kind == "descriptives"  # it is about no model, but about a model's sample
        said = f"  on the sample of {trace.specification['name']}" if described else _specification(trace.specification)
        out.print(said)
    if trace.sample is not None:
        out.print(_sample(trace))
    if depth >= 2 and trace.variables:
        out.print(_variables(trace))
    if depth >= 2 and trace.indicators:
        out.print(_indicators(trace))
    if depth >= 3:
        out.print(_assets(trace, whole=depth > 3))
        out.print(_deliveries(trace, whole=depth > 3))
    if depth >= 4 or cells_shown:
        out.print(_cells(trace))
    else:
        out.print(
            f"\n{trace.cell_count:,} cells of delivered files; --depth 4, --city or --year show them.", style="dim"
        )
    for note in trace.notes:
        out.print(f"note: {note}", style="yellow")


def _heading(trace: Trace) -> Text:
    name = trace.names[0] if len(trace.names) == 1 else f"{trace.names[0]} and {len(trace.names) - 1} more of its table"
    text = Text(name, style="bold")
    if trace.title:
        text.append(f"  {trace.title}", style="")
    if trace.synthetic:
        text.append("  SYNTHETIC: made from the synthetic twin", style="bold red")
    return text


def _figures(row: Mapping[str, Any]) -> Text:
    label = str(row.get("term") or row.get("variable") or row.get("statistic") or "")
    if _ESTIMATED & row.keys():
        said = [f"{name.replace('_', ' ')} {_value(row[name])}" for name in _ROW if name in row]
    else:  # a mean, a correlation, a share: it has no column that all have
        left_out = _MODEL | ({"term", "variable", "statistic"} if label else set())
        said = [f"{name.replace('_', ' ')} {_value(row[name])}" for name in row if name not in left_out][:12]
    return Text("  ").append(f"{label}: " if label else "").append(", ".join(said))


def _value(value: object) -> str:
    return number(value) if isinstance(value, float) else f"{value:,}" if type(value) is int else str(value)


def _specification(spec: Mapping[str, Any]) -> Text:
    right = ", ".join(filter(None, (spec.get("treatment"), *spec.get("controls", ()))))
    text = Text(f"  {spec['outcome']} on {right}")
    if spec.get("absorb"):
        text.append(f"; effects of {', '.join(spec['absorb'])}")
    if spec.get("where"):
        text.append(f"; where {spec['where']}")
    if spec.get("weights"):
        text.append(f"; weighted by {spec['weights']}")
    by = f" by {', '.join(spec['cluster'])}" if spec.get("cluster") and spec.get("vcov") == "cluster" else ""
    return text.append(f"; errors {spec.get('vcov', '')}{by}, {spec.get('ssc', '')}").append(
        f"  [{spec['name']}]", "dim"
    )


def _sample(trace: Trace) -> Group:
    flow = trace.sample
    assert flow is not None
    lines = [Text(f"  sample: {flow.used:,} of {flow.city_years:,} city-years of the grid")]
    lines += [Text(f"    -{count:,}  {reason}", style="dim") for reason, count in flow.lost.items()]
    return Group(*lines)


def _variables(trace: Trace) -> Table:
    table = Table(box=None, pad_edge=False, title="\nVariables", title_justify="left")
    where = "panel" if trace.sample is None else "sample"
    for name in ("variable", "formula", f"values in the {where}"):
        table.add_column(name, overflow="fold")
    for variable in trace.variables:
        formula = variable.formula + (f"  ({variable.option} = {variable.reading})" if variable.option else "")
        table.add_row(variable.name, Text(formula), shares(variable.values))
    return table


def _indicators(trace: Trace) -> Table:
    table = Table(box=None, pad_edge=False, title="\nSeries of the grid", title_justify="left")
    for name in ("indicator", "cells", "from"):
        table.add_column(name, overflow="fold")
    for series in trace.indicators:
        given = ", ".join(f"{source} {count:,}" for source, count in series.sources.items())
        table.add_row(series.name, shares(series.cells), given)
    return table


def shares(counts: Mapping[str, int]) -> str:
    """`93.1 % reported, 5.0 % interpolated`, of all the counts, the largest first; one in many is not rounded away."""
    total = sum(counts.values())
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{_percent(count, total)} {name.replace('_', ' ')}" for name, count in ordered)


def _percent(count: int, total: int) -> str:
    share = 100 * count / total
    if 0 < share < 0.05:
        return "< 0.1 %"
    return "> 99.9 %" if 99.95 <= share < 100 else f"{share:.1f} %"


def _assets(trace: Trace, *, whole: bool) -> Tree:
    tree = Tree("\n[bold]Tables[/], the nearest first")
    for asset in trace.assets:
        run = f"run {asset.run_id[:8]}, code {asset.code_version[:8]}" if asset.run_id else "an older version"
        line = Text(asset.table).append(f"  {asset.data_version[:12]}, {run}, {asset.rows:,} rows", style="dim")
        if whole and asset.description:
            line.append(f"\n  {asset.description}", style="dim")
        tree.add(line)
    return tree


def _deliveries(trace: Trace, *, whole: bool) -> Table:
    table = Table(box=None, pad_edge=False, title=f"\n{len(trace.deliveries)} delivered files", title_justify="left")
    for name in ("file", "cells", "edition", "publisher", "sha256"):
        table.add_column(name, justify="right" if name == "cells" else "left", overflow="fold")
    shown = trace.deliveries if whole else _fewer(trace)
    for file in shown:
        editions = ", ".join(map(str, file.editions))
        digest = file.sha256 if whole else file.sha256[:12]
        table.add_row(Text(file.file), f"{file.cells:,}", editions, file.publisher, digest)
    if len(shown) < len(trace.deliveries):
        table.caption = f"the {len(shown)} with most cells; --depth 4 shows all"
        table.caption_justify = "left"
    return table


def _fewer(trace: Trace, count: int = 12) -> list:
    return sorted(trace.deliveries, key=lambda file: (-file.cells, file.file))[:count]


def _cells(trace: Trace) -> Table:
    title = f"\n{len(trace.cells)} of {trace.cell_count:,} cells"
    table = Table(box=None, pad_edge=False, title=title, title_justify="left")
    for name in ("series", "city", "year", "value", "status", "as delivered", "file, sheet, place"):
        table.add_column(name, justify="right" if name == "value" else "left", overflow="fold")
    for cell in trace.cells:
        table.add_row(
            cell.indicator,
            f"{cell.city or ''} {cell.city_code}".strip(),
            str(cell.year or ""),
            "" if cell.value is None else f"{cell.value:g}",
            _status(cell),
            Text(cell.text or ""),
            Text(place_of(cell.file, cell.sheet, cell.row, cell.column)),
        )
    return table


def _status(cell: Cell) -> str:
    return f"{cell.status} {cell.from_year} to {cell.to_year}" if cell.from_year is not None else cell.status


def place_of(file: str | None, sheet: str | None, row: int | None, column: int | None) -> str:
    """`2-7.xlsx!表1!R4C3`, as `resilience impact` takes it."""
    if file is None:
        return ""
    at = f"R{row}C{column}" if column is not None else f"R{row}" if row is not None else ""
    return "!".join(part for part in (file, sheet or "", at) if part or part == sheet)


def print_impact(out: Console, found: Impact, limit: int = 40) -> None:
    """What became of the cell, then the results that rest on it, a line for each table and reason."""
    for cell in found.cells:
        line = Text(f"{place_of(cell.file, cell.sheet, cell.row, cell.column)}  ", style="bold")
        line.append(f"{cell.text or ''}", style="")
        if cell.indicator:
            line.append(f"  {cell.indicator} of {cell.city_code} in {cell.year}", style="")
        line.append(f"  {cell.study}: " if cell.study else "  ", style="dim")
        out.print(line.append(cell.fate, style="green" if cell.counts else "yellow"))
    if not found.reaches:
        out.print("No coefficient rests on it.")
        return
    out.print(f"{len(found.reaches):,} coefficients rest on it; nothing else can move.\n")
    table = Table(box=None, pad_edge=False)
    for name in ("coefficients", "through", "but"):
        table.add_column(name, overflow="fold")
    grouped = _grouped(found.reaches)
    for (result, through, held), count in list(grouped.items())[:limit]:
        table.add_row(f"{result} ({count})", Text(", ".join(through) or "its own steps"), Text(held or ""))
    out.print(table)
    if len(grouped) > limit:
        out.print(f"… and {len(grouped) - limit} more lines; --json names every coefficient", style="dim")


def _grouped(reaches: Sequence[Reach]) -> dict[tuple[str, tuple[str, ...], str | None], int]:
    found: dict[tuple[str, tuple[str, ...], str | None], int] = {}
    for reach in reaches:
        key = ".".join(reach.table.split("/")[1:]), reach.through, reach.held
        found[key] = found.get(key, 0) + 1
    return found


def print_moved(
    out: Console, moved: Mapping[str, Mapping[str, tuple[float | None, float | None]]], limit: int = 60
) -> None:
    """What really changed, for each change that was tried."""
    for trial, coefficients in moved.items():
        out.print(f"\n[bold]{trial}[/]: {len(coefficients):,} coefficients change")
        table = Table(box=None, pad_edge=False)
        for name in ("coefficient", "before", "after"):
            table.add_column(name, justify="left" if name == "coefficient" else "right", overflow="fold")
        for name, (before, after) in list(coefficients.items())[:limit]:
            table.add_row(name.split(":", 1)[1], *("" if x is None else f"{x:.9g}" for x in (before, after)))
        out.print(table)
        if len(coefficients) > limit:
            out.print(f"… and {len(coefficients) - limit} more; --json lists all", style="dim")
