"""Kind "difference": whether the treatment's coefficient differs between two columns of another table (Tables 6 to 8).

    [tables.table_6_difference]
    title = "..."
    kind = "difference"
    of = ["table_6.1", "table_6.2"]
    group = "digital_policy"

The columns are one specification on two groups of rows. Two steps: the draws of the permutation, and the tests.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial

import polars as pl

from resilience_pipeline.econometrics import differences, paths, permutation
from resilience_pipeline.econometrics.differences import Split, interaction, sides_of, stacked, subsample_rows
from resilience_pipeline.econometrics.inference import Inference, to_frame
from resilience_pipeline.econometrics.moments import MomentMismatchError
from resilience_pipeline.econometrics.permutation import DRAWS, permuted
from resilience_pipeline.econometrics.predicate import predicate_columns
from resilience_pipeline.econometrics.specification import Specification
from resilience_pipeline.options import Options
from resilience_pipeline.panel.analysis import analysis_frame, analysis_tables, columns_read
from resilience_pipeline.step import Check, Inputs, Step, StepResult
from resilience_pipeline.study.columns import options_applied, specification_columns
from resilience_pipeline.study.kind import Declared, Kind, Parts, demand_column, demand_names, estimate_key, part_key
from resilience_pipeline.study.kinds.resampled import (
    AS_PRINTED,
    CODE,
    ESTIMATED,
    MOMENTS_AGREE,
    REFUSALS,
    as_printed,
    estimated,
    moments_agree,
    panel_of,
    refused,
    rules_read,
)
from resilience_pipeline.study.study import ResultTable, Study, Variable
from resilience_pipeline.toml_file import Section

#: What two columns that are compared may differ in.
_OWN = ("name", "label", "where")


@dataclass(frozen=True)
class Difference:
    """first, second : columns of a regression table ("table_6.1"). group : the variable that splits the rows."""

    first: str
    second: str
    group: str


@dataclass(frozen=True)
class _Task:
    """variables : of the study; those that are empty explain what awaits."""

    first: Specification
    second: Specification
    stated: tuple[str, ...]
    variables: tuple[Variable, ...]

    def split(self, inputs: Inputs, options: Options) -> Split:
        columns = tuple(dict.fromkeys((*specification_columns(self.first), *specification_columns(self.second))))
        frame = analysis_frame(panel_of(inputs), columns)
        first, second = (
            replace(options_applied(spec, self.stated, options), vcov="cluster") for spec in (self.first, self.second)
        )
        return Split(first, second, frame)


def read(section: Section, declared: Declared) -> Parts:
    """`of`, two columns of another table, and `group`, the variable that splits the rows between them."""
    of = section.texts("of")
    if len(of) != 2 or of[0] == of[1]:
        section.fail("of", "is no pair", "two columns of a regression table", ", ".join(of) or "nothing", "name two")
    group = section.get("group", str)
    demand_names(section, "group", (group,), declared.names | declared.groups)
    return Parts(settings=Difference(of[0], of[1], group))


def check(section: Section, table: ResultTable, known: Mapping[str, Specification]) -> None:
    """The columns exist, are one specification but for their rows, and the group's variable stands in both filters."""
    settings = settings_of(table)
    first, second = (known[demand_column(section, "of", name, known)] for name in (settings.first, settings.second))
    apart = [key for key in vars(first) if key not in _OWN and getattr(first, key) != getattr(second, key)]
    if apart:
        section.fail("of", "are two models", "columns that differ in their rows alone", ", ".join(apart), "mend one")
    if first.treatment is None or len(first.cluster) != 1:
        section.fail("of", "cannot be compared", "a treatment and one cluster", first.name, "name other columns")
    for spec in (first, second):
        if spec.where is None or settings.group not in predicate_columns(spec.where):
            section.fail(
                "group", "does not split the columns", f"{settings.group} in the filter of both", f"{spec.name} where "
                f"{spec.where}", "name the variable of their filters"
            )  # fmt: skip


def settings_of(table: ResultTable) -> Difference:
    """The settings of a result of this kind."""
    assert isinstance(table.settings, Difference)
    return table.settings


def steps(study: Study, table: ResultTable) -> list[Step]:
    """The draws of the permutation, then the tests that also read them and the printed columns."""
    settings = settings_of(table)
    first, second = study.specification(settings.first), study.specification(settings.second)
    task = _Task(first, second, study.stated_rules.get(first.name, ()), study.variables)
    panel = tuple(dict.fromkeys((*analysis_tables(study, first), *analysis_tables(study, second))))
    reads = columns_read(study, (*specification_columns(first), *specification_columns(second)))
    code = (*CODE, differences, paths, permutation)
    draws = Step(
        key=part_key(table, "draws"),
        inputs=panel,
        reads=reads,
        compute=partial(_draw, task),
        description=f"{table.title}: both coefficients under permutation of the cities' {settings.group}. One row per "
        "draw. A city takes another city's groups of all years; null where a group has no treated city left.",
        code=code,
        options=rules_read(task.stated, "permutation_draws", "seed"),
        checks=(MOMENTS_AGREE,),
    )
    tests = Step(
        key=part_key(table, "tests"),
        inputs=(*panel, draws.key, estimate_key(first), estimate_key(second)),
        reads=reads,
        compute=partial(_test, task, table),
        description=f"{table.title}: {first.treatment} in {second.name} less {first.name}, by full interaction, "
        "stacked scores and permutation. One row per method. Errors are clustered whatever the option vcov says. "
        + " ".join(table.notes),
        code=code,
        options=rules_read(task.stated, "seed"),
        checks=(MOMENTS_AGREE, AS_PRINTED, ESTIMATED),
    )
    return [draws, tests]


def _draw(task: _Task, inputs: Inputs, options: Options) -> StepResult:
    split = task.split(inputs, options)
    drawn, mismatch = pl.DataFrame(schema=DRAWS), None
    notes: dict[str, str | int | float | bool] = {"seed": int(options["seed"])}
    try:
        drawn = permuted(split, sides_of(split), int(options["permutation_draws"]), int(options["seed"]))
    except REFUSALS as refusal:
        notes["reason"] = str(refusal)
    except MomentMismatchError as error:
        mismatch = error
    notes["undefined_draws"] = drawn["difference"].null_count()
    return StepResult(drawn, (moments_agree(mismatch),), notes=notes)


def _test(task: _Task, table: ResultTable, inputs: Inputs, options: Options) -> StepResult:
    split = task.split(inputs, options)
    rows: list[Inference] = []
    printed, mismatch = Check(AS_PRINTED[0], True, "there is nothing to compare"), None
    try:
        sides = sides_of(split)
        rows += [*subsample_rows(split, sides), interaction(split), stacked(split, sides)]
        specs = {spec.name: spec for spec in (task.first, task.second)}
        ours = {name: {split.treatment: b} for name, b in zip(specs, sides.coefficients, strict=True)}
        counts = {name: len(model.design.y) for name, model in zip(specs, sides.models, strict=True)}
        printed = as_printed(inputs, ours, counts, specs)
        rows.append(_permutation(split, sides, inputs[part_key(table, "draws")], options))
    except REFUSALS as refusal:
        rows.append(refused(split.treatment, refusal, split.first, split.frame, task.variables, options))
    except MomentMismatchError as error:
        mismatch = error
    frame = to_frame(rows)
    return StepResult(frame, (moments_agree(mismatch), printed, estimated(frame)))


def _permutation(split: Split, sides: differences.Sides, drawn: pl.DataFrame, options: Options) -> Inference:
    seed = int(options["seed"])
    try:
        # Without draws, asking for none gives the reason that the step of the draws had.
        drawn = drawn if drawn.height else permuted(split, sides, 0, seed)
    except REFUSALS as refusal:
        return Inference(
            split.treatment, permutation.PERMUTATION, differences.DIFFERENCE, status="failed", reason=str(refusal)
        )
    return permutation.permutation(split, sides, drawn, seed)


KIND = Kind("difference", ("of", "group"), read, steps, check)
