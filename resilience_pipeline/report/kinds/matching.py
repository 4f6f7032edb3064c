"""Kind "matching": covariates and scores before and after matching, who is on support, and the overlap as a figure.

The figure has the scores of pilots above and of other cities below, with the outline of the weighted controls.
"""

from typing import TYPE_CHECKING

import polars as pl

from resilience_pipeline.econometrics.matching import MATCHED, OFF_SUPPORT, UNUSED, USED
from resilience_pipeline.report import figures, layout
from resilience_pipeline.report.figures import count, number
from resilience_pipeline.report.layout import Grid
from resilience_pipeline.report.printer import Page, Printed, Printer, without_estimate
from resilience_pipeline.step import TableKey
from resilience_pipeline.study import matching as study_matching
from resilience_pipeline.study.kinds.matching import EFFECTIVE, IN_SAMPLE, INDEX, LEFT, SCORE, UNSCORED, key
from resilience_pipeline.study.matching import in_words, rules_under
from resilience_pipeline.study.study import Matching, ResultTable, Study

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_STATISTICS = ("mean", "standardised_difference", "variance_ratio")
_HEADINGS = ("Treated", "Controls", "Std. diff.", "Var. ratio")
_SYMBOLS = {SCORE: "Propensity score", INDEX: "Its linear index"}


def inputs(study: Study, table: ResultTable) -> tuple[TableKey, ...]:
    """The record."""
    return (key(table),)


def show(page: Page) -> Printed:
    """One row per covariate and per quantile of the score: before, then after matching."""
    (tidy,) = page.tables.values()
    headings = ("Variable", *(f"{h}, {sample}" for sample in ("before", "after") for h in _HEADINGS))
    first = tidy.row(0, named=True)
    if first["status"] != "estimated":
        notes = (f"{first['status']}: {first['reason']}.",)
        return Printed(Grid(headings, ()), tidy, notes, without_estimate(page.tables))
    rows = [*_rows(tidy.filter(part="balance"), page), *_rows(tidy.filter(part="quantile"), page)]
    return Printed(Grid(headings, tuple(rows)), tidy, _notes(tidy, page))


def _rows(part: pl.DataFrame, page: Page) -> list[tuple[str, ...]]:
    values = {(r["item"], r["sample"], r["group"], r["statistic"]): r["value"] for r in part.to_dicts()}
    rows = []
    for item in part["item"].unique(maintain_order=True):
        if part["part"][0] == "quantile":
            name = f"Score, {100 * float(item):g} % quantile"
            columns = [("treated", SCORE), ("controls", SCORE), (None, None), (None, None)]
        else:
            name = _SYMBOLS.get(item, page.symbol(item))
            columns = [("treated", "mean"), ("controls", "mean"), *((None, s) for s in _STATISTICS[1:])]
        cells = [number(values.get((item, sample, *column))) for sample in ("before", "after") for column in columns]
        rows.append((name, *cells))
    return rows


def _notes(tidy: pl.DataFrame, page: Page) -> tuple[str, ...]:
    counts = dict(tidy.filter(part="count").select("item", "value").iter_rows())
    units = tidy.filter(part="count", item=MATCHED)["statistic"].item()
    covariates = tuple(
        item for item in tidy.filter(part="balance")["item"].unique(maintain_order=True) if item not in _SYMBOLS
    )
    rules = rules_under(Matching(covariates), page.options)
    on = ", ".join(page.symbol(name) for name in covariates)
    named = tidy.filter(part="count", item=LEFT)["text"].item()
    left = [f"{count(int(counts[fate]))} with {fate.split(', ', 1)[1]}" for fate in OFF_SUPPORT if counts[fate]]
    return (
        f"Matched on {on} ({in_words(rules)}). Counted are {units}.",
        f"Treated: {count(int(counts[MATCHED]))} on support"
        + (f"; off support {', '.join(left)}: {named}." if left else ", none off it."),
        f"Controls: {count(int(counts[USED]))} used, {count(int(counts[UNUSED]))} too far from every treated unit; "
        f"effective number {counts[EFFECTIVE]:,.1f}. Not scored, as a covariate is missing: "
        f"{count(int(counts[UNSCORED]))}. Rows of positive weight: {count(int(counts[IN_SAMPLE]))} city-years.",
        "Std. diff.: difference of means over the root mean variance before matching, in both columns; beyond 0.1 "
        "counts as unbalanced. Var. ratio: of the variances; beyond 1/2 and 2 counts as far apart (Rubin 2001).",
    )


def draw(tidy: pl.DataFrame, title: str, synthetic: bool) -> "Figure | None":
    """Scores of both groups, mirrored, and of the weighted controls."""
    from resilience_pipeline.report.charts import overlap
    from resilience_pipeline.report.plots import new_figure

    units = tidy.filter(part="unit")
    if units.is_empty():
        return None
    groups = {
        (group, statistic): units.filter(group=group, statistic=statistic)["value"].to_numpy()
        for group in ("treated", "controls")
        for statistic in (SCORE, "weight")
    }
    with new_figure(title=title, synthetic=synthetic) as (figure, axes):
        overlap(axes, groups["treated", SCORE], groups["controls", SCORE], control_weights=groups["controls", "weight"])
    return figure


PRINTER = Printer(
    grain="One row per figure: balance before and after, counts, quantiles of the score, every unit's score, weight.",
    inputs=inputs,
    show=show,
    code=(figures, layout, study_matching),
    draw=draw,
)
