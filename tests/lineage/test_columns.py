"""Lineage by column: of staging as a parser reads it from the SQL, held to what really changes."""

import polars as pl
import pytest

from resilience_pipeline.lineage.columns import column_lineage
from resilience_pipeline.lineage.sql import columns_behind, staged_columns
from resilience_pipeline.options import Options
from resilience_pipeline.plan import make_plan
from resilience_pipeline.sources.registry import SOURCES
from resilience_pipeline.sources.source import CELLS
from resilience_pipeline.staging.stage import stage
from tests.lineage.world import STUDY

WIND = next(source for source in SOURCES if source.name == "wind")
KEY = ["row", "column"]


def cells(**changed: object) -> pl.DataFrame:
    """Two cities' fixed investment of two years as Wind gives it."""
    rows = [
        {
            "source": "wind",
            "delivery_sha256": "a" * 64,
            "file": "wind.xlsx",
            "sheet": "万得",
            "title": None,
            "row": 10 + year,
            "column": 2 + place,
            "entity": city,
            "period": str(2015 + year),
            "heading": "固定资产投资完成额",
            "unit": "亿元",
            "text": f"{100 + 10 * place + year}.5",
        }
        for place, city in enumerate(("杭州市", "宁波市"))
        for year in (0, 1)
    ]
    return pl.DataFrame(rows, schema=CELLS).with_columns(**changed)


def staged(table: pl.DataFrame) -> pl.DataFrame:
    return stage(WIND, table).table.sort(KEY)


@pytest.mark.parametrize(
    ("column", "change"),
    [
        ("text", pl.col("text") + "1"),
        ("unit", pl.lit("万元")),
        ("sheet", pl.lit("Sheet1")),
        ("period", (pl.col("period").cast(pl.Int32) + 2).cast(pl.String)),
        ("entity", pl.col("entity").replace({"杭州市": "温州市"})),
        ("imputed", pl.lit(value=True)),
    ],
)
def test_exactly_the_declared_columns_of_staging_change(column, change):
    before, after = staged(cells()), staged(cells(**{column: change}))
    assert before.height == after.height == 4
    changed = {name for name in before.columns if not before[name].equals(after[name])}
    declared = {name for name, own in staged_columns(WIND).items() if column in own and name in before.columns}

    assert changed <= declared
    # A heading's unit decides its factor and not what it measures; a city's name only whether it is the nation.
    assert declared - changed <= {"indicator", "scope", "missing_mark"}


def test_a_select_is_followed_through_its_tables_to_the_relations_it_reads():
    text = """
        with a as (select * from raw.x), b as (select a.k, a.v * y.factor as w from a inner join raw.y using (k))
        select k, coalesce(w, 0) as w, 1 as one from b
    """

    made = columns_behind(text, {"raw.x": ["k", "v"], "raw.y": ["k", "factor"]})

    assert made["w"] == (("raw.x", "v"), ("raw.y", "factor"))
    assert made["one"] == ()


def test_dagster_is_told_what_a_column_of_the_panel_is_made_of():
    plan = {step.key: step for step in make_plan((STUDY,)).steps}
    studies = {STUDY.name: STUDY}

    def made(key: tuple[str, ...], column: str) -> set[tuple[tuple[str, ...], str]]:
        return set(column_lineage(plan[key], [column], studies, Options()).get(column, ()))

    assert made(("panel", STUDY.name, "outcomes"), "ctri") == {(("indices", STUDY.name, "composites"), "ctri")}
    assert made(("panel", STUDY.name, "controls"), "log_freight") == {(("grid", STUDY.name, "cells"), "value")}
    assert (("panel", STUDY.name, "outcomes"), "ctri") in made(("estimates", "table_4", "1"), "estimate")
    assert made(("staging", "wind"), "city_code") == {(("sources", "wind"), "entity")}
