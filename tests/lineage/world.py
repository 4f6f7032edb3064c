"""A small finished world in memory: the twin's staged tables, every step walked once with few draws, and its index."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import polars as pl

from resilience_pipeline import twin
from resilience_pipeline.code_version import code_version
from resilience_pipeline.lineage.exact import Walk, staged_with, walk
from resilience_pipeline.lineage.index import write_index
from resilience_pipeline.lineage.opened import Index, open_index
from resilience_pipeline.options import Options
from resilience_pipeline.plan import make_plan
from resilience_pipeline.sources.registry import SOURCES
from resilience_pipeline.staging.schema import SHAPES
from resilience_pipeline.step import Inputs, Step, TableKey
from resilience_pipeline.study.load import find_studies
from resilience_pipeline.warehouse.lake import Lake

STUDY = next(study for study in find_studies() if study.name == "trade_resilience")
FEW_DRAWS = Options.of(
    dict.fromkeys(("bootstrap_draws", "permutation_draws", "wild_draws"), 19)
    | {"placebo_draws": 100, "curve_draws": 20, "randomisation_draws": 999, "event_draws": 999, "honest_draws": 999}
)


@dataclass(frozen=True)
class World:
    """plan : steps that were walked. tables : by key. index : of a lake that holds them."""

    steps: tuple[Step, ...]
    tables: dict[TableKey, pl.DataFrame]
    index: Index

    def facts(self, indicator: str) -> pl.DataFrame:
        """Observations of an indicator that count."""
        observed = self.tables["grid", STUDY.name, "observations"]
        return observed.filter(pl.col("standing") == "taken", pl.col("indicator") == indicator)

    def after(self, changed: dict[TableKey, pl.DataFrame], wanted: list[TableKey] | None = None) -> Walk:
        """What other tables in place of some lead to."""
        return walk(self.steps, self.tables.__getitem__, changed, FEW_DRAWS, wanted)

    def with_cell(self, fact: dict, factor: float) -> dict[TableKey, pl.DataFrame]:
        """The source's tables with the value of one fact multiplied."""
        place = {name: fact[name] for name in ("file", "row")}
        return self.with_rows(fact["source"], lambda table: staged_with(table, place, lambda old: old * factor))

    def with_rows(self, source: str, change: Callable[[pl.DataFrame], pl.DataFrame]) -> dict[TableKey, pl.DataFrame]:
        """The staged and the frozen table of a source, changed."""
        return {key: change(self.tables[key]) for key in (("staging", source), ("frozen", source))}


@cache
def staged() -> dict[TableKey, pl.DataFrame]:
    """The twin's staged tables and the frozen ones, which are the same, each row with a place of its own.

    Sources that the study does not need are empty.
    """
    frames = twin.frames(twin.draw(7, cities=60))
    found = {}
    for source in SOURCES:
        table = frames.get(("staging", source.name), SHAPES[source.shape].to_frame())
        place = {"source": pl.lit(source.name), "file": pl.lit(f"{source.name}.csv")}
        placed = table.with_columns(**place, row=pl.int_range(2, pl.len() + 2, dtype=pl.Int32))
        found["staging", source.name] = found["frozen", source.name] = placed
    return found


def build(root: Path, results: tuple[str, ...]) -> World:
    """The world with the named results of the study."""
    plan = make_plan((STUDY,))
    tables, lake = dict(staged()), Lake(root)
    run = lake.pin("world")
    for key, table in tables.items():
        run.write(key, table, code_version="none", options={}, synthetic=True)
    keep = {step.key for step in plan.studies if step.key[0] != "estimates" or step.key[1] in results}
    steps = tuple(
        s for s in plan.studies if s.key in keep and s.key[0] != "report" and set(s.inputs) <= {*keep, *tables}
    )
    for step in steps:
        inputs = {key: step.shown(key, tables[key]) for key in step.inputs}
        tables[step.key] = step.compute(Inputs(inputs, synthetic=True), FEW_DRAWS).table
        read = {name: FEW_DRAWS[name] for name in step.options}
        run.write(step.key, tables[step.key], code_version=code_version(step), inputs=step.inputs, options=read)
    write_index(run, plan, (STUDY,))
    return World(steps, tables, open_index(lake))
