"""Dagster's own record of runs that the lake has let go: its events take more room than the tables they tell of."""

from collections.abc import Iterator, Sequence

import dagster as dg


def forget(instance: dg.DagsterInstance, run_ids: Sequence[str]) -> list[str]:
    """Delete what Dagster keeps of these runs; the ids of those that it knew and let go.

    A run stays that is the last to have made some table, or to have marked an edition: Dagster knows both from the
    run's events alone.
    """
    known = [run_id for run_id in run_ids if (run := instance.get_run_by_id(run_id)) is not None and run.is_finished]
    needed = set(_needed(instance)) if known else set()
    gone = [run_id for run_id in known if run_id not in needed]
    for run_id in gone:
        instance.delete_run(run_id)
    return gone


def _needed(instance: dg.DagsterInstance) -> Iterator[str]:
    for asset in instance.get_asset_records():
        last = asset.asset_entry.last_materialization_record
        if last is not None:
            yield last.run_id
        if instance.get_materialized_partitions(asset.asset_entry.asset_key):
            yield from _marking(instance, asset.asset_entry.asset_key)


def _marking(instance: dg.DagsterInstance, key: dg.AssetKey) -> Iterator[str]:
    """Runs that were the last to mark some partition, from the newest event to the oldest."""
    marked: set[str] = set()
    cursor = None
    while True:
        page = instance.fetch_materializations(key, limit=1000, cursor=cursor)
        for record in page.records:
            if record.partition_key is not None and record.partition_key not in marked:
                marked.add(record.partition_key)
                yield record.run_id
        if not page.has_more:
            return
        cursor = page.cursor
