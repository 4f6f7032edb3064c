"""Kind "pilots": the printed names of the pilot list, as resolved, and how each counts under the options (Table 1)."""

import polars as pl

from resilience_pipeline.options import Options
from resilience_pipeline.panel import treatment
from resilience_pipeline.panel.treatment import OPTIONS as PILOT_OPTIONS
from resilience_pipeline.panel.treatment import pilots
from resilience_pipeline.report import layout
from resilience_pipeline.report.layout import text_grid
from resilience_pipeline.report.printer import Page, Printed, Printer
from resilience_pipeline.step import TableKey
from resilience_pipeline.study.study import ResultTable, Study

_HEADINGS = {
    "number": "No.",
    "printed_name": "As printed",
    "resolved_name": "As resolved",
    "kind": "Kind",
    "city_code": "City code",
    "resolution": "Resolved by",
    "treated_codes": "Cities treated",
    "reason": "How it counts",
}
_LIST = "pilot_list"


def pilots_table(staged: pl.DataFrame, options: Options) -> pl.DataFrame:
    """One row per printed name, as printed, as resolved, and how it counts under the options (panel.treatment.PILOTS).

    Parameters
    ----------
    staged : staging.schema.PILOTS.
    """
    return pilots(staged, **{name: str(options[name]) for name in PILOT_OPTIONS})


def inputs(study: Study, table: ResultTable) -> tuple[TableKey, ...]:
    """The staged list."""
    return (study.delivered(_LIST),)


def show(page: Page) -> Printed:
    """Every printed name."""
    (staged,) = page.tables.values()
    tidy = pilots_table(staged, page.options)
    missing = () if tidy.height else (_LIST,)
    return Printed(text_grid(tidy, _HEADINGS), tidy, without_result=missing)


PRINTER = Printer(
    grain="One row per printed name, as printed, as resolved, and how it counts.",
    inputs=inputs,
    show=show,
    code=(treatment, layout),
)
