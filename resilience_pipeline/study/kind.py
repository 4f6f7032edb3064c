"""What a kind of result is: what its section of a study file may say, and the steps of the estimates layer it needs.

How a result is printed stands in `report/kinds/`, under the same name.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from resilience_pipeline.econometrics.specification import Specification
from resilience_pipeline.step import Step, TableKey
from resilience_pipeline.study.study import Matching, ResultTable, Study
from resilience_pipeline.toml_file import Section, near


@dataclass(frozen=True)
class Declared:
    """What a section may refer to.

    Parameters
    ----------
    table : name of the result.
    names : columns of the panel that regressions may use: variables, treatment, composites.
    groups : columns that effects, clusters and filters may use beside those.
    composites : whether the study builds the trade resilience system.
    columns : "table_4.3" -> every [[...columns]] entry of the file, for `like`.
    window : the years of the study.
    matching : the study's propensity score, None without one.
    """

    table: str
    names: frozenset[str]
    groups: frozenset[str]
    composites: bool
    columns: Mapping[str, Section]
    window: range
    matching: Matching | None = None


@dataclass(frozen=True)
class Parts:
    """What a kind read from its section; the fields of ResultTable that are its own.

    stated : specification name -> error rules (vcov, ssc, singletons) that the section states itself.
    """

    columns: tuple[Specification, ...] = ()
    variables: tuple[str, ...] = ()
    sample: str | None = None
    settings: object = None
    stated: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def nothing_more(section: Section, table: ResultTable, known: Mapping[str, Specification]) -> None:
    """`check` of a kind that refers to no other result."""


@dataclass(frozen=True)
class Kind:
    """One kind of result.

    Parameters
    ----------
    name : value of `kind` in [tables.<name>].
    keys : what the section may say beside title, kind and notes.
    read : (section, declared) -> Parts; a SpecificationError (section.fail) where something is wrong.
    steps : the estimates-layer steps of one result, keys from `estimate_key` and `part_key`.
    check : a second look when all results are read: (section, result, specification name -> specification).
    """

    name: str
    keys: tuple[str, ...]
    read: Callable[[Section, Declared], Parts]
    steps: Callable[[Study, ResultTable], list[Step]]
    check: Callable[[Section, ResultTable, Mapping[str, Specification]], None] = nothing_more


def estimate_key(specification: Specification) -> TableKey:
    """("estimates", "table_4", "3") of "table_4.3"."""
    return ("estimates", *specification.name.split(".", 1))


def part_key(table: ResultTable, part: str) -> TableKey:
    """("estimates", "table_3", "descriptives"): a part of a result that is no single specification."""
    return ("estimates", table.name, part)


def no_steps(study: Study, table: ResultTable) -> list[Step]:
    """`steps` of a kind that estimates nothing of its own."""
    return []


def demand_names(
    section: Section, key: str, names: tuple[str, ...], known: frozenset[str], what: str = "variable"
) -> tuple[str, ...]:
    """The names as they are; the section's error where one is not declared."""
    for name in names:
        if name not in known:
            section.fail(key, f"names no {what}", ", ".join(sorted(known)), near(name, known), "declare or mend it")
    return names


def demand_column(section: Section, key: str, name: str, known: Mapping[str, object]) -> str:
    """The name of a column of another result as it is; the section's error where there is none.

    A result that rests on another re-estimates its column by least squares, so a column by another estimator is none.
    """
    if name not in known:
        section.fail(
            key,
            "names no column",
            ", ".join(sorted(known)) or "a column of a regression table",
            near(name, known),
            "mend the name",
        )
    column = known[name]
    if isinstance(column, Specification) and column.estimator != "twfe":
        section.fail(key, "names a column of another estimator", "a column by twfe", column.estimator, "name another")
    return name
