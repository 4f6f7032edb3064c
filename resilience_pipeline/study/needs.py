"""What a study's formulas ask for: the indicators under the options, and those that any reading could ask for.

Reads declarations only (the study, the indicator registry, the sources' headings); no data passes through here.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache

import polars as pl
from polars.exceptions import PolarsError

from resilience_pipeline.errors import SpecificationError
from resilience_pipeline.indices.registry import COMPOSITES, REGISTRY
from resilience_pipeline.options import Options
from resilience_pipeline.sources.source import Source
from resilience_pipeline.study.study import Study, Variable

#: Names that a formula may use beside canonical indicators, and what they rest on.
TREATMENT_COLUMNS = ("treat", "post", "did")
PRICE_LEVEL = "price_level"
PRICE_INDEX = "consumer_price_index"

#: Composites that a study with `composites = true` gets in its outcomes even where it does not declare them.
COMPOSITE_VARIABLES = tuple(
    Variable(name, "outcomes", name, symbol=name.upper(), description=f"{name.upper()}, composite index")
    for name in ("ctri", *COMPOSITES)
)


@lru_cache(maxsize=1024)
def roots(formula: str) -> tuple[str, ...]:
    """Column names that a SQL scalar expression reads, in order, each once.

    Raises
    ------
    SpecificationError
        When the formula is not a SQL scalar expression.
    """
    try:
        return tuple(dict.fromkeys(pl.sql_expr(formula).meta.root_names()))
    except PolarsError as error:
        raise SpecificationError(
            what=f"formula {formula!r} is not a SQL scalar expression: {error}",
            remedy="write it with indicators, numbers, + - * / and functions such as ln, e.g. ln(loans_cny_10k)",
        ) from None


def formula_of(variable: Variable, options: Options) -> str:
    """The variable's formula under the options: the chosen reading where it has readings."""
    if variable.option is None:
        return variable.formula
    return variable.readings[str(options[variable.option])]


def all_variables(study: Study) -> tuple[Variable, ...]:
    """Declared variables, and the composites where the study builds them and does not declare them itself."""
    declared = {variable.name for variable in study.variables}
    implied = COMPOSITE_VARIABLES if study.composites else ()
    return study.variables + tuple(variable for variable in implied if variable.name not in declared)


def canonical(names: Iterable[str], options: Options | None) -> tuple[str, ...]:
    """Canonical indicators behind names of formulas: composites and index indicators are followed to their inputs.

    Parameters
    ----------
    names : what formulas read.
    options : choose among the registry's readings; None = every reading.
    """
    found: dict[str, None] = {}
    for name in names:
        if name == "ctri" or name in COMPOSITES:
            parts = [entry for entry in REGISTRY if name in ("ctri", entry.composite)]
        else:
            parts = [entry for entry in REGISTRY if entry.name == name]
        if parts:
            for entry in parts:
                for formula in entry.formulas(options):
                    found |= dict.fromkeys(canonical(roots(formula), options))
        elif name == PRICE_LEVEL:
            found[PRICE_INDEX] = None
        elif name not in (*TREATMENT_COLUMNS, "year", "city_code"):
            found[name] = None
    return tuple(found)


def needed_indicators(study: Study, options: Options) -> tuple[str, ...]:
    """Canonical indicators that the study's tables rest on under these options, sorted."""
    names = [name for variable in all_variables(study) for name in roots(formula_of(variable, options))]
    return _with_sample_rule(study, canonical(names, options))


def possible_indicators(study: Study) -> tuple[str, ...]:
    """Canonical indicators that the study may rest on under some options, sorted."""
    formulas = [
        formula
        for variable in all_variables(study)
        for formula in (variable.readings.values() if variable.option else (variable.formula,))
    ]
    return _with_sample_rule(study, canonical([name for formula in formulas for name in roots(formula)], None))


def sources_for(study: Study, sources: Sequence[Source]) -> tuple[str, ...]:
    """Names of the observation sources that can give an indicator the study may need, in order of precedence."""
    wanted = set(possible_indicators(study))
    return tuple(
        source.name
        for source in sources
        if source.shape == "observations" and wanted & {heading.indicator for heading in source.headings}
    )


def option_names(study: Study, tables: Iterable[str] | None = None) -> tuple[str, ...]:
    """Options that choose among readings of the study's variables (of the tables named, or all)."""
    wanted = None if tables is None else set(tables)
    variables = [v for v in all_variables(study) if wanted is None or v.table in wanted]
    return tuple(dict.fromkeys(v.option for v in variables if v.option is not None))


def _with_sample_rule(study: Study, names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({*names, *study.required_indicators, *study.province_mean_indicators}))
