"""Kind "placebo": forms in columns, how their fake coefficients spread and where ours lies, and the figure of them."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import polars as pl

from resilience_pipeline.econometrics.placebo import FORMS
from resilience_pipeline.report import figures, layout
from resilience_pipeline.report.figures import count, number
from resilience_pipeline.report.layout import Grid
from resilience_pipeline.report.printer import Page, Printed, Printer
from resilience_pipeline.step import TableKey
from resilience_pipeline.study.kinds.placebo import draws_key, settings_of, summary_key
from resilience_pipeline.study.study import ResultTable, Study
from resilience_pipeline.words import many

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: What the report keeps of each fake treatment; who was treated stands in the estimates.
_KEPT = (
    *("form", "title", "status", "draw", "start_year", "estimate", "std_error", "t", "p_value"),
    *("recomputed", "recomputed_std_error", "contaminated", "dof"),
)
Row = Mapping[str, Any]


def inputs(study: Study, table: ResultTable) -> tuple[TableKey, ...]:
    """The draws of each form, and the summary of all."""
    return (*(draws_key(table, form) for form in settings_of(table).forms), summary_key(table))


def show(page: Page) -> Printed:
    """Forms in columns; single dates beneath, where a form has one date for all."""
    forms = settings_of(page.table).forms
    summaries = page.tables[summary_key(page.table)].to_dicts()
    draws = {form.name: page.tables[draws_key(page.table, form)] for form in forms}
    headings = ("", *(f"({place})" for place in range(1, len(forms) + 1)))
    rows = [(name, *(cell(row) for row in summaries)) for name, cell in _ROWS.items()]
    rows += _single_dates(summaries, draws)
    tidy = pl.concat([table.select(_KEPT) for table in draws.values()])
    open_ = tuple(f"{page.table.name}.{row['form']}" for row in summaries if row["status"] != "estimated")
    return Printed(Grid(headings, tuple(rows)), tidy, _notes(page, summaries), open_)


def _drawn(row: Row) -> str:
    if row["draws"] is None:
        return row["status"]
    if row["listed"]:
        return f"all {count(row['draws'])}"
    return f"{count(row['draws'])} of 10^{row['log10_assignments']:.1f}"


def _starts(row: Row) -> str:
    first, last = row["first_start"], row["last_start"]
    return "" if first is None else str(first) if first == last else f"{first} to {last}"


def _interval(low: str, high: str) -> Callable[[Row], str]:
    return lambda row: "" if row[low] is None else f"[{number(row[low])}, {number(row[high])}]"


def _ratio(row: Row) -> str:
    return "" if row["sd"] is None else number(row["sd"] / row["observed_std_error"], 2)


def _p(suffix: str) -> Callable[[Row], str]:
    def cell(row: Row) -> str:
        p, low, high = (row[f"{name}{suffix}"] for name in ("p_value", "p_low", "p_high"))
        if p is None:
            return ""
        return _share(p) if low == high else f"{_share(p)} [{_share(low)}, {_share(high)}]"

    return cell


def _share(value: float | None) -> str:
    """Four decimals: a share among 10,000 draws has that many."""
    return "" if value is None else f"{value:.4f}"


_ROWS: dict[str, Callable[[Row], str]] = {
    "Pilots": lambda row: FORMS[row["form"]].cities,
    "Start years": lambda row: {"true": "true", "fake": "one fake", "own": "a fake one each"}[FORMS[row["form"]].dates],
    "Rows": lambda row: {"all": "all", "before": "before the policy"}[FORMS[row["form"]].rows],
    "Fake treatments": _drawn,
    "Starts": _starts,
    "N": lambda row: count(row["n_obs"]),
    "Cities, treated": lambda row: (
        "" if row["n_cities"] is None else f"{count(row['n_cities'])}, {count(row['n_treated'])}"
    ),
    "Our coefficient": lambda row: number(row["observed"]),
    "Its error": lambda row: "" if row["observed_std_error"] is None else f"({number(row['observed_std_error'])})",
    "Fake coefficients: mean": lambda row: number(row["mean"]),
    "standard deviation": lambda row: number(row["sd"]),
    "over our error": _ratio,
    "mean of their errors": lambda row: number(row["mean_std_error"]),
    "2.5 % to 97.5 %": _interval("p2_5", "p97_5"),
    "least to greatest": _interval("minimum", "maximum"),
    "share with p < 0.05": lambda row: _share(row["rejected_share"]),
    "Share as far from zero as ours": _p(""),
    "t as far from zero as ours": _p("_t"),
    "coefficient at least ours": lambda row: _share(row["p_upper"]),
    "coefficient at most ours": lambda row: _share(row["p_lower"]),
    "A randomisation test": lambda row: "yes" if row["randomisation_test"] else "no",
}


def _single_dates(summaries: list[dict[str, Any]], draws: Mapping[str, pl.DataFrame]) -> list[tuple[str, ...]]:
    """A row for each start of the forms that have one date for the true pilots: their estimates, nothing to rank."""
    found: dict[int, dict[str, str]] = {}
    for form, table in draws.items():
        if FORMS[form].cities == "true" and FORMS[form].dates == "fake":
            for row in table.drop_nulls("draw").to_dicts():
                error = "" if row["std_error"] is None else f" ({number(row['std_error'])})"
                found.setdefault(row["start_year"], {})[form] = f"{number(row['estimate'])}{error}"
    return [
        (f"Start {year}", *(cells.get(row["form"], "") for row in summaries)) for year, cells in sorted(found.items())
    ]


def _notes(page: Page, summaries: list[dict[str, Any]]) -> tuple[str, ...]:
    notes = []
    for place, row in enumerate(summaries, start=1):
        notes.append(f"({place}) {row['title']}.")
        if row["status"] != "estimated":
            notes.append(f"({place}) {row['status']}: {row['reason']}.")
        elif row["contaminated"]:
            notes.append(f"({place}) contaminated: the pilots are the true ones, so the true effect is in every draw.")
        if row["undefined"]:
            notes.append(f"({place}) Without an estimate and left out: {many(row['undefined'], 'fake treatment')}.")
    done = [row for row in summaries if row["status"] == "estimated"]
    if done:
        first = done[0]
        notes.append(
            f"Each is what {first['specification']} gives for the fake treatment, with the same controls and effects; "
            f"errors, ours among them, by the rule {first['vcov']}, {first['ssc']}. Seed {first['seed']}."
        )
    if any(FORMS[row["form"]].cities == "fake" for row in done):
        notes.append(
            "With fake pilots the coefficients' standard deviation and our error estimate the same spread; a ratio far "
            "above one says that our error is too small. A true effect widens the fake ones a little."
        )
    if any(row["p_value"] is not None and not row["listed"] for row in done):
        notes.append(
            "Drawn: share = (1 + count) / (draws + 1), in brackets its 95 % interval from drawing (Clopper-Pearson)."
        )
    if any(row["p_value"] is not None and row["listed"] for row in done):
        notes.append(
            "Listed: share = count / number, ours among them; before the policy ours is added to both as one more."
        )
    if any(row["p_value"] is not None and not row["randomisation_test"] for row in done):
        notes.append(
            "Only fake pilots under the true date are a randomisation test, and the share its p value. Elsewhere the "
            "share is a place: dates are not drawn by a law that the policy followed, and rows may differ."
        )
    return tuple(notes)


def draw(tidy: pl.DataFrame, title: str, synthetic: bool) -> "Figure | None":
    """A panel for each form: the fake coefficients' histogram and p values, or the single dates with intervals."""
    from resilience_pipeline.report.plots import HEIGHT, new_figure

    estimated = tidy.filter(pl.col("estimate").is_not_null())
    forms = estimated["form"].unique(maintain_order=True).to_list()
    if not forms:
        return None
    columns = 1 if len(forms) == 1 else 2
    rows = -(-len(forms) // columns)
    height = HEIGHT if rows == 1 else 0.85 * HEIGHT * rows
    with new_figure(title=title, synthetic=synthetic, panels=(rows, columns), height=height) as (figure, panels):
        places = [panels] if len(forms) == 1 else panels.ravel().tolist()
        for axes, form in zip(places, forms, strict=False):
            _panel(axes, estimated.filter(form=form), heading=len(forms) > 1)
        for axes in places[len(forms) :]:
            axes.set_axis_off()
    return figure


def _panel(axes: "Axes", draws: pl.DataFrame, *, heading: bool) -> None:
    from scipy.special import stdtrit

    from resilience_pipeline.report.charts import placebo_dates, placebo_distribution, placebo_p_values

    first = draws.row(0, named=True)
    form = FORMS[first["form"]]
    b, ours = draws["estimate"].to_numpy(), first["recomputed"]
    leak = " (with the true effect in it)" if form.contaminated else ""
    if heading:
        axes.set_title(form.title.replace(", ", ",\n"), fontsize=8.5)
    if form.cities == "true" and form.dates == "fake":
        half = float(stdtrit(first["dof"], 0.975)) * draws["std_error"].to_numpy()
        placebo_dates(axes, draws["start_year"].to_numpy(), b, b - half, b + half, ours, xlabel=f"Fake start{leak}")
        return
    placebo_distribution(axes, b, ours, xlabel=f"Fake coefficient{leak}")
    placebo_p_values(axes, b, draws["p_value"].to_numpy())


PRINTER = Printer(
    grain="One row per form and fake treatment: its coefficient, error and p value.",
    inputs=inputs,
    show=show,
    code=(figures, layout),
    draw=draw,
)
