"""Markdown and plain text of a printed table: the same cells, twice. What stands in the cells is decided elsewhere.

Plain text keeps to a width: notes and long words are broken into lines, and a table of numbered columns, such as a
regression table, that is wider is printed in blocks of columns, one beneath the other. No number is ever broken.
"""

import re
import textwrap
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from typing import TYPE_CHECKING

from rich.console import Console, JustifyMethod
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    import polars as pl

#: First line of everything made from the synthetic twin.
SYNTHETIC = "SYNTHETIC — made from the synthetic twin"

_LONGEST_CELL = 40  # characters; longer cells get no more room, they break into lines
#: Characters a line of plain text; what holds numbers that cannot be broken may be wider.
WIDTH = 160
_LONGEST_WORD = 34  # a longer one is broken
_GAP = 2  # between columns
_NUMBERED = re.compile(r"\(\d+\)")  # heading of a numbered column


@dataclass(frozen=True)
class Grid:
    """Headings and rows of text; the first column is left-aligned, the others right unless `prose`.

    published : places of the columns that show the published figures or the distance from them.
    """

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    prose: bool = False
    published: tuple[int, ...] = ()


@dataclass(frozen=True)
class RenderedTable:
    """A printed table as Markdown and as plain text."""

    markdown: str
    text: str


def text_grid(table: "pl.DataFrame", headings: Mapping[str, str]) -> Grid:
    """The named columns of a table of words, under printed headings."""
    rows = tuple(
        tuple("" if cell is None else str(cell) for cell in row) for row in table.select(*headings).iter_rows()
    )
    return Grid(tuple(headings.values()), rows, prose=True)


def render(title: str, grid: Grid, notes: Sequence[str], *, synthetic: bool, width: int = WIDTH) -> RenderedTable:
    """Title, table, notes; with the synthetic mark in the first line and in the title where it is due.

    Parameters
    ----------
    width : characters a line of the plain text.
    """
    caption = marked(title, synthetic)
    first = [SYNTHETIC] if synthetic else []
    markdown = [
        *(f"**{line}**" for line in first),
        f"### {caption}",
        _markdown(grid),
        *(f"- {_escaped(note)}" for note in notes),
    ]
    text = [
        *first,
        caption,
        "\n\n".join(_text(block, width) for block in blocks(grid, width)),
        *_wrapped(notes, width),
    ]
    return RenderedTable(_joined(markdown), "\n".join(text) + "\n")


def marked(title: str, synthetic: bool) -> str:
    """The title, with the synthetic mark where it is due."""
    return f"{title} ({SYNTHETIC})" if synthetic else title


def column_shares(grid: Grid, line: int = 125) -> list[float]:
    """Each column's share of a page's width: its longest word first, of what is left as its longest cell asks for.

    Parameters
    ----------
    line : characters in a line across the page, in the size that tables are set in.
    """
    columns = [[row[place] for row in (grid.headings, *grid.rows)] for place in range(len(grid.headings))]
    least = [max(text_width(word) for cell in column for word in _words(cell)) + 2 for column in columns]
    most = [min(max(map(text_width, column)), _LONGEST_CELL) + 2 for column in columns]
    wanted = [max(0, more - less) for more, less in zip(most, least, strict=True)]
    left = max(0.0, line - sum(least)) / max(1, sum(wanted))
    widths = [less + min(1.0, left) * more for less, more in zip(least, wanted, strict=True)]
    return [width / sum(widths) for width in widths]


def _words(cell: str) -> list[str]:
    """Pieces that are not broken over lines; Chinese may break anywhere."""
    return re.split(r"[\s/(]|(?<=_)|[\u2e80-\uffef]", cell)


def text_width(text: str) -> int:
    """Columns of a terminal that the text takes; a Chinese character takes two."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def _joined(blocks: list[str]) -> str:
    lines = [block if block.startswith("- ") else f"{block}\n" for block in blocks]
    return "\n".join(lines).rstrip("\n") + "\n"


def _markdown(grid: Grid) -> str:
    marks = [":--", *([":--" if grid.prose else "--:"] * (len(grid.headings) - 1))]
    return "\n".join("| " + " | ".join(map(_escaped, row)) + " |" for row in (grid.headings, marks, *grid.rows))


def _escaped(cell: str) -> str:
    return re.sub(r"([\\`*|<\[])", r"\\\1", cell).replace("\n", " ")


def _wrapped(notes: Sequence[str], width: int) -> list[str]:
    """Each note in lines of at most `width`, all but its first indented."""
    return [
        line
        for note in notes
        for line in textwrap.wrap(note, width, subsequent_indent="  ", break_on_hyphens=False) or [note]
    ]


def blocks(grid: Grid, width: int) -> list[Grid]:
    """The grid; where its numbered columns are wider than `width`, several, each with the first column."""
    starts = [place for place, heading in enumerate(grid.headings) if _NUMBERED.fullmatch(heading)]
    sizes = _sizes(grid)
    if not starts or starts[0] != 1 or sum(sizes) + _GAP * (len(sizes) - 1) <= width:
        return [grid]
    groups = [list(range(start, end)) for start, end in zip(starts, [*starts[1:], len(sizes)], strict=True)]
    parts: list[list[int]] = []
    for group in groups:
        if parts and sum(sizes[place] + _GAP for place in (*parts[-1], *group)) - _GAP <= width:
            parts[-1] += group
        else:
            parts.append([0, *group])
    return [_columns(grid, places) for places in parts]


def _columns(grid: Grid, places: Sequence[int]) -> Grid:
    """The columns at these places, the first column among them; rows that have nothing in the others fall away."""

    def of(row: Sequence[str]) -> tuple[str, ...]:
        return tuple(row[place] for place in places)

    shown = [row for row in map(of, grid.rows) if any(row[1:])]
    published = tuple(new for new, old in enumerate(places) if old in grid.published)
    return Grid(of(grid.headings), tuple(shown), grid.prose, published)


def _sizes(grid: Grid) -> list[int]:
    return [max(map(text_width, column)) for column in zip(grid.headings, *grid.rows, strict=True)]


def _text(grid: Grid, width: int) -> str:
    table = Table(box=None, pad_edge=False, show_edge=False, padding=(0, _GAP, 0, 0))
    widths = _widths(grid, width)
    for place, heading in enumerate(grid.headings):
        justify: JustifyMethod = "left" if place == 0 or grid.prose else "right"
        table.add_column(Text(heading), justify=justify, overflow="fold", width=widths[place])
    for row in grid.rows:
        table.add_row(*map(Text, row))
    out = StringIO()
    Console(file=out, width=sum(widths) + _GAP * len(widths), color_system=None, force_terminal=False).print(table)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines())


def _widths(grid: Grid, width: int) -> list[int]:
    """Characters of each column: all that it needs; of words only what is left, but at least the longest word."""
    sizes, least = _sizes(grid), []
    for place, size in enumerate(sizes):
        cells = [row[place] for row in grid.rows]
        if grid.prose or (place and any(" " in cell and any(map(str.isalpha, cell)) for cell in cells)):
            words = [word for cell in (grid.headings[place], *cells) for word in cell.split()]
            size = min(max(map(text_width, words), default=1), _LONGEST_WORD)
        least.append(size)
    widths = list(least)
    for _ in range(width - sum(least) - _GAP * (len(least) - 1)):
        tightest = max(range(len(widths)), key=lambda place: sizes[place] / max(widths[place], 1))
        if widths[tightest] >= sizes[tightest]:
            break
        widths[tightest] += 1
    return widths
