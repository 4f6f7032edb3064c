"""What a source is: one declarative record a publisher, from the pattern of its files to its licence.

A reader turns one delivery into cells (`CELLS`), passthrough, as delivered. Nothing here converts, resolves or judges.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Literal

import polars as pl

#: One row per delivered value cell. Rows and columns count from 1, as a spreadsheet shows them.
CELLS = pl.Schema(
    {
        "source": pl.String,  # name of the Source record
        "delivery_sha256": pl.String,
        "file": pl.String,  # path inside the landing folder, "/" between folders
        "edition": pl.Int32,  # edition of a yearbook (it reports edition - 1); null elsewhere
        "sheet": pl.String,  # null for files without sheets
        "title": pl.String,  # title of the table as printed; null where the file has none
        "row": pl.Int32,
        "column": pl.Int32,
        "entity": pl.String,  # row label as delivered: a city, "中国", a firm; null where none
        "entity_code": pl.String,  # division code as delivered; null where none
        "period": pl.String,  # year or date as delivered; for a yearbook str(edition - 1)
        "heading": pl.String,  # heading path, Chinese part, levels joined by "|": "地区生产总值（当年价格）|全市"
        "unit": pl.String,  # unit as printed in the heading or the unit row; null where none is printed
        "text": pl.String,  # the cell as delivered; null when empty. A number prints as its shortest repr, 12.0 as "12"
        "imputed": pl.Boolean,  # the compiler says that the cell is not reported but filled in; null = not said
    }
)


@dataclass(frozen=True)
class Delivery:
    """One file as delivered, copied to `deliveries/<sha256>` before it is read.

    `path` is the copy to read; `file` is where it lay, relative to the landing folder.
    """

    path: Path
    file: str
    sha256: str
    size: int
    synthetic: bool  # the file carries the marker of the synthetic twin


@dataclass(frozen=True)
class Heading:
    """How one indicator is recognised among the cells of a source: by title and heading, never by address.

    Parameters
    ----------
    indicator : canonical name, a row of reference/indicators.csv.
    heading : regular expression searched in the heading path after all white space is removed
        and full-width brackets and bars are made half-width.
    title : regular expression searched in the table's title, likewise cleaned; None = any.
    unit : unit to assume where none is printed; None = a printed unit is required.
    scope : "city" (全市), "districts" (市辖区) or "nation".
    """

    indicator: str
    heading: str
    title: str | None = None
    unit: str | None = None
    scope: Literal["city", "districts", "nation"] = "city"


@dataclass(frozen=True)
class TableRules:
    """Rules on the whole staged table; one that fails keeps the last good version in place."""

    required: tuple[str, ...] = ()  # indicators that must be recognised when the source is delivered
    minimum_city_share: float = 0.0  # cities an indicator lists in a year, over the most that any lists in any year
    maximum_rejected_share: float = 0.05  # of all value cells
    maximum_revision_share: float = 0.25  # of cells shared with the previous good version that may change by > 1 %


@dataclass(frozen=True)
class Due:
    """When a publisher's next edition is to be expected, every year.

    Parameters
    ----------
    appears : month (1 to 12) in which it appears as a rule.
    overdue : month on whose first day it is overdue; the same month or an earlier one means the year after.
    """

    appears: int
    overdue: int


@dataclass(frozen=True)
class Source:
    """One publisher's files: how they are recognised, read, named and checked.

    Parameters
    ----------
    name : module, SQL file, table and asset name.
    patterns : globs on the path inside the landing folder, case ignored; "**/" at the start means any depth.
    read : reader, Delivery in, CELLS frame out; raises DeliveryError with place and remedy.
    headings : indicators to recognise; empty for lists and texts.
    shape : "observations" (long numeric table), or the special shapes "pilots", "city_classes", "documents".
    sniff : optional second look at the path, inside the landing folder, of a file that matched a pattern; False = not
        ours after all. The file itself is opened by nobody before it is copied.
    unlocks : what waits for this source, in words, for `status`.
    by_edition : a yearbook: every cell belongs to an edition, and an edition can be taken in by itself.
    due : when a new delivery is to be expected; None where the publisher keeps no calendar. `cadence` says it in words.
    """

    name: str
    publisher: str
    title: str
    description: str
    licence: str
    cadence: str
    patterns: tuple[str, ...]
    read: Callable[[Delivery], pl.DataFrame]
    headings: tuple[Heading, ...] = ()
    shape: Literal["observations", "pilots", "city_classes", "documents"] = "observations"
    rules: TableRules = field(default_factory=TableRules)
    sniff: Callable[[PurePosixPath], bool] | None = None
    unlocks: str = ""
    by_edition: bool = False
    due: Due | None = None
