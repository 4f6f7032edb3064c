"""Kind "mediation": total, direct and indirect effects with every method's error, each mediator alone and together."""

from typing import TYPE_CHECKING

import polars as pl

from resilience_pipeline.econometrics.mediation_rows import BCA, DIRECT, INDIRECT, LEAST_SQUARES, SHARE
from resilience_pipeline.report import figures, inference, layout
from resilience_pipeline.report.inference import dots, inference_cells, inference_notes, without_result
from resilience_pipeline.report.layout import Grid
from resilience_pipeline.report.printer import Page, Printed, Printer
from resilience_pipeline.step import TableKey
from resilience_pipeline.study.kind import part_key
from resilience_pipeline.study.kinds.mediation import settings_of
from resilience_pipeline.study.study import ResultTable, Study

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_HEADINGS = (
    *("Model", "Mediator", "Quantity", "Method", "Estimate", "Std. error", "95 % interval", "p", "Draws", "N"),
    "Clusters",
)


def inputs(study: Study, table: ResultTable) -> tuple[TableKey, ...]:
    """The effects."""
    return (part_key(table, "effects"),)


def show(page: Page) -> Printed:
    """One row per model, mediator, quantity and method; what the reader came for stands first."""
    spec = settings_of(page.table).specification
    (effects,) = page.tables.values()
    tidy = effects.with_columns(pl.Series("symbol", map(page.symbol, effects["subject"]), pl.String))
    rows = [
        inference_cells((row["model"], row["symbol"], row["statistic"], row["method"]), row)
        for row in _in_printed_order(tidy.to_dicts())
    ]
    notes = (
        "First, for each model: the indirect effects, their shares of the total, and the direct effect that remains; "
        "then all that they are made of, by every method.",
        f"{page.symbol(spec.outcome)} on {page.symbol(str(spec.treatment))}, controls and effects; a: the mediator on "
        "the treatment; b: the outcome on the mediator beside the treatment; indirect: a b; share: a b / total.",
        "Total = direct + the sum of the indirect effects, exactly. Alone, mediators that move together each claim "
        "what they share, and their shares need not add up to one with the direct effect; together they do.",
        "The mediators are no experiment: an indirect effect apart from zero is consistent with a channel, it does not "
        "show one.",
        *inference_notes(tidy, "model", "subject", "method", "statistic"),
        "*, **, *** significant at 10 %, 5 %, 1 %.",
    )
    return Printed(Grid(_HEADINGS, tuple(rows)), tidy, notes, without_result(tidy))


def _in_printed_order(rows: list[dict]) -> list[dict]:
    """Indirect effects and shares with their BCa intervals, then direct effects, then the other rows as they come."""
    first = [
        row
        for statistic, method in ((INDIRECT, BCA), (SHARE, BCA), (DIRECT, LEAST_SQUARES))
        for row in rows
        if (row["statistic"], row["method"]) == (statistic, method)
    ]
    return [*first, *(row for row in rows if row not in first)]


def draw(tidy: pl.DataFrame, title: str, synthetic: bool) -> "Figure | None":
    """Indirect effects with their BCa intervals."""
    shown = tidy.filter(pl.col("statistic") == INDIRECT, pl.col("method") == BCA, pl.col("ci_low").is_not_null())
    labels = list(map(", ".join, shown.select("symbol", "model").iter_rows()))
    return dots(shown, labels, "Indirect effect a b, BCa interval", title=title, synthetic=synthetic)


PRINTER = Printer(
    grain="One row per model, mediator, quantity and method.",
    inputs=inputs,
    show=show,
    code=(figures, inference, layout),
    draw=draw,
)
