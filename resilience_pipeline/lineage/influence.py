"""Which cities, years, city-years and source cells move a coefficient, and by how many of its errors.

Cities, years and rows leave the regression's sample (`econometrics/leave_out.py`): their values stay in the indices and
percentiles. A cell is changed where it was delivered and everything after it is computed anew, as `impact --exact`
does, so the weights of an index, percentiles and the choice of cities answer, too. `cell_screen.py` says which cells
are worth that.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np
import polars as pl

from resilience_pipeline.econometrics.leave_out import row_influence, without_groups
from resilience_pipeline.econometrics.model import Model, model_of
from resilience_pipeline.econometrics.sample import NotEstimableError
from resilience_pipeline.econometrics.specification import Specification
from resilience_pipeline.errors import LakeError
from resilience_pipeline.lineage.exact import staged_with, walk
from resilience_pipeline.lineage.opened import Index, find
from resilience_pipeline.options import Options
from resilience_pipeline.panel.analysis import analysis_frame, analysis_tables
from resilience_pipeline.step import Step, TableKey
from resilience_pipeline.study.columns import specification_columns, specification_under
from resilience_pipeline.study.kind import estimate_key
from resilience_pipeline.study.study import Study

By = Literal["city", "year", "row"]

#: Of a coefficient between what is printed and what the panel gives: rounding is near 1e-12, another panel near 1e-2.
AGREEMENT = 1e-8

_NONE = "has no influence measure: only coefficients of regression columns and event studies by least squares have one"


@dataclass(frozen=True)
class Outcome:
    """The coefficient under one change.

    coefficient : None where there is none, with the reason. errors : how far it moved, over its printed error.
    """

    coefficient: float | None
    errors: float | None = None
    n_obs: int | None = None
    reason: str | None = None


@dataclass(frozen=True)
class Pull:
    """What one city, year or row does: the coefficient without it; dfbetas of a row only, where it has one."""

    city_code: str | None
    city: str | None
    year: int | None
    without: Outcome
    dfbetas: float | None = None


@dataclass(frozen=True)
class Subject:
    """One coefficient of a least-squares model, and all that it takes to compute it again.

    Parameters
    ----------
    estimate, std_error : as printed. steps : from the grid on, in an order in which they can run.
    """

    index: Index
    name: str
    term: str
    estimate: float
    std_error: float
    study: Study
    specification: Specification
    steps: tuple[Step, ...]
    options: Options = field(default_factory=Options)

    @cached_property
    def keys(self) -> tuple[TableKey, ...]:
        """Panel tables that the model reads."""
        return analysis_tables(self.study, self.specification)

    @cached_property
    def model(self) -> Model:
        """The regression as it stands."""
        return self.model_on({})

    @cached_property
    def cities(self) -> dict[str, str]:
        """Name of each city of the grid by its code."""
        return dict(self.read(("grid", self.study.name, "cities")).select("city_code", "name").rows())

    def read(self, key: TableKey) -> pl.DataFrame:
        """A table as it stands."""
        return self.index.table("/".join(key))

    def model_on(self, tables: Mapping[TableKey, pl.DataFrame]) -> Model:
        """The regression with tables in place of those that stand; NotEstimableError where the data allow none."""
        frames = {key: tables[key] if key in tables else self.read(key) for key in self.keys}
        return model_of(self.specification, analysis_frame(frames, specification_columns(self.specification)))

    def outcome(self, coefficient: float, n_obs: int, reason: str = "") -> Outcome:
        """A coefficient as the outcome of a change; nan is none, for the reason."""
        if np.isnan(coefficient):
            return Outcome(None, n_obs=n_obs, reason=reason)
        return Outcome(float(coefficient), float(coefficient - self.estimate) / self.std_error, n_obs)

    def under(self, key: TableKey, place: Mapping[str, object], factor: float | None) -> Outcome:
        """The coefficient with one delivered cell multiplied, or empty, and all that follows computed anew.

        Parameters
        ----------
        key, place : the table that the study reads, and where in the delivered files the cell stands.
        """
        change = None if factor is None else lambda old: old * factor
        changed = staged_with(self.read(key), place, change)
        walked = walk(self.steps, self.read, {key: changed}, self.options, self.keys)
        if walked.failed:
            return Outcome(None, reason="; ".join(walked.failed.values()))
        try:
            model = self.model_on(walked.tables)
        except NotEstimableError as refusal:
            return Outcome(None, reason=refusal.reason)
        if self.term not in model.terms:
            return Outcome(None, n_obs=len(model.design.y), reason=f"{self.term} has no variation of its own")
        return self.outcome(_coefficient(model, self.term), len(model.design.y))


def subject(index: Index, asked: str, studies: Sequence[Study], steps: Sequence[Step]) -> Subject:
    """The coefficient of that name.

    Parameters
    ----------
    asked : as `find` takes it; a name that stands for several is refused.
    studies, steps : of the plan.

    Raises
    ------
    LakeError : there is no such coefficient, it has no influence measure, or its panel has changed since.
    """
    columns = {
        "/".join(estimate_key(spec)): (study, spec)
        for study in studies
        for table in study.tables
        for spec in table.columns
    }
    found = find(index, asked)
    # figure_1.treat_2019 is also a row of the event study's bands and of its covariances
    measured = tuple(coefficient for coefficient in found if coefficient.table in columns)
    if not measured:
        raise LakeError(what=f"{found[0].name} {_NONE}", remedy="name one such as table_4.3.did")
    if len(measured) > 1:
        raise LakeError(
            what=f"{asked!r} stands for {len(measured)} coefficients",
            expected=", ".join(coefficient.name for coefficient in measured[:8]),
            remedy="name one of them",
        )
    (chosen,) = measured
    study, spec = columns[chosen.table]
    row = index.look(chosen.table).row(chosen.row or 0, named=True)
    if "term" not in row or row["term"] == "const" or spec.estimator != "twfe":
        what = "the constant" if row.get("term") == "const" else f"it is by {spec.estimator}"
        raise LakeError(what=f"{chosen.name} {_NONE}", found=what, remedy="name one such as table_4.3.did")
    if row["status"] != "estimated":
        raise LakeError(
            what=f"{chosen.name} is not estimated",
            found=row["reason"] or row["status"],
            remedy="`resilience status` says what it waits for",
        )
    options = Options()
    made = Subject(
        index,
        chosen.name,
        row["term"],
        row["estimate"],
        row["std_error"],
        study,
        specification_under(study, spec, options),
        tuple(steps),
        options,
    )
    _demand_agreement(made)
    return made


def _demand_agreement(subject: Subject) -> None:
    ours = _coefficient(subject.model, subject.term)
    if abs(ours - subject.estimate) > AGREEMENT * max(1, abs(subject.estimate)):
        raise LakeError(
            what=f"{subject.name} was not estimated on the panel as it stands",
            expected=f"{subject.estimate:.9g}, as printed",
            found=f"{ours:.9g}",
            remedy="start `resilience run`, which brings every result up to its inputs",
        )


def _coefficient(model: Model, term: str) -> float:
    return float(model.fit("kernel").coefficients[model.terms.index(term)])


def pulls(subject: Subject, by: By) -> list[Pull]:
    """Every city, year or row of the sample with the coefficient without it, the largest change first."""
    rows = subject.model.sample.frame
    if by == "row":
        found = row_influence(subject.model, subject.term)
        made = [
            Pull(
                city,
                subject.cities.get(city),
                year,
                subject.outcome(without, rows.height - 1, _ALONE),
                None if np.isnan(dfbetas) else float(dfbetas),  # JSON knows no nan
            )
            for city, year, without, dfbetas in zip(
                rows["city_code"], rows["year"], found.without, found.dfbetas, strict=True
            )
        ]
    else:
        name = "city_code" if by == "city" else "year"
        place = subject.model.terms.index(subject.term)
        without = without_groups(subject.model, subject.model.sample.codes(name))[:, place]
        counted = rows.group_by(name).len().sort(name).rows()
        made = [
            Pull(
                label if by == "city" else None,
                subject.cities.get(label) if by == "city" else None,
                label if by == "year" else None,
                subject.outcome(coefficient, rows.height - count, _ALONE),
            )
            for (label, count), coefficient in zip(counted, without, strict=True)
        ]
    return sorted(made, key=lambda pull: order(pull.without))


_ALONE = "without it the coefficient is not identified"


def order(outcome: Outcome) -> float:
    """Sorts the largest change first, and before it what leaves no coefficient."""
    return -np.inf if outcome.errors is None else -abs(outcome.errors)


def record(subject: Subject, found: Sequence[Any]) -> dict[str, Any]:
    """As plain data, for JSON."""
    about = {name: getattr(subject, name) for name in ("name", "term", "estimate", "std_error")}
    return about | {"influence": [asdict(one) for one in found]}
