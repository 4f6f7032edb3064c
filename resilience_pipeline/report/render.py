"""From the tables of the lake to a printed result, whatever its kind: for the terminal, the page and the lake alike."""

from resilience_pipeline.report.kinds import PRINTERS
from resilience_pipeline.report.layout import RenderedTable, render
from resilience_pipeline.report.printer import Page, Printed
from resilience_pipeline.study.study import ResultTable


def render_page(page: Page, *, synthetic: bool) -> tuple[RenderedTable, Printed]:
    """The printed result, and what its kind's printer made.

    Parameters
    ----------
    synthetic : whether anything of it descends from the synthetic twin; then the first line and the title say so.
    """
    printed = PRINTERS[page.table.kind].show(page)
    notes = [*page.table.notes, *printed.notes]
    if page.options.changed:
        notes.append("Options: " + ", ".join(f"{name} = {value}" for name, value in page.options.changed.items()) + ".")
    return render(title_of(page.table), printed.grid, notes, synthetic=synthetic), printed


def title_of(table: ResultTable) -> str:
    """ "Table 4: Benchmark regressions"."""
    return f"{table.name.replace('_', ' ').capitalize()}: {table.title}"
