"""Kind "difference": both columns' coefficients, and their difference by each method, with what each method assumes."""

from typing import TYPE_CHECKING

import polars as pl

from resilience_pipeline.econometrics.differences import DIFFERENCE
from resilience_pipeline.report import figures, inference, layout
from resilience_pipeline.report.inference import dots, inference_cells, inference_notes, without_result
from resilience_pipeline.report.layout import Grid
from resilience_pipeline.report.printer import Page, Printed, Printer
from resilience_pipeline.step import TableKey
from resilience_pipeline.study.kind import part_key
from resilience_pipeline.study.kinds.difference import settings_of
from resilience_pipeline.study.study import ResultTable, Study

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_HEADINGS = ("Coefficient", "Method", "Estimate", "Std. error", "95 % interval", "p", "Draws", "N", "Clusters")


def inputs(study: Study, table: ResultTable) -> tuple[TableKey, ...]:
    """The tests."""
    return (part_key(table, "tests"),)


def show(page: Page) -> Printed:
    """One row per column and per test."""
    settings = settings_of(page.table)
    (tests,) = page.tables.values()
    tidy = tests.with_columns(_coefficient(tests["statistic"], page).alias("coefficient"))
    rows = [inference_cells((row["coefficient"], row["method"]), row) for row in tidy.to_dicts()]
    notes = [
        f"{page.symbol(str(subject))} in {settings.second} less {settings.first}; rows are split by {settings.group}."
        for subject in tidy["subject"].unique()
    ]
    notes += inference_notes(tidy, "method")
    grid = Grid(_HEADINGS, tuple(rows))
    return Printed(grid, tidy, (*notes, "*, **, *** significant at 10 %, 5 %, 1 %."), without_result(tidy))


def _coefficient(statistics: pl.Series, page: Page) -> pl.Series:
    """ "(1) Low protection" of "table_7.1"; "(2) less (1)" of a difference."""
    settings = settings_of(page.table)
    first, second = (f"({name.split('.', 1)[1]})" for name in (settings.first, settings.second))
    words = {DIFFERENCE: f"{second} less {first}"}
    for place, name in ((first, settings.first), (second, settings.second)):
        words[name] = f"{place} {page.labels.get(name, name)}"
    return statistics.replace(words)


def draw(tidy: pl.DataFrame, title: str, synthetic: bool) -> "Figure | None":
    """Coefficients and differences with their intervals."""
    shown = tidy.filter(pl.col("ci_low").is_not_null())
    labels = list(map(", ".join, shown.select("coefficient", "method").iter_rows()))
    return dots(shown, labels, "Coefficient of the treatment", title=title, synthetic=synthetic)


PRINTER = Printer(
    grain="One row per column and per test of their difference.",
    inputs=inputs,
    show=show,
    code=(figures, inference, layout),
    draw=draw,
)
