"""Kind "referee": each question, what the study found in words, and the result where the figures stand."""

from dataclasses import replace

import polars as pl

from resilience_pipeline.errors import SpecificationError
from resilience_pipeline.report import figures, findings, layout
from resilience_pipeline.report.findings import FINDINGS
from resilience_pipeline.report.layout import Grid
from resilience_pipeline.report.printer import Others, Page, Printed, Printer
from resilience_pipeline.step import TableKey
from resilience_pipeline.study.kinds.referee import Referee
from resilience_pipeline.study.study import ResultTable, Study

REFEREE = pl.Schema(dict.fromkeys(("question", "finding", "why", "result"), pl.String))


def others(study: Study, table: ResultTable) -> Others:
    """The results that answer, in the order of the questions, each with the tables that it is printed from.

    Raises
    ------
    SpecificationError : a question names no result of the study, or one that no sentence is written for.
    """
    from resilience_pipeline.report.kinds import PRINTERS  # this module is one of them

    there = {other.name: other for other in study.tables}
    found = []
    for question in _settings(table).questions:
        other = there.get(question.result)
        if other is None or other.kind not in FINDINGS:
            raise SpecificationError(
                what=f"{table.name} asks {question.result!r}, which cannot answer",
                expected=f"a result of kind {', '.join(FINDINGS)}",
                found="no such result" if other is None else f"a result of kind {other.kind}",
                remedy="name another result, or take the question out",
            )
        found.append((other, PRINTERS[other.kind].inputs(study, other)))
    return tuple(found)


def inputs(study: Study, table: ResultTable) -> tuple[TableKey, ...]:
    """All that the answering results are printed from."""
    return tuple(dict.fromkeys(key for _, keys in others(study, table) for key in keys))


def show(page: Page) -> Printed:
    """One row per question."""
    records = []
    for question, (other, keys) in zip(_settings(page.table).questions, page.others, strict=True):
        own = replace(page, table=other, tables={key: page.tables[key] for key in keys}, others=())
        records.append(
            {
                "question": question.ask,
                "finding": FINDINGS[other.kind](own),
                "why": question.why,
                "result": question.result,
            }
        )
    tidy = pl.DataFrame(records, schema=REFEREE)
    grid = Grid(("Question", "What was found", "Why it is asked", "Where"), tuple(tidy.iter_rows()), prose=True)
    notes = ("Every figure stands in the result named at its right, with its rows, error rule, options and seed.",)
    return Printed(grid, tidy, notes)


def _settings(table: ResultTable) -> Referee:
    assert isinstance(table.settings, Referee)
    return table.settings


PRINTER = Printer(
    grain="One row per question of a referee: what was found, why it matters, where it stands.",
    inputs=inputs,
    show=show,
    code=(figures, findings, layout),
    others=others,
)
