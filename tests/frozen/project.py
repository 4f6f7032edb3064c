"""A lake that takes a landing folder in and computes a study's panel, without Dagster."""

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from resilience_pipeline.driver import execute
from resilience_pipeline.frozen.steps import frozen_steps
from resilience_pipeline.options import Options
from resilience_pipeline.panel.chain import study_steps
from resilience_pipeline.sources.delivered import NOTE, Delivered, note_of
from resilience_pipeline.sources.recognise import recognise
from resilience_pipeline.sources.registry import SOURCES
from resilience_pipeline.sources.source import CELLS
from resilience_pipeline.staging.steps import steps as staging_steps
from resilience_pipeline.study.needs import sources_for
from resilience_pipeline.study.study import Study
from resilience_pipeline.warehouse.lake import Lake
from resilience_pipeline.warehouse.snapshot import Snapshot


@dataclass
class FilesToPanel:
    """One landing folder, one lake, one study."""

    lake: Lake
    landing: Path
    study: Study
    runs: int = 0

    def run(self) -> dict[str, str]:
        """Take in what lies there now and compute everything; joined key -> data version, of the study's tables."""
        self.runs += 1
        snapshot = self.lake.pin(f"run-{self.runs}")
        self._take_in(snapshot)
        chain = study_steps(self.study, sources_for(self.study, SOURCES))
        for step in (*staging_steps(), *frozen_steps(lambda: self.lake.root), *chain):
            outcome = execute(step, snapshot, Options(), accept_revisions=True)
            assert outcome.pointer is not None, outcome.failures
        return {p.name: p.data_version for p in snapshot.tables() if p.key[0] in ("frozen", "grid", "indices", "panel")}

    def _take_in(self, snapshot: Snapshot) -> None:
        recognition = recognise(self.landing, SOURCES)
        for source in SOURCES:
            files = [self.lake.store_delivery(self.landing, file) for file in recognition.files_of(source.name)]
            cells = [source.read(file) for file in files]
            note = note_of(Delivered(file.file, file.sha256, file.size, synthetic=file.synthetic) for file in files)
            snapshot.write(
                ("sources", source.name),
                pl.concat(cells) if cells else CELLS.to_frame(),
                code_version="test",
                options={},
                synthetic=True,
                notes={NOTE: note},
            )
