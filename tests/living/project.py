"""A lake with a small study of the trade resilience index on the twin's frames: no file is written or read."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from resilience_pipeline.driver import Outcome, execute
from resilience_pipeline.living.variants import VARIANTS
from resilience_pipeline.living.walk import is_worn, living_step
from resilience_pipeline.options import Options
from resilience_pipeline.plan import study_plan
from resilience_pipeline.sources.registry import SOURCES
from resilience_pipeline.staging.schema import SHAPES
from resilience_pipeline.step import TableKey
from resilience_pipeline.study.load import load_study
from resilience_pipeline.study.study import Study
from resilience_pipeline.warehouse.lake import Lake

TEXT = """
[study]
name = "small"
title = "The index alone"
first_year = 2012
last_year = 2022
composites = true
living = true

[sample]
required = ["exports_cny_10k", "retail_sales_cny_10k", "patents_granted_count"]
province_mean = ["supplier_top5_share_pct", "customer_top5_share_pct"]

[tables.effect]
title = "Effect on the index"

[[tables.effect.columns]]
outcome = "ctri"
treatment = "did"
absorb = ["city_code", "year"]

[tables.years]
title = "Effect by year"
kind = "event_study"
like = "effect.1"
base = 2017

[tables.longer]
title = "Effect by last year"
kind = "by_last_year"
of = "effect.1"

[tables.choices]
title = "Effect under two weightings"
kind = "curve"
of = "effect.1"
[tables.choices.dimensions]
weighting = ["entropy", "equal"]
winsorise = ["by_year", "none"]

[tables.sheet]
title = "Questions"
kind = "referee"

[[tables.sheet.questions]]
ask = "Does it hang on one way to do it?"
why = "Both are choices."
result = "choices"
"""
Frames = Mapping[TableKey, pl.DataFrame]


def small_study(folder: Path) -> Study:
    """The study of TEXT."""
    file = folder / "small.toml"
    file.write_text(TEXT, encoding="utf-8")
    return load_study(file)


@dataclass
class FramesToResults:
    """One lake and one study; staged and frozen tables are put there by the test."""

    lake: Lake
    study: Study
    runs: int = 0

    def deliver(self, layer: str, frames: Frames) -> None:
        """Put the frames there as the tables of `staging` or `frozen`; a source without one is empty."""
        snapshot = self.lake.pin(self._run())
        for source in SOURCES:
            empty = SHAPES[source.shape].to_frame()
            frame = frames.get(("staging", source.name), empty)
            snapshot.write((layer, source.name), frame, code_version="test", options={}, synthetic=True)

    def compute(self) -> dict[str, str]:
        """Compute the study itself; joined key -> data version of every table of it."""
        snapshot = self.lake.pin(self._run())
        for step in study_plan(self.study):
            assert execute(step, snapshot, Options()).pointer is not None, step.key
        return {p.name: p.data_version for p in snapshot.tables() if p.key[0] not in ("staging", "frozen")}

    def live(self) -> dict[str, Outcome]:
        """Bring both living panels up; variant -> outcome."""
        outcomes = {}
        for variant in VARIANTS:
            snapshot = self.lake.variant(variant).pin(self._run())
            step = living_step(self.study, variant, lambda: snapshot)  # noqa: B023
            outcomes[variant] = execute(step, snapshot, Options(), force=is_worn(step.key, snapshot))
        return outcomes

    def _run(self) -> str:
        self.runs += 1
        return f"run-{self.runs}"
