"""Kind "inference": a coefficient's error, interval and p value by each method, with what each method assumes."""

from typing import TYPE_CHECKING

import polars as pl

from resilience_pipeline.econometrics.every_method import LEFT_OUT
from resilience_pipeline.report import figures, inference, layout
from resilience_pipeline.report.inference import dots, inference_cells, inference_notes, without_result
from resilience_pipeline.report.layout import Grid
from resilience_pipeline.report.printer import Page, Printed, Printer
from resilience_pipeline.step import TableKey
from resilience_pipeline.study.kinds.inference import methods_key
from resilience_pipeline.study.kinds.one_column import settings_of
from resilience_pipeline.study.study import ResultTable, Study

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_HEADINGS = ("Method", "Estimate", "Std. error", "95 % interval", "p", "Draws", "N", "Clusters")


def inputs(study: Study, table: ResultTable) -> tuple[TableKey, ...]:
    """The methods."""
    return (methods_key(table),)


def show(page: Page) -> Printed:
    """One row per method, then the coefficient without single cities."""
    (tidy,) = page.tables.values()
    rows = [inference_cells((_label(row),), row) for row in tidy.to_dicts()]
    subject = page.symbol(str(tidy["subject"][0])) if tidy.height else "the treatment"
    notes = (
        f"{subject} in {settings_of(page.table).of}, the same rows under every method.",
        *inference_notes(tidy, "method"),
        "*, **, *** significant at 10 %, 5 %, 1 %.",
    )
    return Printed(Grid(_HEADINGS, tuple(rows)), tidy, notes, without_result(tidy))


def _label(row: dict) -> str:
    label = f"{row['method']}: {row['statistic']}" if row["method"] == LEFT_OUT else row["method"]
    return str(label[:1].upper() + label[1:])


def draw(tidy: pl.DataFrame, title: str, synthetic: bool) -> "Figure | None":
    """The interval of each method that has one."""
    shown = tidy.filter(pl.col("ci_low").is_not_null(), pl.col("ci_high").is_not_null())
    labels = [_label(row) for row in shown.to_dicts()]
    return dots(shown, labels, "Coefficient of the treatment, 95 % intervals", title=title, synthetic=synthetic)


PRINTER = Printer(
    grain="One row per method of inference and statistic.",
    inputs=inputs,
    show=show,
    code=(figures, inference, layout),
    draw=draw,
)
