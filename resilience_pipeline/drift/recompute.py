"""Results recomputed in memory from stored tables of which some are replaced: only what the replacement reaches.

The very steps that Dagster runs. As in a run, a step that fails or whose blocking check fails leaves its table as it
was; nothing is written.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from resilience_pipeline.errors import PipelineError
from resilience_pipeline.options import Options
from resilience_pipeline.step import Inputs, Step, TableKey
from resilience_pipeline.warehouse.fingerprint import data_version

Read = Callable[[TableKey], pl.DataFrame | None]


@dataclass
class Recomputed:
    """What a recomputation gave.

    Parameters
    ----------
    tables : those that differ from the stored ones, the replaced ones among them.
    kept : tables that stay as stored because their step refused the replacement.
    steps : how many steps were computed.
    """

    tables: dict[TableKey, pl.DataFrame]
    kept: list[TableKey] = field(default_factory=list)
    steps: int = 0


def recompute(
    steps: Sequence[Step],
    read: Read,
    replaced: Mapping[TableKey, pl.DataFrame],
    options: Options,
    stale: Collection[TableKey] = (),
) -> Recomputed:
    """Walk the steps; compute those that read something that differs, and those that are stale by themselves.

    Parameters
    ----------
    steps : inputs before those who read them.
    read : the stored tables; None where one does not exist.
    replaced : tables in place of the stored ones.
    options : those that every computed step gets.
    stale : steps to compute though none of their inputs differs: their code or an option that they read does.

    A step whose table comes out as it is stored ends the wave.
    """
    done = Recomputed(dict(replaced))
    for step in steps:
        if step.key not in stale and not any(key in done.tables for key in step.inputs):
            continue
        inputs = {key: done.tables.get(key) if key in done.tables else read(key) for key in step.inputs}
        there = {key: frame for key, frame in inputs.items() if frame is not None}
        if len(there) < len(inputs):
            done.kept.append(step.key)
            continue
        done.steps += 1
        try:
            result = step.compute(Inputs(there, synthetic=False), options)
        except PipelineError:
            done.kept.append(step.key)
            continue
        if any(check.blocking and not check.passed for check in result.checks):
            done.kept.append(step.key)
            continue
        stored = read(step.key)
        if stored is None or not same(stored, result.table):
            done.tables[step.key] = result.table
    return done


def same(one: pl.DataFrame, other: pl.DataFrame) -> bool:
    """Whether two tables say the same."""
    return one.shape == other.shape and one.schema == other.schema and data_version(one) == data_version(other)
