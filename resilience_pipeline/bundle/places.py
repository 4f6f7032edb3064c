"""Short digests of a delivery's rows and columns: enough to say which cell differs, too short to give a value away.

A digest has 16 bits. Two different rows share one by chance once in 65,536, and a row's values cannot be recovered
from it, because very many rows share each digest. So a bundle may hold them where it may not hold the cells.
"""

import hashlib
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

#: Hexadecimal digits of a digest: 16 bits.
LENGTH = 4
#: sheet ("" where a file has none) -> "rows" | "columns" -> number as text -> digest
Digests = Mapping[str, Mapping[str, Mapping[str, str]]]


@dataclass(frozen=True, order=True)
class Place:
    """A cell that differs; row and column count from 1. None where only the other one is known to differ."""

    sheet: str
    row: int | None
    column: int | None

    def __str__(self) -> str:
        words = [f"sheet {self.sheet}"] if self.sheet else []
        words += [f"{name} {value}" for name, value in (("row", self.row), ("column", self.column)) if value]
        return ", ".join(words)


def digests(cells: pl.DataFrame) -> Digests:
    """Digests of every row and column of one delivery.

    Parameters
    ----------
    cells : rows of `sources.source.CELLS` of one delivery.
    """
    hashes: dict[str, dict[str, dict[str, hashlib._Hash]]] = defaultdict(
        lambda: {"rows": defaultdict(hashlib.sha256), "columns": defaultdict(hashlib.sha256)}
    )
    ordered = cells.select("sheet", "row", "column", "text").sort("sheet", "row", "column", "text", nulls_last=False)
    for sheet, row, column, text in ordered.iter_rows():
        said = f"{row}\0{column}\0{text is None}\0{text}\1".encode(errors="surrogatepass")
        of_sheet = hashes[sheet or ""]
        of_sheet["rows"][str(row)].update(said)
        of_sheet["columns"][str(column)].update(said)
    return {
        sheet: {
            kind: {number: found.hexdigest()[:LENGTH] for number, found in numbered.items()}
            for kind, numbered in kinds.items()
        }
        for sheet, kinds in sorted(hashes.items())
    }


def differing(before: Digests, after: Digests, most: int = 20) -> list[Place]:
    """Cells in which two deliveries differ: where a row and a column differ, the cell at which they cross.

    With several changed rows and columns some of the crossings did not change: they are candidates. A row or column
    that stands in one delivery only is named without its other coordinate.
    """
    found: list[Place] = []
    for sheet in sorted({*before, *after}):
        rows = _changed(before.get(sheet, {}).get("rows", {}), after.get(sheet, {}).get("rows", {}))
        columns = _changed(before.get(sheet, {}).get("columns", {}), after.get(sheet, {}).get("columns", {}))
        if rows and columns:
            found += [Place(sheet, row, column) for row in rows for column in columns]
        else:
            found += [Place(sheet, row, None) for row in rows] + [Place(sheet, None, column) for column in columns]
    return found[:most]


def _changed(before: Mapping[str, str], after: Mapping[str, str]) -> list[int]:
    return sorted(int(number) for number in {*before, *after} if before.get(number) != after.get(number))
