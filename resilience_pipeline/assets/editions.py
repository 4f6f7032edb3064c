"""Editions of a yearbook as partitions of its source's asset; edition t reports year t - 1.

Only the sources are partitioned: panels rest on all editions at once, so what reads them is not.
"""

from collections import defaultdict
from collections.abc import Iterable

import dagster as dg

from resilience_pipeline.assets.keys import asset_key
from resilience_pipeline.code_version import version_of
from resilience_pipeline.errors import DeliveryError
from resilience_pipeline.sources.delivered import Delivered
from resilience_pipeline.sources.registry import SOURCES
from resilience_pipeline.sources.source import Source
from resilience_pipeline.sources.standing import Anew

#: The city yearbook's first edition is that of 1985. A year's edition can be delivered from the first day of the year.
EDITIONS = dg.TimeWindowPartitionsDefinition(start="1985", fmt="%Y", cron_schedule="0 0 1 1 *", end_offset=1)

_BACKFILL = "dagster/backfill"  # tag of the runs into which Dagster cuts a backfill
_BY_EDITION = frozenset(asset_key(("sources", source.name)) for source in SOURCES if source.by_edition)


def anew(context: dg.AssetExecutionContext, *, force: bool) -> Anew:
    """What a run reads again: everything where it is forced, else the files of the partitions that it is for.

    A run of nothing but yearbooks looks at no other file. One that goes on to the results takes in whatever is new,
    too, because results must not rest on a part of what was delivered.
    """
    if not (context.has_partition_key or context.has_partition_key_range):
        return Anew(everything=force)
    chosen = _selected(context)
    alone = chosen is not None and chosen <= _BY_EDITION
    return Anew(everything=force and not alone, editions=frozenset(map(int, context.partition_keys)), alone=alone)


def _selected(context: dg.AssetExecutionContext) -> frozenset[dg.AssetKey] | None:
    """What was chosen to be materialised; of a backfill, which Dagster cuts into runs, all of it. None = everything."""
    backfill_id = context.run.tags.get(_BACKFILL)
    backfill = context.instance.get_backfill(backfill_id) if backfill_id is not None else None
    chosen = context.run.asset_selection if backfill is None else backfill.asset_selection
    return None if chosen is None else frozenset(chosen)


def mark(
    context: dg.AssetExecutionContext, key: dg.AssetKey, before: Iterable[Delivered], now: Iterable[Delivered]
) -> None:
    """Mark the partitions of delivered editions, where they are not, or where their deliveries changed."""
    now = tuple(now)
    old, new = _versions(before), _versions(now)
    marked = context.instance.get_materialized_partitions(key)
    by_dagster = set(context.partition_keys) if context.has_partition_key or context.has_partition_key_range else set()
    for edition, version in sorted(new.items()):
        known = edition in marked and old.get(edition) == version
        if not known and edition not in by_dagster and EDITIONS.has_partition_key(edition):
            files = [f"- {delivered.file}" for delivered in now if int(edition) in delivered.editions]
            # Of no run: the mark must outlive the run that made it, which `resilience prune` may let go.
            context.instance.report_runless_asset_event(
                dg.AssetMaterialization(
                    asset_key=key,
                    partition=edition,
                    metadata={
                        "files": dg.MetadataValue.md("\n".join(files)),
                        "run": dg.MetadataValue.dagster_run(context.run.run_id),
                    },
                    tags={"dagster/data_version": version},
                )
            )


def demand_delivered(source: Source, asked: frozenset[int], now: Iterable[Delivered]) -> None:
    """A DeliveryError where the table holds none of the editions that were asked for."""
    there = {edition for delivered in now for edition in delivered.editions}
    if asked.isdisjoint(there):
        span = f"{min(asked)}" if len(asked) == 1 else f"{min(asked)} to {max(asked)}"
        raise DeliveryError(
            f"edition {span} of {source.title} was not delivered",
            remedy="put its files into the landing folder, or materialise an edition that is there",
            expected=f"files in a folder such as edition_{max(asked)}, which reports {max(asked) - 1}",
            found=f"editions {', '.join(map(str, sorted(there)))}" if there else "no edition",
        )


def _versions(deliveries: Iterable[Delivered]) -> dict[str, str]:
    """Edition -> hash of its deliveries."""
    parts = defaultdict(list)
    for delivered in deliveries:
        for edition in delivered.editions:
            parts[str(edition)].append((delivered.file, delivered.sha256, delivered.read_by))
    return {edition: version_of(*sorted(delivered)) for edition, delivered in parts.items()}
