"""Kind "inference": one column's coefficient by every method of inference beside each other.

    [tables.table_4_inference]
    title = "..."
    kind = "inference"
    of = "table_4.3"

One step: the estimate, its errors, p values and intervals under each method, and what single cities do to it.
"""

from collections.abc import Mapping
from functools import partial

import polars as pl

from resilience_pipeline import reference
from resilience_pipeline.econometrics import (
    assignments,
    every_method,
    fake_treatments,
    partialling,
    randomisation_inference,
)
from resilience_pipeline.econometrics import placebo as placebo_module
from resilience_pipeline.econometrics.every_method import Draws, Question
from resilience_pipeline.econometrics.inference import Inference, to_frame
from resilience_pipeline.econometrics.moments import MomentMismatchError
from resilience_pipeline.econometrics.specification import Specification
from resilience_pipeline.options import Options
from resilience_pipeline.panel.analysis import analysis_frame, analysis_tables, columns_read, table_of
from resilience_pipeline.step import Check, Inputs, Step, StepResult, TableKey
from resilience_pipeline.study.columns import options_applied, specification_columns
from resilience_pipeline.study.kind import Kind, demand_column, estimate_key, part_key
from resilience_pipeline.study.kinds.one_column import read, settings_of
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
from resilience_pipeline.study.vocabulary import UNIT
from resilience_pipeline.toml_file import Section

#: Columns of the geography table that the methods read beside the specification's own.
_REGION, _NAME = "province", "name"


def check(section: Section, table: ResultTable, known: Mapping[str, Specification]) -> None:
    """The column is a regression with a treatment, clustered one way."""
    spec = known[demand_column(section, "of", settings_of(table).of, known)]
    if spec.treatment is None or len(spec.cluster) != 1:
        section.fail("of", "cannot be asked about", "a treatment and one cluster", spec.name, "name another column")


def methods_key(table: ResultTable) -> TableKey:
    """("estimates", "table_4_inference", "methods")."""
    return part_key(table, "methods")


def steps(study: Study, table: ResultTable) -> list[Step]:
    """All methods in one step."""
    spec = study.specification(settings_of(table).of)
    stated, named = study.stated_rules.get(spec.name, ()), specification_columns(spec)
    variables = tuple(variable for variable in study.variables if variable.name in named)
    panel = tuple(dict.fromkeys((*analysis_tables(study, spec), table_of(study, _REGION))))
    return [
        Step(
            key=methods_key(table),
            inputs=(*panel, estimate_key(spec)),
            reads=columns_read(study, (*named, _REGION, _NAME)),
            compute=partial(_infer, spec, stated, variables),
            description=f"{table.title}: {spec.treatment} in {spec.name} by every method of inference. One row per "
            "method and statistic. All methods use the same rows; the option vcov changes nothing. "
            + " ".join(table.notes),
            code=(
                *CODE,
                *(assignments, every_method, fake_treatments, partialling, placebo_module, randomisation_inference),
                reference.text("city_coordinates"),
            ),
            options=rules_read(stated, "wild_draws", "bootstrap_draws", "randomisation_draws", "seed"),
            checks=(MOMENTS_AGREE, AS_PRINTED, ESTIMATED),
        )
    ]


def _infer(
    spec: Specification, stated: tuple[str, ...], variables: tuple[Variable, ...], inputs: Inputs, options: Options
) -> StepResult:
    columns = (*specification_columns(spec), _REGION, _NAME)
    frame = analysis_frame(panel_of(inputs), tuple(dict.fromkeys(columns)))
    places = reference.city_coordinates().select(UNIT, "latitude", "longitude")
    placed = frame.join(places, on=UNIT, how="left", maintain_order="left")
    chosen = options_applied(spec, stated, options)
    sizes = (int(options[name]) for name in ("wild_draws", "bootstrap_draws", "randomisation_draws", "seed"))
    rows: list[Inference] = []
    printed, mismatch = Check(AS_PRINTED[0], True, "there is nothing to compare"), None
    try:
        question = Question(chosen, placed, _REGION, _NAME, "latitude", "longitude")
        rows = every_method.every_method(question, Draws(*sizes))
        first = rows[0]
        ours = {spec.name: {str(spec.treatment): float(first.estimate or 0.0)}}
        printed = as_printed(inputs, ours, {spec.name: first.n_obs or 0}, {spec.name: spec})
    except REFUSALS as refusal:
        rows = [refused(str(spec.treatment), refusal, chosen, frame, variables, options)]
    except MomentMismatchError as error:
        mismatch = error
    table = to_frame(rows)
    notes: dict[str, str | int | float | bool] = {"seed": int(options["seed"])}
    notes |= {"methods": table.filter(pl.col("status") == "estimated")["method"].n_unique()}
    return StepResult(table, (moments_agree(mismatch), printed, estimated(table)), notes=notes)


KIND = Kind("inference", ("of",), read, steps, check)
