"""Kind "balance": how pilots and other cities compare before the policy, in level and in trend."""

from functools import partial

from resilience_pipeline.options import Options
from resilience_pipeline.panel import analysis
from resilience_pipeline.panel.analysis import analysis_frame, columns_read
from resilience_pipeline.step import Check, Inputs, Step, StepResult, TableKey, named_in
from resilience_pipeline.study import balance as balance_module
from resilience_pipeline.study.balance import balance
from resilience_pipeline.study.kind import Declared, Kind, Parts, part_key
from resilience_pipeline.study.kinds.descriptives import panel_tables, read_variables
from resilience_pipeline.study.study import ResultTable, Study
from resilience_pipeline.toml_file import Section


def read(section: Section, declared: Declared) -> Parts:
    """The variables, at least one."""
    return read_variables(section, declared)


def key(table: ResultTable) -> TableKey:
    """("estimates", "balance", "balance")."""
    return part_key(table, "balance")


def steps(study: Study, table: ResultTable) -> list[Step]:
    """One step."""
    columns = ("treat", "post", *(name for name in table.variables if name not in ("treat", "post")))
    return [
        Step(
            key=key(table),
            inputs=panel_tables(study, columns),
            reads=columns_read(study, columns),
            row_reads=named_in("variable"),
            compute=partial(_balance, table.variables, columns),
            description=f"{table.title}: means of pilots and of other cities over the years before the policy, their "
            "difference in level and in trend, standardised. One row per variable. Matches nothing. "
            + " ".join(table.notes),
            code=(balance_module, analysis),
            checks=(("compared", False),),
        )
    ]


def _balance(variables: tuple[str, ...], columns: tuple[str, ...], inputs: Inputs, options: Options) -> StepResult:
    table = balance(analysis_frame(inputs.tables, columns), variables)
    open_ = [row["variable"] for row in table.to_dicts() if row["status"] != "estimated"]
    message = f"not compared: {', '.join(open_)}" if open_ else f"{len(variables)} variables"
    return StepResult(table, (Check("compared", not open_, message, blocking=False),))


KIND = Kind("balance", ("variables",), read, steps)
