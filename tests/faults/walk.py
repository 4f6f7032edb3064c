"""A whole run without Dagster, for faults in numbers: the same steps, lock, pins and catalogue, in one process.

What a step computes from inputs seen before is remembered in a folder, by the versions of its inputs, so that a run
costs its writing alone. A table that came out otherwise has another version, so what reads it is really computed.
"""

import hashlib
import json
import pickle
from collections.abc import Callable
from pathlib import Path

from resilience_pipeline import driver
from resilience_pipeline.arrivals import Arrivals
from resilience_pipeline.code_version import code_version
from resilience_pipeline.driver import execute
from resilience_pipeline.errors import PipelineError
from resilience_pipeline.frozen.steps import frozen_steps
from resilience_pipeline.options import Options
from resilience_pipeline.plan import project_plan
from resilience_pipeline.sources import intake
from resilience_pipeline.sources.registry import SOURCES
from resilience_pipeline.sources.source import Delivery
from resilience_pipeline.step import Step, StepResult, TableKey
from resilience_pipeline.warehouse.atomic import replacing
from resilience_pipeline.warehouse.catalogue import publish
from resilience_pipeline.warehouse.lake import Lake
from resilience_pipeline.warehouse.lock import run_lock
from resilience_pipeline.warehouse.snapshot import Snapshot


def walk(landing: Path, root: Path, run_id: str, only: tuple[str, ...] = (), catalogue: bool = True) -> list[str]:
    """One run of every step, or of the intake and staging of some sources; names of the tables not written."""
    lake = Lake(root)
    failed: set[TableKey] = set()
    with run_lock(root, run_id, 120):
        snapshot = lake.pin(run_id)
        arrivals = Arrivals(lake, landing, snapshot.current, snapshot.read)
        plan = project_plan()
        sources = [arrivals.inventory(), *(arrivals.intake(source) for source in SOURCES)]
        for step in [*sources, *plan.staging, *frozen_steps(lambda: root), *plan.studies]:
            if only and (step.key[0] not in ("sources", "staging") or step.key[-1] not in only):
                continue
            if failed.intersection(step.inputs):
                failed.add(step.key)
                continue
            try:
                if execute(step, snapshot, Options()).pointer is None:
                    failed.add(step.key)
            except PipelineError:
                failed.add(step.key)
        snapshot.end(sorted("/".join(key) for key in failed))
        if catalogue:
            publish(lake)
    return sorted("/".join(key) for key in failed)


def remember(folder: Path) -> None:
    """From here on, this process takes what a step computes from `folder`, where it was computed from the same."""
    compute = driver._compute
    folder.mkdir(parents=True, exist_ok=True)

    def remembered(step: Step, snapshot: Snapshot, options: Options, accept_revisions: bool) -> StepResult:
        if step.key[0] == "sources":
            return compute(step, snapshot, options, accept_revisions)
        seen = {"/".join(key): snapshot.current(key) for key in (*step.inputs, *[step.key] * step.reads_previous)}
        versions = {name: [p.data_version, p.synthetic] if p else None for name, p in sorted(seen.items())}
        name = json.dumps([step.key, code_version(step), versions, accept_revisions])
        file = folder / f"{hashlib.sha256(name.encode()).hexdigest()}.pickle"
        return _kept(file, lambda: compute(step, snapshot, options, accept_revisions))

    def read_once(self: object, delivery: Delivery, standing: str | None = None) -> object:
        if standing is not None:
            return read(self, delivery, standing)
        name = f"{delivery.file} {delivery.sha256}"
        return _kept(folder / f"{hashlib.sha256(name.encode()).hexdigest()}.pickle", lambda: read(self, delivery))

    read = intake._Intake._read
    intake._Intake._read = read_once
    driver._compute = remembered


def _kept(file: Path, make: Callable[[], object]) -> object:
    if file.exists():
        return pickle.loads(file.read_bytes())
    made = make()
    with replacing(file) as hidden:
        hidden.write_bytes(pickle.dumps(made))
    return made
