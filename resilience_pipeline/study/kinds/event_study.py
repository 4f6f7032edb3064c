"""Kind "event_study": one specification with a dummy for every year of the pilots but the base year (Figure 1).

The dummies are calendar years (panel table event_time), so no start year enters; the base year is left out.
"""

from dataclasses import dataclass

from resilience_pipeline.step import Step
from resilience_pipeline.study.columns import COLUMN_KEYS, inherited, read_column, stated_rules
from resilience_pipeline.study.kind import Declared, Kind, Parts
from resilience_pipeline.study.kinds.regression import estimate_step
from resilience_pipeline.study.study import ResultTable, Study
from resilience_pipeline.study.vocabulary import event_columns
from resilience_pipeline.toml_file import Section

_TAKEN = tuple(key for key in COLUMN_KEYS if key not in ("name", "treatment"))


@dataclass(frozen=True)
class EventStudy:
    """base : the year left out. years : dummy -> calendar year, base left out, in order."""

    base: int
    years: dict[str, int]


def read(section: Section, declared: Declared) -> Parts:
    """A column without a treatment of its own: its dummies take that place, before the controls."""
    base = section.get("base", int)
    if base not in declared.window:
        section.fail(
            "base",
            "is no year of the study",
            f"{declared.window[0]} to {declared.window[-1]}",
            str(base),
            "name the year that the others are compared with",
        )
    years = {name: year for name, year in event_columns(declared.window).items() if year != base}
    entry = inherited(
        _section(section, {key: section.values[key] for key in _TAKEN if key in section.values}), declared.columns
    )
    values = {key: value for key, value in entry.values.items() if key != "treatment"}
    values |= {"name": "event_study", "controls": [*years, *entry.texts("controls")]}
    column = read_column(_section(section, values), 1, declared)
    return Parts(columns=(column,), settings=EventStudy(base, years), stated={column.name: stated_rules(entry)})


def steps(study: Study, table: ResultTable) -> list[Step]:
    """The one specification."""
    return [estimate_step(study, table, table.columns[0])]


def _section(section: Section, values: dict) -> Section:
    return Section(section.file, section.key, values, section.error)


KIND = Kind("event_study", (*_TAKEN, "base"), read, steps)
