"""Kind "event_study": the effect in every year against the base year, each by itself and all together, and a figure."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import polars as pl

from resilience_pipeline.econometrics import event_rows
from resilience_pipeline.econometrics.event_rows import (
    ALL,
    AVERAGE,
    BAND,
    CRITICAL,
    HOTELLING,
    LAGS,
    LEADS,
    LEAST_SQUARES,
    POWERS,
    SUP_T,
    WALD,
    bias_name,
    passed_name,
    slope_name,
)
from resilience_pipeline.econometrics.event_rows import F as F_STATISTIC
from resilience_pipeline.econometrics.pretest_power import ANY, JOINT
from resilience_pipeline.report import figures, layout
from resilience_pipeline.report.figures import count, number, probability, stars
from resilience_pipeline.report.layout import Grid
from resilience_pipeline.report.printer import Page, Printed, Printer, error_rule, without_estimate
from resilience_pipeline.step import TableKey
from resilience_pipeline.study.kind import estimate_key
from resilience_pipeline.study.kinds.event_study import EventStudy, inference_key, settings_of
from resilience_pipeline.study.study import ResultTable, Study

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_FIGURES = ("estimate", "std_error", "p_value", "ci_low", "ci_high")
_BANDS = ("band_low", "band_high", "adjusted_p_value")
_HEADINGS = ("Year", "Pilots against others", "Std. error", "95 % interval", "p", "95 % band, all years", "p, adjusted")
Row = Mapping[str, Any]
Name = tuple[str, str, str]  # subject, method and statistic of a row of the tests


def inputs(study: Study, table: ResultTable) -> tuple[TableKey, ...]:
    """The record, and what is said of several years at once."""
    return estimate_key(table.columns[0]), inference_key(table)


def show(page: Page) -> Printed:
    """One row a year, the base year zero by construction; then the average lag and the joint tests."""
    settings = settings_of(page.table)
    key = estimate_key(page.table.columns[0])
    record = page.tables[key]
    tests = page.tables[inference_key(page.table)].to_dicts()
    found = {(row["subject"], row["method"], row["statistic"]): row for row in tests}
    tidy = by_year(record, found, settings, int(page.options["start_year"]))
    rows = [_year(row) for row in tidy.to_dicts()]
    if (average := found.get((LAGS, LEAST_SQUARES, AVERAGE))) is not None:
        rows.append(("Average after the base year", *_cells(average), "", ""))
    for (subject, method, statistic), row in found.items():
        if statistic == F_STATISTIC and row["status"] == "estimated":
            words = "" if method == WALD else ", by treated cities"
            side = "before" if subject == LEADS else "after"
            rows.append(
                (
                    f"All {side} the base year zero{words}",
                    f"F = {number(row['estimate'])}",
                    *("", ""),
                    probability(row["p_value"]),
                    *("", ""),
                )
            )
    notes = [*_notes(page, record.row(0, named=True), settings), *_joint_notes(found), *_power_notes(found)]
    if record["status"][0] == "estimated":
        notes.append("*, **, *** significant at 10 %, 5 %, 1 %.")
    return Printed(Grid(_HEADINGS, tuple(rows)), tidy, tuple(notes), without_estimate({key: record}))


def _year(row: Row) -> tuple[str, ...]:
    if row["base"]:
        return (str(row["year"]), "0 (base)", "", "", "", "", "")
    return (
        str(row["year"]),
        *_cells(row),
        _interval(row, "band_low", "band_high"),
        probability(row["adjusted_p_value"]),
    )


def _cells(row: Row) -> tuple[str, str, str, str]:
    error = "" if row["std_error"] is None else f"({number(row['std_error'])})"
    estimate = number(row["estimate"]) + stars(row["p_value"])
    return estimate, error, _interval(row, "ci_low", "ci_high"), probability(row["p_value"])


def _interval(row: Row, low: str, high: str) -> str:
    return "" if row[low] is None else f"[{number(row[low])}, {number(row[high])}]"


def by_year(record: pl.DataFrame, found: Mapping[Name, Row], settings: EventStudy, start_year: int) -> pl.DataFrame:
    """A row for every year, in order: the estimate, its own interval, the simultaneous band, and the status.

    Parameters
    ----------
    record : tidy estimate, one row per term.
    found : rows of the tests; bands have the year as their subject.
    start_year : first year of the policy; the base year need not be the last one before it.
    """
    terms = {row["term"]: row for row in record.to_dicts()}
    years = {year: terms.get(name, {}) for name, year in settings.years.items()} | {settings.base: {}}
    rows = []
    for year in sorted(years):
        band = found.get((str(year), SUP_T, BAND), {})
        rows.append(
            {
                "year": year,
                "base": year == settings.base,
                "policy": year >= start_year,
                **{figure: years[year].get(figure) for figure in _FIGURES},
                **dict(zip(_BANDS, map(band.get, ("ci_low", "ci_high", "p_value")), strict=True)),
                "status": record["status"][0],
            }
        )
    figures = dict.fromkeys((*_FIGURES, *_BANDS), pl.Float64)
    marks = dict.fromkeys(("base", "policy"), pl.Boolean())
    return pl.DataFrame(rows, schema={"year": pl.Int32, **marks, **figures, "status": pl.String})


def draw(tidy: pl.DataFrame, title: str, synthetic: bool) -> "Figure | None":
    """Leads and lags around the base year, with their own intervals and the simultaneous band."""
    from resilience_pipeline.report.charts import event_study
    from resilience_pipeline.report.plots import new_figure

    if tidy["estimate"].null_count() == tidy.height:
        return None
    base = int(tidy.filter("base")["year"][0])
    untreated = tidy.height - int(tidy["policy"].sum())  # years before the policy
    shown = tidy.with_columns(pl.col(*_FIGURES, *_BANDS).fill_null(float("nan")))
    with new_figure(title=title, synthetic=synthetic) as (figure, axes):
        event_study(
            axes,
            *(shown[name].to_numpy() for name in ("year", "estimate", "ci_low", "ci_high")),
            reference=base,
            policy=int(tidy["year"][0]) + untreated,
            band=(shown["band_low"].to_numpy(), shown["band_high"].to_numpy()),
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
        f"Errors: {error_rule(model)}. "
        "An interval holds the true effect of its own year in 95 of 100 samples; all of them together do so in fewer.",
    )


def _joint_notes(found: Mapping[Name, Row]) -> list[str]:
    notes = []
    critical = found.get((ALL, SUP_T, CRITICAL))
    if critical is not None:
        times = number(critical["estimate"])
        notes.append(
            f"The bands hold the true effects of all years at once in 95 of 100 samples: {times} standard errors "
            f"(sup-t, {critical['note']}; seed {critical['seed']})."
        )
    for (subject, method, statistic), row in found.items():
        if statistic == F_STATISTIC and row["status"] != "estimated":
            notes.append(f"No joint test of the {subject} ({method}): {row['reason']}.")
        elif statistic == F_STATISTIC:
            notes.append(f"Joint test of the {subject}, {method}: {row['note']}.")
    if any(method == HOTELLING for _, method, _ in found):
        notes.append(
            "The law by the count of all clusters rejects too often where few are treated: with 45 pilots among 281 "
            "cities and no trend in 7.5 of 100 panels at 5 %; Hotelling's, which counts the treated ones, in 3.6."
        )
    return notes


def _power_notes(found: Mapping[Name, Row]) -> list[str]:
    """Each trend in a sentence: how steep, how often found, what it would do to the average lag."""
    notes = []
    for test, words in ((JOINT, "The joint test of the leads"), (ANY, "A look at each lead by itself")):
        for power in POWERS:
            names = (slope_name(power), bias_name(power), passed_name(power))
            trend = [found[LEADS, test, name] for name in names if (LEADS, test, name) in found]
            if len(trend) < len(names):
                continue
            slope, bias, passed = (number(row["estimate"]) for row in trend)
            notes.append(
                f"{words} finds a linear trend of {slope} a year in {100 * power:g} of 100 samples; such a trend puts "
                f"{bias} on the average lag, {passed} in samples where it is not found."
            )
            draws, seed = count(trend[0]["draws"]), trend[0]["seed"]
    if notes:
        notes.append(f"Power as in Roth (2022), the covariance matrix taken as known; {draws} draws, seed {seed}.")
    return notes


PRINTER = Printer(
    grain="One row per year: the effect against the base year with its interval and its simultaneous band.",
    inputs=inputs,
    show=show,
    code=(event_rows, figures, layout),
    draw=draw,
)
