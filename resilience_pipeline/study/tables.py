"""One `[tables.<name>]` section to one ResultTable; its columns are read in `columns.py`."""

from resilience_pipeline.econometrics.specification import Specification
from resilience_pipeline.study.columns import read_column
from resilience_pipeline.study.study import ResultTable
from resilience_pipeline.study.vocabulary import check_name
from resilience_pipeline.toml_file import Section, near

KINDS = ("regression", "descriptives", "pilots", "indicators")


def read_table(name: str, section: Section, names: frozenset[str], composites: bool) -> ResultTable:
    """The result table of one section.

    Parameters
    ----------
    name : its name. section : [tables.<name>]. names : declared variables, treatment and composites.
    composites : whether the study builds the indices.

    Raises
    ------
    SpecificationError : a key is unknown or missing, or names what does not exist.
    """
    section.allow("title", "kind", "notes", "variables", "sample", "columns")
    check_name(section, "", name)
    kind = section.choice("kind", KINDS, "regression")
    if kind == "indicators" and not composites:
        section.fail("kind", "needs the indices", "composites = true in [study]", kind, "set it, or take the table out")
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


def check_samples(root: Section, tables: tuple[ResultTable, ...]) -> None:
    """Refuse a descriptives table on the rows of a column that the study does not have."""
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
