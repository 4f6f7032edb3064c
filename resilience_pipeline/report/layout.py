"""Markdown and plain text of a printed table: the same cells, twice. What stands in the cells is decided elsewhere."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import StringIO

import polars as pl
from rich.console import Console
from rich.table import Table
from rich.text import Text

#: First line of everything made from the synthetic twin.
SYNTHETIC = "SYNTHETIC — made from the synthetic twin"

_LONGEST_CELL = 40  # characters; longer cells get no more room, they break into lines
_WIDTH = 200  # wider than any table of ours; a terminal or a page wraps, not this text


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


def text_grid(table: pl.DataFrame, headings: Mapping[str, str]) -> Grid:
    """The named columns of a table of words, under printed headings."""
    rows = tuple(
        tuple("" if cell is None else str(cell) for cell in row) for row in table.select(*headings).iter_rows()
    )
    return Grid(tuple(headings.values()), rows, prose=True)


def render(title: str, grid: Grid, notes: Sequence[str], *, synthetic: bool) -> RenderedTable:
    """Title, table, notes; with the synthetic mark in the first line and in the title where it is due."""
    caption = marked(title, synthetic)
    first = [SYNTHETIC] if synthetic else []
    markdown = [
        *(f"**{line}**" for line in first),
        f"### {caption}",
        _markdown(grid),
        *(f"- {_escaped(note)}" for note in notes),
    ]
    text = [*first, caption, _text(grid), *notes]
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


def _text(grid: Grid) -> str:
    table = Table(box=None, pad_edge=False, show_edge=False)
    for number, heading in enumerate(grid.headings):
        table.add_column(Text(heading), justify="left" if number == 0 or grid.prose else "right", overflow="fold")
    for row in grid.rows:
        table.add_row(*map(Text, row))
    out = StringIO()
    Console(file=out, width=_WIDTH, color_system=None, force_terminal=False).print(table)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines())
