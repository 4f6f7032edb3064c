"""Which coefficient a number in a printed table is, as `resilience trace` names it: `table_4.3.did`.

A name may be shorter than a trace's full one (`figure_1.2019`). Where the lineage index is there, it is one that the
index knows: that of the row of results whose words and figures stand in the printed row, else cut until it is known, so
that no link leads to a name that nobody has, nor to the trace of another number.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from resilience_pipeline.lineage.naming import matches, plain
from resilience_pipeline.report.document import Document
from resilience_pipeline.report.figures import count, number

Place = tuple[int, int]  # row and column of the grid, from 0
#: Name in the index -> how its estimate and its error are printed.
Known = Mapping[str, tuple[str, ...]]

_NUMBER = re.compile(r"[\[(]?[-+<]?\d")
#: Nothing but a figure or an interval, as a number stands among words.
_ALONE = re.compile(r"[\[(]?[-+<]?\d[\d,.e+-]*\**(, -?\d[\d,.e+-]*)?[\])]?")
_TEST = re.compile(r"F = \d")
_COLUMN = re.compile(r"\((\d+)\)")


@dataclass(frozen=True)
class Column:
    """A printed column's specification: its name, and printed symbol -> term of what it has on its right."""

    name: str
    terms: Mapping[str, str]


def printed_figures(estimate: float | None, std_error: float | None) -> tuple[str, ...]:
    """How the figures of a row are printed, without stars and brackets."""
    texts = [number(value) for value in (estimate, std_error) if value is not None]
    if estimate is not None and estimate.is_integer():
        texts.append(count(int(estimate)))
    return tuple(texts)


def anchors(
    document: Document, columns: Sequence[Column], terms: Mapping[str, str], known: Known | None = None
) -> dict[Place, str]:
    """A name for each cell that holds a number of ours; published figures are nobody's.

    Parameters
    ----------
    columns : the result's specifications, in printed order; a heading "(3)" is the third.
    terms : printed symbol -> variable, for rows that belong to no numbered column.
    known : names of the index that begin with this result's; empty = there is no index.
    """
    names: dict[Place, str] = {}
    known = known or {}
    columns = _numbered(document, columns)
    of_parts = {name: frozenset(name.split(".")[1:]) for name in known}
    label = above = ""
    for row, cells in enumerate(document.grid.rows):
        label = cells[0] or label
        above = above if any(cells[1:]) else label  # a row with nothing but its head is about those below it
        words = {_word(cell, terms) for cell in (label, *cells) if cell and not _NUMBER.match(cell)}
        words |= {plain(label), *(plain(cell) for cell in cells if _COLUMN.fullmatch(cell))}
        left = ""
        for place, cell in enumerate(cells[1:], start=1):
            heading = document.grid.headings[place]
            if place in document.grid.published or heading == label or not _is_figure(cell, document.grid.prose):
                continue  # a variable's correlation with itself is no result
            name = _in_column(heading, columns, label)
            if not name and known:
                around = {plain(above), _word(heading, terms)}
                name = left = _of_row(of_parts, known, words, around, cells, cell, left) or left
            names[row, place] = name or (f"{document.name}.{_word(label, terms)}" if label.strip() else document.name)
    if not known:
        return names
    shortened = {name: _cut(name, tuple(known)) for name in set(names.values())}
    return {place: shortened[name] for place, name in names.items()}


def quoted(table: pl.DataFrame, document: Document, names: Iterable[str]) -> dict[int, str]:
    """Printed row -> the coefficient of another result that it repeats, as the comparison and the claims do.

    Parameters
    ----------
    names : of all coefficients; a row may name a whole column, "table_4.3".
    """
    column = next((name for name in ("result", "part") if name in table.columns), None)
    if column is None or table.height != len(document.grid.rows):
        return {}
    parts = [name.split(".") for name in names]
    known = {".".join(part[:length]) for part in parts for length in range(2, len(part) + 1)}
    return {row: name for row, name in enumerate(table[column]) if name in known}


def _is_figure(cell: str, prose: bool) -> bool:
    """A column's number, (3), is none; among words, only what stands alone is one."""
    if _COLUMN.fullmatch(cell):
        return False
    return bool(_ALONE.fullmatch(cell) if prose else _NUMBER.match(cell) or _TEST.match(cell))


def _word(text: str, terms: Mapping[str, str]) -> str:
    return terms.get(text) or plain(text)


def _numbered(document: Document, columns: Sequence[Column]) -> Sequence[Column]:
    """The columns, where there is one for each heading "(3)"; under other headings stand many specifications."""
    found = [int(match[1]) for match in map(_COLUMN.fullmatch, document.grid.headings) if match]
    return columns if max(found, default=0) == len(columns) else ()


def _in_column(heading: str, columns: Sequence[Column], label: str) -> str:
    """The term of a numbered column's specification, or all of it; "" elsewhere."""
    number_ = _COLUMN.fullmatch(heading)
    if not number_ or not columns:
        return ""
    column = columns[int(number_[1]) - 1]
    return f"{column.name}.{column.terms[label]}" if label in column.terms else column.name


def _of_row(
    of_parts: Mapping[str, frozenset[str]],
    known: Known,
    words: set[str],
    around: set[str],
    cells: Sequence[str],
    cell: str,
    left: str,
) -> str:
    """The row of the results that has most of the printed row's words, and of those around, then the cell's figure.

    What still cannot be told apart belongs to the figure on its left, such as an interval, else to all of them.
    """
    score = {name: len(parts & words) for name, parts in of_parts.items()}
    if not any(score.values()):
        return ""
    score = {name: value + len(of_parts[name] & around) for name, value in score.items() if value}
    best = [name for name, value in score.items() if value == max(score.values())]
    bare = cell.strip("()*")
    best = _some(best, (name for name in best if bare in known[name]))
    if left in best:
        return left
    bares = {one.strip("()*") for one in cells}
    best = _some(best, (name for name in best if known[name] and bares.issuperset(known[name][:1])))
    least = min(name.count(".") for name in best)
    best = [name for name in best if name.count(".") == least]
    return ".".join(_shared([name.split(".") for name in best]))


def _shared(names: Sequence[Sequence[str]]) -> list[str]:
    """The parts that all names begin with."""
    parts = []
    for here in zip(*names, strict=False):
        if len(set(here)) > 1:
            break
        parts.append(here[0])
    return parts


def _some(all_: list[str], fewer: Iterable[str]) -> list[str]:
    return list(fewer) or all_


def _cut(name: str, known: Sequence[str]) -> str:
    """The name, or as much of its beginning as the index knows; the result's own where it knows none."""
    while "." in name and not matches(name, known):
        name = name.rpartition(".")[0]
    return name
