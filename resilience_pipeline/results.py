"""Results for notebooks and scripts: polars frames from the lake of the project at hand. Imports no Dagster.

>>> from resilience_pipeline import results
>>> results.names()                      # every printed result
>>> results.table("table_4")             # its rows: coefficients beside the published ones
>>> results.estimate("table_4.3")        # one column in full: terms, errors, N, the rules that made them
>>> results.trace("table_4.3.did")       # sample, variables, tables, files and cells that a coefficient rests on
>>> results.data("panel.trade_resilience_outcomes")   # any table, by its name in DuckDB
>>> results.impact("330100/loans_cny_10k/2018")       # coefficients that rest on a cell

The project is the working directory, or RESILIENCE_PROJECT; `lake` names another lake, `variant` other options.
"""

import re
from pathlib import Path

import polars as pl

from resilience_pipeline.errors import LakeError
from resilience_pipeline.lineage.impact import impact as forth
from resilience_pipeline.lineage.impact_records import Impact
from resilience_pipeline.lineage.opened import open_index
from resilience_pipeline.lineage.records import Trace
from resilience_pipeline.lineage.trace import trace as back
from resilience_pipeline.project import find_project
from resilience_pipeline.report.document import printed_order
from resilience_pipeline.status import Result, read_result
from resilience_pipeline.variants import demand_own, lake_of, own_results
from resilience_pipeline.warehouse.lake import Lake

_PART = re.compile(r"[a-z0-9_]+")


def names(*, lake: Path | str | None = None, variant: str | None = None) -> list[str]:
    """Names of all printed results, in printed order."""
    found = own_results(_lake(lake, variant))
    return sorted((p.key[-1] for p in found if p.key[0] == "report"), key=printed_order)


def result(
    name: str, *, lake: Path | str | None = None, variant: str | None = None, as_of: str | None = None
) -> Result:
    """A printed result: its rows, its text, the options and versions that it stands on.

    Parameters
    ----------
    as_of : a run, a date or a time, to read it as it stood then; None = now.

    Raises
    ------
    LakeError : there is no such result; it names those there are.
    """
    return read_result(_root(lake), name, variant, as_of)


def table(
    name: str, *, lake: Path | str | None = None, variant: str | None = None, as_of: str | None = None
) -> pl.DataFrame:
    """Rows of a printed result; `synthetic` is true where they descend from the synthetic twin."""
    found = result(name, lake=lake, variant=variant, as_of=as_of)
    return found.table.with_columns(synthetic=pl.lit(found.pointer.synthetic))


def estimate(name: str, *, lake: Path | str | None = None, variant: str | None = None) -> pl.DataFrame:
    """One estimated column such as "table_4.3", one row per term; columns as in econometrics.tidy.ESTIMATES.

    Raises
    ------
    LakeError : there is no such column; it names those of the same result.
    """
    there = _lake(lake, variant)
    key = ("estimates", *name.split(".", 1))
    pointer = there.current(key) if len(key) == 3 and all(_PART.fullmatch(part) for part in key) else None
    if pointer is None:
        columns = [p.key for p in own_results(there) if p.key[0] == "estimates"]
        alike = [".".join(found[1:]) for found in columns if found[1] == key[1]]
        raise LakeError(
            what=f"there is no estimate {name!r} in {there.root}",
            expected=", ".join(alike) or ", ".join(dict.fromkeys(found[1] for found in columns)) or "no run yet",
            remedy='name a result and its column, such as "table_4.3"',
        )
    demand_own(there, pointer)
    return there.read_pointer(pointer).with_columns(synthetic=pl.lit(pointer.synthetic))


def trace(
    name: str,
    *,
    lake: Path | str | None = None,
    city: str | None = None,
    year: int | None = None,
    variant: str | None = None,
    as_of: str | None = None,
) -> Trace:
    """All that one coefficient, such as "table_4.3.did", rests on, down to delivered cells; `.record()` for JSON.

    Parameters
    ----------
    as_of : a run, a date or a time, to follow it as it stood then; None = now.

    Raises
    ------
    LakeError : there is no such coefficient, or the name stands for several results.
    """
    return back(open_index(_lake(lake, variant), as_of), name, city=city, year=year)


def data(name: str, *, lake: Path | str | None = None, variant: str | None = None) -> pl.DataFrame:
    """Any table by its name in DuckDB, such as "panel.trade_resilience_outcomes" or "grid.trade_resilience_cells".

    Raises
    ------
    LakeError : there is no such table.
    """
    there = _lake(lake, variant)
    schema, _, rest = name.partition(".")
    for pointer in there.tables():
        if pointer.key[0] == schema and "_".join(pointer.key[1:]) == rest:
            demand_own(there, pointer)
            return there.read_pointer(pointer).with_columns(synthetic=pl.lit(pointer.synthetic))
    raise LakeError(
        what=f"there is no table {name!r} in {there.root}",
        expected='a layer and a table, such as "panel.trade_resilience_outcomes"',
        remedy='look at what there is with `resilience sql "show all tables"`',
    )


def impact(asked: str, *, lake: Path | str | None = None) -> Impact:
    """Which coefficients rest on "file!sheet!R5C3", "city/indicator/year", an indicator or a file.

    Raises
    ------
    LakeError : nothing of that name was delivered.
    """
    return forth(open_index(_lake(lake, None)), asked)


def _root(lake: Path | str | None) -> Path:
    root = find_project(lake=None if lake is None else Path(lake)).lake
    if not root.is_dir():  # `Lake` would make it: a typo must not leave a folder behind
        raise LakeError(
            what=f"there is no lake at {root}",
            remedy="start Python in the project's folder, set RESILIENCE_PROJECT to it, or name the lake",
        )
    return root


def _lake(lake: Path | str | None, variant: str | None) -> Lake:
    return lake_of(_root(lake), variant)
