"""Which coefficient a number in a printed table is, as `resilience trace` names it: `table_4.3.did`.

A name may be shorter than a trace's full one (`figure_1.2019`); the page of traces finds what begins with it or
holds it.
"""

import re
from collections.abc import Mapping

from resilience_pipeline.report.document import Document

Place = tuple[int, int]  # row and column of the grid, from 0

_NUMBER = re.compile(r"[\[(]?[-+<]?\d")
_COLUMN = re.compile(r"\((\d+)\)")
_OTHER = re.compile(r"[^0-9a-z\u4e00-\u9fff]+")


def anchors(document: Document, columns: tuple[str, ...], terms: Mapping[str, str]) -> dict[Place, str]:
    """A name for each cell that holds a number of ours; published figures are nobody's.

    Parameters
    ----------
    columns : names of the result's specifications, in printed order; a heading "(3)" is the third.
    terms : printed symbol -> term.
    """
    names: dict[Place, str] = {}
    label = ""
    for row, cells in enumerate(document.grid.rows):
        label = cells[0] or label
        for place, cell in enumerate(cells[1:], start=1):
            if place not in document.grid.published and _NUMBER.match(cell) and not document.grid.prose:
                names[row, place] = _name(document, columns, terms, label, place)
    return names


def plain(text: str) -> str:
    """Lower case, words joined by "_", as names of coefficients are written."""
    return _OTHER.sub("_", text.lower()).strip("_")


def _name(document: Document, columns: tuple[str, ...], terms: Mapping[str, str], label: str, place: int) -> str:
    heading = _COLUMN.fullmatch(document.grid.headings[place])
    if heading and int(heading[1]) <= len(columns):
        whole = columns[int(heading[1]) - 1]
        return f"{whole}.{terms[label]}" if label in terms else whole
    return f"{document.name}.{terms.get(label) or plain(label)}" if label.strip() else document.name
