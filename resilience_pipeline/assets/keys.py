"""How a table is called in Dagster: by its name in DuckDB, so that a node of the graph tells its study by itself."""

import dagster as dg

from resilience_pipeline.step import TableKey
from resilience_pipeline.warehouse.catalogue import relation_of


def asset_key(table: TableKey) -> dg.AssetKey:
    """("grid", "trade_resilience", "cells") as grid/trade_resilience_cells."""
    return dg.AssetKey(list(relation_of(table)))
