"""The small tables that people keep by hand: cities, their names and codes, units, marks, the pilot list.

Each is a CSV beside this file with its source and date in README.md. Here they are read, typed and checked once a
process; what they mean for a delivered cell stands in staging/.
"""

from functools import cache
from importlib import resources

import polars as pl

#: Columns, types and key of each table. A key is unique and never null.
TABLES: dict[str, tuple[dict[str, pl.DataType], tuple[str, ...]]] = {
    "indicators": (
        {
            "indicator": pl.String(),
            "unit": pl.String(),
            "grain": pl.String(),
            "lower": pl.Float64(),
            "upper": pl.Float64(),
            "description": pl.String(),
        },
        ("indicator",),
    ),
    "cities": (
        {
            "code6": pl.String(),
            "name": pl.String(),
            "pinyin": pl.String(),
            "province_code": pl.String(),
            "province_name": pl.String(),
            "region": pl.String(),
            "type": pl.String(),
            "first_year": pl.Int32(),
            "last_year": pl.Int32(),
            "remark": pl.String(),
        },
        ("code6",),
    ),
    "city_aliases": (
        {
            "alias": pl.String(),
            "code6": pl.String(),
            "first_year": pl.Int32(),
            "last_year": pl.Int32(),
            "kind": pl.String(),
            "reason": pl.String(),
        },
        ("alias", "code6"),
    ),
    "city_coordinates": (
        {
            "city_code": pl.String(),
            "latitude": pl.Float64(),
            "longitude": pl.Float64(),
            "source": pl.String(),
            "date": pl.String(),
        },
        ("city_code",),
    ),
    "former_codes": (
        {"former_code": pl.String(), "code6": pl.String(), "last_year": pl.Int32(), "reason": pl.String()},
        ("former_code",),
    ),
    "provinces": (
        {
            "province_code": pl.String(),
            "name": pl.String(),
            "short_name": pl.String(),
            "region": pl.String(),
            "kind": pl.String(),
        },
        ("province_code",),
    ),
    "other_rows": ({"label": pl.String(), "kind": pl.String(), "reason": pl.String()}, ("label",)),
    "pilot_names": (
        {
            "number": pl.Int32(),
            "printed_name": pl.String(),
            "resolved_name": pl.String(),
            "kind": pl.String(),
            "city_code": pl.String(),
            "resolution": pl.String(),
            "evidence": pl.String(),
        },
        ("number",),
    ),
    "units": (
        {"unit": pl.String(), "canonical_unit": pl.String(), "factor": pl.Float64(), "reason": pl.String()},
        ("unit", "canonical_unit"),
    ),
    "missing_marks": ({"mark": pl.String(), "reason": pl.String()}, ("mark",)),
    "digital_economy_terms": (
        {"term": pl.String(), "group": pl.String(), "source": pl.String(), "reason": pl.String()},
        ("term",),
    ),
}


def text(name: str) -> str:
    """The reference table `name` as written; part of the code version of what reads it."""
    return resources.files(__package__).joinpath(f"{name}.csv").read_text(encoding="utf-8")


@cache
def load(name: str) -> pl.DataFrame:
    """The reference table `name` with its declared types, rows in the file's order.

    Raises
    ------
    KeyError : there is no table of this name.
    ValueError : columns differ from the declaration, or the key is null or repeated.
    """
    types, key = TABLES[name]
    # The table of other fields reads "NA" as text: a missing mark is data here, so only the empty field is null.
    text = resources.files(__package__).joinpath(f"{name}.csv").read_bytes()
    frame = pl.read_csv(text, infer_schema=False)
    if frame.columns != list(types):
        raise ValueError(f"reference/{name}.csv: columns are {frame.columns}, declared are {list(types)}")
    frame = frame.cast(types)  # type: ignore[arg-type]
    keys = frame.select(key)
    if keys.null_count().sum_horizontal().item() or keys.is_duplicated().any():
        raise ValueError(f"reference/{name}.csv: key {key} is empty or repeated in {keys.filter(keys.is_duplicated())}")
    return frame


def cities() -> pl.DataFrame:
    """One row per prefecture-level unit: code, name, province, region, and the years in which it exists."""
    return load("cities")


def city_coordinates() -> pl.DataFrame:
    """One row per prefecture-level unit: latitude and longitude of its seat in degrees."""
    return load("city_coordinates")


def indicators() -> pl.DataFrame:
    """One row per canonical indicator: unit, grain and plausible bounds."""
    return load("indicators")


def pilot_names() -> pl.DataFrame:
    """One row per printed name of the pilot list: the unit it means, and the evidence."""
    return load("pilot_names")


def units() -> pl.DataFrame:
    """One row per printed unit and canonical unit: value in the canonical unit = printed value x factor."""
    return load("units")
