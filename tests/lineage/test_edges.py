"""What is declared to rest on an indicator is what changes when the whole series does, and nothing else."""

import numpy as np
import polars as pl
import pytest

from resilience_pipeline.lineage.edge import EVERY, Edge, Graph
from tests.lineage.world import STUDY

KEYS = ("city_code", "year")

#: Resource allocation counts a city only where it has every input, so each of its columns is declared to rest on all.
COUNTED_TOGETHER = {"capital_wedge", "labour_wedge", "capital_distortion", "labour_distortion"}
CELLS = f"grid/{STUDY.name}/cells"


def shaken(table: pl.DataFrame, indicator: str) -> pl.DataFrame:
    """The series with every value moved by up to five per cent, each by another part; nothing goes missing."""
    factors = pl.Series(np.random.default_rng(7).uniform(0.95, 1.05, table.height))
    here = pl.col("indicator") == indicator
    return table.with_columns(value=pl.when(here).then(pl.col("value") * factors).otherwise("value"))


def numbers(table: pl.DataFrame) -> list[str]:
    return [name for name, kind in table.schema.items() if kind.is_numeric() and name not in KEYS]


def columns_that_differ(before: pl.DataFrame, after: pl.DataFrame) -> set[str]:
    return {name for name in numbers(before) if not before[name].equals(after[name])}


def declared(world, layer: str, indicator: str) -> set[tuple[str, str]]:
    """Columns of a layer's tables by city and year that rest on the values of an indicator."""
    graph, found = world.index.graph, set()
    for key, table in world.tables.items():
        if key[0] == layer and set(KEYS) <= set(table.columns) and key[-1] not in ("value_status", "sample"):
            name = "/".join(key)
            for column in numbers(table):
                if graph.behind([(name, column)]).get((CELLS, indicator)) == "value":
                    found.add((name, column))
    return found


@pytest.mark.parametrize(
    "indicator", ["gdp_cny_10k", "average_wage_cny", "consumer_price_index", "ip_protection_index"]
)
def test_exactly_the_declared_columns_change_with_a_series(world, indicator):
    observed = world.tables["grid", STUDY.name, "observations"]
    source = observed.filter(indicator=indicator, standing="taken")["source"][0]
    key = ("frozen", source)
    wanted = [step.key for step in world.steps if step.key[0] in ("indices", "panel")]
    walked = world.after({key: shaken(world.tables[key], indicator)}, wanted)

    for layer in ("indices", "panel"):
        changed = {
            ("/".join(key), column)
            for key, table in walked.tables.items()
            if key[0] == layer and set(KEYS) <= set(table.columns) and key[-1] not in ("value_status", "sample")
            for column in columns_that_differ(world.tables[key], table)
        }
        still = {part for part in declared(world, layer, indicator) - changed if part[1] not in COUNTED_TOGETHER}
        assert changed <= declared(world, layer, indicator)
        assert not still


def test_a_step_is_shown_only_the_columns_that_it_declares(world):
    step = next(step for step in world.steps if step.key == ("estimates", "table_4", "1"))
    outcomes = ("panel", STUDY.name, "outcomes")

    assert step.reads[outcomes] == ("ctri",)
    assert step.shown(outcomes, world.tables[outcomes]).columns == ["city_code", "year", "ctri"]


def test_values_reach_only_over_values_and_rows_over_anything():
    graph = Graph(
        [
            Edge("panel", "y", "cells", "gdp"),
            Edge("panel", EVERY, "cities", EVERY, "rows"),
            Edge("cities", EVERY, "cells", "loans", "rows"),
            Edge("result", "y", "panel", "y"),
            Edge("result", EVERY, "panel", "x", "rows"),
            Edge("panel", "x", "cells", "wages"),
        ]
    )

    behind = graph.behind([("result", "y")])

    assert {unit: way for (table, unit), way in behind.items() if table == "cells"} == {
        "gdp": "value",
        "loans": "rows",
        "wages": "rows",
    }
