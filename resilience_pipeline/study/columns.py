"""One `[[tables.<name>.columns]]` entry to one Specification, and the error rules that options may still choose."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from resilience_pipeline.econometrics.estimators import estimator_of
from resilience_pipeline.econometrics.predicate import predicate_columns
from resilience_pipeline.econometrics.specification import Specification
from resilience_pipeline.errors import SpecificationError
from resilience_pipeline.options import CATALOGUE, Options
from resilience_pipeline.study.kind import Declared
from resilience_pipeline.study.study import Study
from resilience_pipeline.study.vocabulary import TIME, UNIT, check_name
from resilience_pipeline.toml_file import Section, near

#: Options that hold for every column which does not state them itself.
RULES = ("vcov", "ssc", "singletons")

_CHOICES = {option.name: tuple(map(str, option.choices)) for option in CATALOGUE if option.name in RULES}


#: Every key of a column.
COLUMN_KEYS = (
    *("like", "name", "label", "outcome", "treatment", "controls", "absorb", "where", "weights", "cluster"),
    *RULES,
)
#: Keys of a column of a regression table beside those: another estimator, and its options.
ESTIMATOR_KEYS = ("estimator", "options")
#: What a column does not take over from the one that it is like.
_OWN = ("like", "name", "label")


def read_column(entry: Section, number: int, declared: Declared, *, estimators: bool = False) -> Specification:
    """The specification of one column, named `table.column`; unit city_code, time year, clustered by city unless said.

    Parameters
    ----------
    entry : the section, what it is like already taken over (`inherited`).
    number : place of the column, from 1; its name where it has none.
    declared : what it may refer to.
    estimators : whether it may have another estimator than twfe.

    Raises
    ------
    SpecificationError : a key is unknown, of the wrong type, or names what does not exist.
    """
    entry.allow(*COLUMN_KEYS, *ESTIMATOR_KEYS)
    name = column_name(entry, number)
    outcome, treatment, weights = entry.get("outcome", str), entry.optional("treatment"), entry.optional("weights")
    controls, absorb, cluster = entry.texts("controls"), entry.texts("absorb"), entry.texts("cluster")
    names, groups = declared.names, declared.groups
    _check(entry, "outcome", (outcome,), names)
    _check(entry, "treatment", (treatment,) if treatment else (), names)
    _check(entry, "controls", controls, names)
    _check(entry, "weights", (weights,) if weights else (), names)
    _check(entry, "absorb", tuple(part for effect in absorb for part in effect.split("^")), groups)
    _check(entry, "cluster", cluster, groups)
    regressors = [*([treatment] if treatment else []), *controls]
    for column in regressors:
        if column == outcome or regressors.count(column) > 1:
            entry.fail("controls", "name a column twice", "each column once", column, "take one of the two out")
    rules: dict[str, Any] = {rule: entry.choice(rule, _CHOICES[rule]) for rule in RULES if rule in entry.values}
    specification = Specification(
        name=f"{declared.table}.{name}",
        outcome=outcome,
        treatment=treatment,
        controls=controls,
        absorb=absorb,
        where=_where(entry, groups),
        weights=weights,
        cluster=cluster or (UNIT,),
        unit=UNIT,
        time=TIME,
        label=entry.get("label", str, f"({number})"),
        **rules,
        **_estimator(entry, estimators),
    )
    try:
        estimator_of(specification)
    except SpecificationError as error:
        entry.fail("estimator", error.what, error.expected or "", error.found or specification.estimator, error.remedy)
    return specification


def _estimator(entry: Section, estimators: bool) -> dict[str, Any]:
    name, options = entry.get("estimator", str, "twfe"), entry.section("options")
    if name != "twfe" and not estimators:
        entry.fail("estimator", "is not for this kind of result", "twfe", name, "name a column by twfe")
    return {"estimator": name, "estimator_options": tuple((key, options.get(key, str)) for key in options.values)}


def inherited(entry: Section, columns: Mapping[str, Section]) -> Section:
    """The section with the keys of the column that it is `like`, as far as it does not say them itself.

    Parameters
    ----------
    columns : "table_4.3" -> section, every column of the file.
    """
    values, seen = dict(entry.values), [entry]
    while (name := seen[-1].optional("like")) is not None:
        if name not in columns or columns[name] in seen:
            problem = "is like itself" if name in columns else "names no column"
            entry.fail("like", problem, ", ".join(columns), near(name, columns), "mend the name")
        seen.append(columns[name])
        values = {key: value for key, value in seen[-1].values.items() if key not in _OWN} | values
    return Section(entry.file, entry.key, {k: v for k, v in values.items() if k != "like"}, entry.error)


def stated_rules(entry: Section) -> tuple[str, ...]:
    """The error rules that a column states itself, or takes over from the one that it is like."""
    return tuple(rule for rule in RULES if rule in entry.values)


def column_name(entry: Section, number: int) -> str:
    """The column's own name, or its place in the table."""
    return check_name(entry, "name", entry.get("name", str, str(number)))


def specification_under(study: Study, specification: Specification, options: Options) -> Specification:
    """The specification with vcov, ssc and singletons as the options say, where its column does not state them."""
    return options_applied(specification, study.stated_rules.get(specification.name, ()), options)


def options_applied(specification: Specification, stated: tuple[str, ...], options: Options) -> Specification:
    """The specification with every error rule but the `stated` ones as the options say."""
    chosen: dict[str, Any] = {rule: options[rule] for rule in RULES if rule not in stated}
    return replace(specification, **chosen)


def specification_columns(specification: Specification) -> tuple[str, ...]:
    """Every column of the panel that the specification reads, each once."""
    names = [specification.outcome, *specification.regressors, *specification.cluster]
    names += [part for effect in specification.absorb for part in effect.split("^")]
    names += [name for name in (specification.weights, specification.unit, specification.time) if name]
    if specification.where:
        names += predicate_columns(specification.where)
    return tuple(dict.fromkeys(names))


def _where(entry: Section, known: frozenset[str]) -> str | None:
    where = entry.optional("where")
    if where is not None:
        try:
            columns = predicate_columns(where)
        except SpecificationError as error:
            entry.fail(
                "where", f"is no filter: {error.what}", "a condition on a row", error.found or where, error.remedy
            )
        _check(entry, "where", columns, known)
    return where


def _check(entry: Section, key: str, columns: tuple[str, ...], known: frozenset[str]) -> None:
    for column in columns:
        if column not in known:
            entry.fail(
                key,
                "names a variable that is not declared",
                ", ".join(sorted(known)),
                near(column, known),
                f"declare it under [variables.{column}], or mend the name",
            )
