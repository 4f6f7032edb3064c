"""Where a change of one delivered cell stops on its way into a coefficient, in words: `Hold`s for `reaches`.

Each reason is read from tables as they stand and from what was declared: none names a coefficient.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import polars as pl

from resilience_pipeline.econometrics.predicate import keep_rows, predicate_columns
from resilience_pipeline.errors import SpecificationError
from resilience_pipeline.lineage.choices import held_by_choices, held_by_controls
from resilience_pipeline.lineage.counted import Rows
from resilience_pipeline.lineage.edge import EVERY, Part
from resilience_pipeline.lineage.naming import plain
from resilience_pipeline.lineage.opened import Index
from resilience_pipeline.lineage.reaches import Hold, no_figure_yet, roads
from resilience_pipeline.lineage.reasons import (
    fate_of,
    held_by_document,
    held_by_rank,
    held_by_values,
    is_the_same_shift,
    makes_means,
)
from resilience_pipeline.study.vocabulary import UNIT

NATION = "000000"
_KEYS = (UNIT, "year")


def hold_of_document(index: Index, staged: Mapping[str, Any]) -> Hold:
    """Of a row of a list or a document."""
    held = held_by_document(index, staged)
    return lambda row, road: held.get(road[1])


def hold_of_value(index: Index, study: str, staged: Mapping[str, Any]) -> Hold:
    """Of a delivered value that counts in a study."""
    return _Value(index, study, staged)


def hold_of_windows(index: Index, staged: Mapping[str, Any]) -> Hold:
    """Of a delivered value on its way into a result that walks the study once for every last year."""
    return _Windows(index, staged)


@dataclass(frozen=True)
class _Value:
    index: Index
    study: str
    staged: Mapping[str, Any]
    _known: dict[object, str | None] = field(default_factory=dict)

    def __call__(self, row: Mapping[str, Any], road: Part) -> str | None:
        table, unit = road
        if table.startswith("estimates/"):
            return self._beneath(row, road)
        if road == self._part:
            return held_by_controls(self.index, self.study, _about(self.index, row["table"]), row, unit)
        if not table.startswith("panel/"):
            return None
        if unit in self._by_value:
            return self._by_value[unit]
        if road not in self._known:
            self._known[road] = None if unit == EVERY else held_by_rank(self.index, road)
        return (
            self._known[road] or self._absorbed(row, road) or self._not_counted(row, road) or self._left_out(row, road)
        )

    def _beneath(self, row: Mapping[str, Any], road: Part) -> str | None:
        """Why nothing comes through another result, as draws are or an event study: every road into it is held."""
        table, unit = road
        if (
            waiting := no_figure_yet(self.index.coefficients.filter(table=table)["status"].unique().to_list())
        ) is not None:
            return waiting
        taken = roads(self.index, (table, (unit,)), [self._part])
        reasons = [self({**row, "table": table}, beneath) for beneath in taken]
        known = [reason for reason in reasons if reason is not None]
        return known[0] if known and len(known) == len(reasons) else None

    @cached_property
    def _by_value(self) -> dict[str, str]:
        return held_by_values(self.index, self.study, self.staged)

    @cached_property
    def _part(self) -> Part:
        return f"grid/{self.study}/cells", str(self.staged["indicator"])

    @cached_property
    def _everywhere(self) -> bool:
        """Whether the value is one for the whole country."""
        return bool(self.staged["city_code"] == NATION)

    def _absorbed(self, row: Mapping[str, Any], road: Part) -> str | None:
        about = _about(self.index, row["table"])
        outcomes = {spec["outcome"] for spec in about.get("specifications", ())}
        # The constant is reckoned at the means, which move.
        if not (self._everywhere and about.get("time_absorbed")) or row["name"].endswith(".const"):
            return None
        if road[1] in outcomes or not self._shifts_all(road):
            return None
        return (
            f"{road[1]} changes by one number in all cities of a year, and the effects of time take that up: only "
            "rounding moves it"
        )

    def _shifts_all(self, road: Part) -> bool:
        place = "shift", road
        if place not in self._known:
            same = road[1] != EVERY and is_the_same_shift(self.index, self.study, road, str(self.staged["indicator"]))
            self._known[place] = "yes" if same else None
        return self._known[place] is not None

    def _not_counted(self, row: Mapping[str, Any], road: Part) -> str | None:
        declared = self.index.declared(road[0]) if road[1] == EVERY else _about(self.index, row["table"])
        conditions = _conditions(declared.get("rows") or {}, row["name"].split("."))
        if not conditions or not self._stays_in_its_rows(road):
            return None
        if conditions not in self._known:
            self._known[conditions] = self._missed(conditions)
        return self._known[conditions]

    def _left_out(self, row: Mapping[str, Any], road: Part) -> str | None:
        return held_by_choices(self.index, _about(self.index, row["table"]), row, road[1])

    def _stays_in_its_rows(self, road: Part) -> bool:
        """Whether the value moves the part in its own rows alone, but for percentiles."""
        place = "local", road
        if place not in self._known:
            behind = self.index.graph.behind([road])
            indices = [part for part in behind if part[0].startswith("indices/")]
            leads = any(self.index.graph.behind([part]).get(self._part) == "value" for part in indices)
            means = makes_means(self.index, self.study, self._part[1])
            self._known[place] = None if leads or means else "yes"
        return self._known[place] is not None

    def _missed(self, conditions: tuple[str, ...]) -> str | None:
        """In words, that no row which the value is in meets a condition; None where one does."""
        touched = self._touched()
        for condition in conditions:
            frame = self._frame(predicate_columns(condition))
            if frame is None:
                return None
            here = frame.filter(pl.col("year").is_in(touched))
            here = here if self._everywhere else here.filter(pl.col(UNIT) == self.staged["city_code"])
            try:
                if keep_rows(here, condition).height:
                    return None
            except SpecificationError:
                return None
        whose = "no city" if self._everywhere else f"{self.staged['city_code']} is not one"
        years = ", ".join(map(str, touched))
        return (
            f"only rows where {' or '.join(conditions)} count, and {whose} in {years}: a change moves nothing here "
            "but, where a percentile lies between values, the percentile"
        )

    def _touched(self) -> list[int]:
        """Years whose values of the city rest on the cell: its own, and those interpolated from it."""
        year = int(self.staged["year"])
        cells = self.index.look(self._part[0], columns=(UNIT, "indicator", "year", "from_year", "to_year"))
        between = cells.filter(
            (pl.col("from_year") == year) | (pl.col("to_year") == year),
            city_code=self.staged["city_code"],
            indicator=self._part[1],
        )
        return sorted({year, *between["year"]})

    def _frame(self, columns: tuple[str, ...]) -> pl.DataFrame | None:
        """The panel's columns by city and year; None where one is nowhere."""
        return _panel_columns(self.index, self.study, columns)


@dataclass(frozen=True)
class _Windows:
    index: Index
    staged: Mapping[str, Any]

    def __call__(self, row: Mapping[str, Any], road: Part) -> str | None:
        if row["row"] is None or not self._as_frozen:
            return None
        record = self.index.look(row["table"]).row(row["row"], named=True)
        study = _about(self.index, row["table"]).get("study")
        if study is None or not {"last_year", "weights"} <= record.keys():
            return None
        fate = fate_of(self.index, study, road[0].split("/")[1], self.staged)
        if record["weights"] == "frozen" and fate is None and self._in_weights(row["table"], study):
            return None
        if fate is not None and fate.startswith(("overruled", "imputed")):
            return fate
        last = int(record["last_year"])
        if int(self.staged["year"]) > last:
            return f"this panel ends in {last}"
        return self._left(study, last)

    @cached_property
    def _as_frozen(self) -> bool:
        """Whether deliveries as they stand are what the study reads, so that its tables tell of both."""
        tables = self.index.by_table
        pairs = [(tables[name], tables.get(f"frozen/{name.split('/')[1]}")) for name in tables if "staging/" in name]
        return all(frozen is None or own["data_version"] == frozen["data_version"] for own, frozen in pairs)

    def _in_weights(self, table: str, study: str) -> bool:
        cells = f"grid/{study}/cells", str(self.staged["indicator"])
        direct = [part for part, _ in self.index.graph.direct((table, EVERY)) if part[0].startswith("indices/")]
        return any(cells in self.index.graph.behind([part]) for part in direct)

    def _left(self, study: str, last: int) -> str | None:
        """That the city is silent for too long also in a panel which ends earlier."""
        runs, cities = f"grid/{study}/missing_runs", f"grid/{study}/cities"
        city = self.index.table(cities).filter(city_code=self.staged["city_code"], kept=False)
        if city.is_empty() or self.staged["indicator"] in self.index.declared(runs).get("province_mean", ()):
            return None
        most = _option(self.index, cities, "maximum_missing_run")
        found = self.index.table(runs).filter(city_code=self.staged["city_code"], indicator=city["worst_indicator"][0])
        first, until = found.select("run_from", "run_to").row(0)
        if min(until, last) - first + 1 <= int(most):
            return None
        return f"dropped city: {city['reason'][0]}, too many also in a panel that ends in {last}"


def _about(index: Index, table: str) -> dict[str, Any]:
    return {**index.declared(f"report/{table.split('/')[1]}"), **index.declared(table)}


def _conditions(rows: Rows, name: Sequence[str]) -> tuple[str, ...]:
    """Conditions on the rows behind one coefficient: of its own specification, where its name holds one."""
    own = [conditions for whose, conditions in rows.items() if plain(whose) in name]
    return tuple(condition for conditions in own or [rows.get(EVERY, [])] for condition in conditions)


def _option(index: Index, table: str, name: str) -> Any:
    return json.loads(index.by_table[table]["options"])[name]


def _panel_columns(index: Index, study: str, columns: tuple[str, ...]) -> pl.DataFrame | None:
    wanted = [name for name in columns if name not in _KEYS]
    frame: pl.DataFrame | None = None
    for table in [name for name in index.by_table if name.startswith(f"panel/{study}/")]:
        read = index.look(table)
        held = [name for name in wanted if name in read.columns and (frame is None or name not in frame.columns)]
        if not set(_KEYS) <= set(read.columns) or (wanted and not held):
            continue
        part = read.select(*_KEYS, *held).unique(_KEYS, maintain_order=True)
        frame = part if frame is None else frame.join(part, on=_KEYS, how="left")
        if set(wanted) <= set(frame.columns):
            return frame
    return None
