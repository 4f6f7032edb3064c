"""The report layer: one step for each declared table, from its estimates to what a reader prints."""

from functools import partial

from resilience_pipeline.indices import registry
from resilience_pipeline.options import CATALOGUE, Options
from resilience_pipeline.panel import treatment
from resilience_pipeline.report import figures, layout, other_tables, regression
from resilience_pipeline.report.other_tables import indicators_table, pilots_table
from resilience_pipeline.report.render import Published, published_for, render_table
from resilience_pipeline.step import Check, Inputs, Step, StepResult, TableKey
from resilience_pipeline.study import published
from resilience_pipeline.study.needs import all_variables
from resilience_pipeline.study.published import terms_by_symbol
from resilience_pipeline.study.steps import descriptives_key, estimate_key
from resilience_pipeline.study.study import ResultTable, Study
from resilience_pipeline.study.vocabulary import TREATMENT

_GRAINS = {
    "regression": "One row per column and term, ours beside the published.",
    "descriptives": "One row per variable and statistic, ours beside the published.",
    "pilots": "One row per printed name, as printed, as resolved, and how it counts.",
    "indicators": "One row per indicator: formula, unit, sign, source, reason.",
}


def steps(study: Study) -> list[Step]:
    """One step per declared table, in printed order."""
    symbols = {v.name: v.symbol for v in (*TREATMENT, *all_variables(study)) if v.symbol} | {"const": "Constant"}
    names = terms_by_symbol(study)
    return [_step(study, table, names, symbols) for table in study.tables]


def _step(study: Study, table: ResultTable, names: dict[str, str], symbols: dict[str, str]) -> Step:
    inputs = _inputs(study, table)
    printed = published_for(table, names)
    return Step(
        key=("report", table.name),
        inputs=inputs,
        compute=partial(_report, table, inputs, names, symbols),
        description=f"{table.title}. {_GRAINS[table.kind]} Computes no result: it prints what the layers before it "
        f"computed. {' '.join(table.notes)}".rstrip(),
        code=(treatment, figures, layout, other_tables, published, regression, registry, *_published_texts(printed)),
        options=tuple(option.name for option in CATALOGUE),
        checks=(("complete", False),),
    )


def _inputs(study: Study, table: ResultTable) -> tuple[TableKey, ...]:
    if table.kind == "regression":
        return tuple(estimate_key(specification) for specification in table.columns)
    if table.kind == "descriptives":
        return (descriptives_key(table),)
    if table.kind == "pilots":
        return (("staging", "pilot_list"),)
    return (("indices", study.name, "indicators"),)


def _published_texts(printed: Published) -> tuple[str, ...]:
    frames = [*printed.coefficients.values(), *printed.models.values(), printed.descriptives]
    return tuple(frame.write_csv() for frame in frames)


def _report(
    table: ResultTable,
    keys: tuple[TableKey, ...],
    names: dict[str, str],
    symbols: dict[str, str],
    inputs: Inputs,
    options: Options,
) -> StepResult:
    if table.kind == "pilots":
        records = [pilots_table(inputs[keys[0]], options)]
    elif table.kind == "indicators":
        records = [indicators_table(inputs[keys[0]], options)]
    else:
        records = [inputs[key] for key in keys]
    rendered, tidy = render_table(
        table, records, published_for(table, names), symbols, synthetic=inputs.synthetic, options=options
    )
    return StepResult(
        table=tidy,
        checks=(_complete(table, records),),
        text=rendered.text,
        markdown=rendered.markdown,
    )


def _complete(table: ResultTable, records: list) -> Check:
    open_ = []
    for record in records:
        if "status" in record.columns:
            rows = record.filter(record["status"] != "estimated")
            open_ += rows["name" if "name" in rows.columns else "variable"].unique(maintain_order=True).to_list()
    message = f"without a result: {', '.join(open_)}" if open_ else f"{table.name} has all its parts"
    return Check("complete", not open_ and all(record.height for record in records), message, blocking=False)
