"""Does a changed source cell move what `impact` names, and nothing else? Many cells of a finished lake, up and down.

For each cell the steps are walked in memory with the value a tenth higher and a tenth lower (few draws where something
is drawn). Printed: coefficients that changed outside the named set, which there must be none of, and coefficients that
were named without a reason why not and moved for no tested cell of their series.

Run: python benchmarks/impact.py LAKE [cells] [seed] [result to leave out ...]
"""

import os

os.environ.update(dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "POLARS_MAX_THREADS"), "1"))

import sys
import time
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import polars as pl

from resilience_pipeline.lineage.exact import staged_with, walk
from resilience_pipeline.lineage.impact import Impact, impact
from resilience_pipeline.lineage.naming import prefix_of
from resilience_pipeline.lineage.opened import Index, open_index
from resilience_pipeline.options import Options
from resilience_pipeline.plan import project_plan
from resilience_pipeline.step import Inputs, Step, TableKey
from resilience_pipeline.warehouse.lake import Lake

FEW_DRAWS = Options.of(
    dict.fromkeys(("bootstrap_draws", "permutation_draws", "wild_draws"), 19)
    | {"placebo_draws": 100, "curve_draws": 20, "randomisation_draws": 999, "event_draws": 999, "honest_draws": 999}
)
FACTORS = (1.1, 0.9)
#: Of the cells so many are drawn from all delivered ones; the others from those that count, series by series.
ANY_SHARE = 0.25


class World:
    """Tables of a lake; results computed anew with few draws, so that a walk is compared with like."""

    def __init__(self, lake: Lake, left_out: set[str]) -> None:
        self.index: Index = open_index(lake)
        self.steps: list[Step] = [step for step in project_plan().studies if step.key[0] != "report"]
        self.steps = [step for step in self.steps if step.key[0] != "estimates" or step.key[1] not in left_out]
        unnamed = self.index.coefficients.filter(pl.col("row").is_null())
        self.whole = {f"{table}:{name}" for table, name in unnamed.select("table", "name").rows()}
        self.tables: dict[TableKey, pl.DataFrame] = {}
        for step in self.steps:
            if step.key[0] == "estimates":
                inputs = {key: step.shown(key, self.read(key)) for key in step.inputs}
                self.tables[step.key] = step.compute(Inputs(inputs, synthetic=False), FEW_DRAWS).table

    def read(self, key: TableKey) -> pl.DataFrame:
        """A table as it stands."""
        if key not in self.tables:
            self.tables[key] = self.index.table("/".join(key))
        return self.tables[key]

    def called(self, name: str) -> str:
        """A coefficient as the index calls it: with so few draws a table of draws has names of its own for its rows."""
        table = name.split(":")[0]
        whole = f"{table}:{prefix_of(table)}"
        return whole if whole in self.whole else name

    def moved(self, found: Impact, source: str, place: dict[str, object]) -> set[str]:
        """Coefficients that change when the cell does."""
        keys = (("staging", source), ("frozen", source))
        changed = set()
        for factor in FACTORS:
            tables = {key: staged_with(self.read(key), place, lambda old, by=factor: old * by) for key in keys}
            walked = walk(self.steps, self.read, tables, FEW_DRAWS)
            there = {name for name, (old, _) in walked.coefficients.items() if old is not None or name in self.whole}
            changed |= {self.called(name) for name in there}
            for name, reason in walked.failed.items():
                print(f"  {'.'.join(name)} could not be computed: {reason[:100]}")
        return changed


def cells(world: World, count: int, rng: np.random.Generator) -> list[dict]:
    """Staged rows: of each series that counts some, and some of all that were delivered."""
    kept = [t for t in world.index.by_table if t.startswith("frozen/")]
    staged = [frame for t in kept if "indicator" in (frame := world.index.table(t)).columns and frame.height]
    every = pl.concat(staged).filter(pl.col("value").is_not_null())
    observed = [world.index.table(t) for t in world.index.by_table if t.endswith("/observations")]
    taken = pl.concat(observed).filter(standing="taken").drop("standing").unique(maintain_order=True)
    series = taken.partition_by("indicator", maintain_order=True)
    found = [
        series[place % len(series)].row(int(rng.integers(series[place % len(series)].height)), named=True)
        for place in range(count - int(count * ANY_SHARE))
    ]
    return found + [every.row(int(rng.integers(every.height)), named=True) for _ in range(count - len(found))]


def main() -> None:
    """Try the cells and print what was found."""
    lake, count = Lake(Path(sys.argv[1])), int(sys.argv[2]) if len(sys.argv) > 2 else 200
    rng = np.random.default_rng(int(sys.argv[3]) if len(sys.argv) > 3 else 1)
    world = World(lake, set(sys.argv[4:]))
    outside: list[str] = []
    named: dict[str, set[str]] = defaultdict(set)
    moved: dict[str, set[str]] = defaultdict(set)
    fates: Counter[str] = Counter()
    begin = time.perf_counter()
    for number, cell in enumerate(cells(world, count, rng), start=1):
        asked = f"{cell['city_code']}/{cell['indicator']}/{cell['year']}"
        names = ("delivery_sha256", "file", "sheet", "row", "column")
        found = impact(world.index, f"{cell['file']}!{cell['sheet'] or ''}!R{cell['row']}C{cell['column']}")
        changed = world.moved(found, cell["source"], {name: cell[name] for name in names})
        fate = next((c.fate.split(":")[0] for c in found.cells if c.counts), found.cells[0].fate.split(":")[0])
        fates[fate] += 1
        left = {name for name in changed if name not in found.names}
        outside += [f"{asked}: {name}" for name in sorted(left)]
        here = {
            f"{r.table}:{r.name}" for r in found.reaches if r.held is None and r.table.split("/")[1] not in sys.argv
        }
        named[cell["indicator"]] |= here
        moved[cell["indicator"]] |= changed
        print(f"{number:4d} {asked:48s} {fate:12s} moved {len(changed):5d} of {len(here):5d}", flush=True)
    print(f"{count} cells, {len(FACTORS)} changes each, {time.perf_counter() - begin:.0f} s; {dict(fates)}")
    print(f"changed outside what impact names: {len(outside)}", *outside[:20], sep="\n  ")
    still = {series: sorted(names - moved[series]) for series, names in sorted(named.items()) if names - moved[series]}
    print(f"named, without a reason, and moved by no tested cell of its series: {sum(map(len, still.values()))}")
    for series, names in still.items():
        print(f"  {series}: {len(names)}: {', '.join(name.split(':')[1] for name in names[:12])}")


if __name__ == "__main__":
    main()
