"""A paper as data: what it prints, says, declares and plans. `reading.py` makes the record, `design.py` its plan.

| file | a row |
| --- | --- |
| `coefficients.csv` | a printed coefficient: table, column, label, outcome, term, estimate, std_error, stars |
| `models.csv` | a printed column: table, column, n_obs, r2, r2_kind, n_cities, city_fe, year_fe, note |
| `descriptives.csv` | a variable: n_obs, mean, sd, min, max |
| `claims.csv` | a statement in our own short words: id, place, kind, statement, value, refers_to, against |
| `variables.csv` | a variable as the text defines it |
| `reference_moments.csv` | moments that a series is known to have, declared or not, against which a variable is held |
| `design.toml` | sample, treatment, splits, mediation, placebo ... |

Stars count the levels passed (1: 10 %, 2: 5 %, 3: 1 %). Each file may be missing: the rules that need it then say so.
Figures are named by their place: "table_5.1.did.estimate", "table_5.1.n_obs", "table_3.GDP.mean".
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from resilience_pipeline.audit.design import Design
from resilience_pipeline.audit.findings import NotCheckableError
from resilience_pipeline.audit.printed import Printed

T = TypeVar("T")


@dataclass(frozen=True)
class Coefficient:
    """A printed coefficient; column as "table_4.1"."""

    column: str
    outcome: str
    term: str
    estimate: Printed
    std_error: Printed
    stars: int

    @property
    def place(self) -> str:
        """ "table_4.1.did"."""
        return f"{self.column}.{self.term}"

    @property
    def beside(self) -> str:
        """ "0.656 (0.104)"."""
        return f"{self.estimate} ({self.std_error})"

    @property
    def ratio(self) -> float:
        """|estimate| over standard error, as printed."""
        return abs(self.estimate.value) / self.std_error.value


@dataclass(frozen=True)
class Model:
    """A printed column: counts, R2 and its kind ("overall" counts the effects, "within" does not, None unknown)."""

    column: str
    n_obs: int
    r2: Printed | None
    r2_kind: str | None
    n_cities: int | None
    city_fe: bool
    year_fe: bool

    @property
    def table(self) -> str:
        """ "table_4"."""
        return self.column.split(".", 1)[0]


@dataclass(frozen=True)
class Moments:
    """A row of the descriptive statistics."""

    variable: str
    n_obs: int
    mean: Printed
    sd: Printed
    minimum: Printed
    maximum: Printed

    def z(self, value: float) -> float:
        """Distance from the mean in standard deviations."""
        return (value - self.mean.value) / self.sd.value


@dataclass(frozen=True)
class Claim:
    """A statement of the text; `refers_to` a figure, column or term, `against` what it is to be held to; "" if none."""

    id: str
    place: str
    kind: str
    statement: str
    value: str
    refers_to: str
    against: str


@dataclass(frozen=True)
class Variable:
    """A variable as the text defines it.

    role : outcome, dimension, treatment, control, mediator or moderator. kind : dummy, share, index, log, level, ratio.
    lower, upper : range that the definition allows. parts : what it is made of, in common words. source_last_year :
    last year for which its source has values.
    """

    name: str
    definition: str
    place: str
    role: str
    kind: str
    lower: float | None
    upper: float | None
    parts: tuple[str, ...]
    source_last_year: int | None


@dataclass(frozen=True)
class KnownSeries:
    """Moments of a series known from elsewhere; `declared` where the paper's definition names it."""

    variable: str
    series: str
    declared: bool
    mean: float
    sd: float
    p1: float | None
    p99: float | None
    lowest: float | None
    highest: float | None
    source: str


@dataclass(frozen=True)
class Paper:
    """The record; a tuple is empty where its file is missing."""

    name: str
    coefficients: tuple[Coefficient, ...]
    models: tuple[Model, ...]
    descriptives: tuple[Moments, ...]
    claims: tuple[Claim, ...]
    variables: tuple[Variable, ...]
    known_series: tuple[KnownSeries, ...]
    design: Design

    def claims_of(self, *kinds: str) -> tuple[Claim, ...]:
        """Claims of these kinds, in the file's order."""
        return tuple(claim for claim in self.claims if claim.kind in kinds)

    def moments(self, variable: str) -> Moments:
        """Descriptive statistics of a variable; its case does not count."""
        for row in self.descriptives:
            if row.variable.lower() == variable.lower():
                return row
        raise NotCheckableError(f"descriptives.csv has no row of {variable}")

    def model(self, column: str) -> Model:
        """Counts and R2 of a printed column."""
        for model in self.models:
            if model.column == column:
                return model
        raise NotCheckableError(f"models.csv has no row of {column}")

    def terms(self, column: str) -> tuple[Coefficient, ...]:
        """All coefficients of a printed column."""
        return tuple(row for row in self.coefficients if row.column == column)

    def all_terms(self, column: str) -> tuple[Coefficient, ...]:
        """All coefficients of a column, none of whose controls is left out of the table."""
        if column.split(".", 1)[0] in self.design.controls_not_printed:
            raise NotCheckableError(f"{column} has controls that are not printed")
        return self.terms(column)

    def coefficient(self, place: str) -> Coefficient:
        """The coefficient at "table_4.1.did"."""
        for row in self.coefficients:
            if row.place == place:
                return row
        raise NotCheckableError(f"coefficients.csv has no {place}")

    def figure(self, name: str) -> Printed:
        """The printed figure of this name."""
        if name not in self.figures:
            raise NotCheckableError(f"no printed figure is called {name}")
        return self.figures[name]

    @cached_property
    def figures(self) -> dict[str, Printed]:
        """Every printed figure by its name."""
        return dict(self._figures())

    def _figures(self) -> Iterator[tuple[str, Printed]]:
        for row in self.coefficients:
            yield f"{row.place}.estimate", row.estimate
            yield f"{row.place}.std_error", row.std_error
        for model in self.models:
            yield f"{model.column}.n_obs", Printed(str(model.n_obs))
            if model.r2 is not None:
                yield f"{model.column}.r2", model.r2
            if model.n_cities is not None:
                yield f"{model.column}.n_cities", Printed(str(model.n_cities))
        for moments in self.descriptives:
            place = f"{self.design.descriptives}.{moments.variable}"
            yield f"{place}.n_obs", Printed(str(moments.n_obs))
            yield f"{place}.mean", moments.mean
            yield f"{place}.sd", moments.sd
            yield f"{place}.min", moments.minimum
            yield f"{place}.max", moments.maximum


def needed(value: T | None, what: str) -> T:
    """The value; NotCheckableError with `what` where it is missing or an empty tuple."""
    if value is None or value == ():
        raise NotCheckableError(what)
    return value
