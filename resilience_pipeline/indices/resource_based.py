"""Resource-based cities: those that the State Council's plan of 2013 lists, by class (Table 8).

    resource_based_i = 1 where the city stands in the list in a class that counts, else 0

The plan (国发〔2013〕45号) lists growing, mature, declining and regenerating cities. Regenerating ones have by its own
words largely left their resources behind, so they can be left out.
"""

from functools import partial

import polars as pl

from resilience_pipeline import table_checks
from resilience_pipeline.grid import wide
from resilience_pipeline.grid.wide import KEY, city_years
from resilience_pipeline.indices.index_table import IndexTable, nothing
from resilience_pipeline.indices.measures import ON_GRID, Notes, on_grid, window_of
from resilience_pipeline.options import Options
from resilience_pipeline.step import Inputs, Step, StepResult
from resilience_pipeline.study.study import Study
from resilience_pipeline.table_checks import zero_or_one

SOURCE = "resource_cities"

#: Value of the option `resource_classes` -> classes that count.
CLASSES = {
    "all": ("growing", "mature", "declining", "regenerating"),
    "without_regenerating": ("growing", "mature", "declining"),
    "declining": ("declining",),
}


def resource_based(index: pl.DataFrame, listed: pl.DataFrame, classes: str) -> pl.DataFrame:
    """Whether a city is resource-based, the same in every year.

    Parameters
    ----------
    index : city_code and year of the kept cities.
    listed : city_code and city_class of the list; empty = nobody delivered it.
    classes : a key of `CLASSES`.

    Returns
    -------
    city_code, year, resource_based (1 or 0; null without a list), on the rows of `index`. A city that a delivered
    list does not name is 0.
    """
    counted = listed.filter(pl.col("city_class").is_in(CLASSES[classes]))["city_code"].to_list()
    flag = pl.col("city_code").is_in(counted).cast(pl.Int32)
    return index.select(*KEY, resource_based=pl.lit(None, dtype=pl.Int32) if listed.is_empty() else flag)


def _step(study: Study) -> Step:
    return Step(
        key=("indices", study.name, "resource_based"),
        inputs=(study.delivered(SOURCE), ("grid", study.name, "cities")),
        compute=partial(_resource_based, window_of(study)),
        description="Whether the city stands in the list of resource-based cities of 2013 in a class that counts. One "
        "row per kept city and year, the same in every year; empty where the list was not delivered. Section 5.6; the "
        "paper's Table 8.",
        code=(wide, table_checks),
        options=("resource_classes",),
        checks=(*ON_GRID, ("zero_or_one", True)),
    )


def _resource_based(window: range, inputs: Inputs, options: Options) -> StepResult:
    listed, grid = inputs.tables.values()
    index = city_years(grid, window)
    table = resource_based(index, listed, str(options["resource_classes"]))
    based = table.filter(pl.col("resource_based") == 1)["city_code"].n_unique()
    notes: Notes = {"listed_cities": listed.height, "resource_based_cities": based}
    if listed.is_empty():
        notes["awaiting"] = SOURCE
    return StepResult(table, (*on_grid(table, index.height), zero_or_one(table, "resource_based")), notes=notes)


RESOURCE_BASED = IndexTable("resource_based", ("resource_based",), nothing, _step, sources=(SOURCE,))
