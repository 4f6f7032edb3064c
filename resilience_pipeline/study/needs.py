"""What a study's formulas ask for: the indicators under the options, and those that any reading could ask for.

Reads declarations only (the study, the indicator registry, the sources' headings); no data passes through here.
"""

from collections.abc import Iterable, Sequence

from resilience_pipeline.indices.index_table import IndexTable
from resilience_pipeline.indices.registry import COMPOSITES
from resilience_pipeline.indices.tables import BY_COLUMN, index_tables
from resilience_pipeline.options import Options
from resilience_pipeline.sources.source import Source
from resilience_pipeline.step import TableKey
from resilience_pipeline.study.formula import roots
from resilience_pipeline.study.study import Study, Variable
from resilience_pipeline.study.vocabulary import KEYS, PRICE_INDEX, PRICE_LEVEL, TREATMENT_COLUMNS

#: Composites that a study with `composites = true` gets in its outcomes even where it does not declare them.
COMPOSITE_VARIABLES = tuple(
    Variable(name, "outcomes", name, symbol=name.upper(), description=f"{name.upper()}, composite index")
    for name in ("ctri", *COMPOSITES)
)


def formula_of(variable: Variable, options: Options) -> str:
    """The variable's formula under the options: the chosen reading where it has readings."""
    if variable.option is None:
        return variable.formula
    return variable.readings[str(options[variable.option])]


def formulas_of(variable: Variable) -> tuple[str, ...]:
    """Every formula that the variable can have: each reading where it has readings."""
    return (variable.formula,) if variable.option is None else tuple(variable.readings.values())


def all_variables(study: Study) -> tuple[Variable, ...]:
    """Declared variables, and the composites where the study builds them and does not declare them itself."""
    declared = {variable.name for variable in study.variables}
    implied = COMPOSITE_VARIABLES if study.composites else ()
    return study.variables + tuple(variable for variable in implied if variable.name not in declared)


def canonical(names: Iterable[str], options: Options | None) -> tuple[str, ...]:
    """Canonical indicators behind names of formulas: columns of index tables are followed to their inputs.

    Parameters
    ----------
    names : what formulas read.
    options : choose among readings; None = every reading.
    """
    found: dict[str, None] = {}
    for name in names:
        if name in BY_COLUMN:
            found |= dict.fromkeys(canonical(BY_COLUMN[name].rests_on(name, options), options))
        elif name == PRICE_LEVEL:
            found[PRICE_INDEX] = None
        elif name not in (*TREATMENT_COLUMNS, *KEYS):
            found[name] = None
    return tuple(found)


def study_index_tables(study: Study, tables: Iterable[str] | None = None) -> tuple[IndexTable, ...]:
    """Index tables behind the study's variables (those of the panel tables named, or all), under any options."""
    wanted = None if tables is None else set(tables)
    variables = [v for v in all_variables(study) if wanted is None or v.table in wanted]
    return index_tables(name for v in variables for formula in formulas_of(v) for name in roots(formula))


def weight_tables(study: Study) -> tuple[TableKey, ...]:
    """Keys of the tables with the weights and bounds of the study's indices."""
    return tuple(("indices", study.name, table.name) for table in study_index_tables(study) if table.weighs)


def weighing_options(study: Study) -> frozenset[str]:
    """Options that choose how the study's indices are weighted, or what is: under frozen weights they are settled.

    The start year is none of them: it dates the treatment, whatever the weights.
    """
    named = (name for table in study_index_tables(study) if table.weighs for name in table.step(study).options)
    return frozenset(named) - {"start_year"}


def needed_indicators(study: Study, options: Options) -> tuple[str, ...]:
    """Canonical indicators that the study's tables rest on under these options, sorted."""
    names = [name for variable in all_variables(study) for name in roots(formula_of(variable, options))]
    return _with_sample_rule(study, canonical(names, options))


def possible_indicators(study: Study) -> tuple[str, ...]:
    """Canonical indicators that the study may rest on under some options, sorted."""
    formulas = [formula for variable in all_variables(study) for formula in formulas_of(variable)]
    return _with_sample_rule(study, canonical([name for formula in formulas for name in roots(formula)], None))


def sources_for(study: Study, sources: Sequence[Source]) -> tuple[str, ...]:
    """Names of the observation sources that can give an indicator the study may need, in order of precedence."""
    wanted = set(possible_indicators(study))
    return tuple(
        source.name
        for source in sources
        if source.shape == "observations" and wanted & {heading.indicator for heading in source.headings}
    )


def index_sources(formulas: Iterable[str]) -> tuple[str, ...]:
    """Staged lists and documents that the index tables behind the formulas read."""
    tables = index_tables(name for formula in formulas for name in roots(formula))
    return tuple(dict.fromkeys(source for table in tables for source in table.sources))


def option_names(study: Study, tables: Iterable[str] | None = None) -> tuple[str, ...]:
    """Options that choose among readings of the study's variables (of the tables named, or all)."""
    wanted = None if tables is None else set(tables)
    variables = [v for v in all_variables(study) if wanted is None or v.table in wanted]
    return tuple(dict.fromkeys(v.option for v in variables if v.option is not None))


def index_option_names(study: Study) -> tuple[str, ...]:
    """Options that choose what the study's index tables rest on."""
    return tuple(dict.fromkeys(option for table in study_index_tables(study) for option in table.options))


def _with_sample_rule(study: Study, names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({*names, *study.required_indicators, *study.province_mean_indicators}))
