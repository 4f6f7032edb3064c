"""Kind "descriptives": variables in rows; for each statistic ours, then the paper's where it prints them (Table 3)."""

from collections.abc import Mapping

import polars as pl

from resilience_pipeline.report import figures, layout
from resilience_pipeline.report.figures import count, number
from resilience_pipeline.report.layout import Grid
from resilience_pipeline.report.printer import Page, Printed, Printer, without_estimate
from resilience_pipeline.step import TableKey
from resilience_pipeline.study import published
from resilience_pipeline.study.kinds.descriptives import key
from resilience_pipeline.study.study import ResultTable, Study

_STATISTICS = ("mean", "sd", "min", "max")


def descriptives_table(described: pl.DataFrame, published: pl.DataFrame) -> pl.DataFrame:
    """One row per variable and statistic: variable, statistic, ours, published, difference.

    Parameters
    ----------
    described : study.descriptives.DESCRIPTIVES.
    published : the paper's, with our variable names; may be empty.
    """
    paper = {row["variable"]: row for row in published.to_dicts()}
    rows = []
    for row in described.to_dicts():
        for statistic in ("n_obs", *_STATISTICS):
            ours, printed = row[statistic], paper.get(row["variable"], {}).get(statistic)
            difference = None if ours is None or printed is None else ours - printed
            rows.append((row["variable"], statistic, ours, printed, difference))
    figures = dict.fromkeys(("ours", "published", "difference"), pl.Float64())
    schema = {"variable": pl.String(), "statistic": pl.String(), **figures}
    return pl.DataFrame(rows, schema=schema, orient="row")


def descriptives_grid(compared: pl.DataFrame, symbols: Mapping[str, str]) -> Grid:
    """Variables in rows; for each statistic ours, then the paper's where it prints the table."""
    beside = compared["published"].is_not_null().any()
    headings = ["Variable"]
    for statistic in ("N", *_STATISTICS):
        headings += [statistic, f"paper's {statistic}"] if beside else [statistic]
    rows = []
    for (variable,), part in compared.group_by("variable", maintain_order=True):
        cells = [symbols.get(str(variable), str(variable))]
        for row in part.to_dicts():
            kinds = ("ours", "published") if beside else ("ours",)
            cells += [_figure(row["statistic"], row[kind]) for kind in kinds]
        rows.append(tuple(cells))
    published = tuple(range(2, len(headings), 2)) if beside else ()
    return Grid(tuple(headings), tuple(rows), published=published)


def _figure(statistic: str, value: float | None) -> str:
    if statistic == "n_obs":
        return count(None if value is None else int(value))
    return number(value)


def inputs(study: Study, table: ResultTable) -> tuple[TableKey, ...]:
    """The described variables."""
    return (key(table),)


def show(page: Page) -> Printed:
    """Every variable; what awaits its source is named beneath."""
    (described,) = page.tables.values()
    tidy = descriptives_table(described, page.published.descriptives)
    empty = [page.symbol(variable) for variable in described.filter(status="awaiting")["variable"]]
    notes = (f"Awaiting, no value delivered: {', '.join(empty)}.",) if empty else ()
    return Printed(descriptives_grid(tidy, page.symbols), tidy, notes, without_estimate(page.tables))


PRINTER = Printer(
    grain="One row per variable and statistic, ours beside the published.",
    inputs=inputs,
    show=show,
    code=(figures, layout, published),
)
