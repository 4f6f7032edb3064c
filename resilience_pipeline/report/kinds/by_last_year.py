"""Kind "by_last_year": the effect with each last year, under the window's own and under frozen weights; drawn, too."""

from typing import TYPE_CHECKING, Any

import polars as pl

from resilience_pipeline.report import figures, layout
from resilience_pipeline.report.figures import count, number, stars
from resilience_pipeline.report.layout import Grid
from resilience_pipeline.report.printer import Page, Printed, Printer, without_estimate
from resilience_pipeline.step import TableKey
from resilience_pipeline.study.kinds.by_last_year import FROZEN, OWN, windows_key
from resilience_pipeline.study.kinds.one_column import settings_of
from resilience_pipeline.study.study import ResultTable, Study

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_HEADINGS = ("Last year", "Own weights", "(s.e.)", "95 % interval", "Frozen weights", "(s.e.)", "95 % interval", "N")


def inputs(study: Study, table: ResultTable) -> tuple[TableKey, ...]:
    """The windows."""
    return (windows_key(table),)


def show(page: Page) -> Printed:
    """One row per last year: the coefficient under both weights, and the rows."""
    (tidy,) = page.tables.values()
    found = {(row["last_year"], row["weights"]): row for row in tidy.to_dicts()}
    rows = []
    for year in tidy["last_year"].unique(maintain_order=True):
        own = found[year, OWN]
        mark = "" if own["in_window"] else " (new)"
        rows.append((f"{year}{mark}", *_cells(own), *_cells(found.get((year, FROZEN), {})), count(own["n_obs"])))
    notes = [
        f"The treatment's coefficient in {settings_of(page.table).of} on all years up to the last one named, from "
        "deliveries as they stand; cities are chosen anew in each window.",
        "Own weights: learnt from the window. Frozen weights: those of the study's window, so that only data differ.",
    ]
    if later := next(iter(tidy["why_no_later_year"].drop_nulls()), ""):
        notes.append(f"No later year: {later}.")
    notes += [reason for reason in dict.fromkeys(tidy["reason"].drop_nulls()) if reason]
    notes.append("*, **, *** significant at 10 %, 5 %, 1 %.")
    return Printed(Grid(_HEADINGS, tuple(rows)), tidy, tuple(notes), without_estimate(page.tables))


def _cells(row: dict[str, Any]) -> tuple[str, str, str]:
    if row.get("estimate") is None:
        return "", "", ""
    interval = f"[{number(row['ci_low'])}, {number(row['ci_high'])}]"
    return number(row["estimate"]) + stars(row["p_value"]), f"({number(row['std_error'])})", interval


def draw(tidy: pl.DataFrame, title: str, synthetic: bool) -> "Figure | None":
    """Both coefficients over the last year, side by side, with the end of the study's window marked."""
    from resilience_pipeline.report.charts import two_series
    from resilience_pipeline.report.plots import new_figure

    shown = tidy.filter(pl.col("estimate").is_not_null())
    if shown.is_empty():
        return None
    places = ("last_year", "estimate", "ci_low", "ci_high")
    new = tidy.filter(~pl.col("in_window"))["last_year"].to_list()
    series = {
        label: tuple(shown.filter(weights=weights)[name].to_numpy() for name in places)
        for weights, label in ((OWN, "Weights of the window"), (FROZEN, "Frozen weights"))
    }
    with new_figure(title=title, synthetic=synthetic) as (figure, axes):
        two_series(
            axes, series, new=new[0] if new else None, xlabel="Last year included", ylabel="Effect on the outcome"
        )
    return figure


PRINTER = Printer(
    grain="One row per last year and weights: the treatment's coefficient.",
    inputs=inputs,
    show=show,
    code=(figures, layout),
    draw=draw,
)
