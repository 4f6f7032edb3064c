"""Kind "curve": what the specifications add up to, all and by choice, the joint test beneath, and their figure."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from resilience_pipeline.econometrics import curve as curve_module
from resilience_pipeline.econometrics.curve import LEVEL
from resilience_pipeline.report import curve_charts, figures, layout
from resilience_pipeline.report.figures import count, number
from resilience_pipeline.report.layout import Grid
from resilience_pipeline.report.printer import Page, Printed, Printer
from resilience_pipeline.step import TableKey
from resilience_pipeline.study.kinds.curve import Curve, joint_key, rows_key, settings_of, summary_key
from resilience_pipeline.study.study import ResultTable, Study

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Inches of the curve, and of a row of the dashboard.
_CURVE, _ROW, _REST = 2.6, 0.135, 1.1
#: Options that change the outcome's unit, and what to say where one varies, or none.
_INDEX = ("index_form", "weighting")
_UNITS = {
    True: "Index forms have different units, so t values are compared, and effects over the standard deviation of the "
    "specification's own outcome.",
    False: "Effects are given over the standard deviation of the specification's own outcome, too.",
}


def inputs(study: Study, table: ResultTable) -> tuple[TableKey, ...]:
    """The specifications, their summary, and the joint test where there is one."""
    tested = (joint_key(table),) if settings_of(table).permute else ()
    return rows_key(table), summary_key(table), *tested


def show(page: Page) -> Printed:
    """A line for all specifications, then one for each choice."""
    rows, sums = page.tables[rows_key(page.table)], page.tables[summary_key(page.table)].to_dicts()
    headings = (
        *("", "Specifications", "estimated", "positive", f"positive, p < {LEVEL:g}", f"negative, p < {LEVEL:g}"),
        *("median t", "t from", "to", "median effect / sd", "from", "to"),
    )
    lines, dimension = [], None
    for row in sums:
        if row["dimension"] != dimension:
            dimension = row["dimension"]
            lines.append((_words(dimension), *[""] * (len(headings) - 1)))
        lines.append(_line(row))
    tests = page.tables[joint_key(page.table)].to_dicts() if joint_key(page.table) in page.tables else []
    notes = _notes(settings_of(page.table), rows, sums[0], tests)
    open_ = () if sums[0]["estimated"] else (f"{page.table.name}.specifications",)
    return Printed(Grid(headings, tuple(lines)), rows, notes, open_)


def _line(row: Mapping[str, Any]) -> tuple[str, ...]:
    shares = ("share_positive", "share_positive_significant", "share_negative_significant")
    effects = ("median_standardised", "least_standardised", "greatest_standardised")
    return (
        "All specifications" if row["dimension"] is None else f"  {row['choice']}",
        count(row["specifications"]),
        count(row["estimated"]),
        *(_percent(row[name]) for name in shares),
        *(number(row[name], 2) for name in ("median_t", "least_t", "greatest_t")),
        *(number(row[name]) for name in effects),
    )


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.1f} %"


def _words(name: str) -> str:
    words = name.replace("_", " ")
    return words[:1].upper() + words[1:]


def _notes(
    settings: Curve, rows: pl.DataFrame, total: Mapping[str, Any], tests: list[dict[str, Any]]
) -> tuple[str, ...]:
    indexed = any(name in _INDEX for d in settings.dimensions for choice in d.choices for name, _ in choice.options)
    varied = ", ".join(_words(dimension.name).lower() for dimension in settings.dimensions)
    notes = [
        f"Every combination of {varied}: {settings.of} once for each, errors clustered. {_UNITS[indexed]}",
        "Specifications share their data: the shares have no law of their own, and many significant ones are not many "
        "findings.",
    ]
    if total["marked_t"] is not None:
        own = rows.filter("marked").row(0, named=True)
        notes.append(
            f"{settings.of} as printed is specification {own['specification']:,}: {number(own['estimate'])} "
            f"({number(own['std_error'])}), t {number(own['t'], 2)}, effect / sd {number(own['standardised'])}; "
            f"{_percent(total['share_below_marked'])} of all have a smaller t."
        )
    else:
        notes.append(f"None of them is {settings.of} under the options in force, or it has no estimate.")
    reasons = rows.filter(pl.col("status") != "estimated").group_by("status", "reason", maintain_order=True).len()
    notes += [f"{status}, {n:,} specifications: {reason}." for status, reason, n in reasons.rows()]
    done = [row for row in tests if row["status"] == "estimated"]
    if done:
        fixed = [_words(d.name).lower() for d in settings.dimensions if d.name not in settings.permute]
        notes.append(
            f"Joint test: pilots dealt out to cities at random {count(done[0]['draws'])} times, with seed "
            f"{done[0]['seed']}, all specifications with the same deal; {', '.join(fixed)} as in {settings.of}, so "
            f"{done[0]['note'].split(';')[0]}. "
            + "; ".join(f"{row['statistic']} {number(row['estimate'])}, p {row['p_value']:.4f}" for row in done)
            + ". p = (1 + count) / (draws + 1), counting medians as far from zero as ours, shares at least ours."
        )
    return tuple(notes)


def draw(tidy: pl.DataFrame, title: str, synthetic: bool) -> "Figure | None":
    """Sorted t values above, the choices behind them below."""
    from resilience_pipeline.report.plots import WIDTH, new_figure

    done = tidy.filter(status="estimated").drop_nulls("t").sort("t", "specification")
    if done.is_empty():
        return None
    names = tidy.columns[1 : tidy.columns.index("marked")]
    choices = {name: tidy[name].unique(maintain_order=True).to_list() for name in names}
    own = np.flatnonzero(done["marked"].to_numpy())
    marked = int(own[0]) if len(own) else None
    lower = _ROW * sum(1 + len(found) for found in choices.values())
    height = _CURVE + lower + _REST
    ratios = {"height_ratios": (_CURVE, lower)}
    with new_figure(
        title=title, synthetic=synthetic, panels=(2, 1), width=WIDTH, height=height, sharex=True, gridspec_kw=ratios
    ) as (figure, axes):
        t, p = done["t"].to_numpy(), done["p_value"].to_numpy()
        curve_charts.sorted_curve(axes[0, 0], t, p, marked, level=LEVEL, label="As printed")
        places = [
            done[name].replace_strict(found, list(range(len(found))), return_dtype=pl.Int64).to_numpy()
            for name, found in choices.items()
        ]
        curve_charts.dashboard(axes[1, 0], [(_words(name), found) for name, found in choices.items()], places, marked)
    return figure


PRINTER = Printer(
    grain="One row per specification: the choices, estimate, error, t, p value, rows, cities, status and reason.",
    inputs=inputs,
    show=show,
    code=(figures, layout, curve_charts, curve_module),
    draw=draw,
)
