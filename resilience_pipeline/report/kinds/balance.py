"""Kind "balance": pilots, others, their difference in level and in trend before the policy, variable by variable."""

from resilience_pipeline.report import figures, layout
from resilience_pipeline.report.figures import number, stars
from resilience_pipeline.report.layout import Grid
from resilience_pipeline.report.printer import Page, Printed, Printer, without_estimate
from resilience_pipeline.step import TableKey
from resilience_pipeline.study.kinds.balance import key
from resilience_pipeline.study.study import ResultTable, Study

_HEADINGS = (
    *("Variable", "Pilots", "Others", "Difference", "(s.e.)", "Std. difference", "Variance ratio"),
    *("Trend difference", "(s.e.)"),
)


def inputs(study: Study, table: ResultTable) -> tuple[TableKey, ...]:
    """The comparison."""
    return (key(table),)


def show(page: Page) -> Printed:
    """One row per variable."""
    (tidy,) = page.tables.values()
    rows = []
    for row in tidy.to_dicts():
        rows.append(
            (
                page.symbol(row["variable"]),
                number(row["mean_pilots"]),
                number(row["mean_others"]),
                number(row["difference"]) + stars(row["p_value"]),
                _error(row["std_error"]),
                number(row["standardised_difference"]),
                number(row["variance_ratio"]),
                number(row["trend_difference"]) + stars(row["trend_p_value"]),
                _error(row["trend_std_error"]),
            )
        )
    some = tidy.filter(status="estimated")
    cities = "No city yet"
    if some.height:
        cities = f"{max(some['pilots'].to_list())} pilots and {max(some['others'].to_list())} other cities"
    notes = (
        f"{cities}, the years before the policy taken together by city. Std. difference: difference over the root mean "
        "variance; beyond 0.1 counts as unbalanced. Trend: the city's own slope a year. Errors by Welch.",
        "*, **, *** significant at 10 %, 5 %, 1 %.",
    )
    return Printed(Grid(_HEADINGS, tuple(rows)), tidy, notes, without_estimate(page.tables))


def _error(value: float | None) -> str:
    return "" if value is None else f"({number(value)})"


PRINTER = Printer(
    grain="One row per variable: means, differences, standardised differences, trends.",
    inputs=inputs,
    show=show,
    code=(figures, layout),
)
