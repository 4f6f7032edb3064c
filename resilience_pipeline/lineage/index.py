"""The lineage index: what a run's tables are, what rests on what, and how every coefficient is called.

Three tables of the lake, written when a run ends from what it pinned, so a trace needs neither the plan nor Dagster:

lineage/tables : one row per table that the run sees: versions, run, options, inputs, what was declared of it (JSON).
lineage/edges : what each part of a table rests on (`edge.py`).
lineage/coefficients : one row per row of a result; of results with many rows (draws, curves) the table alone.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

import polars as pl

from resilience_pipeline.errors import LakeError
from resilience_pipeline.lineage.naming import has_named_rows, prefix_of, row_names
from resilience_pipeline.step import TableKey
from resilience_pipeline.variants import SHARED
from resilience_pipeline.warehouse.pointer import Pointer

if TYPE_CHECKING:
    from resilience_pipeline.options import Options
    from resilience_pipeline.plan import Plan
    from resilience_pipeline.study.study import Study
    from resilience_pipeline.warehouse.history import Past
    from resilience_pipeline.warehouse.lake import Lake
    from resilience_pipeline.warehouse.snapshot import Snapshot

TABLES_KEY, EDGES_KEY, COEFFICIENTS_KEY = INDEX_KEYS = tuple(
    ("lineage", name) for name in ("tables", "edges", "coefficients")
)

TABLES = pl.Schema(
    {
        "table": pl.String,  # joined key
        "description": pl.String,
        "data_version": pl.String,
        "code_version": pl.String,
        "run_id": pl.String,
        "written_at": pl.String,
        "rows": pl.Int64,
        "synthetic": pl.Boolean,
        "options": pl.String,  # JSON: name -> value
        "inputs": pl.String,  # JSON: joined key -> data version that was read
        "declared": pl.String,  # JSON, see `declared_of`
    }
)
EDGES = pl.Schema(
    {"table": pl.String, "unit": pl.String, "from_table": pl.String, "from_unit": pl.String, "way": pl.String}
)
COEFFICIENTS = pl.Schema(
    {
        "name": pl.String(),
        "table": pl.String(),
        "data_version": pl.String(),
        "code_version": pl.String(),  # of the step that says what a row is made of
        "row": pl.Int64(),  # of the table, from 0; null = all its rows
        "units": pl.List(pl.String()),  # parts of the table that the row rests on
        "estimate": pl.Float64(),
        "std_error": pl.Float64(),
        "status": pl.String(),
        "whole": pl.Boolean(),  # it has no figure but whole numbers, and those found by halving: they move in steps
    }
)

_SCHEMAS: Mapping[TableKey, pl.Schema] = {TABLES_KEY: TABLES, EDGES_KEY: EDGES, COEFFICIENTS_KEY: COEFFICIENTS}

RowReads = Callable[[Mapping[str, Any]], tuple[str, ...]]

_ESTIMATES = ("estimate", "ours", "correlation", "difference", "mean", "value", "covariance", "median_t", "observed")


def write_index(
    snapshot: "Snapshot", plan: "Plan", studies: Sequence["Study"], options: "Options | None" = None
) -> None:
    """Write the three tables for what the run sees; names of unchanged results are taken from the last index.

    options : that the lake's tables were computed under; None = the defaults.
    """
    from resilience_pipeline.options import Options

    options = options or Options()
    pointers = list(_seen(snapshot, plan))
    frames = {
        TABLES_KEY: tables_frame(pointers, plan, studies, options),
        EDGES_KEY: edges_frame(pointers, plan, studies, options),
        COEFFICIENTS_KEY: coefficients_frame(snapshot.lake, pointers, plan),
    }
    synthetic = any(pointer.synthetic for pointer in pointers)
    for key, frame in frames.items():
        snapshot.write(key, frame, code_version=code_version(), options={}, synthetic=synthetic)


def _seen(snapshot: "Snapshot", plan: "Plan") -> Iterable[Pointer]:
    """The tables that the plan writes, and deliveries.

    A variant also sees what is the headline's: of that only what all variants read, and what its steps read without
    writing it, as the weights of a frozen window are; what such a table was made from is the headline's to tell.
    """
    own, planned = snapshot.lake.variant_name, plan.descriptions
    borrowed = {key for step in plan.steps for key in step.inputs} - set(planned)
    for pointer in snapshot.tables():
        if pointer.key[0] == "sources" or (
            pointer.key in planned and (pointer.variant == own or pointer.key[0] in SHARED)
        ):
            yield pointer
        elif pointer.key in borrowed:
            yield replace(pointer, inputs={})


def tables_frame(
    pointers: Sequence[Pointer], plan: "Plan", studies: Sequence["Study"], options: "Options"
) -> pl.DataFrame:
    """Schema `TABLES`, one row per pointer."""
    from resilience_pipeline.lineage.declared import declared_of

    declared = declared_of(plan, studies, options)
    texts = plan.descriptions
    rows = [
        {
            "table": pointer.name,
            "description": texts.get(pointer.key, ""),
            **{
                name: getattr(pointer, name)
                for name in ("data_version", "code_version", "run_id", "written_at", "rows")
            },
            "synthetic": pointer.synthetic,
            "options": _json(dict(pointer.options)),
            "inputs": _json(dict(pointer.inputs)),
            "declared": _json(declared.get(pointer.key, {})),
        }
        for pointer in pointers
    ]
    return pl.DataFrame(rows, schema=TABLES)


def edges_frame(
    pointers: Sequence[Pointer], plan: "Plan", studies: Sequence["Study"], options: "Options"
) -> pl.DataFrame:
    """Schema `EDGES`, sorted: what each part of the plan's tables rests on under the options."""
    from resilience_pipeline.lineage.edges import edges

    by_name = {study.name: study for study in studies}
    rows = {pointer.name: pointer.rows for pointer in pointers}
    found = {edge for step in plan.steps for edge in edges(step, by_name, options, rows)}
    return pl.DataFrame(sorted(found), schema=EDGES, orient="row")


def coefficients_frame(lake: "Lake", pointers: Sequence[Pointer], plan: "Plan") -> pl.DataFrame:
    """Schema `COEFFICIENTS`, in the order of the tables."""
    before = read_index(lake, COEFFICIENTS_KEY)
    known = {} if before is None else before.partition_by("table", "data_version", "code_version", as_dict=True)
    row_reads = {"/".join(step.key): step.row_reads for step in plan.steps}
    frames = [
        known[place]
        if (place := (pointer.name, pointer.data_version, pointer.code_version)) in known
        else _named(pointer, lake.read_pointer(pointer), row_reads.get(pointer.name))
        for pointer in pointers
        if pointer.key[0] in ("estimates", "report")
    ]
    return pl.concat([COEFFICIENTS.to_frame(), *frames])


def _named(pointer: Pointer, table: pl.DataFrame, row_reads: RowReads | None) -> pl.DataFrame:
    prefix = prefix_of(pointer.name)
    if not has_named_rows(table):
        whole = {"name": prefix, "units": ["*"], "whole": False, **_version(pointer)}
        return pl.DataFrame([whole], schema=COEFFICIENTS)
    value = next((name for name in _ESTIMATES if name in table.columns and table[name].dtype.is_numeric()), None)
    records = table.to_dicts()
    rows: list[dict[str, Any]] = [
        {
            "name": name,
            **_version(pointer),
            "row": place,
            "units": list(row_reads(record) if row_reads else ()) or ["*"],
            "estimate": record[value] if value else None,
            "std_error": record.get("std_error", record.get("se")),
            "status": record.get("status"),
            "whole": _whole(record),
        }
        for place, (name, record) in enumerate(zip(row_names(table, prefix), records, strict=True))
    ]
    return pl.DataFrame(rows, schema=COEFFICIENTS)


def read_index(lake: "Lake", key: TableKey, past: "Past | None" = None) -> pl.DataFrame | None:
    """One of the three tables; None where no run of this version has written it, or it can be read no more.

    past : as a run left it; that index tells of the run by the run's own code, so any with the same columns will do.
    """
    try:
        pointer = (past or lake).current(key)
        if pointer is None or pointer.variant != lake.variant_name:
            return None
        if past is None and pointer.code_version != code_version():
            return None
        table = pl.read_parquet(lake.file_of(pointer), glob=False)
        return table if table.schema == _SCHEMAS[key] else None
    except (LakeError, OSError, pl.exceptions.PolarsError):
        return None


@cache
def code_version() -> str:
    """Hash of the code that names coefficients and says what rests on what: an index of other code is not used."""
    folder = resources.files("resilience_pipeline.lineage")
    texts = [
        folder.joinpath(f"{name}.py").read_bytes()
        for name in ("naming", "edge", "edges", "declared", "counted", "choices", "index")
    ]
    return hashlib.sha256(b"\0".join(texts)).hexdigest()[:16]


def _version(pointer: Pointer) -> dict[str, str]:
    return {"table": pointer.name, "data_version": pointer.data_version, "code_version": pointer.code_version}


#: A search that halves an interval of 1 ends in multiples of this; any other figure that is one is so by chance.
_HALVED = 2.0**-10


def _whole(record: Mapping[str, Any]) -> bool:
    numbers = [value for value in record.values() if isinstance(value, float)]
    return all((value / _HALVED).is_integer() for value in numbers)


def _json(record: Mapping[str, Any]) -> str:
    return json.dumps(record, ensure_ascii=False, sort_keys=True)
