"""What a result rests on, beside its asset in Dagster: files with their hashes, and what its cells and values are.

The same as `resilience trace` says of the whole result, from the tables that the run sees.
"""

from collections import Counter
from functools import cache

import dagster as dg
import polars as pl

from resilience_pipeline.errors import LakeError
from resilience_pipeline.lineage.edge import EVERY, Graph
from resilience_pipeline.lineage.edges import edges
from resilience_pipeline.options import Options
from resilience_pipeline.plan import project_plan
from resilience_pipeline.project import find_project
from resilience_pipeline.step import Step
from resilience_pipeline.study.load import find_studies
from resilience_pipeline.warehouse.snapshot import Snapshot

#: Files shown, those with most cells first; `resilience trace` and the report list all.
FILES = 25
_FILE = ("source", "file", "delivery_sha256")


def rests_on(step: Step, snapshot: Snapshot) -> dict[str, dg.MetadataValue]:
    """Entries "rests on", "cells" and "values" of a result; nothing where it rests on no delivered cell."""
    behind = _graph().behind([("/".join(step.key), EVERY)])
    series: dict[str, set[str]] = {}
    taken = "frozen" if any(table.startswith("frozen/") for table, _ in behind) else "staging"
    for (table, unit), way in behind.items():
        if way == "value":
            series.setdefault(table, set()).add(unit)
    statuses: Counter[str] = Counter()
    values: Counter[str] = Counter()
    files: Counter[tuple[str, str, str]] = Counter()
    for table, units in sorted(series.items()):
        layer, *_, name = table.split("/")
        try:
            if layer == "grid" and name == "cells":
                cells = _of(snapshot, table, "indicator", units)
                statuses.update(dict(cells.group_by("status").len().rows()))
                _count(files, cells)
            elif layer == taken and EVERY in units:
                rows = snapshot.read(tuple(table.split("/")))
                if "indicator" not in rows.columns:
                    _count(files, rows)
        except LakeError:
            continue  # not written yet
    for study in sorted({table.split("/")[1] for table in series if table.startswith("panel/")}):
        named = {unit for table, units in series.items() if table.startswith(f"panel/{study}/") for unit in units} - {
            EVERY
        }
        try:
            status = _of(snapshot, f"panel/{study}/value_status", "variable", named)
            values.update(dict(status.group_by("status").len().rows()))
        except LakeError:
            continue
    if not files:
        return {}
    return {
        "rests on": dg.MetadataValue.md(_listed(files)),
        **{
            name: dg.MetadataValue.text(", ".join(f"{count:,} {status.replace('_', ' ')}" for status, count in counts))
            for name, counts in (("cells", statuses.most_common()), ("values", values.most_common()))
            if counts
        },
    }


def _of(snapshot: Snapshot, table: str, column: str, units: set[str]) -> pl.DataFrame:
    rows = snapshot.read(tuple(table.split("/")))
    return rows if EVERY in units else rows.filter(pl.col(column).is_in(sorted(units)))


def _count(files: Counter[tuple[str, str, str]], rows: pl.DataFrame) -> None:
    if set(_FILE) <= set(rows.columns):
        for *place, count in rows.drop_nulls("delivery_sha256").group_by(_FILE).len().rows():
            files[tuple(place)] += count  # type: ignore[index]


def _listed(files: Counter[tuple[str, str, str]]) -> str:
    ordered = sorted(files.items(), key=lambda item: (-item[1], item[0]))
    lines = [f"Delivered files: {len(files):,}", "", "| file | source | sha256 | cells |", "| --- | --- | --- | ---: |"]
    for (source, file, sha256), count in ordered[:FILES]:
        name = file.replace("|", "\\|").replace("<", "\\<").replace("`", "")
        lines.append(f"| {name} | {source} | `{sha256[:16]}` | {count:,} |")
    if len(ordered) > FILES:
        lines.append(f"\n… and {len(ordered) - FILES:,} more: `resilience trace`, or the report's page")
    return "\n".join(lines)


@cache
def _graph() -> Graph:
    """What rests on what in the project's plan; made once a process."""
    studies = {study.name: study for study in find_studies(find_project().studies)}
    steps = [
        step for step in project_plan().steps if len(step.key) < 3 or step.key[1] in studies or step.key[0] in _RESULTS
    ]
    return Graph(sorted({edge for step in steps for edge in edges(step, studies, Options())}))


_RESULTS = ("estimates", "report")
