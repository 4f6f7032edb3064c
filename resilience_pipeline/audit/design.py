"""What a paper says it did, in a form that rules can hold against its figures: the sections of `design.toml`.

`design_file.py` reads it. Columns are named as elsewhere ("table_4.3"). Nothing is checked here.
"""

from dataclasses import dataclass

from resilience_pipeline.audit.printed import Printed


@dataclass(frozen=True)
class Treatment:
    """[treatment]: the treated group's term and variable, first treated year, announcement ("2018-10"), printed list.

    main_terms : terms a difference-in-differences without effects must hold beside the interaction.
    """

    term: str
    variable: str
    start_year: int
    announced: tuple[int, int] | None
    main_terms: tuple[str, ...]
    entries: tuple[str, ...]


@dataclass(frozen=True)
class Sample:
    """[sample]: years, units claimed, whether the panel is called balanced, the baseline column."""

    first_year: int
    last_year: int
    units: int | None
    balanced: bool
    baseline: str | None

    @property
    def years(self) -> int:
        """Number of years."""
        return self.last_year - self.first_year + 1


@dataclass(frozen=True)
class Split:
    """[[splits]]: subsamples. divided_by : "median" or another word. test : of the difference, "none" where none is."""

    name: str
    columns: tuple[str, ...]
    baseline: str
    divided_by: str
    test: str


@dataclass(frozen=True)
class Mediation:
    """[[mediation]]: mediator on treatment, outcome on both, total effect. test : of the indirect effect, or "none"."""

    mediator: str
    first: str
    second: str
    total: str
    test: str


@dataclass(frozen=True)
class Placebo:
    """[[placebo]]: draws of false units or false dates, and the range in which the text puts the estimates.

    units : "real" or "random" where dates are drawn. rows : "all" or "before policy". Both "not stated" where unsaid.
    """

    name: str
    place: str
    drawn: str
    draws: int
    low: Printed
    high: Printed
    estimate: str
    units: str
    rows: str


@dataclass(frozen=True)
class Period:
    """[[periods]]: a column on other years than the sample's. reason : why the others were left out."""

    column: str
    baseline: str
    first_year: int
    last_year: int
    reason: str


@dataclass(frozen=True)
class Effects:
    """[[effects]]: absorbed effects of a column as the text names them ("city^year"). base : column without them."""

    column: str
    base: str
    stated: tuple[str, ...]


@dataclass(frozen=True)
class RelativeOutcome:
    """[[relative_outcomes]]: a column whose outcome is a ratio to the unit's own mean.

    denominator : "past", "before policy" or "whole sample", as the text says. base : column on the plain outcome.
    """

    column: str
    base: str
    denominator: str


@dataclass(frozen=True)
class EventStudy:
    """[event_study]: leads shown, "pointwise" or "simultaneous" bands, whether leads are tested jointly."""

    place: str
    leads: int
    bands: str
    joint_test: bool


@dataclass(frozen=True)
class Winsorising:
    """[winsorising]: share of rows pulled in at either end, within "year" or over the "whole sample"."""

    tail: float
    within: str


@dataclass(frozen=True)
class Design:
    """The whole file.

    figures : names of the paper's figures. controls_not_printed : tables whose columns hold more controls than terms.
    star_levels : from one star up. errors : rule of standard errors, if stated.
    """

    title: str
    method: str
    descriptives: str
    figures: tuple[str, ...] = ()
    controls_not_printed: tuple[str, ...] = ()
    sample: Sample | None = None
    treatment: Treatment | None = None
    star_levels: tuple[float, ...] = ()
    errors: str | None = None
    winsorising: Winsorising | None = None
    event_study: EventStudy | None = None
    splits: tuple[Split, ...] = ()
    mediation: tuple[Mediation, ...] = ()
    placebo: tuple[Placebo, ...] = ()
    periods: tuple[Period, ...] = ()
    effects: tuple[Effects, ...] = ()
    relative_outcomes: tuple[RelativeOutcome, ...] = ()
