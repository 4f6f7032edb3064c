"""Kind "omitted": each measure of what an omitted variable would have to do, in a row, with what it means."""

from resilience_pipeline.report import figures, layout
from resilience_pipeline.report.figures import number
from resilience_pipeline.report.inference import without_result
from resilience_pipeline.report.layout import Grid
from resilience_pipeline.report.printer import Page, Printed, Printer
from resilience_pipeline.step import TableKey
from resilience_pipeline.study.kinds.omitted import key
from resilience_pipeline.study.kinds.one_column import settings_of
from resilience_pipeline.study.study import ResultTable, Study

_WORDS = (
    "Robustness value: a variable left out would have to explain this share of what is left of both treatment and "
    "outcome. Compare it with what the strongest control explains.",
    "Proportional selection: how much more than the controls together such a variable would have to be selected on "
    "(Oster 2019). Minimum detectable effect: the least effect that a 5 % test finds four times out of five.",
)


def inputs(study: Study, table: ResultTable) -> tuple[TableKey, ...]:
    """The measures."""
    return (key(table),)


def show(page: Page) -> Printed:
    """One row per measure."""
    (tidy,) = page.tables.values()
    rows = [
        (
            row["method"],
            row["statistic"],
            number(row["estimate"]) if row["status"] == "estimated" else row["status"],
            row["note"] if row["status"] == "estimated" else row["reason"] or "",
        )
        for row in tidy.to_dicts()
    ]
    grid = Grid(("Measure", "Of what", "Value", "How"), tuple(rows), prose=True)
    notes = (f"{page.symbol(tidy['subject'][0])} in {settings_of(page.table).of}.", *_WORDS)
    return Printed(grid, tidy, notes, without_result(tidy))


PRINTER = Printer(
    grain="One row per measure of what an omitted variable would have to do.",
    inputs=inputs,
    show=show,
    code=(figures, layout),
)
