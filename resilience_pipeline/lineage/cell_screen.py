"""Which cells are worth an exact look: each cell's derivative and its pull to first order, an indicator at a time.

A coefficient's derivative by each value of its columns is known (`leave_out.gradient`). How these values answer to the
grid's cells is read from the chain itself: all cells of an indicator are moved at once, and each city and year shows
its own answer, since a value of the panel rests directly on cells of its own city and year. Cells move up or down at
random, so what a value takes from others (a mean over years, shares of a national sum) mostly cancels. Weights and
bounds of indices and the percentiles of winsorising stay as they are; what these add, the exact way sees.

An interpolated cell rests on the delivered ones around it, which get its share.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from resilience_pipeline.econometrics.absorption import Floats
from resilience_pipeline.econometrics.leave_out import gradient, row_influence
from resilience_pipeline.grid.interpolation import interpolate
from resilience_pipeline.grid.reference import national_indicators
from resilience_pipeline.grid.wide import KEY, city_years
from resilience_pipeline.indices.winsorise import Winsorising
from resilience_pipeline.lineage.influence import Subject
from resilience_pipeline.panel.chain import behind
from resilience_pipeline.panel.variables import Values, evaluate, reads
from resilience_pipeline.step import Inputs, Step, TableKey
from resilience_pipeline.study.needs import all_variables, weight_tables
from resilience_pipeline.study.study import Variable

STEP = 1e-3  # of a cell's logarithm: its square is a millionth, rounding over it 1e-12
SEED = 20181016  # of the directions in which cells move
DELIVERED = ("reported", "imputed")  # statuses of cells that stand in a file themselves

#: One row per delivered cell that counts. derivative : of the coefficient by the cell's logarithm. left_out : change of
#: the coefficient to first order if the cell had not been delivered; null where it takes rows of many cities along.
#: takes_rows : whether rows leave the sample with it, since nothing stands in its place.
SCREENED = pl.Schema(
    {
        "city_code": pl.String,
        "indicator": pl.String,
        "year": pl.Int32,
        "value": pl.Float64,
        "derivative": pl.Float64,
        "left_out": pl.Float64,
        "takes_rows": pl.Boolean,
    }
)


def screen(subject: Subject) -> pl.DataFrame:
    """Schema `SCREENED`, the largest pull first; a cell of a city that is not in the grid moves no row of its own."""
    chain = _Chain(subject)
    frames = [SCREENED.to_frame()]
    for indicator in chain.indicators:
        frames.append(_national(chain, indicator) if indicator in national_indicators() else _own(chain, indicator))
    strength = pl.col("left_out").abs().fill_null(float("inf"))
    return pl.concat(frames).sort(strength, *KEY, "indicator", descending=[True, False, False, False])


@dataclass(frozen=True)
class _Chain:
    """The road from the grid's cells to the regression's columns. Arrays by kept city and year have N = C T rows."""

    subject: Subject

    @cached_property
    def cells(self) -> pl.DataFrame:
        return self.subject.read(self._key("grid", "cells"))

    @cached_property
    def index(self) -> pl.DataFrame:
        return city_years(self.subject.read(self._key("grid", "cities")), self.years)

    @property
    def years(self) -> range:
        return range(self.subject.study.first_year, self.subject.study.last_year + 1)

    @cached_property
    def variables(self) -> tuple[Variable, ...]:
        """The study's own variables among the outcome and the terms."""
        named = (self.subject.specification.outcome, *self.subject.model.terms)
        return tuple(variable for variable in all_variables(self.subject.study) if variable.name in named)

    @cached_property
    def indicators(self) -> tuple[str, ...]:
        """Delivered series behind the variables."""
        parts = [("/".join(self._key("panel", variable.table)), variable.name) for variable in self.variables]
        behind = self.subject.index.graph.behind(parts)
        cells, delivered = "/".join(self._key("grid", "cells")), set(self.cells["indicator"].unique())
        return tuple(
            sorted(u for (table, u), way in behind.items() if table == cells and way == "value" and u in delivered)
        )

    @cached_property
    def places(self) -> NDArray[np.intp]:
        """Row of the grid of each row of the sample."""
        numbered = self.index.with_row_index("_at")
        rows = self.subject.model.sample.frame.select(KEY)
        joined = rows.join(numbered, on=KEY, how="left", maintain_order="left")
        return joined["_at"].to_numpy().astype(np.intp)

    @cached_property
    def slopes(self) -> dict[str, Floats]:
        """Variable -> derivative of the coefficient by its values, shape (N,); zero outside the sample."""
        model, found = self.subject.model, gradient(self.subject.model, self.subject.term)
        columns = {self.subject.specification.outcome: found.outcome}
        columns |= {name: found.regressors[:, place] for place, name in enumerate(model.terms)}
        return {variable.name: self._on_grid(columns[variable.name]) for variable in self.variables}

    @cached_property
    def deletion(self) -> Floats:
        """Change of the coefficient when a row leaves the sample, shape (N,); zero outside it."""
        without = row_influence(self.subject.model, self.subject.term).without
        return self._on_grid(np.nan_to_num(without - self.subject.estimate))

    def _on_grid(self, values: Floats) -> Floats:
        spread = np.zeros(self.index.height)
        spread[self.places] = values
        return spread

    def _key(self, layer: str, table: str) -> TableKey:
        return layer, self.subject.study.name, table

    @cached_property
    def index_steps(self) -> tuple[Step, ...]:
        """Steps of the index tables that the variables rest on, but for weights and bounds."""
        study, named = self.subject.study, {table for layer, table in reads(self.variables) if layer == "indices"}
        steps = [step for step in self.subject.steps if step.key[:2] == ("indices", study.name)]
        weighing = set(weight_tables(study))
        return tuple(
            step for step in behind(steps, [self._key("indices", table) for table in named]) if step.key not in weighing
        )

    @cached_property
    def standing(self) -> Values:
        """The variables as they stand."""
        return self._evaluated(self.cells)

    def values(self, indicator: str) -> pl.DataFrame:
        """Cells of an indicator, of cities in the order of `index`."""
        return self.cells.filter(pl.col("indicator") == indicator)

    def columns(self, indicator: str, moved: Floats) -> dict[str, Floats]:
        """The variables with an indicator's cells at other values, percentiles of winsorising as they are; nan = none.

        moved : in the order of `values`; nan = missing.
        """
        here = self.cells["indicator"] == indicator
        column = self.cells["value"].fill_null(float("nan")).to_numpy().copy()
        column[here.to_numpy()] = moved
        changed = self.cells.with_columns(value=pl.Series(column).fill_nan(None))
        before = self._evaluated(changed).before
        return {variable.name: self._clipped(variable, _array(before[variable.name])) for variable in self.variables}

    def answer(self, columns: Mapping[str, Floats], base: Mapping[str, Floats]) -> Floats:
        """First-order change of the coefficient row by row, shape (N,); nan where a row of the sample loses a value."""
        answers = [self.slopes[name] * (columns[name] - base[name]) for name in self.slopes]
        total = np.sum([np.nan_to_num(answer) for answer in answers], axis=0)
        lost = np.zeros(len(total), dtype=bool)
        for name in self.slopes:
            lost |= np.isnan(columns[name]) & ~np.isnan(base[name])
        total[lost & np.isin(np.arange(len(total)), self.places)] = np.nan
        return total

    @cached_property
    def base(self) -> dict[str, Floats]:
        """The variables after winsorising, as they stand; nan = no value."""
        return {variable.name: _array(self.standing.after[variable.name]) for variable in self.variables}

    def _clipped(self, variable: Variable, values: Floats) -> Floats:
        """Values set to the bounds that winsorised ones stand at, where there are any."""
        before, after = (
            _array(frame[variable.name]).reshape(-1, len(self.years))
            for frame in (self.standing.before, self.standing.after)
        )
        rule = variable.winsorise or Winsorising.at("after_index", self.subject.options).rule
        across = 0 if rule == "by_year" else None
        low = np.where(after > before, after, -np.inf).max(axis=across)  # all that were raised stand at one value
        high = np.where(after < before, after, np.inf).min(axis=across)
        clipped: Floats = np.clip(values.reshape(after.shape), low, high).ravel()
        return clipped

    def _evaluated(self, cells: pl.DataFrame) -> Values:
        subject = self.subject
        names = {(layer, table): (layer, subject.study.name, table) for layer, table in reads(self.variables)}
        moved: dict[TableKey, pl.DataFrame] = {self._key("grid", "cells"): cells}
        for step in self.index_steps:
            if not any(key in moved for key in step.inputs):
                continue
            inputs = {key: step.shown(key, moved[key] if key in moved else subject.read(key)) for key in step.inputs}
            # Not its checks: cells beyond the bounds that stand are what is asked for.
            table = step.compute(Inputs(inputs, synthetic=False), subject.options).table
            if not table.equals(subject.read(step.key)):
                moved[step.key] = table
        tables = {short: moved[key] if key in moved else subject.read(key) for short, key in names.items()}
        return evaluate(self.variables, cells, self.index, tables, subject.options)


def _own(chain: _Chain, indicator: str) -> pl.DataFrame:
    """Cells of cities: each moves the values of its own city and year, and interpolated ones beside it."""
    cells = chain.values(indicator)
    shape = -1, len(chain.years)
    value = _array(cells["value"])
    signs = np.random.default_rng(SEED).choice([-1.0, 1.0], size=len(value))
    up, down = (chain.columns(indicator, value * np.exp(signs * step)) for step in (STEP, -STEP))
    by_log = signs * np.nan_to_num(chain.answer(up, down)) / (2 * STEP)
    by_value = np.divide(by_log, value, out=np.zeros_like(by_log), where=np.nan_to_num(value) != 0).reshape(shape)

    delivered = cells["status"].is_in(DELIVERED).to_numpy().reshape(shape)
    known = np.where(delivered, value.reshape(shape), np.nan)
    other = _other_sources(chain, cells).reshape(shape)
    replaced, beside, share = known.copy(), np.zeros_like(known), by_value.copy()
    for year in range(shape[1]):
        own = delivered[:, year]
        without = known.copy()
        without[own, year] = other[own, year]
        filled, moved = interpolate(without)[0], known.copy()
        replaced[own, year] = filled[own, year]
        gaps = ~delivered
        beside[:, year] = np.where(gaps, np.nan_to_num(by_value * (filled - value.reshape(shape))), 0).sum(axis=1)
        moved[own, year] += 1.0  # interpolation is linear: a unit more here is its share of a unit there
        answer = interpolate(moved)[0] - interpolate(known)[0]
        share[:, year] += np.where(gaps, np.nan_to_num(by_value * answer), 0).sum(axis=1)

    kept = np.where(delivered & ~np.isnan(replaced), replaced, value.reshape(shape)).ravel()
    answer = chain.answer(chain.columns(indicator, kept), chain.base)
    gone = np.isnan(answer) | (delivered & np.isnan(replaced)).ravel()
    left_out = np.where(gone, chain.deletion, answer) + beside.ravel()
    derivative = (share * known).ravel()
    made = cells.select("city_code", "indicator", "year", "value").with_columns(
        derivative=pl.Series(derivative), left_out=pl.Series(left_out), takes_rows=pl.Series(gone)
    )
    return made.filter(pl.Series(delivered.ravel())).cast(SCREENED)


def _national(chain: _Chain, indicator: str) -> pl.DataFrame:
    """Cells of the nation, one by one: each moves every city, and an index of prices the years after it."""
    cells = chain.values(indicator)
    value = _array(cells["value"])
    delivered = cells["status"].is_in(DELIVERED).to_numpy()
    rows = []
    for place in np.flatnonzero(delivered).tolist():
        moved = [value.copy() for _ in range(3)]
        moved[0][place] *= np.exp(STEP)
        moved[1][place] *= np.exp(-STEP)
        moved[2][place] = np.nan
        moved[2] = interpolate(moved[2])[0]
        up, down, without = (chain.columns(indicator, one) for one in moved)
        derivative = float(np.nan_to_num(chain.answer(up, down)).sum() / (2 * STEP))
        answer = chain.answer(without, chain.base)
        left_out = None if np.isnan(answer).any() else float(answer.sum())
        rows.append(
            (
                *cells.select("city_code", "indicator", "year", "value").row(place),
                derivative,
                left_out,
                left_out is None,
            )
        )
    return pl.DataFrame(rows, schema=SCREENED, orient="row")


def _other_sources(chain: _Chain, cells: pl.DataFrame) -> Floats:
    """What would count in place of each cell: the next source's value of the same fact; nan where none has one."""
    fact = ["city_code", "indicator", "year"]
    observed = chain.subject.read(("grid", chain.subject.study.name, "observations"))
    next_ones = observed.filter(pl.col("standing") == "overruled").unique(fact, keep="first", maintain_order=True)
    joined = cells.select(fact).join(next_ones.select(*fact, other="value"), on=fact, how="left", maintain_order="left")
    return _array(joined["other"])


def _array(series: pl.Series) -> Floats:
    return series.cast(pl.Float64).fill_null(float("nan")).to_numpy().copy()
