"""Kind "placebo": what a column of a regression gives under fake pilots, fake start years or both (Figures 2 and 3).

Each form is a step that keeps every fake treatment with what it gave; one step more sums the forms up.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import polars as pl

from resilience_pipeline.econometrics import assignments, fake_treatments, partialling, placebo_tidy, randomisation
from resilience_pipeline.econometrics import placebo as placebo_module
from resilience_pipeline.econometrics.engines import TOLERANCE
from resilience_pipeline.econometrics.placebo import FORMS, Form, Placebo, placebo
from resilience_pipeline.econometrics.placebo_tidy import draws_table, summary_table
from resilience_pipeline.econometrics.specification import Specification
from resilience_pipeline.options import Options
from resilience_pipeline.panel import analysis
from resilience_pipeline.panel.analysis import analysis_frame, analysis_tables, columns_read
from resilience_pipeline.step import Check, Inputs, Step, StepResult, TableKey
from resilience_pipeline.study import columns as columns_module
from resilience_pipeline.study.columns import RULES, options_applied, specification_columns
from resilience_pipeline.study.kind import Declared, Kind, Parts, demand_column, part_key
from resilience_pipeline.study.kinds.one_column import demand_treated
from resilience_pipeline.study.kinds.regression import ESTIMATION_CODE, with_formulas
from resilience_pipeline.study.study import ResultTable, Study, Variable
from resilience_pipeline.toml_file import Section, near

_PLACEBO_CODE = (
    *ESTIMATION_CODE,
    *(assignments, fake_treatments, partialling, placebo_module, placebo_tidy, randomisation),
)


@dataclass(frozen=True)
class Placebos:
    """Which column is tested, "table_4.3", and in which forms, in printed order."""

    of: str
    forms: tuple[Form, ...]


def read(section: Section, declared: Declared) -> Parts:
    """`of`, the column, and `forms`, at least one."""
    of = demand_column(section, "of", section.get("of", str), declared.columns)
    names = section.texts("forms")
    for name in names:
        if name not in FORMS:
            section.fail("forms", "names no form", ", ".join(FORMS), near(name, FORMS), "use one of the expected forms")
    if not names or len(set(names)) < len(names):
        found = ", ".join(names) or "nothing"
        section.fail("forms", "must name forms, each once", ", ".join(FORMS), found, 'write `forms = ["cities"]`')
    return Parts(settings=Placebos(of, tuple(FORMS[name] for name in names)))


def check(section: Section, table: ResultTable, known: Mapping[str, Specification]) -> None:
    """The column is a regression with a treatment."""
    demand_treated(section, settings_of(table).of, known)


def settings_of(table: ResultTable) -> Placebos:
    """The settings of a result of this kind."""
    assert isinstance(table.settings, Placebos)
    return table.settings


def draws_key(table: ResultTable, form: Form) -> TableKey:
    """("estimates", "figure_2", "draws_cities")."""
    return part_key(table, f"draws_{form.name}")


def summary_key(table: ResultTable) -> TableKey:
    """("estimates", "figure_2", "summary")."""
    return part_key(table, "summary")


def steps(study: Study, table: ResultTable) -> list[Step]:
    """A step for each form's draws, and the summary of all."""
    return [*(_draws_step(study, table, form) for form in settings_of(table).forms), _summary_step(table)]


def _draws_step(study: Study, table: ResultTable, form: Form) -> Step:
    specification = study.specification(settings_of(table).of)
    stated = study.stated_rules.get(specification.name, ())
    named = specification_columns(specification)
    variables = tuple(variable for variable in study.variables if variable.name in named)
    return Step(
        key=draws_key(table, form),
        inputs=analysis_tables(study, specification),
        reads=columns_read(study, named),
        compute=partial(_draw, specification, form, stated, variables),
        description=f"{table.title}: {form.title}. What {specification.name} gives for each fake treatment. One row "
        f"per fake treatment, the form's record on each. {_WARNINGS[form.contaminated]} " + " ".join(table.notes),
        code=(*_PLACEBO_CODE, columns_module, analysis),
        options=("placebo_draws", "seed", *(rule for rule in RULES if rule not in stated)),
        checks=(("true_treatment_agrees", True), ("estimated", False)),
    )


_WARNINGS = {
    True: "Says nothing about chance: the true effect is in each of them.",
    False: "Makes no p value: the summary does.",
}


def _draw(
    specification: Specification,
    form: Form,
    stated: tuple[str, ...],
    variables: tuple[Variable, ...],
    inputs: Inputs,
    options: Options,
) -> StepResult:
    frame = analysis_frame(inputs.tables, specification_columns(specification))
    chosen = options_applied(specification, stated, options)
    seed, draws = int(options["seed"]), int(options["placebo_draws"])
    # One seed for all forms: the fake pilots of one form are those of the next.
    result = placebo(chosen, frame, form, draws=draws, rng=np.random.default_rng(seed))
    if result.status == "awaiting":
        result = replace(result, reason=with_formulas(result.observed, frame, variables, options).reason)
    table = draws_table(result, seed=seed)
    notes: dict[str, str | int | float | bool] = {"status": result.status}
    if result.reason:
        notes["reason"] = result.reason
    return StepResult(table, (_true_treatment_agrees(result), _estimated(result, table.height)), notes=notes)


def _true_treatment_agrees(result: Placebo) -> Check:
    """The true treatment, put through the fakes' algebra, must give what the specification printed."""
    name = "true_treatment_agrees"
    if result.recomputed is None:
        return Check(name, True, f"nothing to compare: {result.reason}")
    term = result.observed.terms[0]
    apart = abs(float(result.recomputed.estimate[0]) - term.estimate) / max(abs(term.estimate), 1.0)
    error = abs(float(result.recomputed.std_error[0]) / term.std_error - 1)
    message = (
        f"the true treatment's coefficient and error differ from {result.observed.specification.name}'s by {apart:.1e} "
        f"and {error:.1e}, relative; allowed are {TOLERANCE:.0e}"
    )
    return Check(name, max(apart, error) <= TOLERANCE, message)


def _estimated(result: Placebo, fakes: int) -> Check:
    message = f"{result.status}: {result.reason}" if result.reason else f"{fakes} fake treatments"
    return Check("estimated", result.status == "estimated", message, blocking=False)


def _summary_step(table: ResultTable) -> Step:
    keys = tuple(draws_key(table, form) for form in settings_of(table).forms)
    return Step(
        key=summary_key(table),
        inputs=keys,
        compute=partial(_sum_up, keys),
        description=f"{table.title}: the distribution of the fake coefficients and the observed one's place in it. One "
        "row per form. Estimates nothing anew. " + " ".join(table.notes),
        code=(placebo_module, placebo_tidy, randomisation),
        checks=(("estimated", False),),
    )


def _sum_up(keys: tuple[TableKey, ...], inputs: Inputs, options: Options) -> StepResult:
    table = pl.concat([summary_table(inputs[key]) for key in keys])
    open_ = [f"{row['form']} is {row['status']}" for row in table.to_dicts() if row["status"] != "estimated"]
    message = "; ".join(open_) or f"{table.height} forms"
    return StepResult(table, (Check("estimated", not open_, message, blocking=False),))


KIND = Kind("placebo", ("of", "forms"), read, steps, check)
