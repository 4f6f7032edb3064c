"""The lineage index of a lake, read once: tables by name, what rests on what, and coefficients by name."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from resilience_pipeline.errors import LakeError
from resilience_pipeline.lineage.edge import Graph
from resilience_pipeline.lineage.index import INDEX_KEYS, read_index
from resilience_pipeline.lineage.naming import matches, near
from resilience_pipeline.lineage.records import Coefficient
from resilience_pipeline.variants import no_result, own_results
from resilience_pipeline.warehouse.lake import Lake

if TYPE_CHECKING:
    from resilience_pipeline.warehouse.history import Past


@dataclass(frozen=True)
class Index:
    """The lineage index of a lake, read once. past : as of which run; None = as the lake stands."""

    lake: Lake
    tables: pl.DataFrame
    edges: pl.DataFrame
    coefficients: pl.DataFrame
    past: "Past | None" = None
    _kept: dict[tuple[str, str], pl.DataFrame] = field(default_factory=dict, repr=False)
    _looked: dict[tuple[Path, tuple[str, ...] | None], pl.DataFrame] = field(default_factory=dict, repr=False)

    def table(self, name: str, version: str | None = None) -> pl.DataFrame:
        """A table by its joined key, as the index knows it or in another version; read once."""
        place = name, version or self.by_table[name]["data_version"]
        if place not in self._kept:
            self._kept[place] = self.lake.read(tuple(name.split("/")), place[1])
        return self._kept[place]

    def look(self, name: str, version: str | None = None, columns: Sequence[str] | None = None) -> pl.DataFrame:
        """Some columns of a table, to be shown; read once, since the report follows every coefficient.

        Who computes with them takes `table`, which holds the file to its hash.

        Raises
        ------
        LakeError : the version is not there any more, or cannot be read.
        """
        file = self.lake.version_file(tuple(name.split("/")), version or self.by_table[name]["data_version"])
        place = file, None if columns is None else tuple(columns)
        if place in self._looked:
            return self._looked[place]
        try:
            scanned = pl.scan_parquet(file, glob=False)
            self._looked[place] = (scanned if columns is None else scanned.select(columns)).collect()
            return self._looked[place]
        except (OSError, pl.exceptions.PolarsError) as damage:
            raise LakeError(
                what="this version of the table cannot be read",
                file=str(file),
                found=str(damage).splitlines()[0],
                remedy="`resilience doctor` says what is wrong; `resilience run` computes it again",
            ) from None

    @cached_property
    def by_table(self) -> dict[str, dict[str, Any]]:
        """Joined key -> row of `tables`."""
        return {row["table"]: row for row in self.tables.to_dicts()}

    @cached_property
    def graph(self) -> Graph:
        """What rests on what."""
        return Graph(self.edges.rows())

    @property
    def whose(self) -> str:
        """What tells this index from that of the headline as it stands, in words; "" where it is that."""
        variant = self.lake.variant_name
        of = "" if variant is None else f" of the variant {variant}"
        if self.past is None:
            return of
        run = self.past.run
        return f"{of} as run {run.record.run_id[:8]} of {run.at:%Y-%m-%d %H:%M} UTC left it"

    def declared(self, table: str) -> dict[str, Any]:
        """What was declared of a table."""
        row = self.by_table.get(table)
        return {} if row is None else json.loads(row["declared"])

    def inputs(self, table: str) -> dict[str, str]:
        """Joined key -> version that the table's current version was made from."""
        row = self.by_table.get(table)
        return {} if row is None else json.loads(row["inputs"])


def open_index(lake: Lake, as_of: str | None = None) -> Index:
    """The index of a lake, headline or variant.

    as_of : a run, a date or a time, for the index as it stood then; None = as it stands.

    Raises
    ------
    LakeError : no run has written it, or no run is meant by `as_of`.
    """
    past = None
    if as_of is not None:
        from resilience_pipeline.warehouse import history

        past = history.as_of(lake, as_of)
    found = [read_index(lake, key, past) for key in INDEX_KEYS]
    if any(frame is None for frame in found):
        raise _no_index(lake, past)
    tables, edges, coefficients = (frame for frame in found if frame is not None)
    return Index(lake, tables, edges, coefficients, past)


def _no_index(lake: Lake, past: "Past | None") -> LakeError:
    variant = lake.variant_name
    if past is not None:
        return LakeError(
            what=f"run {past.run.record.run_id[:8]} left no lineage index that this version can read",
            file=str(past.run.file),
            remedy="a run writes it when it ends: name a later one, see `resilience runs`"
            + (f" --variant {variant}" if variant else ""),
        )
    if variant is None:
        return LakeError(
            what="this lake has no lineage index of this version yet",
            file=str(lake.home),
            remedy="start `resilience run`; each run writes it when it ends",
        )
    if not [pointer for pointer in own_results(lake) if pointer.key[0] == "report"]:
        return no_result(lake)
    return LakeError(
        what=f"the variant {variant} has no lineage index of this version yet",
        file=str(lake.home),
        remedy="the next run that computes the variant writes it: `resilience run`, of options with --set",
    )


def find(index: Index, asked: str) -> tuple[Coefficient, ...]:
    """Coefficients of that name, or whose names begin with it; a LakeError names near ones where there is none.

    A row of a result with many rows has its table's name and its number: `figure_4.specifications.62`.
    """
    wanted = asked.removeprefix("report.").removeprefix("estimates.").replace("/", ".")
    names = index.coefficients["name"].to_list()
    estimates = index.coefficients.filter(pl.col("table").str.starts_with("estimates/"))["name"].to_list()
    chosen = {wanted} & set(names) or _plainest(wanted, matches(wanted, estimates)) or set(matches(wanted, names))
    number = None
    if not chosen and wanted.rpartition(".")[2].isdigit():
        whole, _, digits = wanted.rpartition(".")
        chosen = {name for name in matches(whole, names) if name == whole}
        number = int(digits)
    if not chosen and "." in wanted:  # table_4.3.did.std_error: a figure of a row is the row's
        chosen = set(matches(wanted.rpartition(".")[0], names)) if _is_column(wanted.rpartition(".")[2]) else set()
    if not chosen:
        close = near(wanted, dict.fromkeys(names))
        raise LakeError(
            what=f"no coefficient{index.whose} is called {asked!r}",
            expected=", ".join(close) or "a name such as table_4.3.did",
            remedy="`resilience trace table_4` lists the names of a result; `resilience status` lists the results",
        )
    rows = index.coefficients.filter(pl.col("name").is_in(sorted(chosen)))
    found = [
        Coefficient(r["name"], r["table"], r["row"], tuple(r["units"]), r["estimate"], r["std_error"], r["status"])
        for r in rows.to_dicts()
    ]
    if number is not None:
        found = [_numbered(index, coefficient, number) for coefficient in found]
    own = {c.name for c in found if c.table.startswith("estimates/")}
    return tuple(c for c in found if c.table.startswith("estimates/") or c.name not in own)


def codes_called(asked: str, cities: pl.DataFrame) -> list[str]:
    """Codes of the cities of that code or name; only where none is called so, of those whose name holds it.

    鞍山 is 鞍山市 and not 马鞍山市.

    Parameters
    ----------
    cities : city_code and name.
    """
    same = pl.col("name").is_in([asked, f"{asked}市"]) | (pl.col("city_code") == asked)
    found = cities.filter(same)
    if found.is_empty():
        found = cities.filter(pl.col("name").str.contains(asked, literal=True))
    return found["city_code"].unique().sort().to_list()


def _plainest(wanted: str, names: Sequence[str]) -> set[str]:
    """Of names that hold the wanted parts the shortest: a term's estimate, not its covariance with another term."""
    if any(name.startswith(f"{wanted}.") for name in names):
        return set(names)  # all that goes on after it was asked for
    fewest = min((name.count(".") for name in names), default=0)
    short = {name for name in names if name.count(".") == fewest}
    return short if len(short) == 1 else set(names)


def _is_column(name: str) -> bool:
    return name in (
        "std_error",
        "se",
        "t",
        "p_value",
        "ci_low",
        "ci_high",
        "n_obs",
        "estimate",
        "mean",
        "sd",
        "min",
        "max",
    )


#: Columns that number the rows of curves and draws; of a placebo, `specification` is the model's name.
_NUMBERS = ("specification", "draw")


def _numbered(index: Index, whole: Coefficient, number: int) -> Coefficient:
    table = index.look(whole.table)
    column = next((name for name in _NUMBERS if name in table.columns and table[name].dtype.is_integer()), None)
    rows = [] if column is None else table.with_row_index("_at").filter(pl.col(column) == number)["_at"].to_list()
    if len(rows) != 1:
        raise LakeError(
            what=f"{whole.name} has no single row {number}", remedy=f"it has {table.height} rows", found=f"{len(rows)}"
        )
    return Coefficient(f"{whole.name}.{number}", whole.table, rows[0], whole.units, None, None, None)
