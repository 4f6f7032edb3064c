"""Kind "correlations": the lower triangle of the correlation matrix, stars by p."""

import polars as pl

from resilience_pipeline.report import figures, layout
from resilience_pipeline.report.figures import number, stars
from resilience_pipeline.report.layout import Grid
from resilience_pipeline.report.printer import Page, Printed, Printer
from resilience_pipeline.step import TableKey
from resilience_pipeline.study.kinds.correlations import key
from resilience_pipeline.study.study import ResultTable, Study


def inputs(study: Study, table: ResultTable) -> tuple[TableKey, ...]:
    """The pairs."""
    return (key(table),)


def show(page: Page) -> Printed:
    """Variables in rows and columns; what awaits its source has empty cells."""
    (tidy,) = page.tables.values()
    names = page.table.variables
    cells = {(row["variable"], row["other"]): row for row in tidy.to_dicts()}
    rows = []
    for place, name in enumerate(names):
        line = [page.symbol(name)]
        for column, other in enumerate(names):
            pair = cells.get((name, other), {})
            r = pair.get("correlation")
            line.append("1" if column == place else "" if r is None else number(r) + stars(pair["p_value"]))
        rows.append(tuple(line))
    counts = tidy["n_obs"]
    least, most = (int(counts.min() or 0), int(counts.max() or 0)) if tidy.height else (0, 0)  # type: ignore[arg-type]
    on = f"{least:,}" if least == most else f"{least:,} to {most:,}"
    notes = (
        f"Pearson correlations on {on} rows. *, **, *** significant at 10 %, 5 %, 1 % if rows were independent; years "
        "of one city are not.",
    )
    open_ = tuple(tidy.filter(pl.col("status") == "awaiting")["variable"].unique(maintain_order=True))
    return Printed(Grid(("", *(page.symbol(name) for name in names)), tuple(rows)), tidy, notes, open_)


PRINTER = Printer(
    grain="One row per pair of variables: correlation, rows, p value.", inputs=inputs, show=show, code=(figures, layout)
)
