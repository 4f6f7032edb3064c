"""A curve made ready: the column that it starts from, what varies, and the panels and specifications that come of it.

The panel under other options comes from the pipeline's own steps, computed in memory (`panel.variants`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from resilience_pipeline.econometrics.baseline import baseline_names
from resilience_pipeline.econometrics.shared_columns import Panel
from resilience_pipeline.econometrics.specification import Specification
from resilience_pipeline.errors import PipelineError
from resilience_pipeline.grid.wide import KEY
from resilience_pipeline.options import Options
from resilience_pipeline.panel.alternatives import AlternativePanels
from resilience_pipeline.panel.analysis import table_of
from resilience_pipeline.panel.variants import PanelsUnder, Variants, variants
from resilience_pipeline.step import Inputs, TableKey
from resilience_pipeline.study.columns import options_applied, specification_columns
from resilience_pipeline.study.curve import Choice, Dimension, column_with, combined, options_with
from resilience_pipeline.study.formula import roots
from resilience_pipeline.study.needs import all_variables, canonical, formulas_of
from resilience_pipeline.study.study import Study, Variable
from resilience_pipeline.study.vocabulary import MATCHING_COLUMNS


@dataclass(frozen=True)
class Plan:
    """A curve made ready.

    Parameters
    ----------
    column, dimensions : what the curve starts from, and what varies.
    stated : error rules that the column states itself.
    variants : how the panel is made under other options.
    places : (column of the panel, table that it stands in).
    baseline : controls that some choice holds at their mean before the start year; years : of their dummies.
    variables : of the study; those that are empty explain what awaits.
    """

    column: Specification
    dimensions: tuple[Dimension, ...]
    stated: tuple[str, ...]
    variants: Variants
    places: tuple[tuple[str, TableKey], ...]
    baseline: tuple[str, ...]
    years: range
    variables: tuple[Variable, ...]

    @property
    def of_options(self) -> tuple[Dimension, ...]:
        """Dimensions that move the panel."""
        return tuple(dimension for dimension in self.dimensions if dimension.of_options)

    @property
    def of_column(self) -> tuple[Dimension, ...]:
        """Dimensions that move the specification."""
        return tuple(dimension for dimension in self.dimensions if not dimension.of_options)


def plan_of(study: Study, column: Specification, dimensions: tuple[Dimension, ...]) -> Plan:
    """What the panel needs, so that every combination of the dimensions' choices can be estimated on it."""
    choices = [choice for dimension in dimensions for choice in dimension.choices]
    held = tuple(dict.fromkeys(name for choice in choices for name in choice.baseline or ()))
    changed = [column_with(column, [choice])[0] for choice in choices]
    named = [*(name for spec in (column, *changed) for name in specification_columns(spec)), *held]
    places = {name: table_of(study, name) for name in dict.fromkeys(named) if name not in KEY}
    varied = {option for choice in choices for option, _ in choice.options}
    return Plan(
        column=column,
        dimensions=dimensions,
        stated=study.stated_rules.get(column.name, ()),
        variants=variants(study, varied, tuple(dict.fromkeys(places.values()))),
        places=tuple(places.items()),
        baseline=held,
        years=range(study.first_year, study.last_year + 1),
        variables=tuple(variable for variable in study.variables if variable.name in places),
    )


def indicators_behind(study: Study, plan: Plan) -> tuple[str, ...]:
    """Indicators behind the curve's columns under every reading."""
    names = {name for name, _ in plan.places}
    if study.matching is not None and names & set(MATCHING_COLUMNS):
        names |= set(study.matching.covariates)
    formulas = [
        formula for variable in all_variables(study) if variable.name in names for formula in formulas_of(variable)
    ]
    return canonical([name for formula in formulas for name in roots(formula)], None)


def specifications_of(plan: Plan, options: Options) -> list[Specification]:
    """The column under every combination of choices of its keys, the options' error rules in force."""
    start = options_applied(plan.column, plan.stated, options)
    return [_specification(plan, start, choices) for choices in combined(plan.of_column)]


def _specification(plan: Plan, start: Specification, choices: Sequence[Choice]) -> Specification:
    chosen, held = column_with(start, choices)
    dummies = tuple(name for control in held for name in baseline_names(control, plan.years))
    return replace(chosen, controls=(*chosen.controls, *dummies))


def panels_of(plan: Plan, inputs: Inputs, options: Options) -> list[Panel | PipelineError]:
    """The panel under every combination of choices of options, or why there is none."""
    given = {key: inputs[key] for key in plan.variants.given}
    panels = AlternativePanels(PanelsUnder(plan.variants, given), dict(plan.places), plan.baseline, plan.years)
    found: list[Panel | PipelineError] = []
    for choices in combined(plan.of_options):
        try:
            found.append(panels.under(options_with(options, choices)))
        except PipelineError as error:
            found.append(error)
    return found
