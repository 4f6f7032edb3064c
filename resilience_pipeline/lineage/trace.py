"""From a coefficient to the cells of the delivered files: one record of all that it rests on, read from the lake.

`find` names coefficients, `trace` follows one of them. Nothing is computed anew: versions come from the lineage index,
values from the very versions of the tables that the result was made from.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from resilience_pipeline.econometrics.predicate import keep_rows, predicate_columns
from resilience_pipeline.errors import LakeError
from resilience_pipeline.lineage.edge import EVERY, Graph, Part, Way
from resilience_pipeline.lineage.index import INDEX_KEYS, read_index
from resilience_pipeline.lineage.naming import figures, matches, near
from resilience_pipeline.warehouse.lake import Lake

#: Layers from a result back to the files.
BACKWARDS = ("report", "estimates", "panel", "indices", "grid", "frozen", "staging", "sources")


@dataclass(frozen=True)
class Coefficient:
    """One row of a result, as the index names it. row : of the table, from 0; None = the table as a whole."""

    name: str
    table: str
    row: int | None
    units: tuple[str, ...]
    estimate: float | None
    std_error: float | None
    status: str | None


@dataclass(frozen=True)
class Asset:
    """One table that the coefficient rests on, in the version that was read. stale : a newer version stands by now."""

    table: str
    description: str
    data_version: str
    code_version: str
    run_id: str
    written_at: str
    rows: int
    synthetic: bool
    options: Mapping[str, Any]
    stale: bool


@dataclass(frozen=True)
class VariableTrace:
    """One column of the panel behind the coefficient. values : status -> number of the sample's city-years."""

    name: str
    table: str
    symbol: str
    description: str
    formula: str
    option: str | None
    reading: str | None
    indicators: tuple[str, ...]
    values: Mapping[str, int]


@dataclass(frozen=True)
class IndicatorTrace:
    """One series of the grid. cells : status -> number; sources : source -> number of cells it gave."""

    name: str
    way: Way
    cells: Mapping[str, int]
    sources: Mapping[str, int]


@dataclass(frozen=True)
class DeliveryTrace:
    """One delivered file. cells : of it behind the coefficient. copy : inside the lake; None where it is not kept."""

    file: str
    sha256: str
    source: str
    publisher: str
    editions: tuple[int, ...]
    cells: int
    copy: str | None
    size: int | None


@dataclass(frozen=True)
class Cell:
    """One value of the grid, or one row of a list, with the place and text of the delivered cell.

    from_year, to_year : of the two values that an interpolated one lies between; it has no place of its own.
    """

    indicator: str
    city_code: str
    city: str | None
    year: int | None
    value: float | None
    status: str
    source: str | None
    file: str | None
    sheet: str | None
    row: int | None
    column: int | None
    text: str | None
    delivery_sha256: str | None
    from_year: int | None = None
    to_year: int | None = None


@dataclass(frozen=True)
class SampleFlow:
    """Where the city-years of the grid went on their way into the sample; `lost` in order, reason -> city-years."""

    city_years: int
    lost: Mapping[str, int]
    left: Mapping[str, str]  # city -> why it left the grid
    used: int


@dataclass(frozen=True)
class Trace:
    """A coefficient and all that it rests on, nearest first.

    Parameters
    ----------
    names : rows traced, all of one table. rows : what each says.
    specification : the model, None where the result is about no single one.
    cells : some of `cell_count` cells, those asked for.
    notes : what a reader must know before quoting it.
    """

    names: tuple[str, ...]
    result: str
    title: str
    kind: str
    study: str
    synthetic: bool
    rows: tuple[Mapping[str, Any], ...]
    specification: Mapping[str, Any] | None
    sample: SampleFlow | None
    variables: tuple[VariableTrace, ...]
    indicators: tuple[IndicatorTrace, ...]
    assets: tuple[Asset, ...]
    deliveries: tuple[DeliveryTrace, ...]
    cells: tuple[Cell, ...]
    cell_count: int
    sql: Mapping[str, str]  # staged table -> the file of its select
    notes: tuple[str, ...] = ()

    def record(self) -> dict[str, Any]:
        """As plain data, for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Index:
    """The lineage index of a lake, read once."""

    lake: Lake
    tables: pl.DataFrame
    edges: pl.DataFrame
    coefficients: pl.DataFrame
    _kept: dict[tuple[str, str], pl.DataFrame] = field(default_factory=dict, repr=False)

    def table(self, name: str, version: str | None = None) -> pl.DataFrame:
        """A table by its joined key, as the index knows it or in another version; read once."""
        place = name, version or self.by_table[name]["data_version"]
        if place not in self._kept:
            self._kept[place] = self.lake.read(tuple(name.split("/")), place[1])
        return self._kept[place]

    def look(self, name: str, version: str | None = None, columns: Sequence[str] | None = None) -> pl.DataFrame:
        """Some columns of a table, to be shown: who computes with them takes `table`, which holds the file to its hash.

        Raises
        ------
        LakeError : the version is not there any more, or cannot be read.
        """
        file = self.lake.version_file(tuple(name.split("/")), version or self.by_table[name]["data_version"])
        try:
            scanned = pl.scan_parquet(file, glob=False)
            return (scanned if columns is None else scanned.select(columns)).collect()
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

    def declared(self, table: str) -> dict[str, Any]:
        """What was declared of a table."""
        row = self.by_table.get(table)
        return {} if row is None else json.loads(row["declared"])

    def inputs(self, table: str) -> dict[str, str]:
        """Joined key -> version that the table's current version was made from."""
        row = self.by_table.get(table)
        return {} if row is None else json.loads(row["inputs"])


def open_index(lake: Lake) -> Index:
    """The index of a lake; a LakeError where no run has written it."""
    found = [read_index(lake, key) for key in INDEX_KEYS]
    if any(frame is None for frame in found):
        raise LakeError(
            what="this lake has no lineage index of this version yet",
            file=str(lake.home),
            remedy="start `resilience run`; each run writes it when it ends",
        )
    tables, edges, coefficients = (frame for frame in found if frame is not None)
    return Index(lake, tables, edges, coefficients)


def find(index: Index, asked: str) -> tuple[Coefficient, ...]:
    """Coefficients of that name, or whose names begin with it; a LakeError names near ones where there is none.

    A row of a result with many rows has its table's name and its number: `figure_4.specifications.62`.
    """
    wanted = asked.removeprefix("report.").removeprefix("estimates.").replace("/", ".")
    names = index.coefficients["name"].to_list()
    estimates = index.coefficients.filter(pl.col("table").str.starts_with("estimates/"))["name"].to_list()
    chosen = {wanted} & set(names) or set(matches(wanted, estimates)) or set(matches(wanted, names))
    number = None
    if not chosen and wanted.rpartition(".")[2].isdigit():
        whole, _, digits = wanted.rpartition(".")
        chosen = {name for name in matches(whole, names) if name == whole}
        number = int(digits)
    if not chosen and "." in wanted:  # table_4.3.did.std_error: a figure of a row is the row's
        chosen = set(matches(wanted.rpartition(".")[0], names)) if _is_column(wanted.rpartition(".")[2]) else set()
    if not chosen:
        close = near(wanted, names)
        raise LakeError(
            what=f"no coefficient is called {asked!r}",
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


def _numbered(index: Index, whole: Coefficient, number: int) -> Coefficient:
    table = index.look(whole.table)
    column = next((name for name in ("specification", "draw") if name in table.columns), None)
    rows = [] if column is None else table.with_row_index("_at").filter(pl.col(column) == number)["_at"].to_list()
    if len(rows) != 1:
        raise LakeError(
            what=f"{whole.name} has no single row {number}", remedy=f"it has {table.height} rows", found=f"{len(rows)}"
        )
    return Coefficient(f"{whole.name}.{number}", whole.table, rows[0], whole.units, None, None, None)


def trace(
    index: Index,
    asked: str | Sequence[Coefficient],
    *,
    city: str | None = None,
    year: int | None = None,
    cells: int = 20,
) -> Trace:
    """All that one coefficient rests on; with several of one table, what they rest on together.

    Parameters
    ----------
    asked : a name, or what `find` gave.
    city, year : only cells of this city (code or name) and year.
    cells : so many cells at most, spread over the series.

    Raises
    ------
    LakeError : there is no such coefficient, or the name stands for rows of several tables.
    """
    chosen = find(index, asked) if isinstance(asked, str) else tuple(asked)
    tables = sorted({coefficient.table for coefficient in chosen})
    if len(tables) > 1:
        raise LakeError(
            what=f"{asked!r} stands for {len(chosen)} coefficients of {len(tables)} tables",
            expected=", ".join(c.name for c in chosen[:8]),
            remedy="name one of them",
        )
    (table,) = tables
    parts = [(table, unit) for unit in dict.fromkeys(unit for c in chosen for unit in c.units)]
    return _Tracer(index, table, chosen, index.graph.behind(parts)).trace(city, year, cells)


@dataclass(frozen=True)
class _Tracer:
    """One trace while it is made."""

    index: Index
    table: str
    chosen: tuple[Coefficient, ...]
    parts: Mapping[Part, Way]

    def trace(self, city: str | None, year: int | None, cells: int) -> Trace:
        rows = self.rows()
        about = self.about()
        specification = self.specification(about, rows)
        sample, used = self.sample(specification, rows)
        variables = self.variables(specification, used)
        grid = self.cells()
        shown, count, deliveries = _Cells(self, grid).spread(city, year, cells)
        return Trace(
            names=tuple(coefficient.name for coefficient in self.chosen),
            result=self.table.split("/")[1],
            title=about.get("title", ""),
            kind=about.get("kind", ""),
            study=about.get("study", self.study),
            synthetic=self.index.by_table[self.table]["synthetic"],
            rows=rows,
            specification=specification,
            sample=sample,
            variables=variables,
            indicators=self.indicators(grid),
            assets=self.assets(),
            deliveries=deliveries,
            cells=shown,
            cell_count=count,
            sql={
                table: declared["sql"]
                for table in self.tables("staging")
                if (declared := self.index.declared(table)).get("sql")
            },
            notes=self.notes(),
        )

    @cached_property
    def versions(self) -> dict[str, str]:
        """Table -> the version that was read on the way to the coefficient."""
        found = {self.table: self.index.by_table[self.table]["data_version"]}
        waiting = [self.table]
        while waiting:
            table = waiting.pop()
            if self.index.by_table.get(table, {}).get("data_version") != found[table]:
                continue  # a newer version stands: what the older one was made from is not in the index
            for name, version in self.index.inputs(table).items():
                if name not in found:
                    found[name] = version
                    waiting.append(name)
        return found

    @cached_property
    def study(self) -> str:
        """The study whose grid or panel the coefficient rests on; "" where it is none's."""
        return next((table.split("/")[1] for table, _ in self.parts if table.split("/")[0] in ("grid", "panel")), "")

    def tables(self, layer: str) -> list[str]:
        """Tables of one layer behind the coefficient that some run has written, sorted."""
        there = self.index.by_table
        return sorted({table for table, _ in self.parts if table.split("/")[0] == layer and table in there})

    def read(self, table: str, columns: Sequence[str] | None = None) -> pl.DataFrame:
        """The version that the coefficient was made from, or the current one of a table beside its way."""
        return self.index.look(table, self.versions.get(table), columns)

    def rows(self) -> tuple[Mapping[str, Any], ...]:
        """What the result's table says of the chosen rows."""
        table = self.read(self.table)
        places = [coefficient.row for coefficient in self.chosen if coefficient.row is not None]
        return tuple(figures(row) for row in table[places].to_dicts()) if places else ()

    def about(self) -> dict[str, Any]:
        """Title, kind, study and specifications of the result."""
        return {**self.index.declared(f"report/{self.table.split('/')[1]}"), **self.index.declared(self.table)}

    def specification(self, about: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
        """The one model that the rows are about, with what is empty left out."""
        known = {spec["name"]: spec for spec in about.get("specifications", ())}
        named = {str(row[key]) for row in rows for key in ("name", "specification", "column") if row.get(key) in known}
        if len(named) != 1:
            named = set(known) if len(known) == 1 else {next(iter(known))} if known and not named else named
        if len(named) != 1:
            return None
        spec = known[named.pop()]
        return {name: value for name, value in spec.items() if value not in (None, [], "")}

    def sample(
        self, spec: Mapping[str, Any] | None, rows: Sequence[Mapping[str, Any]]
    ) -> tuple[SampleFlow | None, pl.DataFrame | None]:
        """Where city-years were lost between the grid and the sample, and the city-years that are in it."""
        if spec is None or not self.tables("grid"):
            return None, None
        columns, where = _columns_of(spec), spec.get("where")
        cities = self.read(f"grid/{self.study}/cities")
        frame = self._panel((*columns, *(predicate_columns(where) if where else ())))
        if frame is None:
            return None, None
        years = frame["year"].n_unique()
        left = cities.filter(~pl.col("kept"))
        lost: dict[str, int] = {}
        if left.height:
            lost[f"{left.height} cities left: too many years missing"] = left.height * years
        if where:
            met = keep_rows(frame, where)
            lost[f"do not meet {where}"] = frame.height - met.height
            frame = met
        gaps = [pl.when(pl.col(name).is_null()).then(pl.lit(name)) for name in columns if name in frame.columns]
        if gaps:
            named = frame.select(reason=pl.concat_str(gaps, separator=", ", ignore_nulls=True))["reason"]
            counted = named.filter(named != "").value_counts(sort=True)
            lost |= {f"no value of {reason}": count for reason, count in counted.rows()}
            frame = frame.filter(named == "")
        alone = int(next((row["n_singletons"] for row in rows if row.get("n_singletons")), 0))
        if alone:
            lost["alone in an absorbed effect"] = alone
        why = dict(left.select(pl.coalesce("name", "city_code"), "reason").rows())
        said = {row["n_obs"] for row in rows if row.get("n_obs") is not None and "term" in row}
        if said - {frame.height - alone}:
            return None, None  # an estimator or a curve with rows of its own
        flow = SampleFlow(cities.height * years, {k: v for k, v in lost.items() if v}, why, frame.height - alone)
        return flow, frame.select("city_code", "year")

    def _panel(self, columns: Sequence[str]) -> pl.DataFrame | None:
        """The columns by city and year; None where a table of the panel is not there."""
        frame: pl.DataFrame | None = None
        for table in self.tables("panel"):
            if table.endswith(("/pilots", "/value_status", "/sample")):
                continue
            read = self.read(table)
            held = [name for name in columns if name in read.columns and name not in ("city_code", "year")]
            part = read.select("city_code", "year", *held)
            if frame is None:
                frame = part
            elif new := [name for name in held if name not in frame.columns]:
                frame = frame.join(part.select("city_code", "year", *new), on=["city_code", "year"], how="left")
        return frame

    def variables(self, spec: Mapping[str, Any] | None, used: pl.DataFrame | None) -> tuple[VariableTrace, ...]:
        """The panel's columns behind the coefficient, in the order of the specification."""
        order = {name: place for place, name in enumerate(_columns_of(spec) if spec else ())}
        counts = self._value_counts(used)
        found = []
        for table, unit in self.parts:
            declared = self.index.declared(table).get("variables", {}) if table.startswith("panel/") else {}
            for name in declared if unit == EVERY else (unit,):
                if name in declared:
                    behind = self.index.graph.behind([(table, name)])
                    series = sorted(u for (t, u), way in behind.items() if t.endswith("/cells") and way == "value")
                    found.append(
                        VariableTrace(
                            name, table, **declared[name], indicators=tuple(series), values=counts.get(name, {})
                        )
                    )
        return tuple(sorted(_once(found), key=lambda v: (order.get(v.name, len(order)), v.name)))

    def _value_counts(self, used: pl.DataFrame | None) -> dict[str, dict[str, int]]:
        """Variable -> status -> number of values in the sample."""
        table = f"panel/{self.study}/value_status"
        if table not in self.index.by_table or not self.tables("panel"):
            return {}
        names = sorted({unit for t, unit in self.parts if t.startswith("panel/")})
        status = self.read(table, ("variable", "city_code", "year", "status")).filter(pl.col("variable").is_in(names))
        if used is not None:
            status = status.join(used, on=["city_code", "year"], how="semi")
        found: dict[str, dict[str, int]] = {}
        for name, word, count in status.group_by("variable", "status").len().sort("variable", "status").rows():
            found.setdefault(name, {})[word] = count
        return found

    def cells(self) -> pl.DataFrame | None:
        """The grid's cells of every series behind the coefficient; None where it rests on none."""
        table = f"grid/{self.study}/cells"
        units = {unit for t, unit in self.parts if t == table and self.parts[t, unit] == "value"}
        if not units:
            return None
        cells = self.read(table)
        return cells if EVERY in units else cells.filter(pl.col("indicator").is_in(sorted(units)))

    def indicators(self, cells: pl.DataFrame | None) -> tuple[IndicatorTrace, ...]:
        """The series, each with what its cells are and who gave them."""
        if cells is None:
            return ()
        status = cells.group_by("indicator", "status").len().sort("indicator", "status").rows()
        source = cells.drop_nulls("source").group_by("indicator", "source").len().sort("indicator", "source").rows()
        names = sorted({row[0] for row in status})
        return tuple(
            IndicatorTrace(
                name,
                "value",
                {word: count for series, word, count in status if series == name},
                {word: count for series, word, count in source if series == name},
            )
            for name in names
        )

    def assets(self) -> tuple[Asset, ...]:
        """The tables behind the coefficient, the nearest layer first."""
        found = []
        for table in {t for t, _ in self.parts}:
            row = self.index.by_table.get(table)
            if row is None:
                continue
            version = self.versions.get(table, row["data_version"])
            stale = version != row["data_version"]
            found.append(
                Asset(
                    table,
                    row["description"].split("\n")[0].split(". ")[0],
                    version,
                    "" if stale else row["code_version"],
                    "" if stale else row["run_id"],
                    "" if stale else row["written_at"],
                    row["rows"],
                    row["synthetic"],
                    json.loads(row["options"]),
                    stale,
                )
            )
        return tuple(sorted(found, key=lambda asset: (_layer(asset.table), asset.table)))

    def notes(self) -> tuple[str, ...]:
        """What is not as it seems."""
        current = self.index.lake.current(tuple(self.table.split("/")))
        notes = []
        if current is None or current.data_version != self.index.by_table[self.table]["data_version"]:
            notes.append("a newer version of this result stands than the lineage index knows; start `resilience run`")
        if moved := [table for table in self.versions if self._moved(table)]:
            notes.append(f"since it was made, these were written anew: {', '.join(sorted(moved))}")
        return tuple(notes)

    def _moved(self, table: str) -> bool:
        row = self.index.by_table.get(table)
        return row is not None and row["data_version"] != self.versions[table]


@dataclass(frozen=True)
class _Cells:
    """Cells with their texts, and the deliveries that they stand in."""

    tracer: _Tracer
    cells: pl.DataFrame | None

    def spread(
        self, city: str | None, year: int | None, limit: int
    ) -> tuple[tuple[Cell, ...], int, tuple[DeliveryTrace, ...]]:
        """Cells asked for, how many there are, and all deliveries."""
        frames = [*([] if self.cells is None else [self._of_grid(self.cells)]), *self._of_lists()]
        if not frames:
            return (), 0, ()
        every = pl.concat(frames, how="diagonal")
        deliveries = self._deliveries(every)
        asked = every
        if city is not None:
            asked = asked.filter((pl.col("city_code") == city) | pl.col("city").str.contains(city, literal=True))
        if year is not None:
            asked = asked.filter(pl.col("year") == year)
        if asked.is_empty():
            raise LakeError(
                what=f"no cell of {' in '.join(str(x) for x in (city, year) if x is not None)} is behind it",
                expected=", ".join(every["city"].drop_nulls().unique().sort().head(12).to_list()),
                remedy="name a kept city by its code or its Chinese name, and a year of the study",
            )
        turn = pl.int_range(pl.len()).over("indicator")
        shown = asked.with_columns(_turn=turn).sort("_turn", "indicator", maintain_order=True).head(limit)
        shown = shown.drop("_turn").sort("indicator", "city_code", "year", maintain_order=True)
        return tuple(Cell(**row) for row in self._with_texts(shown).to_dicts()), asked.height, deliveries

    def _of_grid(self, cells: pl.DataFrame) -> pl.DataFrame:
        names = self.tracer.read(f"grid/{self.tracer.study}/cities").select("city_code", city="name")
        return cells.join(names, on="city_code", how="left", maintain_order="left")

    def _of_lists(self) -> list[pl.DataFrame]:
        """Rows of lists and documents: they have no indicator, so the source's name stands for it."""
        frames = []
        layer = "frozen" if self.tracer.tables("frozen") else "staging"
        for table in self.tracer.tables(layer):
            name = table.split("/")[-1]
            if (table, EVERY) not in self.tracer.parts or self.tracer.parts[table, EVERY] != "value":
                continue
            read = self.tracer.read(table)
            if "indicator" in read.columns or "text" not in read.columns or read.is_empty():
                continue
            year = pl.col("year") if "year" in read.columns else pl.lit(None, dtype=pl.Int32).alias("year")
            rows = read.select("city_code", year, *_ORIGIN, text=_short("text"))
            frames.append(
                rows.with_columns(indicator=pl.lit(name), status=pl.lit("listed"), city=pl.lit(None, dtype=pl.String))
            )
        return frames

    def _with_texts(self, shown: pl.DataFrame) -> pl.DataFrame:
        """The shown cells with the text as delivered, and every field of `Cell`."""
        fields = list(Cell.__dataclass_fields__)
        if "text" not in shown.columns:
            shown = shown.with_columns(text=pl.lit(None, dtype=pl.String))
        observed = f"grid/{self.tracer.study}/observations"
        if self.cells is not None and observed in self.tracer.index.by_table:
            place = ["delivery_sha256", "sheet", "row", "column"]
            near_by = self.tracer.read(observed, (*place, "text")).filter(
                pl.col("row").is_in(shown["row"].drop_nulls().unique().to_list())
            )
            texts = near_by.select(*place, _text="text").unique(place)
            shown = shown.join(texts, on=place, how="left", nulls_equal=True, maintain_order="left")
            shown = shown.with_columns(text=pl.coalesce("text", "_text"))
        absent = [name for name in fields if name not in shown.columns]
        return shown.with_columns(pl.lit(None).alias(name) for name in absent).select(fields)

    def _deliveries(self, every: pl.DataFrame) -> tuple[DeliveryTrace, ...]:
        counted = every.drop_nulls("delivery_sha256").group_by("source", "file", "delivery_sha256").len()
        editions = self._editions()
        found = []
        for source, file, sha256, count in counted.sort("source", "file", "delivery_sha256").rows():
            copy = self.tracer.index.lake.root / "deliveries" / sha256 / Path(file).name
            there = copy.is_file()
            found.append(
                DeliveryTrace(
                    file,
                    sha256,
                    source,
                    self.tracer.index.declared(f"sources/{source}").get("publisher", ""),
                    editions.get(sha256, ()),
                    count,
                    str(copy.relative_to(self.tracer.index.lake.root)) if there else None,
                    copy.stat().st_size if there else None,
                )
            )
        return tuple(found)

    def _editions(self) -> dict[str, tuple[int, ...]]:
        observed = f"grid/{self.tracer.study}/observations"
        if self.cells is None or observed not in self.tracer.index.by_table:
            return {}
        pairs = self.tracer.read(observed, ("delivery_sha256", "edition")).drop_nulls().unique().sort("edition")
        found: dict[str, tuple[int, ...]] = {}
        for sha256, edition in pairs.rows():
            found[sha256] = (*found.get(sha256, ()), edition)
        return found


_ORIGIN = ("source", "delivery_sha256", "file", "sheet", "row", "column")
_LONGEST_TEXT = 120


def _short(column: str) -> pl.Expr:
    text = pl.col(column)
    return pl.when(text.str.len_chars() > _LONGEST_TEXT).then(text.str.slice(0, _LONGEST_TEXT) + "…").otherwise(text)


def _layer(table: str) -> int:
    layer = table.split("/")[0]
    return BACKWARDS.index(layer) if layer in BACKWARDS else len(BACKWARDS)


def _columns_of(spec: Mapping[str, Any]) -> tuple[str, ...]:
    """Columns of the panel that a specification names, outcome first, without city and year."""
    names = [spec["outcome"], spec.get("treatment"), *spec.get("controls", ()), spec.get("weights")]
    names += [part for effect in (*spec.get("absorb", ()), *spec.get("cluster", ())) for part in effect.split("^")]
    return tuple(dict.fromkeys(name for name in names if name and name not in ("city_code", "year")))


def _once(found: Sequence[VariableTrace]) -> list[VariableTrace]:
    return list({(variable.table, variable.name): variable for variable in found}.values())
