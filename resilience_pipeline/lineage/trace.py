"""From a coefficient to the cells of the delivered files: one record of all that it rests on, read from the lake.

`find` names coefficients, `trace` follows one of them. Nothing is computed anew: versions come from the lineage index,
values from the very versions of the tables that the result was made from.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import polars as pl

from resilience_pipeline.econometrics.predicate import predicate_columns
from resilience_pipeline.errors import LakeError
from resilience_pipeline.lineage.cells import Cells
from resilience_pipeline.lineage.edge import EVERY, Part, Way
from resilience_pipeline.lineage.naming import figures
from resilience_pipeline.lineage.opened import Index, find
from resilience_pipeline.lineage.records import (
    Asset,
    Cell,
    Coefficient,
    DeliveryTrace,
    IndicatorTrace,
    SampleFlow,
    Trace,
    VariableTrace,
)
from resilience_pipeline.lineage.sample_flow import rows_that_stay

#: Layers from a result back to the files.
BACKWARDS = ("report", "estimates", "panel", "indices", "grid", "frozen", "staging", "sources")


def trace(
    index: Index,
    asked: str | Sequence[Coefficient],
    *,
    city: str | None = None,
    year: int | None = None,
    cells: int | None = 20,
) -> Trace:
    """All that one coefficient rests on; with several of one table, what they rest on together.

    Parameters
    ----------
    asked : a name, or what `find` gave.
    city, year : only cells of this city (code or name) and year.
    cells : so many cells at most, spread over the series; None = neither cells nor files, which take most of the time.

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

    def trace(self, city: str | None, year: int | None, cells: int | None) -> Trace:
        rows = self.rows()
        about = self.about()
        specification = self.specification(about, rows)
        sample, used = self.sample(specification, rows)
        variables = self.variables(specification, used)
        grid = self.cells()
        shown, count, deliveries = self.spread(grid, city, year, cells)
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
            lists=tuple(self.lists()),
            variant=self.index.lake.variant_name,
            run=None if self.index.past is None else self.index.past.run.record.run_id,
            notes=(*self.choices(about, rows), *self.notes()),
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
        """The one model that the rows are about, with what is empty left out; None where they are about several."""
        known = {spec["name"]: spec for spec in about.get("specifications", ())}
        named = {name for row in rows for name in self._models(row) if name in known}
        if not named and len(known) == 1:
            named = set(known)
        if len(named) != 1:
            return None
        spec = known[named.pop()]
        return {name: value for name, value in spec.items() if value not in (None, [], "")}

    def _models(self, row: Mapping[str, Any]) -> tuple[str, ...]:
        """What a row may call its model; a printed table has its columns' short names."""
        own = [str(row[key]) for key in ("name", "specification", "column", "statistic") if key in row]
        return (*own, f"{self.table.split('/')[1]}.{row.get('column')}")

    def sample(
        self, spec: Mapping[str, Any] | None, rows: Sequence[Mapping[str, Any]]
    ) -> tuple[SampleFlow | None, pl.DataFrame | None]:
        """Where city-years were lost between the grid and the sample, and the city-years that are in it."""
        if spec is None or not self.tables("grid"):
            return None, None
        described = self.about().get("kind") == "descriptives" and len(rows) == 1
        columns = tuple(dict.fromkeys((*_columns_of(spec), *([rows[0]["variable"]] if described else ()))))
        where = predicate_columns(spec["where"]) if "where" in spec else ()
        cities = self.read(f"grid/{self.study}/cities")
        frame = self._panel(tuple(dict.fromkeys((*columns, *where))))
        if frame is None:
            return None, None
        years = frame["year"].n_unique()
        left = cities.filter(~pl.col("kept"))
        lost = {f"{left.height} cities left: too many years missing": left.height * years} if left.height else {}
        gone, frame = rows_that_stay(frame, spec, columns)
        lost |= gone
        why = dict(left.select(pl.coalesce("name", "city_code"), "reason").rows())
        said = {row["n_obs"] for row in rows if row.get("n_obs") is not None and ("term" in row or len(rows) == 1)}
        if said - {frame.height}:
            balanced = frame.filter(pl.len().over("city_code") == years)
            if said != {balanced.height}:
                return None, None  # rows of its own, as of a leave-one-out
            lost["of cities that lack a year: the estimator takes none of their rows"] = frame.height - balanced.height
            frame = balanced
        return SampleFlow(cities.height * years, lost, why, frame.height), frame.select("city_code", "year")

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
        for (table, unit), way in self.parts.items():
            if way != "value":
                continue  # it decides which rows count, as another row's variable may
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

    def spread(
        self, grid: pl.DataFrame | None, city: str | None, year: int | None, limit: int | None
    ) -> tuple[tuple[Cell, ...], int, tuple[DeliveryTrace, ...]]:
        """Cells asked for, how many there are, and all deliveries (`cells.py`)."""
        if limit is None:
            return (), 0, ()
        return Cells(self.index, self.study, self.read, grid, self.lists()).spread(city, year, limit)

    def lists(self) -> list[str]:
        """Tables of lists and documents whose rows have no indicator, behind the coefficient by their values."""
        layer = "frozen" if self.tables("frozen") else "staging"
        found = []
        for table in self.tables(layer):
            if self.parts.get((table, EVERY)) == "value":
                read = self.read(table)
                if "indicator" not in read.columns and "text" in read.columns and not read.is_empty():
                    found.append(table)
        return found

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

    def choices(self, about: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
        """What takes the place of the declared model and options in one row of a specification curve."""
        if about.get("kind") != "curve" or len(rows) != 1 or "marked" not in rows[0]:
            return ()
        names = list(rows[0])
        chosen = names[names.index("specification") + 1 : names.index("marked")]
        said = ", ".join(f"{name} {rows[0][name]}" for name in chosen)
        return (f"estimated under choices of its own, whatever is declared above: {said}",)

    def notes(self) -> tuple[str, ...]:
        """What is not as it seems."""
        notes = [f"this is the coefficient{self.index.whose}"] if self.index.whose else []
        current = (self.index.past or self.index.lake).current(tuple(self.table.split("/")))
        if current is None or current.data_version != self.index.by_table[self.table]["data_version"]:
            notes.append("a newer version of this result stands than the lineage index knows; start `resilience run`")
        if moved := [table for table in self.versions if self._moved(table)]:
            notes.append(f"since it was made, these were written anew: {', '.join(sorted(moved))}")
        return tuple(notes)

    def _moved(self, table: str) -> bool:
        row = self.index.by_table.get(table)
        return row is not None and row["data_version"] != self.versions[table]


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
