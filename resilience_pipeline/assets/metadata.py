"""What people see beside an asset: row counts, schema, preview, failing rows.

Rows by city and year are the publishers', as delivered or a step of arithmetic away from it: they show only where they
are synthetic, or where `[access] previews_of_licensed_rows` of `resilience.toml` allows it. Messages are not rows: that
of a failed check or file quotes up to five cells, those that failed, so that a person finds them.
"""

import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from functools import cache

import dagster as dg
import polars as pl

from resilience_pipeline.assets.keys import asset_key
from resilience_pipeline.driver import Outcome
from resilience_pipeline.lineage.columns import column_lineage
from resilience_pipeline.options import Options
from resilience_pipeline.project import find_project
from resilience_pipeline.settings import Access
from resilience_pipeline.sources.delivered import NOTE as DELIVERIES
from resilience_pipeline.step import Check, Step, TableKey
from resilience_pipeline.study.load import find_studies
from resilience_pipeline.study.study import Study
from resilience_pipeline.warehouse.pointer import Pointer

Metadata = Mapping[str, dg.MetadataValue]
_NOTHING: Metadata = {}

#: Layers that hold the study's results. A logarithm, an index of one series or a frozen copy gives the figure away.
RESULT_LAYERS = frozenset({"estimates", "report"})
PREVIEW_ROWS = 5
PREVIEW_COLUMNS = 30
CELL_LENGTH = 60
FAILING_ROWS = 20


#: Name of the entry that says whether the run computed the table, or found it as it must be.
COMPUTED = "computed"


def rows_may_show(key: TableKey, *, synthetic: bool, access: Access) -> bool:
    """Whether rows of this table may stand in Dagster's event log, which everybody sees who sees the UI."""
    return synthetic or key[0] in RESULT_LAYERS or access.previews_of_licensed_rows


def table_metadata(outcome: Outcome, access: Access, before: Metadata = _NOTHING) -> dict[str, dg.MetadataValue]:
    """Metadata of a table that was kept or stands unchanged.

    Parameters
    ----------
    before : the table's metadata of the run before; of a table that stands, preview and figure are taken from it.
    """
    pointer, result = outcome.pointer, outcome.result
    if pointer is None:
        raise ValueError("the step kept no table")
    if result is None:
        return _standing_metadata(pointer, access, before)
    table = result.table
    key = outcome.step.key
    metadata: dict[str, dg.MetadataValue] = {
        COMPUTED: dg.MetadataValue.text("yes"),
        "dagster/row_count": dg.MetadataValue.int(table.height),
        "dagster/column_schema": dg.MetadataValue.table_schema(_schema(table)),
        "dagster/relation_identifier": dg.MetadataValue.text(".".join(asset_key(key).path)),
        "data_version": dg.MetadataValue.text(pointer.data_version),
        "options": dg.MetadataValue.json(dict(pointer.options)),
    }
    if lineage := _column_lineage(outcome.step, table.columns, pointer):
        metadata["dagster/column_lineage"] = dg.MetadataValue.column_lineage(lineage)
    if pointer.synthetic:
        metadata["synthetic"] = dg.MetadataValue.text("SYNTHETIC: made from the synthetic twin")
    if result.markdown is not None:
        metadata["table"] = dg.MetadataValue.md(result.markdown)
    elif rows_may_show(key, synthetic=pointer.synthetic, access=access):
        metadata["preview"] = dg.MetadataValue.md(_preview(table))
    if result.figure is not None:
        encoded = b64encode(result.figure).decode("ascii")
        metadata["figure"] = dg.MetadataValue.md(f"![{'.'.join(key)}](data:image/png;base64,{encoded})")
    for name, value in result.notes.items():
        if name != DELIVERIES:  # one entry a file: too long for a page, and the inventory lists them
            metadata[name] = _note(value)
    return metadata


def _standing_metadata(pointer: Pointer, access: Access, before: Metadata) -> dict[str, dg.MetadataValue]:
    """What was said of this very version when it was computed, as far as Dagster still knows it."""
    said = before.get("data_version")
    same = said is not None and said.value == pointer.data_version
    kept = dict(before) if same else {}
    if not rows_may_show(pointer.key, synthetic=pointer.synthetic, access=access):
        kept.pop("preview", None)  # the setting may have changed since
    return {
        **kept,
        COMPUTED: dg.MetadataValue.text(f"no, unchanged since run {pointer.run_id}"),
        "dagster/row_count": dg.MetadataValue.int(pointer.rows),
        "data_version": dg.MetadataValue.text(pointer.data_version),
        "options": dg.MetadataValue.json(dict(pointer.options)),
    }


def check_result(check: Check, key: TableKey, *, with_rows: bool) -> dg.AssetCheckResult:
    """A check's outcome, with the rows that failed it where they may show."""
    metadata: dict[str, dg.MetadataValue] = {"message": dg.MetadataValue.text(check.message)}
    if check.failures is not None:
        metadata["failures"] = dg.MetadataValue.int(check.failures.height)
        if with_rows and check.failures.height:
            metadata["sample"] = dg.MetadataValue.md(_preview(check.failures, FAILING_ROWS))
    return dg.AssetCheckResult(
        passed=check.passed,
        asset_key=asset_key(key),
        check_name=check.name,
        description=check.message,
        severity=dg.AssetCheckSeverity.ERROR if check.blocking else dg.AssetCheckSeverity.WARN,
        metadata=metadata,
    )


def _column_lineage(step: Step, columns: Sequence[str], pointer: Pointer) -> dg.TableColumnLineage | None:
    """What each column is made of, for Dagster's catalogue and OpenLineage; None where no column rests on another."""
    made = column_lineage(step, columns, _studies(), Options.of(pointer.options))
    deps = {
        name: [dg.TableColumnDep(asset_key=asset_key(key), column_name=column) for key, column in own]
        for name, own in made.items()
    }
    return dg.TableColumnLineage(deps) if deps else None


@cache
def _studies() -> dict[str, Study]:
    return {study.name: study for study in find_studies(find_project().studies)}


def _schema(table: pl.DataFrame) -> dg.TableSchema:
    return dg.TableSchema(columns=[dg.TableColumn(name, str(dtype)) for name, dtype in table.schema.items()])


def _preview(table: pl.DataFrame, rows: int = PREVIEW_ROWS) -> str:
    """The first rows as Markdown, each on one line: polars would break cells to fit a screen's width."""
    shown = table.select(table.columns[:PREVIEW_COLUMNS]).head(rows)
    lines = [shown.columns, ["---"] * shown.width, *shown.iter_rows()]
    return "\n".join("| " + " | ".join(map(_cell, line)) + " |" for line in lines)


def _cell(value: object) -> str:
    shown = f"{value:.10g}" if isinstance(value, float) else "" if value is None else str(value)
    text = " ".join(shown.split())
    return re.sub(r"([\\`*|<\[])", r"\\\1", text if len(text) <= CELL_LENGTH else f"{text[:CELL_LENGTH]}…")


def _note(value: str | int | float | bool) -> dg.MetadataValue:
    match value:
        case bool():
            return dg.MetadataValue.bool(value)
        case int():
            return dg.MetadataValue.int(value)
        case float():
            return dg.MetadataValue.float(value)
        case _:
            return dg.MetadataValue.md(value) if "\n" in value else dg.MetadataValue.text(value)
