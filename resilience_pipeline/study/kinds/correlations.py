"""Kind "correlations": how panel variables move together, on the rows of a column or on all rows."""

from functools import partial

from resilience_pipeline.econometrics import predicate
from resilience_pipeline.econometrics.specification import Specification
from resilience_pipeline.options import Options
from resilience_pipeline.panel import analysis
from resilience_pipeline.panel.analysis import analysis_frame, columns_read
from resilience_pipeline.step import Check, Inputs, Step, StepResult, TableKey, named_in
from resilience_pipeline.study import columns as columns_module
from resilience_pipeline.study import correlations
from resilience_pipeline.study.correlations import correlate
from resilience_pipeline.study.kind import Kind, part_key
from resilience_pipeline.study.kinds.descriptives import (
    check_sample,
    described_columns,
    panel_tables,
    read_variables,
    rows_of,
)
from resilience_pipeline.study.study import ResultTable, Study


def key(table: ResultTable) -> TableKey:
    """("estimates", "correlations", "correlations")."""
    return part_key(table, "correlations")


def steps(study: Study, table: ResultTable) -> list[Step]:
    """One step."""
    on = study.specification(table.sample) if table.sample else None
    columns = described_columns(table, on)
    return [
        Step(
            key=key(table),
            inputs=panel_tables(study, columns),
            reads=columns_read(study, columns),
            row_reads=named_in("variable", "other"),
            compute=partial(_correlate, table.variables, on, columns),
            description=f"{table.title}: Pearson correlations of the panel's variables, after winsorising. One row per "
            "pair. Takes no account of cities or years. " + " ".join(table.notes),
            code=(correlations, rows_of, analysis, columns_module, predicate),
            checks=(("correlated", False),),
        )
    ]


def _correlate(
    variables: tuple[str, ...], on: Specification | None, columns: tuple[str, ...], inputs: Inputs, options: Options
) -> StepResult:
    frame, rows = rows_of(analysis_frame(inputs.tables, columns), on)
    table = correlate(frame, variables)
    empty = [name for name in variables if frame[name].null_count() == frame.height]
    message = f"no value was delivered for {', '.join(empty)}" if empty else f"{table.height} pairs"
    return StepResult(table, (Check("correlated", not empty, message, blocking=False),), notes={"sample": rows})


KIND = Kind("correlations", ("variables", "sample"), read_variables, steps, check_sample)
