"""Kind "alternatives": every column of another table again, with other outcomes in place of its own.

One specification for each outcome and column, each a step of its own: Table 4 under every weighting of the index.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from resilience_pipeline.econometrics.specification import Specification
from resilience_pipeline.step import Step
from resilience_pipeline.study.columns import inherited, read_column, stated_rules
from resilience_pipeline.study.kind import Declared, Kind, Parts, demand_names
from resilience_pipeline.study.kinds.regression import estimate_step
from resilience_pipeline.study.study import ResultTable, Study
from resilience_pipeline.toml_file import Section


@dataclass(frozen=True)
class Alternatives:
    """of : the table whose columns are taken. outcomes : in printed order. columns : names of the taken columns."""

    of: str
    outcomes: tuple[str, ...]
    columns: tuple[str, ...]


def read(section: Section, declared: Declared) -> Parts:
    """`of`, a table of columns, and `outcomes`, at least one."""
    of = section.get("of", str)
    outcomes = demand_names(section, "outcomes", section.texts("outcomes"), declared.names)
    entries = {name.split(".", 1)[1]: entry for name, entry in declared.columns.items() if name.startswith(f"{of}.")}
    if not entries:
        section.fail("of", "names no table of columns", "a regression table of this file", of, "mend the name")
    if not outcomes:
        section.fail("outcomes", "are missing", "at least one variable", "nothing", "name the outcomes to put in place")
    columns, stated = [], {}
    for outcome in outcomes:
        for number, (name, written) in enumerate(entries.items(), start=1):
            entry = inherited(written, declared.columns)
            values = {**entry.values, "outcome": outcome, "name": f"{outcome}_{name}"}
            column = read_column(
                Section(section.file, section.key, values, section.error), number, declared, estimators=True
            )
            columns.append(column)
            stated[column.name] = stated_rules(entry)
    return Parts(columns=tuple(columns), settings=Alternatives(of, outcomes, tuple(entries)), stated=stated)


def steps(study: Study, table: ResultTable) -> list[Step]:
    """One step for each outcome and column."""
    return [estimate_step(study, table, specification) for specification in table.columns]


def specification_of(table: ResultTable, outcome: str, column: str) -> Specification:
    """The specification of one outcome in one taken column."""
    named: Mapping[str, Specification] = {spec.name: spec for spec in table.columns}
    return named[f"{table.name}.{outcome}_{column}"]


KIND = Kind("alternatives", ("of", "outcomes"), read, steps)
