"""The report layer: one step for each declared result, from its estimates to what a reader prints."""

from functools import partial

from resilience_pipeline.options import CATALOGUE, Options
from resilience_pipeline.report import document as document_module
from resilience_pipeline.report import layout, render
from resilience_pipeline.report import printer as printer_module
from resilience_pipeline.report.kinds import PRINTERS
from resilience_pipeline.report.printer import Others, Page, Published, published_for
from resilience_pipeline.report.render import draw, render_page
from resilience_pipeline.step import Check, Inputs, Step, StepResult
from resilience_pipeline.study.needs import all_variables
from resilience_pipeline.study.published import terms_by_symbol
from resilience_pipeline.study.study import ResultTable, Study, Variable
from resilience_pipeline.study.vocabulary import TREATMENT


def steps(study: Study) -> list[Step]:
    """One step per declared result, in printed order."""
    symbols = symbols_of(study)
    names = terms_by_symbol(study)
    variables = (*TREATMENT, *all_variables(study))
    labels = {specification.name: specification.label for table in study.tables for specification in table.columns}
    return [_step(study, table, names, symbols, variables, labels) for table in study.tables]


def symbols_of(study: Study) -> dict[str, str]:
    """Our column -> the symbol that is printed, where it has one."""
    return {v.name: v.symbol for v in (*TREATMENT, *all_variables(study)) if v.symbol} | {"const": "Constant"}


def _step(
    study: Study,
    table: ResultTable,
    names: dict[str, str],
    symbols: dict[str, str],
    variables: tuple[Variable, ...],
    labels: dict[str, str],
) -> Step:
    printer = PRINTERS[table.kind]
    printed = published_for(table, names)
    return Step(
        key=("report", table.name),
        inputs=printer.inputs(study, table),
        compute=partial(_report, table, names, symbols, variables, labels, printer.others(study, table)),
        description=f"{table.title}. {printer.grain} Computes no result: it prints what the layers before it "
        f"computed. {' '.join(table.notes)}".rstrip(),
        code=(printer.show, printer_module, render, document_module, layout, *printer.code, *_published_texts(printed)),
        options=tuple(option.name for option in CATALOGUE),
        checks=(("complete", False),),
    )


def _published_texts(printed: Published) -> tuple[str, ...]:
    frames = [*printed.coefficients.values(), *printed.models.values(), printed.descriptives]
    return tuple(frame.write_csv() for frame in frames)


def _report(
    table: ResultTable,
    names: dict[str, str],
    symbols: dict[str, str],
    variables: tuple[Variable, ...],
    labels: dict[str, str],
    others: Others,
    inputs: Inputs,
    options: Options,
) -> StepResult:
    page = Page(table, inputs.tables, published_for(table, names), symbols, options, variables, labels, others)
    document, printed = render_page(page, synthetic=inputs.synthetic)
    return StepResult(
        table=printed.tidy,
        checks=(_complete(table, printed.without_result),),
        text=document.text,
        markdown=document.markdown,
        document=document.to_json(),
        figure=draw(table, printed.tidy, "png", synthetic=inputs.synthetic),
    )


def _complete(table: ResultTable, open_: tuple[str, ...]) -> Check:
    message = f"without a result: {', '.join(open_)}" if open_ else f"{table.name} has all its parts"
    return Check("complete", not open_, message, blocking=False)
