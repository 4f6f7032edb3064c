"""A small world with a lineage index and a printed table on top: what the explorer needs, without a run."""

from pathlib import Path

from resilience_pipeline.lineage.opened import Index
from resilience_pipeline.warehouse.lake import Lake
from tests.lineage.world import build
from tests.site.lake import _table_4


def write_world(root: Path) -> Index:
    """The index of a lake whose Table 4 can be printed and followed to the twin's staged rows."""
    index = build(root, ("table_4",)).index
    Lake(root).write(
        ("report", "table_4"),
        index.table("estimates/table_4/3"),
        run_id="world",
        code_version="none",
        inputs={name: index.by_table[name]["data_version"] for name in ("estimates/table_4/3",)},
        options={},
        synthetic=True,
        notes={"document": _table_4(0.606, synthetic=True).to_json()},
    )
    return index
