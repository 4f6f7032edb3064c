"""From the tables of the lake to a printed result, whatever its kind: for the terminal, the page and the lake alike."""

import polars as pl

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


def draw(table: ResultTable, tidy: pl.DataFrame, format: str, *, synthetic: bool) -> bytes | None:
    """The result drawn, as the bytes of an SVG, PNG or PDF file; None where its kind is no figure or it has no rows.

    Parameters
    ----------
    tidy : the report's table of it, as the lake keeps it.
    """
    drawing = PRINTERS[table.kind].draw
    if drawing is None or tidy.is_empty():
        return None
    from resilience_pipeline.report.plots import save

    figure = drawing(tidy, title_of(table), synthetic)
    return None if figure is None else save(figure, format)


def title_of(table: ResultTable) -> str:
    """ "Table 4: Benchmark regressions"; the title alone where the name is no number of a table or figure."""
    numbered = table.name.startswith(("table_", "figure_"))
    return f"{table.name.replace('_', ' ').capitalize()}: {table.title}" if numbered else table.title
