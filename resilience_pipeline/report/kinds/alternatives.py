"""Kind "alternatives": the treatment's coefficient under each outcome, a row each, a column for each taken column."""

from typing import TYPE_CHECKING

import polars as pl

from resilience_pipeline.report import figures, layout
from resilience_pipeline.report.figures import count, number, stars
from resilience_pipeline.report.layout import Grid
from resilience_pipeline.report.printer import Page, Printed, Printer, without_estimate
from resilience_pipeline.step import TableKey
from resilience_pipeline.study.kind import estimate_key
from resilience_pipeline.study.kinds.alternatives import Alternatives, specification_of
from resilience_pipeline.study.study import ResultTable, Study

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ALTERNATIVES = pl.Schema(
    {
        "outcome": pl.String(),
        "symbol": pl.String(),
        "column": pl.String(),
        "term": pl.String(),
        "estimate": pl.Float64(),
        "std_error": pl.Float64(),
        "p_value": pl.Float64(),
        "ci_low": pl.Float64(),
        "ci_high": pl.Float64(),
        "n_obs": pl.Int64(),
        "status": pl.String(),
        "reason": pl.String(),
    }
)


def inputs(study: Study, table: ResultTable) -> tuple[TableKey, ...]:
    """Every record."""
    return tuple(estimate_key(specification) for specification in table.columns)


def show(page: Page) -> Printed:
    """One row per outcome; the coefficient with its error in each column, and the rows of the last one."""
    settings = page.table.settings
    assert isinstance(settings, Alternatives)
    records, rows = [], []
    for outcome in settings.outcomes:
        line = [page.symbol(outcome)]
        last = None
        for column in settings.columns:
            record = _treatment(page, outcome, column)
            records.append({"outcome": outcome, "symbol": page.symbol(outcome), "column": column, **record})
            estimate = record["estimate"]
            error = "" if estimate is None else f"({number(record['std_error'])})"
            line += [number(estimate) + stars(record["p_value"]), error]
            last = record["n_obs"]
        rows.append((*line, count(last)))
    headings = ["Outcome"]
    for column in settings.columns:
        headings += [f"({column})", "(s.e.)"]
    notes = [
        f"Coefficient of the treatment in the columns of {settings.of}, the outcome replaced. Units differ between "
        "outcomes: compare signs and t values, not sizes.",
        "*, **, *** significant at 10 %, 5 %, 1 %.",
    ]
    reasons = dict.fromkeys(r["reason"] for r in records if r["reason"])
    grid = Grid((*headings, f"N, ({settings.columns[-1]})"), tuple(rows))
    tidy = pl.DataFrame(records, schema=ALTERNATIVES)
    return Printed(grid, tidy, (*reasons, *notes), without_estimate(page.tables))


def _treatment(page: Page, outcome: str, column: str) -> dict:
    spec = specification_of(page.table, outcome, column)
    record = page.tables[estimate_key(spec)]
    found = record.filter(pl.col("term") == spec.treatment)
    row = (found if found.height else record).row(0, named=True)
    fields = ("estimate", "std_error", "p_value", "ci_low", "ci_high")
    return {
        "term": spec.treatment,
        **{name: row[name] if found.height else None for name in fields},
        "n_obs": row["n_obs"],
        "status": row["status"],
        "reason": row["reason"],
    }


def draw(tidy: pl.DataFrame, title: str, synthetic: bool) -> "Figure | None":
    """t values under each outcome in the last column: comparable where units are not."""
    from resilience_pipeline.report.charts import dot_plot
    from resilience_pipeline.report.plots import new_figure

    last = tidy.filter(pl.col("column") == tidy["column"][-1], pl.col("std_error") > 0)
    if last.is_empty():
        return None
    t = (last["estimate"] / last["std_error"]).to_numpy()
    with new_figure(title=title, synthetic=synthetic, height=1.6 + 0.28 * last.height) as (figure, axes):
        dot_plot(axes, last["symbol"].to_list(), t, t - 1.96, t + 1.96, xlabel="t of the treatment's coefficient")
    return figure


PRINTER = Printer(
    grain="One row per outcome and column: the treatment's coefficient.",
    inputs=inputs,
    show=show,
    code=(figures, layout),
    draw=draw,
)
