"""Kind "codebook": every variable with its formula in force, its description and what became of its values."""

import polars as pl

from resilience_pipeline.panel.value_status import STATUSES
from resilience_pipeline.report import layout
from resilience_pipeline.report.figures import count
from resilience_pipeline.report.layout import Grid
from resilience_pipeline.report.printer import Page, Printed, Printer
from resilience_pipeline.step import TableKey
from resilience_pipeline.study import needs
from resilience_pipeline.study.needs import formula_of
from resilience_pipeline.study.study import ResultTable, Study

CODEBOOK = pl.Schema(
    {
        "variable": pl.String(),
        "symbol": pl.String(),
        "label_zh": pl.String(),
        "panel_table": pl.String(),
        "description": pl.String(),
        "formula": pl.String(),
        "option": pl.String(),
        "winsorised_by": pl.String(),
        "values": pl.Int64(),
        **dict.fromkeys(STATUSES, pl.Int64()),
    }
)


def inputs(study: Study, table: ResultTable) -> tuple[TableKey, ...]:
    """What was done to each value."""
    return (("panel", study.name, "value_status"),)


def show(page: Page) -> Printed:
    """One row per variable of the panel, in the order of the study file."""
    (status,) = page.tables.values()
    tidy = codebook(page, status)
    rows = []
    for row in tidy.to_dicts():
        changed = ", ".join(f"{count(row[name])} {name.replace('_', ' ')}" for name in STATUSES if row[name])
        words = (row["variable"], row["symbol"], row["label_zh"], row["description"], row["formula"])
        rows.append((*words, count(row["values"]), changed))
    headings = ("Variable", "Symbol", "In Chinese", "Description", "Formula", "Values", "Of these, and missing")
    empty = tuple(tidy.filter(pl.col("values") == 0)["variable"])
    return Printed(Grid(headings, tuple(rows), prose=True), tidy, (), empty)


def codebook(page: Page, status: pl.DataFrame) -> pl.DataFrame:
    """Schema `CODEBOOK`: one row per variable; status columns count city-years.

    Parameters
    ----------
    status : the panel's value_status.
    """
    counts = status.group_by("variable", "status").len()
    found = {(name, state): n for name, state, n in counts.iter_rows()}
    rows = []
    for variable in page.variables:
        states = {state: found.get((variable.name, state), 0) for state in STATUSES}
        known = sum(n for state, n in states.items() if state not in ("missing", "undefined"))
        rule = variable.winsorise or str(page.options["winsorise"])
        rows.append(
            {
                "variable": variable.name,
                "symbol": variable.symbol,
                "label_zh": variable.label_zh,
                "panel_table": variable.table,
                "description": variable.description,
                "formula": formula_of(variable, page.options),
                "option": variable.option,
                "winsorised_by": rule if variable.continuous else "none",
                "values": known if variable.table != "treatment" else None,
                **(states if variable.table != "treatment" else dict.fromkeys(STATUSES)),
            }
        )
    return pl.DataFrame(rows, schema=CODEBOOK)


PRINTER = Printer(
    grain="One row per variable: symbol, description, formula, option, and its values by status.",
    inputs=inputs,
    show=show,
    code=(layout, needs),
)
