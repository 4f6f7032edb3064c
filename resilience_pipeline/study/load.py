"""Study files (TOML) to `Study` records; everything that can be wrong in a file is found here, before anything runs.

The form is that of `trade_resilience.toml`: [study], [sample], [variables.<name>], [tables.<name>] and
[[tables.<name>.columns]]. `columns.py` reads the last. What a study may name without declaring is in `vocabulary.py`.
"""

import re
from collections.abc import Iterable
from pathlib import Path

from resilience_pipeline.econometrics.specification import Specification
from resilience_pipeline.errors import SpecificationError
from resilience_pipeline.options import CATALOGUE
from resilience_pipeline.study.columns import RULES, read_column
from resilience_pipeline.study.formula import formula_inputs
from resilience_pipeline.study.study import ResultTable, Study, Variable
from resilience_pipeline.study.vocabulary import (
    CITY_FACTS,
    COMPOSITES,
    KEYS,
    PRICE_LEVEL,
    TREATMENT_COLUMNS,
    indicators,
)
from resilience_pipeline.toml_file import Section, near, read_toml

PACKAGE_STUDIES = tuple(Path(__file__).parent / name for name in ("trade_resilience.toml", "real_outcomes.toml"))
KINDS = ("regression", "descriptives", "pilots", "indicators")
EARLIEST_YEAR, LATEST_YEAR = 1949, 2100

_NAME = re.compile(r"[a-z0-9_]+")
_OWN_TABLES = ("value_status", "sample")  # panel tables that the panel layer writes for every study


def find_studies(folders: Iterable[Path] | Path = ()) -> tuple[Study, ...]:
    """The package's own studies, then each `*.toml` of the folders, by file name.

    Parameters
    ----------
    folders : one `studies/` folder or several; one that does not exist holds no study.

    Raises
    ------
    SpecificationError : a file is not well formed, or two files use one name for a study or a table.
    """
    folders = (folders,) if isinstance(folders, Path) else tuple(folders)
    paths = [*PACKAGE_STUDIES, *(path for folder in folders for path in sorted(folder.glob("*.toml")))]
    owners: dict[tuple[str, str], Path] = {}
    studies = []
    for path in dict.fromkeys(path.resolve() for path in paths):
        study = load_study(path)
        for kind, name in (("study", study.name), *(("table", table.name) for table in study.tables)):
            if (kind, name) in owners:
                raise SpecificationError(
                    what=f"two studies use the {kind} name {name}",
                    expected=f"a {kind} name of its own",
                    found=f"{name}, which {owners[kind, name]} uses",
                    remedy=f"rename the {kind} in one of the two files",
                    file=str(path),
                )
            owners[kind, name] = path
        studies.append(study)
    return tuple(studies)


def load_study(path: Path) -> Study:
    """The study that a TOML file declares.

    Raises
    ------
    SpecificationError : names the file, the key, what was expected and found, and the remedy.
    """
    root, text = read_toml(path, SpecificationError)
    root.allow("study", "sample", "variables", "tables")
    head = root.section("study")
    head.allow("name", "title", "first_year", "last_year", "composites")
    composites = head.get("composites", bool, False)
    first, last = _window(head)
    variables = tuple(_variable(name, section, composites) for name, section in root.sections("variables").items())
    names = frozenset({*(v.name for v in variables), *TREATMENT_COLUMNS, *(COMPOSITES if composites else ())})
    stated: dict[str, tuple[str, ...]] = {}
    tables = tuple(_table(name, section, names, stated) for name, section in root.sections("tables").items())
    _check_samples(root, tables)
    sample = root.section("sample")
    sample.allow("required", "province_mean")
    return Study(
        name=_name(head, "name", head.get("name", str)),
        title=head.get("title", str),
        first_year=first,
        last_year=last,
        variables=variables,
        tables=tables,
        composites=composites,
        required_indicators=_indicators(sample, "required"),
        province_mean_indicators=_indicators(sample, "province_mean"),
        text=text,
        stated_rules=stated,
    )


def _window(head: Section) -> tuple[int, int]:
    first, last = head.get("first_year", int), head.get("last_year", int)
    if not EARLIEST_YEAR <= first <= last <= LATEST_YEAR:
        head.fail(
            "last_year",
            "does not make a window of years",
            f"{EARLIEST_YEAR} <= first_year <= last_year <= {LATEST_YEAR}",
            f"{first} to {last}",
            "mend first_year and last_year",
        )
    return first, last


def _name(section: Section, key: str, name: str) -> str:
    if not _NAME.fullmatch(name):
        section.fail(
            key, "is not a name", "lower-case letters, digits and _", name, "rename it; it becomes a table's name"
        )
    return name


def _indicators(sample: Section, key: str) -> tuple[str, ...]:
    names = sample.texts(key)
    for name in names:
        if name not in indicators():
            sample.fail(
                key,
                "names an indicator that does not exist",
                "canonical indicators (reference/indicators.csv)",
                near(name, indicators()),
                "mend the name",
            )
    return names


def _variable(name: str, section: Section, composites: bool) -> Variable:
    section.allow("table", "formula", "option", "readings", "symbol", "description", "continuous")
    _name(section, "", name)
    reserved = {*KEYS, *CITY_FACTS, *TREATMENT_COLUMNS}
    if name in reserved:
        section.fail("", "has a reserved name", f"none of {', '.join(sorted(reserved))}", name, "rename the variable")
    table = _name(section, "table", section.get("table", str))
    if table in _OWN_TABLES:
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
    known = {*indicators(), PRICE_LEVEL, *CITY_FACTS, *TREATMENT_COLUMNS, *(COMPOSITES if composites else ())}
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
            expected = "canonical indicators (reference/indicators.csv), composites (with composites = true) or did"
            section.fail(key, "names a column that does not exist", expected, near(name, known), "mend the name")


def _table(name: str, section: Section, names: frozenset[str], stated: dict[str, tuple[str, ...]]) -> ResultTable:
    section.allow("title", "kind", "notes", "variables", "sample", "columns")
    _name(section, "", name)
    kind = section.choice("kind", KINDS, "regression")
    variables = section.texts("variables")
    for variable in variables:
        if variable not in names:
            section.fail(
                "variables", "names no variable", "declared variables", near(variable, names), "declare or mend it"
            )
    columns: list[Specification] = []
    for number, entry in enumerate(section.items("columns"), start=1):
        column = read_column(entry, table=name, number=number, names=names)
        if column.name in (other.name for other in columns):
            entry.fail("name", "is used twice", "a name of its own", column.name, "rename one of the two columns")
        stated[column.name] = tuple(rule for rule in RULES if rule in entry.values)
        columns.append(column)
    if (kind == "regression") != bool(columns):
        expected = "at least one column" if kind == "regression" else f"no columns in a table of kind {kind}"
        section.fail("columns", "do not fit the table's kind", expected, str(len(columns)), "mend kind or columns")
    if (kind == "descriptives") != bool(variables):
        expected = "at least one variable" if kind == "descriptives" else f"no variables in a table of kind {kind}"
        section.fail(
            "variables", "do not fit the table's kind", expected, str(len(variables)), "mend kind or variables"
        )
    return ResultTable(
        name=name,
        title=section.get("title", str),
        kind=kind,
        columns=tuple(columns),
        variables=variables,
        notes=section.texts("notes"),
        sample=section.optional("sample"),
    )


def _check_samples(root: Section, tables: tuple[ResultTable, ...]) -> None:
    known = {column.name for table in tables for column in table.columns}
    for table in tables:
        if table.sample is not None and table.sample not in known:
            root.fail(
                f"tables.{table.name}.sample",
                "names no column",
                ", ".join(sorted(known)) or "a column of a regression table",
                near(table.sample, known),
                "mend the name, or take the line out to describe all rows",
            )
