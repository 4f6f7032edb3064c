"""`dagster dev` on a project of its own, with a study small enough to be estimated in seconds.

Everything is the package's own, but for the study: the paper's benchmark table alone, since a full run is another
test's matter. Dagster's books are read from outside, as the UI reads them.
"""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import dagster as dg

from resilience_pipeline.study.load import PACKAGE_STUDIES
from resilience_pipeline.warehouse.lake import Lake
from tests.integration.terminal import Terminal
from tests.integration.test_ui import free_port, wait_for

KEPT_VARIABLES = (
    "ctri",
    "res",
    "rec",
    "rst",
    "market_share",
    "economic_development",
    "log_fixed_investment",
    "financing",
    "foreign_investment",
    "log_freight",
)
KEPT_TABLES = ("table_4", "effect_by_last_year")
DEFINITIONS = """
from pathlib import Path
from resilience_pipeline.study import load

load.PACKAGE_STUDIES = (Path(__file__).with_name("small_study.toml"),)

from resilience_pipeline.definitions import defs
"""
WORKSPACE = """
load_from:
  - python_file:
      relative_path: small_definitions.py
      location_name: resilience_pipeline
"""
FINISHED = (dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED)


def small_study() -> str:
    """The paper's study with its benchmark table only."""
    sections = re.split(r"\n(?=\[)", PACKAGE_STUDIES[0].read_text(encoding="utf-8"))
    return "\n".join(section for section in sections if _kept(section))


def _kept(section: str) -> bool:
    head = re.match(r"\[+(\w+)\.?(\w*)", section)
    if head is None or head[1] in ("study", "sample"):
        return True
    return head[2] in {"variables": KEPT_VARIABLES, "tables": KEPT_TABLES}.get(head[1], ())


@dataclass
class Daemons:
    """A running `dagster dev`: its address, its project, its books."""

    terminal: Terminal
    url: str

    @property
    def landing(self) -> Path:
        return self.terminal.root / "data_lake" / "landing"

    @property
    def lake(self) -> Lake:
        return Lake(self.terminal.root / "data_lake")

    @property
    def instance(self) -> dg.DagsterInstance:
        return dg.DagsterInstance.from_config(str(self.terminal.root / ".dagster_home"))

    def runs(self) -> list[dg.DagsterRun]:
        """All runs, the oldest first."""
        return list(reversed(self.instance.get_runs()))

    def wait_for_runs(self, number: int, seconds: float) -> dg.DagsterRun:
        """The last of `number` runs, once it has ended; `rest` says whether another was asked for after it."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            runs = self.runs()
            if len(runs) >= number and all(run.status in FINISHED for run in runs):
                assert len(runs) == number, [run.tags for run in runs]
                return runs[-1]
            time.sleep(0.5)
        raise TimeoutError(f"{[(run.status, run.tags) for run in self.runs()]} after {seconds} s")

    def rest(self) -> int:
        """How many runs there are after the sensor has looked twice more."""
        self._wait_for_ticks(2, time.monotonic() + 60)
        return len(self.runs())

    def computed(self, run: dg.DagsterRun) -> set[str]:
        """Assets whose tables the run wrote anew."""
        return {key for key, words in self.told(run).items() if not words.startswith("no")}

    def told(self, run: dg.DagsterRun) -> dict[str, str]:
        """Each asset that the run materialised, and what its `computed` says."""
        told = {}
        for entry in self.instance.all_logs(run.run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION):
            event = entry.asset_materialization
            computed = event.metadata.get("computed")
            told[event.asset_key.to_user_string()] = "yes" if computed is None else str(computed.value)
        return told

    def _wait_for_ticks(self, number: int, deadline: float) -> None:
        instance = self.instance
        (state,) = [s for s in instance.all_instigator_state() if s.instigator_name == "landing"]
        began = time.time()
        while time.monotonic() < deadline:
            ticks = instance.get_ticks(state.instigator_origin_id, state.selector_id, after=began)
            if len([tick for tick in ticks if tick.end_timestamp]) >= number:
                return
            time.sleep(0.5)
        raise TimeoutError("the sensor does not look any more")


@contextmanager
def serving(root: Path, settings: str) -> Iterator[Daemons]:
    """Start it, hand it out, end it."""
    terminal, port = Terminal(root), free_port()
    (root / "small_study.toml").write_text(small_study(), encoding="utf-8")
    (root / "small_definitions.py").write_text(DEFINITIONS, encoding="utf-8")
    (root / "workspace.yaml").write_text(WORKSPACE, encoding="utf-8")
    (root / "resilience.toml").write_text(settings, encoding="utf-8")
    terminal("setup")
    with (root / "dev.log").open("wb") as log:
        dev = subprocess.Popen(
            [str(Path(sys.executable).parent / "dagster"), "dev", "--port", str(port)],
            cwd=root,
            env=terminal.environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        url = f"http://127.0.0.1:{port}"
        try:
            wait_for(url)
            yield Daemons(terminal, url)
        finally:
            os.killpg(dev.pid, signal.SIGINT)
            try:
                dev.wait(timeout=30)
            except subprocess.TimeoutExpired:
                os.killpg(dev.pid, signal.SIGKILL)
