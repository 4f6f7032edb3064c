"""`design.toml` to a `Design`. Sections and keys are those of its records; every section may be missing.

Figures are texts, so that their digits count.
"""

from pathlib import Path

from resilience_pipeline.audit.design import (
    Design,
    Effects,
    EventStudy,
    Mediation,
    Period,
    Placebo,
    RelativeOutcome,
    Sample,
    Split,
    Treatment,
    Winsorising,
)
from resilience_pipeline.audit.printed import Printed
from resilience_pipeline.errors import PaperError
from resilience_pipeline.toml_file import Section, read_toml

_LISTS = ("splits", "mediation", "placebo", "periods", "effects", "relative_outcomes")


def read_design(path: Path) -> Design:
    """The design; one without any section where the file is missing.

    Raises
    ------
    PaperError : the file is not TOML, a key is unknown, missing or of the wrong type, a figure is no figure.
    """
    if not path.is_file():
        return Design(title=path.parent.name, method="", descriptives="descriptives")
    root, _ = read_toml(path, PaperError)
    root.allow("paper", "sample", "treatment", "inference", "winsorising", "event_study", *_LISTS)
    head = root.section("paper")
    head.allow("title", "method", "descriptives", "figures", "controls_not_printed")
    inference = root.section("inference")
    inference.allow("stars", "errors")
    return Design(
        title=head.get("title", str, path.parent.name),
        method=head.get("method", str, ""),
        descriptives=head.get("descriptives", str, "descriptives"),
        figures=head.texts("figures"),
        controls_not_printed=head.texts("controls_not_printed"),
        sample=_sample(root.section("sample")),
        treatment=_treatment(root.section("treatment")),
        star_levels=tuple(_figure(inference, "stars", level).value for level in inference.texts("stars")),
        errors=inference.optional("errors"),
        winsorising=_winsorising(root.section("winsorising")),
        event_study=_event_study(root.section("event_study")),
        splits=tuple(map(_split, root.items("splits"))),
        mediation=tuple(map(_mediation, root.items("mediation"))),
        placebo=tuple(map(_placebo, root.items("placebo"))),
        periods=tuple(map(_period, root.items("periods"))),
        effects=tuple(map(_effects, root.items("effects"))),
        relative_outcomes=tuple(map(_relative_outcome, root.items("relative_outcomes"))),
    )


def _sample(section: Section) -> Sample | None:
    section.allow("first_year", "last_year", "units", "balanced", "baseline")
    if not section.values:
        return None
    first, last = section.get("first_year", int), section.get("last_year", int)
    if last < first:
        section.fail("last_year", "lies before first_year", f"{first} or later", str(last), "mend one of the two")
    units = section.get("units", int) if "units" in section.values else None
    return Sample(first, last, units, section.get("balanced", bool, False), section.optional("baseline"))


def _treatment(section: Section) -> Treatment | None:
    section.allow("term", "variable", "start_year", "announced", "main_terms", "entries")
    if not section.values:
        return None
    return Treatment(
        term=section.get("term", str),
        variable=section.get("variable", str),
        start_year=section.get("start_year", int),
        announced=_month(section),
        main_terms=section.texts("main_terms"),
        entries=section.texts("entries"),
    )


def _month(section: Section) -> tuple[int, int] | None:
    text = section.optional("announced")
    if text is None:
        return None
    year, dash, month = text.partition("-")
    if not (dash and year.isdigit() and month.isdigit() and 1 <= int(month) <= 12):
        section.fail("announced", "is no month", 'year and month, such as "2018-10"', text, "mend it")
    return int(year), int(month)


def _winsorising(section: Section) -> Winsorising | None:
    section.allow("tail", "within")
    if not section.values:
        return None
    tail = _figure(section, "tail", section.get("tail", str))
    if not 0 < tail.value < 0.5:
        section.fail("tail", "is no share of rows", "more than 0, less than 0.5", str(tail), "mend it")
    return Winsorising(tail.value, section.choice("within", ("year", "whole sample")))


def _event_study(section: Section) -> EventStudy | None:
    section.allow("place", "leads", "bands", "joint_test")
    if not section.values:
        return None
    bands = section.choice("bands", ("pointwise", "simultaneous"))
    return EventStudy(section.get("place", str), section.get("leads", int), bands, section.get("joint_test", bool))


def _split(section: Section) -> Split:
    section.allow("name", "columns", "baseline", "divided_by", "test")
    columns = section.texts("columns")
    if len(columns) < 2:
        section.fail("columns", "name no two subsamples", "two columns or more", str(list(columns)), "name them")
    return Split(
        name=section.get("name", str),
        columns=columns,
        baseline=section.get("baseline", str),
        divided_by=section.get("divided_by", str, "not stated"),
        test=section.get("test", str, "none"),
    )


def _mediation(section: Section) -> Mediation:
    section.allow("mediator", "first", "second", "total", "test")
    return Mediation(
        mediator=section.get("mediator", str),
        first=section.get("first", str),
        second=section.get("second", str),
        total=section.get("total", str),
        test=section.get("test", str, "none"),
    )


def _placebo(section: Section) -> Placebo:
    section.allow("name", "place", "drawn", "draws", "low", "high", "estimate", "units", "rows")
    return Placebo(
        name=section.get("name", str),
        place=section.get("place", str),
        drawn=section.choice("drawn", ("units", "dates", "both")),
        draws=section.get("draws", int),
        low=_figure(section, "low", section.get("low", str)),
        high=_figure(section, "high", section.get("high", str)),
        estimate=section.get("estimate", str),
        units=section.choice("units", ("real", "random", "not stated"), "not stated"),
        rows=section.choice("rows", ("all", "before policy", "not stated"), "not stated"),
    )


def _period(section: Section) -> Period:
    section.allow("column", "baseline", "first_year", "last_year", "reason")
    first, last = section.get("first_year", int), section.get("last_year", int)
    return Period(
        section.get("column", str), section.get("baseline", str), first, last, section.get("reason", str, "not stated")
    )


def _effects(section: Section) -> Effects:
    section.allow("column", "base", "stated")
    return Effects(section.get("column", str), section.get("base", str), section.texts("stated"))


def _relative_outcome(section: Section) -> RelativeOutcome:
    section.allow("column", "base", "denominator")
    denominators = ("past", "before policy", "whole sample")
    return RelativeOutcome(
        section.get("column", str), section.get("base", str), section.choice("denominator", denominators)
    )


def _figure(section: Section, key: str, text: str) -> Printed:
    if not Printed.readable(text):
        section.fail(key, "is no figure", 'digits in quotes, such as "0.10"', text, "write the figure as printed")
    return Printed(text)
