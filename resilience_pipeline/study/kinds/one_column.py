"""What kinds share that ask something more of one column of a regression table: `of` names it, "table_4.3"."""

from collections.abc import Mapping
from dataclasses import dataclass

from resilience_pipeline.econometrics.specification import Specification
from resilience_pipeline.study.kind import Declared, Parts, demand_column
from resilience_pipeline.study.study import ResultTable
from resilience_pipeline.toml_file import Section


@dataclass(frozen=True)
class OneColumn:
    """of : the column, "table_4.3"."""

    of: str


def read(section: Section, declared: Declared) -> Parts:
    """`of`, a column of another table."""
    return Parts(settings=OneColumn(section.get("of", str)))


def check(section: Section, table: ResultTable, known: Mapping[str, Specification]) -> None:
    """The column exists and has a treatment."""
    demand_treated(section, settings_of(table).of, known)


def settings_of(table: ResultTable) -> OneColumn:
    """The settings of a result of such a kind."""
    assert isinstance(table.settings, OneColumn)
    return table.settings


def demand_treated(section: Section, of: str, known: Mapping[str, Specification]) -> Specification:
    """The column that `of` names; the section's error where there is none, or it has no treatment."""
    column = known[demand_column(section, "of", of, known)]
    if column.treatment is None:
        section.fail("of", "names a column without a treatment", "a column with a treatment", of, "name another one")
    return column
