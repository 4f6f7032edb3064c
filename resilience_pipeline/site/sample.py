"""Which cities a study's sample holds, placed on a map, and where each of its city-years went."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import cos, radians

import polars as pl

from resilience_pipeline import reference
from resilience_pipeline.errors import LakeError
from resilience_pipeline.warehouse.lake import Lake

#: The map: degrees that it shows, and pixels.
WEST, EAST, SOUTH, NORTH = 73.0, 135.5, 17.5, 54.0
WIDTH = 720
_PER_DEGREE = WIDTH / ((EAST - WEST) * cos(radians(36)))
HEIGHT = round((NORTH - SOUTH) * _PER_DEGREE)
TREATED, CONTROL, LEFT_OUT = ROLES = ("treated", "control", "left_out")


@dataclass(frozen=True)
class City:
    """One city of a study's grid. x, y : its place on the map, None where its coordinates are not known."""

    code: str
    name: str
    pinyin: str
    province: str
    role: str
    reason: str
    x: float | None
    y: float | None


@dataclass(frozen=True)
class Flow:
    """One line of the account: what leaves, or what is left. kept : whether the line counts what is left."""

    label: str
    rows: int
    cities: int
    kept: bool


def cities_of(lake: Lake, study: str) -> tuple[City, ...]:
    """Every city of the study's grid, by code; nothing where the grid or the treatment was never written."""
    try:
        grid = lake.read(("grid", study, "cities"))
        treated = lake.read(("panel", study, "treatment")).group_by("city_code").agg(pl.col("treat").max())
    except LakeError:
        return ()
    places = {row["city_code"]: row for row in reference.city_coordinates().to_dicts()}
    pinyin: Mapping[str, str] = dict(reference.cities().select("code6", "pinyin").iter_rows())
    table = grid.join(treated, on="city_code", how="left").sort("city_code")
    return tuple(_city(row, places.get(row["city_code"]), pinyin) for row in table.to_dicts())


def flow_of(lake: Lake, study: str) -> tuple[Flow, ...]:
    """All city-years, what left for each reason (the most rows first), and what is left."""
    try:
        sample = lake.read(("panel", study, "sample"))
    except LakeError:
        return ()
    gone = (
        sample.filter(~pl.col("complete"))
        .group_by("reason")
        .agg(pl.len().alias("rows"), pl.col("city_code").n_unique().alias("cities"))
        .sort("rows", "reason", descending=[True, False])
    )
    complete = sample.filter("complete")
    return (
        Flow("all_rows", sample.height, sample["city_code"].n_unique(), kept=True),
        *(Flow(row["reason"] or "", row["rows"], row["cities"], kept=False) for row in gone.to_dicts()),
        Flow("kept_rows", complete.height, complete["city_code"].n_unique(), kept=True),
    )


def _city(row: Mapping, place: Mapping | None, pinyin: Mapping[str, str]) -> City:
    role = LEFT_OUT if not row["kept"] else TREATED if row["treat"] == 1 else CONTROL
    x = None if place is None else round((place["longitude"] - WEST) * cos(radians(36)) * _PER_DEGREE, 1)
    y = None if place is None else round((NORTH - place["latitude"]) * _PER_DEGREE, 1)
    code = row["city_code"]
    return City(code, row["name"], pinyin.get(code) or "", row["province"], role, row["reason"] or "", x, y)
