"""How a coefficient is called: `table_4.3.did`, result, part and what its row is about, joined by dots.

Any row of a table of the estimates or the report layer has such a name; a part is enough where no other has it.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import polars as pl

_OTHER = re.compile(r"[^0-9a-z\u4e00-\u9fff]+")

#: Columns that say what a row is about, the first ones first in its name.
LABELS = (
    *("table", "model", "specification", "dimension", "choice", "form", "draw", "part", "item", "group", "sample"),
    *("hypothesis", "question", "rule", "codes", "place", "composite", "indicator", "outcome", "column", "variable"),
    *("last_year", "weights", "subject", "method", "term", "other", "year", "start_year", "number"),
    *("result", "statistic"),
)


def row_names(table: pl.DataFrame, prefix: str) -> list[str]:
    """A name for each row: the prefix and the values of as many label columns as tell the rows apart.

    Rows that no label tells apart end in their number, from 1: `audit.findings.7`.
    """
    if table.height == 1 and not {"term", "variable"} & set(table.columns):
        return [prefix]
    modelled = "term" in table.columns and "name" in table.columns
    chosen = ["term"] if modelled else [name for name in LABELS if name in table.columns]
    told = [name for name in chosen if table[name].n_unique() > 1 or name in ("term", "variable")]
    labels = (
        table.select(pl.col(name).cast(pl.String).fill_null("") for name in told).rows()
        if told
        else [()] * table.height
    )
    names = [".".join([prefix, *(plain(label) for label in row if label)]) for row in labels]
    if len(set(names)) == len(names):
        return names
    return [f"{prefix}.{number}" for number in range(1, table.height + 1)]


#: Results with more rows are found by their table's name; a row of theirs has no name of its own.
LARGEST_NAMED = 500


def has_named_rows(table: pl.DataFrame) -> bool:
    """Whether each row of a result has a name; draws and curves are too many."""
    return 0 < table.height <= LARGEST_NAMED


def plain(text: str) -> str:
    """Lower case, words joined by "_": `Randomisation, studentised` is randomisation_studentised."""
    return _OTHER.sub("_", text.lower()).strip("_")


def prefix_of(table: str) -> str:
    """ "estimates/table_4/3" as table_4.3, "report/table_1" as table_1."""
    return ".".join(table.split("/")[1:])


def matches(asked: str, names: Sequence[str]) -> list[str]:
    """The name itself, else those that go on after it, else those that hold its parts in order, else that begin so.

    `table_3.ctri` finds table_3.descriptives.ctri, `figure_1.treat_2019` finds figure_1.event_study.treat_2019.
    """
    wanted = ".".join(plain(part) for part in asked.split("."))
    if wanted in names:
        return [wanted]
    whole = [name for name in names if name.startswith(f"{wanted}.")]
    held = whole or [name for name in names if _holds(name.split("."), wanted.split("."))]
    return held or [name for name in names if name.startswith(wanted)]


def _holds(parts: Sequence[str], wanted: Sequence[str]) -> bool:
    """Whether the result is the same and the other wanted parts stand among its parts, in order."""
    if parts[0] != wanted[0]:
        return False
    place = 1
    for part in wanted[1:]:
        found = [i for i in range(place, len(parts)) if parts[i] == part]
        if not found:
            return False
        place = found[0] + 1
    return True


def figures(row: Mapping[str, Any]) -> dict[str, Any]:
    """What a row says in numbers and words, without what is empty and without lists."""
    return {name: value for name, value in row.items() if value is not None and not isinstance(value, list | dict)}


def near(asked: str, names: Iterable[str], count: int = 8) -> list[str]:
    """Names to suggest where none fits."""
    from difflib import get_close_matches

    return get_close_matches(asked, list(names), n=count, cutoff=0.4)
