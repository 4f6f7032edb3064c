"""One `[tables.<name>]` section to one ResultTable; what is its kind's own is read in `kinds/`."""

from collections.abc import Mapping

from resilience_pipeline.study.kind import Declared, Parts
from resilience_pipeline.study.kinds import KINDS
from resilience_pipeline.study.study import ResultTable
from resilience_pipeline.study.vocabulary import check_name
from resilience_pipeline.toml_file import Section

#: Keys of every result.
SHARED_KEYS = ("title", "kind", "notes")


def read_table(section: Section, declared: Declared) -> tuple[ResultTable, Parts]:
    """The result of one section, and what its kind read.

    Raises
    ------
    SpecificationError : a key is unknown or missing, or names what does not exist.
    """
    check_name(section, "", declared.table)
    kind = KINDS[section.choice("kind", tuple(KINDS), "regression")]
    section.allow(*SHARED_KEYS, *kind.keys)
    parts = kind.read(section, declared)
    table = ResultTable(
        name=declared.table,
        title=section.get("title", str),
        kind=kind.name,
        columns=parts.columns,
        variables=parts.variables,
        notes=section.texts("notes"),
        sample=parts.sample,
        settings=parts.settings,
    )
    return table, parts


def check_tables(sections: Mapping[str, Section], tables: tuple[ResultTable, ...]) -> None:
    """What a result says of another one is looked at when all are read."""
    known = {column.name: column for table in tables for column in table.columns}
    for table in tables:
        KINDS[table.kind].check(sections[table.name], table, known)
