"""From the tables of the lake to a printed result, whatever its kind: for the terminal, the page and the lake alike."""

import polars as pl

from resilience_pipeline.report.document import Document, heading_of
from resilience_pipeline.report.kinds import PRINTERS
from resilience_pipeline.report.printer import Page, Printed
from resilience_pipeline.study.study import ResultTable


def render_page(page: Page, *, synthetic: bool) -> tuple[Document, Printed]:
    """The printed result apart from its form, and what its kind's printer made.

    Parameters
    ----------
    synthetic : whether anything of it descends from the synthetic twin; then the first line and the title say so.
    """
    printed = PRINTERS[page.table.kind].show(page)
    notes = [*page.table.notes, *printed.notes]
    if page.options.changed:
        notes.append("Options: " + ", ".join(f"{name} = {value}" for name, value in page.options.changed.items()) + ".")
    document = Document(
        page.table.name, page.table.title, printed.grid, tuple(notes), printed.comparison, synthetic=synthetic
    )
    return document, printed


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
    """ "Table 4: Benchmark regressions"; see `heading_of`."""
    return heading_of(table.name, table.title)
