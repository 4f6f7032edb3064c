"""One `[variables.<name>]` section to one Variable; a formula names only what the layers before the panel hold."""

from dataclasses import replace

from resilience_pipeline.indices.tables import BY_COLUMN, of_composites
from resilience_pipeline.options import CATALOGUE
from resilience_pipeline.study.formula import formula_inputs
from resilience_pipeline.study.study import Variable
from resilience_pipeline.study.vocabulary import (
    CITY_FACTS,
    KEYS,
    MATCHING_COLUMNS,
    PANEL_OWN,
    PRICE_LEVEL,
    TIME,
    TREATMENT_COLUMNS,
    check_name,
    indicators,
)
from resilience_pipeline.toml_file import Section, near

_WINSORISE = next(tuple(map(str, option.choices)) for option in CATALOGUE if option.name == "winsorise")


def read_variables(root: Section, composites: bool) -> tuple[Variable, ...]:
    """The variables of [variables.<name>], and copies of some of them under another winsorising rule, [copies.<table>].

    A copy of `ctri` in the table `unwinsorised` is the variable `ctri_unwinsorised`.
    """
    sections = root.sections("variables")
    found = {name: read_variable(name, section, composites) for name, section in sections.items()}
    copies = []
    for table, section in root.sections("copies").items():
        section.allow("of", "winsorise")
        check_name(section, "", table)
        rule = section.choice("winsorise", _WINSORISE)
        for name in section.texts("of"):
            if name not in found:
                section.fail("of", "names no variable", ", ".join(found), near(name, found), "declare or mend it")
            copies.append(replace(found[name], name=f"{name}_{table}", table=table, winsorise=rule, copy_of=name))
    twice = {copy.name for copy in copies} & set(found)
    if twice:
        root.fail("copies", "make a name that stands already", "a name of its own", min(twice), "rename the copies")
    return (*found.values(), *copies)


def read_variable(name: str, section: Section, composites: bool) -> Variable:
    """The variable of one section.

    Parameters
    ----------
    name : its name. section : [variables.<name>]. composites : whether formulas may use the composites.

    Raises
    ------
    SpecificationError : a key is unknown or missing, or a formula names what does not exist.
    """
    section.allow("table", "formula", "option", "readings", "symbol", "label_zh", "description", "continuous")
    check_name(section, "", name)
    reserved = {*KEYS, *CITY_FACTS, *TREATMENT_COLUMNS, *MATCHING_COLUMNS}
    if name in reserved:
        section.fail("", "has a reserved name", f"none of {', '.join(sorted(reserved))}", name, "rename the variable")
    table = check_name(section, "table", section.get("table", str))
    if table in PANEL_OWN:
        section.fail("table", "is written by the panel itself", "outcomes, controls or another", table, "rename it")
    option, readings = section.optional("option"), _readings(section)
    formula = section.optional("formula")
    _check_readings(section, option, readings, formula)
    for key, text in [("formula", formula), *((f"readings.{reading}", text) for reading, text in readings.items())]:
        if text is not None:
            _check_formula(section, key, text, composites)
    return Variable(
        name=name,
        table=table,
        formula=formula or "",
        symbol=section.get("symbol", str, ""),
        description=section.get("description", str, ""),
        label_zh=section.get("label_zh", str, ""),
        option=option,
        readings=readings,
        continuous=section.get("continuous", bool, True),
    )


def _readings(section: Section) -> dict[str, str]:
    readings = section.section("readings")
    return {reading: readings.get(reading, str) for reading in readings.values}


def _check_readings(section: Section, option: str | None, readings: dict[str, str], formula: str | None) -> None:
    if (formula is None) == (option is None):
        found = "neither" if formula is None else "both"
        section.fail("formula", "or option must stand, not both", "one of the two", found, "keep one of the two")
    if option is None:
        if readings:
            section.fail(
                "readings", "stand without an option", "option = ...", "none", "name the option, or use formula"
            )
        return
    choices = {o.name: tuple(map(str, o.choices)) for o in CATALOGUE}
    if option not in choices:
        section.fail(
            "option", "is not an option", "one of `resilience options`", near(option, choices), "mend the name"
        )
    if set(readings) != set(choices[option]):
        section.fail(
            "readings",
            f"do not cover the choices of option {option}",
            ", ".join(choices[option]),
            ", ".join(readings) or "nothing",
            "write one formula for each choice",
        )


def _check_formula(section: Section, key: str, text: str, composites: bool) -> None:
    built = [column for column in BY_COLUMN if composites or not of_composites(column)]
    known = {*indicators(), PRICE_LEVEL, *TREATMENT_COLUMNS, TIME, *built}
    try:
        inputs = formula_inputs(text)
    except ValueError as error:
        section.fail(
            key,
            f"is no formula: {error}",
            "a SQL scalar expression, such as ln(loans_cny_10k / gdp_cny_10k)",
            text,
            "use indicators, numbers, + - * / and functions of one row such as ln",
        )
    for name in inputs:
        if name not in known:
            expected = (
                "canonical indicators (reference/indicators.csv), composites (with composites = true), did or year"
            )
            section.fail(key, "names a column that does not exist", expected, near(name, known), "mend the name")
