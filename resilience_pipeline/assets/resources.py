"""The lake as Dagster sees it: one resource that takes the run lock when a run starts and publishes when it ends."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
from pydantic import PrivateAttr

from resilience_pipeline.assets.keys import asset_key
from resilience_pipeline.assets.run_end import close_run
from resilience_pipeline.plan import project_plan
from resilience_pipeline.project import find_project
from resilience_pipeline.settings import Access, load_access
from resilience_pipeline.sources.recognise import Recognition, recognise
from resilience_pipeline.sources.registry import SOURCES
from resilience_pipeline.step import TableKey
from resilience_pipeline.warehouse.catalogue import publish
from resilience_pipeline.warehouse.lake import Lake
from resilience_pipeline.warehouse.lock import run_lock
from resilience_pipeline.warehouse.snapshot import Snapshot


class LakeResource(dg.ConfigurableResource):
    """The data lake and the landing folder.

    With the in-process executor, which is the default here, a resource lives as long as its run: so the run lock is
    held from the first step to the last, and the catalogue shows all of a run's tables at once when it ends.
    """

    root: str = ""  # empty = the project's lake
    landing: str = ""  # empty = the project's landing folder
    lock_wait_seconds: float = 3600.0  # for another run; a terminal says less, because a person waits there
    accept_revisions: bool = False  # take figures that differ widely from the last good ones
    _recognition: Recognition | None = PrivateAttr(default=None)

    @property
    def lake(self) -> Lake:
        """The lake at `root`."""
        return Lake(find_project(lake=Path(self.root) if self.root else None).lake)

    @property
    def access(self) -> Access:
        """What those who look on may see, as the project's settings say."""
        return load_access(find_project().settings_file)

    @property
    def landing_folder(self) -> Path:
        """Where delivered files lie."""
        return find_project(
            lake=Path(self.root) if self.root else None, landing=Path(self.landing) if self.landing else None
        ).landing

    @property
    def recognition(self) -> Recognition:
        """What lies in the landing folder, looked at once a run."""
        if self._recognition is None:
            self._recognition = recognise(self.landing_folder, SOURCES)
        return self._recognition

    def snapshot(self, run_id: str) -> Snapshot:
        """The tables as pinned when the run started, plus what the run itself wrote."""
        return self.lake.pin(run_id)

    def _tables(self) -> dict[str, TableKey]:
        """Name of each asset's step in Dagster -> its table."""
        return {"__".join(asset_key(step.key).path): step.key for step in project_plan().steps}

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Generator["LakeResource", None, None]:
        """Hold the run lock for the length of the run; the run's log says whom it waits for."""
        run_id = context.run.run_id if context.run else "no run"
        log = context.log.info if context.log else None
        with run_lock(self.lake.root, f"dagster run {run_id}", self.lock_wait_seconds, waiting=log):
            self.snapshot(run_id)
            try:
                yield self
            finally:
                close_run(context.instance, self.lake, run_id, self._tables(), context.log)
                published = publish(self.lake, descriptions=project_plan().descriptions)
                if log is not None:
                    log(f"warehouse.duckdb {published}")
