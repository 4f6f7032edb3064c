"""The ground on which every bad thing is tried: a good landing folder, and the lake that it filled."""

from dataclasses import dataclass
from pathlib import Path

from resilience_pipeline.step import TableKey
from resilience_pipeline.warehouse.lake import Lake
from tests.faults.landing import DELIVERED, Run, Table, run_all

INVENTORY = ("sources", "inventory")


@dataclass
class Ground:
    """A copy of the good ground, to put one fault in and run again."""

    landing: Path
    lake: Lake

    def run(self, *, accept_revisions: bool = False) -> Run:
        return run_all(self.landing, self.lake, "bad", accept_revisions=accept_revisions)

    def file(self, key: TableKey) -> tuple[Path, bytes]:
        path = self.lake.path(key)
        return path, path.read_bytes()


def assert_all_others_are_refreshed(ground: Ground, *behind: TableKey) -> None:
    """Every table of every source was written by the bad run, but for those `behind`."""
    keys = [(layer, source.name) for source in DELIVERED for layer in ("sources", "staging")]
    late = [key for key in [INVENTORY, *keys] if ground.lake.current(key).run_id != "bad"]
    assert late == list(behind)


def change(rows: Table, row: int, column: int, value: object) -> Table:
    """The table with one cell changed; row and column count from 1, as a spreadsheet shows them."""
    changed = [list(cells) for cells in rows]
    changed[row - 1][column - 1] = value
    return changed
