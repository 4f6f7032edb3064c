"""What a specification curve varies: dimensions, each a list of named choices, and what a choice changes of a column.

A choice sets options (the index, the pilots, winsorising) or keys of the column (controls, effects, filter, clusters).
The curve is the product of the dimensions' choices.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import prod
from typing import Any

from resilience_pipeline.econometrics.predicate import predicate_columns
from resilience_pipeline.econometrics.specification import Specification
from resilience_pipeline.errors import OptionError, SpecificationError
from resilience_pipeline.options import CATALOGUE, Options, Value
from resilience_pipeline.study.kind import Declared, demand_names
from resilience_pipeline.study.vocabulary import NAME
from resilience_pipeline.toml_file import Section, near

#: Keys of the column that a choice may set. `baseline` names controls to hold at their mean before the start year.
COLUMN_KEYS = ("controls", "baseline", "absorb", "where", "cluster")

#: Columns of the table that the dimensions stand in.
RESERVED = frozenset(
    {
        *("specification", "marked", "status", "reason", "estimate", "std_error", "t", "p_value", "dof"),
        *("standardised", "outcome_sd", "n_obs", "n_cities", "n_treated", "n_clusters", "dropped", "dimension"),
        *("choice", "specifications", "statistic"),
    }
)
_OPTIONS = {option.name: option for option in CATALOGUE}


@dataclass(frozen=True)
class Choice:
    """One way to decide a question.

    Parameters
    ----------
    name : as printed.
    options : option -> value. None of them where keys of the column are set.
    controls, baseline, absorb, cluster : what stands in place of the column's own; None = its own.
    where : a condition in addition to the column's own; None = none.
    """

    name: str
    options: tuple[tuple[str, Value], ...] = ()
    controls: tuple[str, ...] | None = None
    baseline: tuple[str, ...] | None = None
    absorb: tuple[str, ...] | None = None
    where: str | None = None
    cluster: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Dimension:
    """A question that can be decided in several ways."""

    name: str
    choices: tuple[Choice, ...]

    @property
    def of_options(self) -> bool:
        """Whether its choices set options; else they set keys of the column."""
        return any(choice.options for choice in self.choices)


#: A choice of nothing.
AS_IT_IS = Choice("as it is")


def read_dimensions(section: Section, declared: Declared) -> tuple[Dimension, ...]:
    """The lists under `dimensions`, at least one: values of the option of that name, or entries with a `name`."""
    lists = section.section("dimensions")
    found = tuple(_dimension(lists, name, declared) for name in lists.values)
    if not found:
        section.fail("dimensions", "are missing", "at least one list of choices", "nothing", "declare what varies")
    return found


def _dimension(lists: Section, name: str, declared: Declared) -> Dimension:
    values = lists.values[name]
    if name in RESERVED or not NAME.fullmatch(name):
        lists.fail(name, "has a reserved name or is none", "a name in lower case", name, "rename the dimension")
    if not isinstance(values, list) or not values:
        lists.fail(name, "must be a list of choices", "at least one choice", repr(values), "write a list")
    if all(isinstance(value, dict) for value in values):
        choices = tuple(_entry(section, declared) for section in lists.items(name))
    else:
        choices = tuple(_option_choice(lists, name, name, value) for value in values)
    names = [choice.name for choice in choices]
    for choice in choices:
        if names.count(choice.name) > 1:
            lists.fail(name, "has two choices of one name", "a name for each", choice.name, "rename one of the two")
    dimension = Dimension(name, choices)
    if dimension.of_options and any(not choice.options for choice in choices):
        lists.fail(
            name, "has choices without an option", "options in every choice", name, "say the option's value in each"
        )
    return dimension


def _option_choice(lists: Section, key: str, option: str, value: object) -> Choice:
    return Choice(str(value), ((option, _value(lists, key, option, value)),))


def _value(section: Section, key: str, option: str, value: object) -> Value:
    if option not in _OPTIONS:
        section.fail(key, "is no option", "one of `resilience options`", near(option, _OPTIONS), "mend the name")
    try:
        return _OPTIONS[option].parse(value)
    except OptionError as error:
        section.fail(key, f"has a wrong value: {error.what}", error.expected or "", str(value), error.remedy)


def _entry(entry: Section, declared: Declared) -> Choice:
    name = entry.get("name", str)
    options = [key for key in entry.values if key not in ("name", *COLUMN_KEYS)]
    columns = [key for key in entry.values if key in COLUMN_KEYS]
    if options and columns:
        entry.fail("", "sets options and keys of the column", "one of the two", name, "make two dimensions of it")
    lists = {key: entry.texts(key) if key in entry.values else None for key in COLUMN_KEYS if key != "where"}
    for key in ("controls", "baseline"):
        demand_names(entry, key, lists[key] or (), declared.names)
    demand_names(entry, "cluster", lists["cluster"] or (), declared.groups)
    parts = tuple(part for effect in lists["absorb"] or () for part in effect.split("^"))
    demand_names(entry, "absorb", parts, declared.groups)
    if lists["cluster"] is not None and len(lists["cluster"]) != 1:
        entry.fail("cluster", "must name one column", "one column", str(lists["cluster"]), "name one")
    where = entry.optional("where")
    if where is not None:
        try:
            demand_names(entry, "where", predicate_columns(where), declared.groups)
        except SpecificationError as error:
            entry.fail("where", f"is no filter: {error.what}", "a condition", where, error.remedy)
    return Choice(
        name, tuple((key, _value(entry, key, key, entry.values[key])) for key in options), where=where, **lists
    )


def with_options_settled(
    dimensions: Sequence[Dimension], settled: Collection[str], options: Options
) -> tuple[tuple[Dimension, ...], dict[str, tuple[str, ...]]]:
    """The dimensions where some options cannot be chosen any more, and by dimension the choices that this leaves out.

    A choice stays where it says of these options what holds, and then sets them no longer. A dimension without such a
    choice is settled to `AS_IT_IS`.
    """
    kept, gone = [], {}
    for dimension in dimensions:
        there = [c for c in dimension.choices if all(options[n] == v for n, v in c.options if n in settled)]
        choices = [replace(c, options=tuple(o for o in c.options if o[0] not in settled)) for c in there]
        kept.append(replace(dimension, choices=tuple(choices) or (AS_IT_IS,)))
        if left_out := tuple(choice.name for choice in dimension.choices if choice not in there):
            gone[dimension.name] = left_out
    return tuple(kept), gone


def size(dimensions: Sequence[Dimension]) -> int:
    """Number of specifications."""
    return prod(len(dimension.choices) for dimension in dimensions)


def combined(dimensions: Sequence[Dimension]) -> list[tuple[Choice, ...]]:
    """One choice of each dimension, in every combination; the last dimension changes fastest."""
    return list(product(*(dimension.choices for dimension in dimensions)))


def options_with(options: Options, choices: Sequence[Choice]) -> Options:
    """The options in force with those of the choices in their place."""
    return Options({**options.values, **{name: value for choice in choices for name, value in choice.options}})


def column_with(column: Specification, choices: Sequence[Choice]) -> tuple[Specification, tuple[str, ...]]:
    """The column with the choices' keys in place of its own, and the controls to hold at their baseline.

    Errors are clustered, whatever the column's error rule: choices of clusters would say nothing else.
    """
    changed: dict[str, Any] = {"vcov": "cluster"}
    baseline: tuple[str, ...] = ()
    conditions = [column.where] if column.where else []
    for choice in choices:
        own = {key: getattr(choice, key) for key in ("controls", "absorb", "cluster")}
        changed |= {key: value for key, value in own.items() if value is not None}
        baseline += choice.baseline or ()
        conditions += [choice.where] if choice.where else []
    changed["where"] = " and ".join(f"({text})" for text in conditions) if len(conditions) > 1 else None
    if len(conditions) == 1:
        changed["where"] = conditions[0]
    return replace(column, **changed), baseline


def is_own(choice: Choice, column: Specification, options: Options) -> bool:
    """Whether a choice leaves the column and the options in force as they are."""
    same = {"controls": column.controls, "absorb": column.absorb, "cluster": column.cluster}
    changed = any(getattr(choice, key) not in (None, own) for key, own in same.items())
    named: Mapping[str, Value] = dict(choice.options)
    return not (changed or choice.baseline or choice.where) and all(options[n] == v for n, v in named.items())
