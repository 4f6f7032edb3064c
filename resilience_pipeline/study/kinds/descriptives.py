"""Kind "descriptives": N, mean, standard deviation, minimum and maximum of panel variables (Table 3)."""

from collections.abc import Mapping
from functools import partial

import polars as pl

from resilience_pipeline.econometrics import predicate
from resilience_pipeline.econometrics.predicate import keep_rows
from resilience_pipeline.econometrics.specification import Specification
from resilience_pipeline.options import Options
from resilience_pipeline.panel import analysis
from resilience_pipeline.panel.analysis import analysis_frame, columns_read, table_of
from resilience_pipeline.step import Check, Inputs, Step, StepResult, TableKey, named_in
from resilience_pipeline.study import columns as columns_module
from resilience_pipeline.study import descriptives
from resilience_pipeline.study.columns import specification_columns
from resilience_pipeline.study.descriptives import describe
from resilience_pipeline.study.kind import Declared, Kind, Parts, demand_column, demand_names, part_key
from resilience_pipeline.study.study import ResultTable, Study
from resilience_pipeline.study.vocabulary import KEYS
from resilience_pipeline.toml_file import Section


def read_variables(section: Section, declared: Declared) -> Parts:
    """`variables`, at least one, and `sample`, a column whose rows are taken; for every kind about variables."""
    variables = demand_names(section, "variables", section.texts("variables"), declared.names)
    if not variables:
        section.fail("variables", "do not fit the table's kind", "at least one variable", "0", "mend kind or variables")
    return Parts(variables=variables, sample=section.optional("sample"))


def check_sample(section: Section, table: ResultTable, known: Mapping[str, Specification]) -> None:
    """The sample is a column that the study has."""
    if table.sample is not None:
        demand_column(section, "sample", table.sample, known)


def key(table: ResultTable) -> TableKey:
    """("estimates", "table_3", "descriptives")."""
    return part_key(table, "descriptives")


def steps(study: Study, table: ResultTable) -> list[Step]:
    """One step."""
    on = study.specification(table.sample) if table.sample else None
    columns = described_columns(table, on)
    rows = f"the rows of {on.name}" if on else "all rows of the panel"
    return [
        Step(
            key=key(table),
            inputs=panel_tables(study, columns),
            reads=columns_read(study, columns),
            row_reads=named_in("variable"),
            compute=partial(_describe, table.variables, on, columns),
            description=f"{table.title}: N, mean, standard deviation, minimum and maximum on {rows}, after "
            "winsorising. One row per variable. Fills no gap: N is the variable's own. " + " ".join(table.notes),
            code=(descriptives, analysis, columns_module, predicate),
            checks=(("described", False),),
        )
    ]


def described_columns(table: ResultTable, on: Specification | None) -> tuple[str, ...]:
    """Columns of the panel that a table about variables reads: its own and those of the column whose rows it takes."""
    return tuple(dict.fromkeys((*table.variables, *(specification_columns(on) if on else ()))))


def panel_tables(study: Study, columns: tuple[str, ...]) -> tuple[TableKey, ...]:
    """Keys of the panel tables that hold the columns, each once."""
    return tuple(dict.fromkeys(table_of(study, column) for column in columns if column not in KEYS))


def rows_of(frame: pl.DataFrame, on: Specification | None) -> tuple[pl.DataFrame, str]:
    """Rows of the specification's sample, and what they are in words; all rows where it has none yet."""
    if on is None:
        return frame, "all rows of the panel"
    if on.where:
        frame = keep_rows(frame, on.where)
    complete = frame.drop_nulls([name for name in specification_columns(on) if name not in KEYS])
    if complete.is_empty():  # an awaiting outcome must not hide what is there
        return frame, f"all rows: {on.name} has none yet"
    return complete, f"the rows of {on.name}"


def _describe(
    variables: tuple[str, ...], on: Specification | None, columns: tuple[str, ...], inputs: Inputs, options: Options
) -> StepResult:
    frame, rows = rows_of(analysis_frame(inputs.tables, columns), on)
    table = describe(frame, variables)
    empty = table.filter(status="awaiting")["variable"].to_list()
    message = f"no value was delivered for {', '.join(empty)}" if empty else f"{len(variables)} variables"
    return StepResult(table, (Check("described", not empty, message, blocking=False),), notes={"sample": rows})


KIND = Kind("descriptives", ("variables", "sample"), read_variables, steps, check_sample)
