"""Does a changed source cell move what `impact` names, and nothing else? Many cells of a finished lake, up and down.

For each cell the steps are walked in memory with the value a tenth higher and a tenth lower (few draws where something
is drawn). Printed: coefficients that changed outside the named set, which there must be none of, and coefficients that
were named without a reason why not and moved for no tested cell of their series.

What moved is kept in a file, a line for each cell, and not walked again: several processes can share the cells
(`--part 1/2`, then once more without it), and `impact` alone can be judged anew.

Run: python benchmarks/impact.py LAKE [--cells 200] [--seed 1] [--part 1/2] [--kept FILE] [--without RESULT ...]
"""

import os

os.environ.update(dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "POLARS_MAX_THREADS"), "1"))

import argparse
import json
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from functools import cached_property, partial
from operator import mul
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from resilience_pipeline.lineage.exact import staged_with, walk
from resilience_pipeline.lineage.impact import impact
from resilience_pipeline.lineage.naming import has_named_rows, prefix_of, row_names
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
#: In the file the place of what rows the results have under so few draws.
STANDING = "every row"
PLACE = ("delivery_sha256", "file", "sheet", "row", "column")

Cell = dict[str, Any]


class World:
    """Tables of a lake; results computed anew with few draws, so that a walk is compared with like."""

    def __init__(self, index: Index, without: Sequence[str]) -> None:
        self.index = index
        self.without = without

    @cached_property
    def steps(self) -> list[Step]:
        """All but the reports and the results left out; their tables stand under `tables`."""
        found = [step for step in project_plan().studies if step.key[0] != "report"]
        found = [step for step in found if step.key[0] != "estimates" or step.key[1] not in self.without]
        for step in found:
            if step.key[0] == "estimates":
                inputs = {key: step.shown(key, self.read(key)) for key in step.inputs}
                self.tables[step.key] = step.compute(Inputs(inputs, synthetic=False), FEW_DRAWS).table
        return found

    @cached_property
    def tables(self) -> dict[TableKey, pl.DataFrame]:
        """Tables that were read or computed."""
        return {}

    def read(self, key: TableKey) -> pl.DataFrame:
        """A table as it stands."""
        if key not in self.tables:
            self.tables[key] = self.index.table("/".join(key))
        return self.tables[key]

    def standing(self) -> dict[str, bool]:
        """Every row of the results as computed with few draws."""
        keys = [step.key for step in self.steps if step.key[0] == "estimates"]
        return {
            f"{'/'.join(key)}:{name}": True
            for key in keys
            if has_named_rows(table := self.tables[key])
            for name in row_names(table, prefix_of("/".join(key)))
        }

    def moved(self, cell: Cell) -> dict[str, bool]:
        """Rows of results that change when the cell does -> whether the row stood there before."""
        steps, place = self.steps, {name: cell[name] for name in PLACE}
        changed: dict[str, bool] = {}
        for factor in FACTORS:
            keys: list[TableKey] = [("staging", cell["source"]), ("frozen", cell["source"])]
            tables = {key: staged_with(self.read(key), place, partial(mul, factor)) for key in keys}
            walked = walk(steps, self.read, tables, FEW_DRAWS)
            for name, (old, _) in walked.coefficients.items():
                changed[name] = changed.get(name, False) or old is not None
            for key, reason in walked.failed.items():
                print(f"  {'.'.join(key)} could not be computed: {reason[:100]}")
        return changed


def cells(index: Index, count: int, rng: np.random.Generator) -> list[Cell]:
    """Staged rows: of each series that counts some, and some of all that were delivered."""
    kept = [t for t in index.by_table if t.startswith("frozen/")]
    staged = [frame for t in kept if "indicator" in (frame := index.table(t)).columns and frame.height]
    every = pl.concat(staged).filter(pl.col("value").is_not_null())
    observed = [index.table(t) for t in index.by_table if t.endswith("/observations")]
    taken = pl.concat(observed).filter(standing="taken").drop("standing").unique(maintain_order=True)
    series = taken.partition_by("indicator", maintain_order=True)
    found = [
        series[place % len(series)].row(int(rng.integers(series[place % len(series)].height)), named=True)
        for place in range(count - int(count * ANY_SHARE))
    ]
    found += [every.row(int(rng.integers(every.height)), named=True) for _ in range(count - len(found))]
    return [found[place] for place in rng.permutation(count)]  # so that the first ones are a sample, too


def known(file: Path) -> dict[str, dict[str, Any]]:
    """Place of a cell -> "moved" and "without", the results left out, as the file has them."""
    lines = file.read_text().splitlines() if file.is_file() else []
    return {record["place"]: {"without": [], **record} for record in map(json.loads, lines)}


def place_of(cell: Cell) -> str:
    """The cell as `impact` takes it."""
    return f"{cell['file']}!{cell['sheet'] or ''}!R{cell['row']}C{cell['column']}"


def note(kept: Path, place: str, moved: dict[str, bool], without: Sequence[str]) -> None:
    """Add a line to the file, in one piece: other processes add lines, too."""
    line = json.dumps({"place": place, "moved": moved, "without": without}, ensure_ascii=False) + "\n"
    with kept.open("ab", buffering=0) as file:
        file.write(line.encode())


def walk_all(world: World, chosen: Sequence[Cell], kept: Path) -> None:
    """Walk the cells that the file does not know, and add them to it; first what rows the results have."""
    if STANDING not in known(kept):
        note(kept, STANDING, world.standing(), world.without)
    for number, cell in enumerate(chosen, start=1):
        place = place_of(cell)
        if place in known(kept):
            continue
        begin = time.perf_counter()
        moved = world.moved(cell)
        note(kept, place, moved, world.without)
        print(f"{number:4d} {asked_of(cell):48s} {len(moved):5d} in {time.perf_counter() - begin:.0f} s", flush=True)


def asked_of(cell: Cell) -> str:
    """The cell in words."""
    return f"{cell['city_code']}/{cell['indicator']}/{cell['year']}"


def judge(index: Index, chosen: Sequence[Cell], kept: Path) -> None:
    """Print what `impact` says of the cells beside what moved."""
    walked = known(kept)
    unnamed = index.coefficients.filter(pl.col("row").is_null())
    whole = {f"{table}:{name}" for table, name in unnamed.select("table", "name").rows()}
    standing = called(walked[STANDING]["moved"], whole) | whole
    outside: list[str] = []
    named: dict[str, set[str]] = defaultdict(set)
    moved: dict[str, set[str]] = defaultdict(set)
    reasons: Counter[bool] = Counter()
    fates: Counter[tuple[str, str]] = Counter()
    held_but_moved = 0
    for cell in chosen:
        found = impact(index, place_of(cell))
        changed, without = called(walked[place_of(cell)]["moved"], whole), walked[place_of(cell)]["without"]
        fate = next((c.fate.split(":")[0] for c in found.cells if c.counts), found.cells[0].fate.split(":")[0])
        fates[cell["source"], fate] += 1
        outside += [f"{asked_of(cell)}: {name}" for name in sorted(changed - found.names)]
        tried = [reach for reach in found.reaches if reach.table.split("/")[1] not in without]
        here = {name: reach.held for reach in tried if (name := f"{reach.table}:{reach.name}") in standing}
        named[cell["indicator"]] |= {name for name, reason in here.items() if reason is None}
        moved[cell["indicator"]] |= changed
        held_but_moved += sum(reason is not None for name, reason in here.items() if name in changed)
        reasons.update(reason is not None for name, reason in here.items() if name not in changed)
    print(f"{len(chosen)} cells, {len(FACTORS)} changes each; source and fate:")
    for (source, fate), count in sorted(fates.items()):
        print(f"  {count:4d} {source}: {fate}")
    print(f"named and not moved: {reasons[True]} with a reason, {reasons[False]} without")
    print(f"moved although a reason was given (rounding, percentile, line crossed): {held_but_moved}")
    print(f"changed outside what impact names: {len(outside)}", *outside[:20], sep="\n  ")
    pairs, still = sum(map(len, named.values())), {s: sorted(names - moved[s]) for s, names in sorted(named.items())}
    print(f"series and coefficient named without a reason: {pairs}")
    print(f"of these moved by no tested cell of the series: {sum(map(len, still.values()))}")
    for series, names in still.items():
        if names:
            print(f"  {series}: {len(names)}: {', '.join(name.split(':')[1] for name in names[:12])}")


def called(moved: dict[str, bool], whole: set[str]) -> set[str]:
    """Rows as the index calls them: with so few draws a table of draws has names of its own for its rows."""
    names = {name: f"{(table := name.split(':')[0])}:{prefix_of(table)}" for name in moved}
    return {names[name] if names[name] in whole else name for name, stood in moved.items() if stood or name in whole}


def main() -> None:
    """Try the cells and print what was found."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("lake", type=Path)
    parser.add_argument("--cells", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--part", default="1/1", help="walk only this part of the cells, and judge nothing")
    parser.add_argument("--judge", action="store_true", help="walk nothing, judge the cells that the file knows")
    parser.add_argument("--kept", type=Path, default=Path("impact.jsonl"), help="file of what moved")
    parser.add_argument("--without", nargs="*", default=[], help="results to leave out")
    options = parser.parse_args()
    index = open_index(Lake(options.lake))
    chosen = cells(index, options.cells, np.random.default_rng(options.seed))
    part, parts = map(int, options.part.split("/"))
    if not options.judge:
        walk_all(World(index, options.without), chosen[part - 1 :: parts], options.kept)
    if parts == 1:
        there = known(options.kept)
        chosen = [cell for cell in chosen if place_of(cell) in there]
        judge(index, chosen, options.kept)


if __name__ == "__main__":
    main()
