"""Which coefficient a number in a printed table is, as `resilience trace` names it: `table_4.3.did`.

A name may be shorter than a trace's full one (`figure_1.2019`). Where the lineage index is there, it is cut until the
index knows it, so that no link leads to a name that nobody has.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from resilience_pipeline.lineage.naming import matches, plain
from resilience_pipeline.report.document import Document

Place = tuple[int, int]  # row and column of the grid, from 0

_NUMBER = re.compile(r"[\[(]?[-+<]?\d")
_COLUMN = re.compile(r"\((\d+)\)")


@dataclass(frozen=True)
class Column:
    """A printed column's specification: its name, and printed symbol -> term of what it has on its right."""

    name: str
    terms: Mapping[str, str]


def anchors(
    document: Document, columns: Sequence[Column], terms: Mapping[str, str], known: Sequence[str] = ()
) -> dict[Place, str]:
    """A name for each cell that holds a number of ours; published figures are nobody's.

    Parameters
    ----------
    columns : the result's specifications, in printed order; a heading "(3)" is the third.
    terms : printed symbol -> variable, for rows that belong to no numbered column.
    known : names of the index that begin with this result's; empty = there is no index.
    """
    names: dict[Place, str] = {}
    label = ""
    for row, cells in enumerate(document.grid.rows):
        label = cells[0] or label
        for place, cell in enumerate(cells[1:], start=1):
            if place not in document.grid.published and _NUMBER.match(cell) and not document.grid.prose:
                names[row, place] = _name(document, columns, terms, label, place)
    shortened = {name: _known(name, known) for name in set(names.values())} if known else {}
    return {place: shortened.get(name, name) for place, name in names.items()}


def _name(document: Document, columns: Sequence[Column], terms: Mapping[str, str], label: str, place: int) -> str:
    heading = _COLUMN.fullmatch(document.grid.headings[place])
    if heading and int(heading[1]) <= len(columns):
        column = columns[int(heading[1]) - 1]
        return f"{column.name}.{column.terms[label]}" if label in column.terms else column.name
    return f"{document.name}.{terms.get(label) or plain(label)}" if label.strip() else document.name


def _known(name: str, known: Sequence[str]) -> str:
    """The name, or as much of its beginning as the index knows; the result's own where it knows none."""
    while "." in name and not matches(name, known):
        name = name.rpartition(".")[0]
    return name
