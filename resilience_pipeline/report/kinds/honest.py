"""Kind "honest": intervals of the first and the average lag under each bound, breakdown values last, and a figure."""

from typing import TYPE_CHECKING

import polars as pl

from resilience_pipeline.econometrics import honest as honest_module
from resilience_pipeline.econometrics.honest import BREAKDOWN
from resilience_pipeline.report import figures, layout
from resilience_pipeline.report.figures import number
from resilience_pipeline.report.inference import without_result
from resilience_pipeline.report.layout import Grid
from resilience_pipeline.report.printer import Page, Printed, Printer
from resilience_pipeline.step import TableKey
from resilience_pipeline.study.kind import part_key
from resilience_pipeline.study.kinds.honest import settings_of
from resilience_pipeline.study.study import ResultTable, Study

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_HEADINGS = ("Effect", "What may differ", "Bound", "Estimate", "95 % interval", "Breakdown value")


def inputs(study: Study, table: ResultTable) -> tuple[TableKey, ...]:
    """Intervals and breakdown values."""
    return (part_key(table, "bounds"),)


def show(page: Page) -> Printed:
    """One row per bound; a breakdown value has a row of its own."""
    (tidy,) = page.tables.values()
    return Printed(Grid(_HEADINGS, tuple(map(_cells, tidy.to_dicts()))), tidy, _notes(page, tidy), without_result(tidy))


def _cells(row: dict) -> tuple[str, ...]:
    interval = "" if row["ci_low"] is None else f"[{number(row['ci_low'])}, {number(row['ci_high'])}]"
    if row["status"] != "estimated":
        interval = row["status"]
    if row["statistic"] == BREAKDOWN:
        found = "none found" if row["estimate"] is None and row["status"] == "estimated" else number(row["estimate"])
        return row["subject"], row["method"], "", "", interval, found
    return row["subject"], row["method"], row["statistic"], number(row["estimate"]), interval, ""


def _notes(page: Page, tidy: pl.DataFrame) -> tuple[str, ...]:
    notes = [
        f"Bounds of Rambachan and Roth (2023) on how the trends of pilots differ; of {settings_of(page.table).of}."
    ]
    for row in tidy.to_dicts():
        about = f"{row['subject']}, {row['method']}" if row["method"] else row["subject"]
        if row["status"] != "estimated":
            notes.append(f"{about}: {row['status']}: {row['reason']}.")
        elif row["statistic"] == BREAKDOWN:
            notes.append(f"{about}: the breakdown value is the {row['note']}.")
        elif row["note"]:
            seed = f"; seed {row['seed']}" if row["seed"] is not None else ""
            notes.append(f"{row['method'][0].upper()}{row['method'][1:]}: {row['note']}{seed}.")
    return tuple(dict.fromkeys(notes))


def draw(tidy: pl.DataFrame, title: str, synthetic: bool) -> "Figure | None":
    """The intervals in rows; those under parallel trends with their estimate."""
    from resilience_pipeline.report.charts import dot_plot
    from resilience_pipeline.report.plots import new_figure

    shown = tidy.filter(pl.col("ci_low").is_not_null())
    if shown.is_empty():
        return None
    labels = [f"{row['subject']}, {row['method']}, {row['statistic']}" for row in shown.to_dicts()]
    columns = (shown[name].fill_null(float("nan")).to_numpy() for name in ("estimate", "ci_low", "ci_high"))
    with new_figure(title=title, synthetic=synthetic, height=1.6 + 0.28 * shown.height) as (figure, axes):
        dot_plot(axes, labels, *columns, xlabel="Effect on the outcome")
    return figure


PRINTER = Printer(
    grain="One row per effect and bound: the interval, or the largest bound at which zero is still rejected.",
    inputs=inputs,
    show=show,
    code=(honest_module, figures, layout),
    draw=draw,
)
