"""What the lineage explorer asks for, as small scripts: what opens from a disk may run files, not fetch them.

explorer/index.js : every coefficient by result, and once what many share: tables, variables, series, cities.
explorer/of/RESULT.js : of each coefficient its figures, specification, sample, and which of those it rests on.
explorer/files/SOURCE.js : the delivered files of a source, and how many cells each gave to which series.
explorer/cells/STUDY/SERIES.js : the cells of one series of the grid, or the rows of a list (`explorer_cells.py`).

All of it is what `resilience trace` says; nothing is followed or counted in another way.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from resilience_pipeline.errors import LakeError
from resilience_pipeline.lineage.edge import EVERY
from resilience_pipeline.lineage.opened import Index
from resilience_pipeline.lineage.records import Asset, Coefficient, Trace, VariableTrace
from resilience_pipeline.lineage.trace import trace
from resilience_pipeline.settings import Access
from resilience_pipeline.site.explorer_cells import Cells, FilePlace
from resilience_pipeline.warehouse.atomic import replace_text

FOLDER = "explorer"
#: What a row of a result says of a coefficient, as far as it has it.
FIGURES = ("estimate", "std_error", "t", "p_value", "ci_low", "ci_high", "n_obs", "status", "reason")


def write_explorer(out: Path, index: Index, access: Access) -> int:
    """Write the scripts below `out`; how many. Scripts of an earlier report that are no longer made are removed.

    Parameters
    ----------
    access : whether delivered figures that are not synthetic may show; their places show in any case.
    """
    written = set()
    for name, content in scripts(index, access):
        file = out / FOLDER / f"{name}.js"
        text = json.dumps(content, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
        whole = f"(window.LINEAGE = window.LINEAGE || {{}})[{json.dumps(name, ensure_ascii=False)}] = {text};\n"
        if not file.is_file() or file.read_text(encoding="utf-8") != whole:
            replace_text(file, whole)
        written.add(file)
    for file in sorted((out / FOLDER).rglob("*.js")):
        if file not in written:
            file.unlink()
    return len(written)


def scripts(index: Index, access: Access) -> Iterator[tuple[str, dict[str, Any]]]:
    """Name and content of each script, the index last: it holds what the others refer to by number."""
    shared = _Shared(index)
    results: dict[str, list[list[Any]]] = {}
    for result, groups in _groups(index).items():
        rested = [_group(index, group, shared) for group in groups]
        for number in sorted({number for group in rested for number in group.get("series", ())}):
            shared.rest_on.setdefault(number, []).append(result)
        results[result] = [[coefficient.name, place] for place, group in enumerate(groups) for coefficient in group]
        yield f"of/{result}", {"groups": rested}
    cells = Cells(index, access, lambda *place: shared.files(place))
    for study in sorted({study for study, _ in shared.series.numbers}):
        wanted = sorted(name for one, name in shared.series.numbers if one == study)
        for name, script, counts in cells.of(study, wanted):
            shared.series((study, name), counts)
            yield f"cells/{study}/{name}", script
    yield from shared.by_source(cells.about)
    yield "index", {"results": results, **shared.record(cells.cities)}


def _groups(index: Index) -> dict[str, list[tuple[Coefficient, ...]]]:
    """Result -> its coefficients, those together that rest on the same parts of the same table.

    A row of the report that repeats one of the estimates goes by the name of that one.
    """
    # What has an error stands first, so that a result's own name leads to an effect, not to a covariance of two.
    rows = sorted(index.coefficients.to_dicts(), key=lambda row: row["std_error"] is None)
    own = {row["name"] for row in rows if row["table"].startswith("estimates/")}
    grouped: dict[str, dict[tuple[str, tuple[str, ...]], list[Coefficient]]] = {}
    for row in rows:
        if row["name"] in own and not row["table"].startswith("estimates/"):
            continue
        units = tuple(row["units"])
        coefficient = Coefficient(
            row["name"], row["table"], row["row"], units, row["estimate"], row["std_error"], row["status"]
        )
        here = grouped.setdefault(row["name"].split(".")[0], {})
        here.setdefault((row["table"], units), []).append(coefficient)
    return {result: [tuple(group) for group in groups.values()] for result, groups in grouped.items()}


@dataclass
class _Numbered:
    """Things in the order that they are met, each once, with its number and what is said of it."""

    numbers: dict[Any, int] = field(default_factory=dict)
    said: list[Any] = field(default_factory=list)

    def __call__(self, key: Any, said: Any = None) -> int:
        """The thing's number; what is said of it later replaces what was said first, unless that is nothing."""
        if key not in self.numbers:
            self.numbers[key] = len(self.said)
            self.said.append(said)
        elif said is not None:
            self.said[self.numbers[key]] = said
        return self.numbers[key]


@dataclass
class _Shared:
    """What many coefficients have in common."""

    index: Index
    files: _Numbered = field(default_factory=_Numbered)  # (source, file, hash)
    tables: _Numbered = field(default_factory=_Numbered)  # (table, version)
    variables: _Numbered = field(default_factory=_Numbered)  # (table, name)
    series: _Numbered = field(default_factory=_Numbered)  # (study, name)
    rest_on: dict[int, list[str]] = field(default_factory=dict)  # series -> results

    def by_source(self, about: Callable[[FilePlace], list[Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
        """The script of each source's files: documents are thousands, and few coefficients rest on them.

        about : publisher, editions and size of a file.
        """
        counts: dict[str, dict[int, list[list[int]]]] = {}
        sources = {number: place[0] for place, number in self.files.numbers.items()}
        for series, said in enumerate(self.series.said):
            for number, count in (said or {}).pop("files", ()):
                counts.setdefault(sources[number], {}).setdefault(series, []).append([number, count])
        for source in sorted(set(sources.values())):
            files = {
                number: [*place, *about(place)] for place, number in self.files.numbers.items() if place[0] == source
            }
            yield f"files/{source}", {"files": files, "series": counts.get(source, {})}

    def record(self, cities: Mapping[str, str]) -> dict[str, Any]:
        """For the index script."""
        return {
            "tables": self.tables.said,
            "variables": self.variables.said,
            "series": [
                {
                    **{"study": study, "name": name, "results": self.rest_on.get(number, [])},
                    **(self.series.said[number] or {"cells": {}, "sources": {}}),
                }
                for (study, name), number in self.series.numbers.items()
            ],
            "cities": dict(sorted(cities.items())),
        }


def _group(index: Index, group: Sequence[Coefficient], shared: _Shared) -> dict[str, Any]:
    """What the coefficients of one group rest on; that a version was pruned since is a note, no failure."""
    try:
        followed = _followed(trace(index, group, cells=None), shared)
    except LakeError as gone:
        return {"names": [coefficient.name for coefficient in group], "notes": [str(gone)]}
    numbered = [coefficient for coefficient in group if coefficient.row is not None]  # a whole table has no row
    for row, coefficient in zip(followed["rows"], numbered, strict=True):  # the row may call them by other names
        figures = {"estimate": coefficient.estimate, "std_error": coefficient.std_error}
        row.update({name: value for name, value in figures.items() if value is not None and name not in row})
    return followed


def _followed(trace: Trace, shared: _Shared) -> dict[str, Any]:
    named = sorted(series.name for series in trace.indicators)
    lists = [table.split("/")[-1] for table in trace.lists]
    sample = trace.sample
    return {
        "names": list(trace.names),
        "rows": [{name: row[name] for name in FIGURES if name in row} for row in trace.rows],
        "kind": trace.kind,
        "title": trace.title,
        "study": trace.study,
        "synthetic": trace.synthetic,
        "specification": dict(trace.specification) if trace.specification else None,
        "sample": sample and {"city_years": sample.city_years, "lost": dict(sample.lost), "used": sample.used},
        "variables": [[_variable(one, trace.study, shared), dict(one.values)] for one in trace.variables],
        "treatment": _treatment(trace, shared),
        "series": [shared.series((trace.study, name)) for name in (*named, *lists)],
        "tables": [_table(asset, trace, shared) for asset in trace.assets],
        "notes": list(trace.notes),
    }


def _treatment(trace: Trace, shared: _Shared) -> list[int]:
    """Lists that the treatment is made from: it is no variable of the study's own."""
    name = (trace.specification or {}).get("treatment")
    edges = shared.index.edges.filter(unit=name or "").select("table", "unit").unique().sort("table").rows()
    behind = shared.index.graph.behind([part for part in edges if part[0].startswith(f"panel/{trace.study}/")])
    return [shared.series((trace.study, table.split("/")[-1])) for table in trace.lists if (table, EVERY) in behind]


def _variable(variable: VariableTrace, study: str, shared: _Shared) -> int:
    behind = shared.index.graph.behind([(variable.table, variable.name)])
    between = {table for table, _ in behind if table.split("/")[0] in ("panel", "indices")} - {variable.table}
    said = {name: getattr(variable, name) for name in _OF_VARIABLE}
    said |= {"through": sorted(between), "series": [shared.series((study, name)) for name in variable.indicators]}
    return shared.variables((variable.table, variable.name), said)


def _table(asset: Asset, trace: Trace, shared: _Shared) -> int:
    said = [getattr(asset, name) for name in _OF_TABLE]
    options = {} if not asset.options else dict(asset.options)
    return shared.tables((asset.table, asset.data_version), [*said, options, trace.sql.get(asset.table, "")])


_OF_VARIABLE = ("name", "table", "symbol", "description", "formula", "option", "reading")
_OF_TABLE = ("table", "description", "data_version", "code_version", "run_id", "written_at", "rows")
