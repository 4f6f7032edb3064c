"""Digests of a delivery's cells: enough to say which one differs, and of too many at once to give any away.

A digest of one row would name its figure: a city's index of four digits is one of ten thousand, tried in a moment. So
rows, and columns, are put into pools that hold eight figures or more, and only pools have digests. A row differs where
all its pools do: each row is in one pool of each of six partitions, and hardly two rows share all six.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import polars as pl

PARTITIONS = 6
#: Pools of one partition, at most; cells with a digit that one holds on average, and at least, to have a digest.
MOST_POOLS, ON_AVERAGE, FEWEST = 64, 16, 8
_DIGEST = 16  # hexadecimal digits

Axis = Literal["rows", "columns"]
AXES: tuple[Axis, Axis] = ("rows", "columns")
_Cell = tuple[int, int, str | None]  # row, column, text


@dataclass(frozen=True)
class Pools:
    """Digests by partition and pool, "" where a pool holds too few figures. last : the last row or column."""

    last: int
    digests: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class SheetDigests:
    """Of one sheet. whole : of all its cells, "" where these are too few figures."""

    whole: str
    rows: Pools
    columns: Pools


#: Sheet -> its digests; "" where a file has no sheets.
Digests = Mapping[str, SheetDigests]


@dataclass(frozen=True, order=True)
class Place:
    """A cell that differs; row and column count from 1. None where it cannot be told."""

    sheet: str
    row: int | None
    column: int | None

    def __str__(self) -> str:
        words = [f"sheet {self.sheet}"] if self.sheet else []
        words += [f"{name} {value}" for name, value in (("row", self.row), ("column", self.column)) if value]
        return ", ".join(words) or "somewhere in it"


def digests(cells: pl.DataFrame) -> dict[str, SheetDigests]:
    """Digests of one delivery.

    Parameters
    ----------
    cells : rows of `sources.source.CELLS` of one delivery.
    """
    found: dict[str, SheetDigests] = {}
    for sheet, own in _by_sheet(cells).items():
        figures = sum(map(_is_figure, own))
        whole = "" if 0 < figures < FEWEST else _digest(map(_said, own))
        found[sheet] = SheetDigests(whole, *(_pools(own, axis, _count(own, axis, figures), FEWEST) for axis in AXES))
    return found


def differing(before: Digests, cells: pl.DataFrame, most: int = 20) -> list[Place]:
    """Cells in which another delivery differs: where a row and a column differ, the cell at which they cross.

    With several changed rows and columns some of the crossings did not change: they are candidates. Of a sheet with
    too few figures to tell, or that stands in one delivery only, the sheet alone is named.
    """
    after, found = _by_sheet(cells), list[Place]()
    for sheet in sorted({*before, *after}):
        if sheet not in before or sheet not in after:
            found.append(Place(sheet, None, None))
        elif before[sheet].whole != _digest(map(_said, after[sheet])):
            rows = _changed(before[sheet].rows, after[sheet], "rows") or [None]
            columns = _changed(before[sheet].columns, after[sheet], "columns") or [None]
            found += [Place(sheet, row, column) for row in rows for column in columns]
    return found[:most]


def _changed(before: Pools, after: list[_Cell], axis: Axis) -> Sequence[int | None]:
    """Numbers all of whose pools differ, of those that are there now, else of those that may be gone."""
    if not before.digests:
        return []
    count = len(before.digests[0])
    now = _pools(after, axis, count, fewest=0)

    def differs(number: int) -> bool:
        places = [(partition, _pool_of(partition, number, count)) for partition in range(len(before.digests))]
        told = [(before.digests[p][pool], now.digests[p][pool]) for p, pool in places if before.digests[p][pool]]
        return bool(told) and all(old != new for old, new in told)

    there = {_number(cell, axis) for cell in after}
    gone = set(range(1, before.last + 1)) - there
    return sorted(filter(differs, there)) or sorted(filter(differs, gone))


def _by_sheet(cells: pl.DataFrame) -> dict[str, list[_Cell]]:
    ordered = cells.select("sheet", "row", "column", "text").sort("sheet", "row", "column", "text", nulls_last=False)
    found: dict[str, list[_Cell]] = defaultdict(list)
    for sheet, row, column, text in ordered.iter_rows():
        found[sheet or ""].append((row, column, text))
    return dict(found)


def _number(cell: _Cell, axis: Axis) -> int:
    return (cell[0] if axis == "rows" else cell[1]) or 0  # a document has neither


def _count(cells: list[_Cell], axis: Axis, figures: int) -> int:
    """Pools of one partition; none where two would hold too few figures."""
    numbers = len({_number(cell, axis) for cell in cells})
    count = min(MOST_POOLS, 2 * numbers, figures // ON_AVERAGE)
    return count if count > 1 else 0


def _pools(cells: list[_Cell], axis: Axis, count: int, fewest: int) -> Pools:
    lines: dict[int, list[_Cell]] = defaultdict(list)
    for cell in cells:
        lines[_number(cell, axis)].append(cell)
    numbers = sorted(lines)
    said = {number: _digest(map(_said, lines[number])) for number in numbers} if count else {}
    figures = {number: sum(map(_is_figure, lines[number])) for number in numbers}
    partitions = []
    for partition in range(PARTITIONS) if count else ():
        pools: list[list[int]] = [[] for _ in range(count)]
        for number in numbers:
            pools[_pool_of(partition, number, count)].append(number)
        enough = [sum(figures[number] for number in pool) >= fewest for pool in pools]
        partitions.append(
            tuple(_digest(said[n] for n in pool) if told else "" for pool, told in zip(pools, enough, strict=True))
        )
    return Pools(max(numbers, default=0), tuple(partitions))


@lru_cache(maxsize=1 << 16)
def _pool_of(partition: int, number: int, count: int) -> int:
    return int.from_bytes(hashlib.sha256(f"{partition}\0{number}".encode()).digest()[:8]) % count


def _is_figure(cell: _Cell) -> bool:
    return any(letter.isdigit() for letter in cell[2] or "")


def _said(cell: _Cell) -> str:
    row, column, text = cell
    return f"{row}\0{column}\0{text is None}\0{text}\1"


def _digest(texts: Iterable[str]) -> str:
    found = hashlib.sha256()
    for text in texts:
        found.update(text.encode(errors="surrogatepass"))
    return found.hexdigest()[:_DIGEST]
