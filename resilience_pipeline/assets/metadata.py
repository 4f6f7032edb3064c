"""What people see beside an asset: row counts, schema, preview, failing rows. Raw licensed rows are not previewed."""

from base64 import b64encode

import dagster as dg
import polars as pl

from resilience_pipeline.assets.keys import asset_key
from resilience_pipeline.driver import Outcome
from resilience_pipeline.sources.delivered import NOTE as DELIVERIES
from resilience_pipeline.step import Check

#: Layers that hold rows as a publisher delivered them; their rights stay with the publisher.
LICENSED_LAYERS = frozenset({"sources", "staging"})
PREVIEW_ROWS = 5
FAILING_ROWS = 20


def table_metadata(outcome: Outcome) -> dict[str, dg.MetadataValue]:
    """Metadata of a table that was kept."""
    pointer = outcome.pointer
    if pointer is None:
        raise ValueError("the step kept no table")
    table = outcome.result.table
    key = outcome.step.key
    metadata: dict[str, dg.MetadataValue] = {
        "dagster/row_count": dg.MetadataValue.int(table.height),
        "dagster/column_schema": dg.MetadataValue.table_schema(_schema(table)),
        "dagster/relation_identifier": dg.MetadataValue.text(".".join(asset_key(key).path)),
        "data_version": dg.MetadataValue.text(pointer.data_version),
        "options": dg.MetadataValue.json(dict(pointer.options)),
    }
    if pointer.synthetic:
        metadata["synthetic"] = dg.MetadataValue.text("SYNTHETIC: made from the synthetic twin")
    if outcome.result.markdown is not None:
        metadata["table"] = dg.MetadataValue.md(outcome.result.markdown)
    elif pointer.synthetic or key[0] not in LICENSED_LAYERS:
        metadata["preview"] = dg.MetadataValue.md(_preview(table))
    if outcome.result.figure is not None:
        encoded = b64encode(outcome.result.figure).decode("ascii")
        metadata["figure"] = dg.MetadataValue.md(f"![{'.'.join(key)}](data:image/png;base64,{encoded})")
    for name, value in outcome.result.notes.items():
        if name != DELIVERIES:  # one entry a file: too long for a page, and the inventory lists them
            metadata[name] = _note(value)
    return metadata


def check_result(check: Check, key: tuple[str, ...], *, rows_may_show: bool) -> dg.AssetCheckResult:
    """A check's outcome, with the rows that failed it where they may be shown."""
    metadata: dict[str, dg.MetadataValue] = {"message": dg.MetadataValue.text(check.message)}
    if check.failures is not None:
        metadata["failures"] = dg.MetadataValue.int(check.failures.height)
        if rows_may_show and check.failures.height:
            metadata["sample"] = dg.MetadataValue.md(_preview(check.failures, FAILING_ROWS))
    return dg.AssetCheckResult(
        passed=check.passed,
        asset_key=asset_key(key),
        check_name=check.name,
        description=check.message,
        severity=dg.AssetCheckSeverity.ERROR if check.blocking else dg.AssetCheckSeverity.WARN,
        metadata=metadata,
    )


def _schema(table: pl.DataFrame) -> dg.TableSchema:
    return dg.TableSchema(columns=[dg.TableColumn(name, str(dtype)) for name, dtype in table.schema.items()])


def _preview(table: pl.DataFrame, rows: int = PREVIEW_ROWS) -> str:
    with pl.Config(
        tbl_formatting="MARKDOWN",
        tbl_hide_dataframe_shape=True,
        tbl_hide_column_data_types=True,
        tbl_rows=rows,
        tbl_cols=30,
        fmt_str_lengths=60,
    ):
        return str(table.head(rows))


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
