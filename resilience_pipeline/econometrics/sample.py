"""From a frame and a specification to the rows and arrays of the regression, each row that leaves counted by reason.

Order: sample filter, listwise deletion on exactly the specification's columns, rows of zero weight, singletons.
Rows are then sorted by the columns used, so that the delivered order changes no digit of a result.
"""

import difflib
import hashlib
from dataclasses import dataclass

import numpy as np
import polars as pl

from resilience_pipeline.econometrics.absorption import Codes, Floats, compact, singletons
from resilience_pipeline.econometrics.predicate import keep_rows, predicate_columns
from resilience_pipeline.econometrics.specification import Specification
from resilience_pipeline.words import many

#: Units that a warning about singletons lists; of a large file it says how many more there are.
UNITS_NAMED = 40


class NotEstimableError(Exception):
    """The data do not allow the specification; `status` and `reason` go into the record, no one sees a traceback."""

    def __init__(self, reason: str, status: str = "failed") -> None:
        super().__init__(reason)
        self.reason, self.status = reason, status


@dataclass(frozen=True)
class Sample:
    """Rows of one regression, sorted, complete.

    frame : the columns used, N rows. n_missing : rows that lacked a value. n_singletons : rows alone in an absorbed
    level that left.
    """

    specification: Specification
    frame: pl.DataFrame
    n_missing: int
    n_singletons: int
    warnings: tuple[str, ...]

    def column(self, name: str) -> Floats:
        """One column as floats, shape (N,)."""
        return self.frame[name].cast(pl.Float64).to_numpy()

    def codes(self, name: str) -> Codes:
        """Level numbers 0..L-1 of a column or of an interaction "a^b", shape (N,)."""
        return level_codes(self.frame, name)

    @property
    def unit(self) -> str | None:
        """Column that names the units: the declared one, else the first absorbed column."""
        plain = [effect for effect in self.specification.absorb if "^" not in effect]
        return self.specification.unit or (plain[0] if plain else None)

    @property
    def n_treated_units(self) -> int | None:
        """Units with a treated row; None where the treatment is not 0 or 1 or no unit is known."""
        treatment = self.specification.treatment
        if treatment is None or self.unit is None or not np.isin(self.column(treatment), (0.0, 1.0)).all():
            return None
        return self.frame.filter(pl.col(treatment).cast(pl.Float64) == 1.0)[self.unit].n_unique()

    @property
    def data_hash(self) -> str:
        """sha256 of the names, types and values of the columns used, rows sorted."""
        digest = hashlib.sha256()
        for series in self.frame.iter_columns():
            digest.update(f"{series.name}\0{series.dtype}\0{len(series)}\0".encode())
            if series.dtype.is_numeric() or series.dtype == pl.Boolean:
                digest.update(series.to_numpy().tobytes())
            else:
                for text in series.cast(pl.String).to_list():
                    digest.update(f"{len(text)}:{text}".encode())
        return digest.hexdigest()


def draw_sample(spec: Specification, frame: pl.DataFrame) -> Sample:
    """The rows on which `spec` is estimated.

    Raises
    ------
    NotEstimableError : a column is absent, empty or not a number; no row is left; a weight is negative.
    SpecificationError : the sample filter is not a condition on a row.
    """
    numbers = [spec.outcome, *spec.regressors, *([spec.weights] if spec.weights else []), *spec.coordinates]
    labels = [part for name in (*spec.absorb, *spec.cluster) for part in name.split("^")]
    labels += [name for name in (spec.unit, spec.time) if name]
    used = list(dict.fromkeys([*numbers, *labels]))
    filters = predicate_columns(spec.where) if spec.where else ()
    _demand_columns(frame, [*used, *filters])
    _demand_numbers(frame, numbers)
    rows = (keep_rows(frame, spec.where) if spec.where else frame).select(used)
    if rows.is_empty():
        raise NotEstimableError(f"no row meets the sample filter {spec.where!r}")
    finite = [pl.col(c).cast(pl.Float64).is_finite() for c in numbers]
    complete = rows.filter(*finite, *(pl.col(c).is_not_null() for c in labels))
    if complete.is_empty():
        raise NotEstimableError(f"no row has a value in every one of {', '.join(used)}")
    warnings = _infinite(rows, numbers)
    weighted, zero = _drop_zero_weights(complete, spec.weights)
    warnings += (f"{many(zero, 'row')} of zero weight left the sample",) if zero else ()
    ordered = weighted.sort(list(dict.fromkeys([*labels, *used])))
    alone = np.zeros(ordered.height, dtype=bool)
    if spec.singletons == "drop" and spec.absorb:
        alone = singletons([level_codes(ordered, effect) for effect in spec.absorb])
    kept = ordered.filter(pl.Series(~alone))
    if alone.any():
        warnings += (_who_stood_alone(spec, ordered.filter(pl.Series(alone))),)
    if kept.is_empty():
        raise NotEstimableError(f"every row stands alone in a level of {', '.join(spec.absorb)}: all are singletons")
    return Sample(spec, kept, rows.height - complete.height, int(alone.sum()), warnings)


def _who_stood_alone(spec: Specification, rows: pl.DataFrame) -> str:
    """How many singletons left, and which: each unit with its periods, where the specification names both."""
    stand = "stands" if rows.height == 1 else "stand"
    count = f"{many(rows.height, 'row')} {stand} alone in a level of {', '.join(spec.absorb)} and left the sample"
    if spec.unit is None or spec.time is None:
        return count
    units = rows.group_by(spec.unit).agg(pl.col(spec.time).sort()).sort(spec.unit)
    named = [f"{unit} in {', '.join(map(str, times))}" for unit, times in units.head(UNITS_NAMED).iter_rows()]
    more = [f"{units.height - UNITS_NAMED} more units"] if units.height > UNITS_NAMED else []
    return f"{count}: {'; '.join(named + more)}"


def level_codes(frame: pl.DataFrame, name: str) -> Codes:
    """Level numbers 0..L-1 of a column, or of the interaction "a^b" of several; shape (N,)."""
    parts = name.split("^")
    return compact(frame.select(pl.struct(parts).rank("dense")).to_series().to_numpy().astype(np.intp))


def _demand_columns(frame: pl.DataFrame, names: list[str]) -> None:
    for name in names:
        if name not in frame.columns:
            near = difflib.get_close_matches(name, frame.columns, n=3)
            hint = f"; near it: {', '.join(near)}" if near else f"; there are {', '.join(frame.columns)}"
            raise NotEstimableError(f"the data have no column {name!r}{hint}")
    if frame.is_empty():
        raise NotEstimableError("the data have no rows yet", "awaiting")
    empty = [name for name in dict.fromkeys(names) if frame[name].null_count() == frame.height]
    if empty:
        raise NotEstimableError(f"no value was delivered for {', '.join(empty)}", "awaiting")


def _demand_numbers(frame: pl.DataFrame, names: list[str]) -> None:
    for name in names:
        kind = frame[name].dtype
        if not (kind.is_numeric() or kind == pl.Boolean):
            raise NotEstimableError(f"column {name!r} holds {kind}, not numbers")


def _infinite(rows: pl.DataFrame, numbers: list[str]) -> tuple[str, ...]:
    counts = {name: int(rows[name].cast(pl.Float64).is_infinite().sum()) for name in numbers}
    return tuple(f"{many(n, 'infinite value')} of {name} counted as missing" for name, n in counts.items() if n)


def _drop_zero_weights(rows: pl.DataFrame, weights: str | None) -> tuple[pl.DataFrame, int]:
    if weights is None:
        return rows, 0
    if (rows[weights] < 0).any():
        raise NotEstimableError(f"weights {weights!r} are negative in {many(int((rows[weights] < 0).sum()), 'row')}")
    positive = rows.filter(pl.col(weights) > 0)
    if positive.is_empty():
        raise NotEstimableError(f"weights {weights!r} are zero in every row")
    return positive, rows.height - positive.height
