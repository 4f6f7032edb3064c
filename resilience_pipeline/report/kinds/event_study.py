"""Kind "event_study": the effect in every year against the base year, with 95 % intervals, as rows and as a figure."""

from typing import TYPE_CHECKING

import polars as pl

from resilience_pipeline.report import figures, layout
from resilience_pipeline.report.figures import number, stars
from resilience_pipeline.report.layout import Grid
from resilience_pipeline.report.printer import Page, Printed, Printer, without_estimate
from resilience_pipeline.step import TableKey
from resilience_pipeline.study.kind import estimate_key
from resilience_pipeline.study.kinds.event_study import EventStudy
from resilience_pipeline.study.study import ResultTable, Study

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_FIGURES = ("estimate", "std_error", "p_value", "ci_low", "ci_high")


def inputs(study: Study, table: ResultTable) -> tuple[TableKey, ...]:
    """The one record."""
    return (estimate_key(table.columns[0]),)


def show(page: Page) -> Printed:
    """One row a year; the base year is zero by construction and has no error."""
    settings = page.table.settings
    assert isinstance(settings, EventStudy)
    (record,) = page.tables.values()
    tidy = by_year(record, settings)
    rows = []
    for row in tidy.to_dicts():
        if row["base"]:
            rows.append((str(row["year"]), "0 (base)", "", "", ""))
            continue
        interval = "" if row["ci_low"] is None else f"[{number(row['ci_low'])}, {number(row['ci_high'])}]"
        error = "" if row["std_error"] is None else f"({number(row['std_error'])})"
        rows.append(
            (str(row["year"]), number(row["estimate"]) + stars(row["p_value"]), error, interval, number(row["p_value"]))
        )
    notes = _notes(page, record.row(0, named=True), settings)
    grid = Grid(("Year", "Pilots against others", "Std. error", "95 % interval", "p"), tuple(rows))
    return Printed(grid, tidy, notes, without_estimate(page.tables))


def by_year(record: pl.DataFrame, settings: EventStudy) -> pl.DataFrame:
    """year, base, policy, estimate, std_error, p_value, ci_low, ci_high and status: a row for every year, in order.

    Parameters
    ----------
    record : tidy estimate, one row per term.
    """
    terms = {row["term"]: row for row in record.to_dicts()}
    years = {year: terms.get(name, {}) for name, year in settings.years.items()} | {settings.base: {}}
    rows = [
        {
            "year": year,
            "base": year == settings.base,
            **{figure: years[year].get(figure) for figure in _FIGURES},
            "status": record["status"][0],
        }
        for year in sorted(years)
    ]
    schema = {"year": pl.Int32, "base": pl.Boolean, **dict.fromkeys(_FIGURES, pl.Float64), "status": pl.String}
    return pl.DataFrame(rows, schema=schema)


def draw(tidy: pl.DataFrame, title: str, synthetic: bool) -> "Figure | None":
    """Leads and lags with their intervals around the base year."""
    from resilience_pipeline.report.charts import event_study
    from resilience_pipeline.report.plots import new_figure

    if tidy["estimate"].null_count() == tidy.height:
        return None
    base = int(tidy.filter("base")["year"][0])
    shown = tidy.with_columns(pl.col(_FIGURES).fill_null(float("nan")))
    with new_figure(title=title, synthetic=synthetic) as (figure, axes):
        event_study(
            axes,
            *(shown[name].to_numpy() for name in ("year", "estimate", "ci_low", "ci_high")),
            reference=base,
            policy=base + 1,
            ylabel="Effect on the outcome",
        )
    return figure


def _notes(page: Page, model: dict, settings: EventStudy) -> tuple[str, ...]:
    if model["status"] != "estimated":
        return (f"{model['status']}: {model['reason']}.",)
    spec = page.table.columns[0]
    others = [page.symbol(name) for name in spec.controls if name not in settings.years]
    right = f", with {', '.join(others)}" if others else ""
    return (
        f"{page.symbol(spec.outcome)} on a dummy for each year in pilot cities, base {settings.base}{right}, absorbing "
        f"{', '.join(spec.absorb)}; N {model['n_obs']:,}, {model['n_units']:,} cities.",
        f"Errors: {model['vcov']} by {' and '.join(model['cluster'])}, small-sample rule {model['ssc']}. "
        "Intervals are pointwise: each year by itself holds the true effect in 95 of 100 samples, all years together "
        "in fewer.",
        "*, **, *** significant at 10 %, 5 %, 1 %.",
    )


PRINTER = Printer(
    grain="One row per year: the effect against the base year with its interval.",
    inputs=inputs,
    show=show,
    code=(figures, layout),
    draw=draw,
)
