"""The results of a lake as the pages show them: document, finding, planted values, downloads, what each rests on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from resilience_pipeline.econometrics.specification import Specification
from resilience_pipeline.errors import LakeError
from resilience_pipeline.lineage.index import COEFFICIENTS_KEY
from resilience_pipeline.report.document import Document, printed_order
from resilience_pipeline.report.steps import symbols_of
from resilience_pipeline.site.anchors import Column, Known, Place, anchors, printed_figures, quoted
from resilience_pipeline.sources.delivered import Delivered, deliveries_of
from resilience_pipeline.status import Result, read_comparison, read_result
from resilience_pipeline.study.needs import all_variables
from resilience_pipeline.study.study import ResultTable, Study, Variable
from resilience_pipeline.study.vocabulary import TREATMENT
from resilience_pipeline.variants import no_result, own_lake
from resilience_pipeline.warehouse.lake import Lake
from resilience_pipeline.warehouse.pointer import Pointer


@dataclass(frozen=True)
class Shown:
    """One result and all that its page says.

    Parameters
    ----------
    found : as `resilience show` reads it. document : its printed form.
    table : its declaration; None where no study declares it any more.
    study : name of the study that declares it.
    finding : in plain words, from the study's referee's sheet; "" where no question is about it.
    anchors : cell -> name of the coefficient.
    planted : rows of the comparison with what was planted; empty where nothing is known.
    symbols : variables whose symbols its cells print.
    behind : pointers of all tables that it rests on, by name.
    """

    found: Result
    document: Document
    table: ResultTable | None
    study: str
    finding: str
    anchors: Mapping[Place, str]
    planted: tuple[dict, ...]
    symbols: tuple[Variable, ...]
    behind: tuple[Pointer, ...]

    @property
    def name(self) -> str:
        """ "table_4", the page's name, too."""
        return self.found.name

    @property
    def kind(self) -> str:
        """Its kind, "" where it is not declared."""
        return "" if self.table is None else self.table.kind

    @property
    def sources(self) -> tuple[str, ...]:
        """Names of the sources that it rests on and that were delivered."""
        return tuple(p.key[-1] for p in self.behind if p.key[0] == "sources" and p.rows)


@dataclass(frozen=True)
class Collection:
    """All results in the order of their studies, and the deliveries of every source."""

    results: tuple[Shown, ...]
    studies: tuple[Study, ...]
    sources: Mapping[str, tuple[Delivered, ...]]

    def __getitem__(self, name: str) -> Shown | None:
        return next((shown for shown in self.results if shown.name == name), None)

    @property
    def synthetic(self) -> bool:
        """Whether any result descends from the synthetic twin."""
        return any(shown.found.pointer.synthetic for shown in self.results)


def collect(root: Path, studies: Sequence[Study], variant: str | None = None) -> Collection:
    """Everything that the pages show; a LakeError where the lake holds no result.

    Results that an earlier version printed without keeping its cells are left out.
    """
    lake = own_lake(root, variant)
    pointers = {pointer.name: pointer for pointer in lake.tables()}
    names = sorted((p.key[-1] for p in pointers.values() if p.key[0] == "report"), key=printed_order)
    declared = {table.name: (study, table) for study in studies for table in study.tables}
    order = {study.name: place for place, study in enumerate(studies)}
    names.sort(key=lambda name: order[declared[name][0].name] if name in declared else len(order))
    found = {name: read_result(root, name, variant) for name in names}
    findings = _findings(found)
    planted = _planted(root) if variant is None else {}
    known = _known_names(lake)
    shown = [
        _shown(result, declared.get(name), findings.get(name, ""), planted, pointers, known)
        for name, result in found.items()
        if result.document is not None
    ]
    if not shown:
        raise no_result(lake)
    sources = {
        p.key[1]: deliveries_of(p) for p in pointers.values() if p.key[0] == "sources" and p.key[1] != "inventory"
    }
    return Collection(tuple(shown), tuple(studies), sources)


def _shown(
    found: Result,
    declared: tuple[Study, ResultTable] | None,
    finding: str,
    planted: Mapping[str, list[dict]],
    pointers: Mapping[str, Pointer],
    known: Mapping[str, Known],
) -> Shown:
    assert found.document is not None
    study, table = declared if declared is not None else (None, None)
    symbols = {} if study is None else symbols_of(study)
    printed = {cell for row in (found.document.grid.headings, *found.document.grid.rows) for cell in row}
    variables = () if study is None else (*TREATMENT, *all_variables(study))
    other = quoted(found.table, found.document, (name for names in known.values() for name in names))
    named = anchors(
        found.document,
        [_column(spec, symbols) for spec in (() if table is None else table.columns)],
        {v.symbol: v.name for v in variables if v.symbol and not v.copy_of},
        known.get(found.name, {}),
    )
    return Shown(
        found=found,
        document=found.document,
        table=table,
        study="" if study is None else study.name,
        finding=finding,
        anchors={place: other.get(place[0], name) for place, name in named.items()},
        planted=tuple(planted.get(found.name, ())),
        symbols=tuple(v for v in variables if v.symbol in printed and v.symbol and not v.copy_of),
        behind=_behind(found.pointer, pointers),
    )


def _column(spec: Specification, symbols: Mapping[str, str]) -> Column:
    """A variable and its copy under another winsorising rule share a symbol: the column says which it has."""
    own = (*((spec.treatment,) if spec.treatment else ()), *spec.controls, "const")
    return Column(spec.name, {symbols.get(term, term): term for term in own})


def _known_names(lake: Lake) -> dict[str, dict[str, tuple[str, ...]]]:
    """Result -> names of its coefficients with their figures, as the lineage index has them; nothing without one."""
    try:
        rows = lake.read(COEFFICIENTS_KEY).select("name", "estimate", "std_error").rows()
    except LakeError:
        return {}
    by_result: dict[str, dict[str, tuple[str, ...]]] = {}
    for name, estimate, std_error in rows:
        by_result.setdefault(name.split(".")[0], {})[name] = printed_figures(estimate, std_error)
    return by_result


def _findings(found: Mapping[str, Result]) -> dict[str, str]:
    """Result -> what the first referee's sheet that asks about it says."""
    said: dict[str, str] = {}
    for result in found.values():
        if {"question", "finding", "result"} <= set(result.table.columns):
            for row in result.table.to_dicts():
                said.setdefault(row["result"], row["finding"])
    return said


def _planted(root: Path) -> dict[str, list[dict]]:
    """Result -> rows of the comparison whose planted value is known."""
    try:
        _, beside = read_comparison(root)
    except LakeError:
        return {}
    by_result: dict[str, list[dict]] = {}
    if beside is not None:
        for row in beside.filter(pl.col("planted").is_not_null() & pl.col("ours").is_not_null()).to_dicts():
            by_result.setdefault(row["table"], []).append(row)
    return by_result


def _behind(pointer: Pointer, pointers: Mapping[str, Pointer]) -> tuple[Pointer, ...]:
    """All tables that this one rests on, as they stand, by name."""
    reached: dict[str, Pointer] = {}
    waiting = list(pointer.inputs)
    while waiting:
        name = waiting.pop()
        if name not in reached and name in pointers:
            reached[name] = pointers[name]
            waiting += pointers[name].inputs
    return tuple(reached[name] for name in sorted(reached))
