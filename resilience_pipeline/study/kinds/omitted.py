"""Kind "omitted": what an omitted variable would have to do to the treatment's coefficient of a column.

[tables.table_4_omitted]
title = "..."
kind = "omitted"
of = "table_4.3"
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

from resilience_pipeline.econometrics import omitted
from resilience_pipeline.econometrics.inference import to_frame
from resilience_pipeline.econometrics.omitted import omitted_variable_rows
from resilience_pipeline.econometrics.specification import Specification
from resilience_pipeline.options import Options
from resilience_pipeline.panel.analysis import analysis_frame, analysis_tables, columns_read
from resilience_pipeline.step import Inputs, Step, StepResult, TableKey
from resilience_pipeline.study.columns import RULES, options_applied, specification_columns
from resilience_pipeline.study.kind import Kind, part_key
from resilience_pipeline.study.kinds.one_column import check, read, settings_of
from resilience_pipeline.study.kinds.resampled import CODE, ESTIMATED, REFUSALS, estimated, refused
from resilience_pipeline.study.study import ResultTable, Study, Variable


def key(table: ResultTable) -> TableKey:
    """("estimates", "table_4_omitted", "bounds")."""
    return part_key(table, "bounds")


def steps(study: Study, table: ResultTable) -> list[Step]:
    """One step."""
    spec = study.specification(settings_of(table).of)
    stated = study.stated_rules.get(spec.name, ())
    return [
        Step(
            key=key(table),
            inputs=analysis_tables(study, spec),
            reads=columns_read(study, specification_columns(spec)),
            row_reads=partial(_row_reads, spec),
            compute=partial(_bounds, spec, stated, study.variables),
            description=f"{table.title}: robustness values, proportional selection and the minimum detectable effect "
            f"of {spec.treatment} in {spec.name}. One row per measure. Finds no such variable: it says how strong one "
            "would have to be. " + " ".join(table.notes),
            code=(omitted, *CODE),
            options=tuple(rule for rule in RULES if rule not in stated),
            checks=(ESTIMATED,),
        )
    ]


def _row_reads(spec: Specification, row: Mapping[str, Any]) -> tuple[str, ...]:
    """How well a control tells the treatment has no outcome in it: that decides only which control is the strongest."""
    names = specification_columns(spec)
    own = str(row["statistic"]).endswith("with the treatment")
    return tuple(name for name in names if name != spec.outcome) if own else ()


def _bounds(
    spec: Specification, stated: tuple[str, ...], variables: tuple[Variable, ...], inputs: Inputs, options: Options
) -> StepResult:
    frame = analysis_frame(inputs.tables, specification_columns(spec))
    chosen = options_applied(spec, stated, options)
    try:
        rows = omitted_variable_rows(chosen, frame)
    except REFUSALS as refusal:
        rows = [refused(str(spec.treatment), refusal, chosen, frame, variables, options)]
    table = to_frame(rows)
    return StepResult(table, (estimated(table),))


KIND = Kind("omitted", ("of",), read, steps, check)
