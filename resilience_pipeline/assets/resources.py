"""The lake as Dagster sees it: one resource that takes the run lock when a run starts and publishes when it ends."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
from pydantic import Field, PrivateAttr

from resilience_pipeline.arrivals import Arrivals, held_by_the_watcher
from resilience_pipeline.assets.keys import asset_key
from resilience_pipeline.assets.run_end import close_run
from resilience_pipeline.drift.refresh import DESCRIPTION
from resilience_pipeline.drift.refresh import KEY as DRIFT_KEY
from resilience_pipeline.landing.arriving import arriving
from resilience_pipeline.plan import project_plan
from resilience_pipeline.project import find_project
from resilience_pipeline.settings import Access, load_access
from resilience_pipeline.sources.inventory import Held
from resilience_pipeline.sources.registry import SOURCES
from resilience_pipeline.step import TableKey
from resilience_pipeline.warehouse import withdrawals
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
    force: bool = False  # compute every step, also where nothing behind its table changed
    held_back: list[str] = Field(default_factory=list)  # files that still arrive or do not open: not read in this run
    withdraw: list[str] = Field(default_factory=list)  # files, or patterns, to do without from now on
    reinstate: list[str] = Field(default_factory=list)  # withdrawn files to take in again
    _arrivals: Arrivals | None = PrivateAttr(default=None)

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

    def arrivals(self, run_id: str) -> Arrivals:
        """The landing folder as this run finds it, looked at once."""
        if self._arrivals is None:
            snapshot = self.snapshot(run_id)
            held = {file: Held("arriving", why) for file, why in arriving(self.landing_folder, SOURCES).items()}
            held |= held_by_the_watcher(self.lake.root, self.held_back)
            self._arrivals = Arrivals(self.lake, self.landing_folder, snapshot.current, snapshot.read, held)
        return self._arrivals

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
            self._note_withdrawals(run_id)
            try:
                yield self
            finally:
                close_run(context.instance, self.lake, run_id, self._tables(), context.log)
                published = publish(self.lake, descriptions=project_plan().descriptions | {DRIFT_KEY: DESCRIPTION})
                if log is not None:
                    log(f"warehouse.duckdb {published}")

    def _note_withdrawals(self, run_id: str) -> None:
        """What the run is told to do without, or no longer without, holds for later runs, too."""
        if self.withdraw:
            found = self.arrivals(run_id).find(self.withdraw)
            withdrawals.withdraw(self.lake.root, [(delivery.file, delivery.sha256) for delivery in found])
        if self.reinstate:
            withdrawals.reinstate(self.lake.root, self.arrivals(run_id).find_withdrawn(self.reinstate))
