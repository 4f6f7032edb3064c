"""Rows of a staggered adoption: who is treated from when on, for the estimators that compare cohorts.

A treatment that is switched off again, is no 0/1 column or has two rows for a unit and period is refused: these
estimators know none of it. What leaves the sample leaves with a warning.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from resilience_pipeline.econometrics.absorption import Codes, Floats
from resilience_pipeline.econometrics.estimators.estimator import refuse
from resilience_pipeline.econometrics.sample import NotEstimableError, Sample, draw_sample
from resilience_pipeline.econometrics.specification import Specification

NEVER = np.inf


@dataclass(frozen=True)
class Adoption:
    """The rows of a specification with units, periods and the first treated period, sorted by unit and period.

    Parameters
    ----------
    sample : the complete rows. unit, time : their columns.
    warnings : what left, and why.
    """

    sample: Sample
    unit: str
    time: str
    warnings: tuple[str, ...]

    @cached_property
    def units(self) -> Codes:
        """Unit numbers 0..G-1, shape (N,)."""
        return self.sample.codes(self.unit)

    @cached_property
    def times(self) -> Floats:
        """Periods as they are written, shape (N,)."""
        return self.sample.column(self.time)

    @cached_property
    def periods(self) -> Floats:
        """Every period, in order, shape (T,)."""
        return np.unique(self.times)

    @cached_property
    def outcome(self) -> Floats:
        """Shape (N,)."""
        return self.sample.column(self.sample.specification.outcome)

    @cached_property
    def treated(self) -> NDArray[np.bool_]:
        """Whether a row is treated, shape (N,)."""
        return self.sample.column(str(self.sample.specification.treatment)) == 1

    @cached_property
    def controls(self) -> Floats:
        """Shape (N, k)."""
        names = self.sample.specification.controls
        return (
            np.column_stack([self.sample.column(name) for name in names]) if names else np.empty((len(self.units), 0))
        )

    @cached_property
    def first(self) -> Floats:
        """First treated period of each unit, `NEVER` for those without one, shape (G,)."""
        first = np.full(int(self.units.max()) + 1, NEVER)
        np.minimum.at(first, self.units[self.treated], self.times[self.treated])
        return first

    @property
    def cohorts(self) -> Floats:
        """First treated periods that some unit has, in order."""
        return np.unique(self.first[np.isfinite(self.first)])

    @cached_property
    def clusters(self) -> Codes:
        """Cluster numbers 0..C-1, shape (N,): the specification's, else the units."""
        named = self.sample.specification.cluster
        return self.sample.codes(named[0]) if named else self.units

    @property
    def clusters_of_units(self) -> Codes:
        """Cluster of each unit, shape (G,).

        Raises
        ------
        NotEstimableError : a unit lies in several.
        """
        of_units = np.zeros(len(self.first), dtype=np.intp)
        of_units[self.units] = self.clusters
        if (of_units[self.units] != self.clusters).any():
            raise NotEstimableError(f"units change their cluster {self.sample.specification.cluster[0]!r}")
        return of_units

    def before(self, period: float) -> float | None:
        """The period before, None where there is none."""
        earlier = self.periods[self.periods < period]
        return float(earlier[-1]) if len(earlier) else None

    def wide(self, values: Floats) -> Floats:
        """Values of a balanced panel, shape (G, T)."""
        return values.reshape(len(self.first), len(self.periods))


def adoption(
    spec: Specification, frame: pl.DataFrame, *, balanced: bool = False, always_treated: bool = False
) -> Adoption:
    """The rows of `spec` as a staggered adoption.

    Parameters
    ----------
    balanced : whether units that lack a period leave.
    always_treated : whether units treated in their first period stay; nothing shows them untreated.

    Raises
    ------
    SpecificationError : treatment, unit or time are not named; more is absorbed than units and periods; weights.
    NotEstimableError : the rows are no staggered adoption.
    """
    unit, time = unit_and_time(spec)
    if spec.weights:
        raise refuse(spec, "it takes no weights", "leave the weights out, or use twfe or match")
    more = [effect for effect in spec.absorb if effect not in (unit, time)]
    if more:
        raise refuse(spec, f"effects are those of {unit} and {time}, not {', '.join(more)}", "absorb those two")
    if len(spec.cluster) > 1:
        raise refuse(spec, "errors are clustered one way", "name one column to cluster by")
    inner = replace(
        spec, absorb=(unit, time), unit=unit, time=time, vcov="cluster", singletons="keep", estimator="twfe"
    )
    sample = draw_sample(inner, frame)
    sample = replace(sample, frame=sample.frame.sort(unit, time))
    _demand_adoption(sample, unit, time)
    found = Adoption(sample, unit, time, sample.warnings)
    if not always_treated:
        start = np.full(len(found.first), NEVER)
        np.minimum.at(start, found.units, found.times)
        found = _without(found, found.first <= start, "are treated in their first period and left the sample")
    if balanced:
        counts = np.bincount(found.units)
        found = _without(found, counts < len(found.periods), "lack a period and left the sample")
    if not found.treated.any():
        raise NotEstimableError(f"no row with a year before it is treated by {spec.treatment!r}")
    return found


def unit_and_time(spec: Specification) -> tuple[str, str]:
    """Columns of units and periods: as declared, else the first two absorbed effects.

    Raises
    ------
    SpecificationError : they or the treatment are not named.
    """
    if spec.treatment is None:
        raise refuse(spec, "there is no treatment", "name the column of the treatment, 0 or 1")
    unit = spec.unit or (spec.absorb[0] if spec.absorb else None)
    others = [effect for effect in spec.absorb if effect != unit]
    time = spec.time or (others[0] if others else None)
    if unit is None or time is None:
        raise refuse(spec, "units or periods are not named", "name the columns of unit and time")
    return unit, time


def _demand_adoption(sample: Sample, unit: str, time: str) -> None:
    treatment = str(sample.specification.treatment)
    if not sample.frame[time].dtype.is_numeric():
        raise NotEstimableError(f"column {time!r} holds {sample.frame[time].dtype}; periods are numbers here")
    values = sample.column(treatment)
    if not np.isin(values, (0.0, 1.0)).all():
        raise NotEstimableError(f"the treatment {treatment!r} is not 0 or 1 in every row")
    if sample.frame.select(unit, time).is_duplicated().any():
        raise NotEstimableError(f"a unit has several rows in one {time}")
    units = sample.codes(unit)
    off = (units[1:] == units[:-1]) & (values[1:] < values[:-1])
    if off.any():
        raise NotEstimableError(
            f"{len(np.unique(units[1:][off]))} units lose the treatment {treatment!r} again: no staggered adoption"
        )


def _without(found: Adoption, leaving: NDArray[np.bool_], why: str) -> Adoption:
    if not leaving.any():
        return found
    if leaving.all():
        raise NotEstimableError(f"all {len(leaving)} units {why}")
    rows = found.sample.frame.filter(pl.Series(~leaving[found.units]))
    warnings = (*found.warnings, f"{int(leaving.sum())} units {why}")
    return Adoption(replace(found.sample, frame=rows), found.unit, found.time, warnings)
