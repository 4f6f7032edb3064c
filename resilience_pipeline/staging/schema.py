"""Shapes of the staged tables: canonical names, canonical units, one row per fact, each with the cell it came from."""

import polars as pl

#: Where a value stands in a delivered file. Every staged table ends with these columns.
ORIGIN = {
    "source": pl.String,
    "delivery_sha256": pl.String,
    "file": pl.String,
    "sheet": pl.String,
    "row": pl.Int32,
    "column": pl.Int32,
    "text": pl.String,
}

#: One row per city (or nation), year, indicator and scope. Key: city_code, year, indicator, scope.
OBSERVATIONS = pl.Schema(
    {
        "city_code": pl.String,  # six digits; "000000" = the nation or the world
        "year": pl.Int32,  # year the value is about
        "indicator": pl.String,  # reference/indicators.csv
        "scope": pl.String,  # city | districts | nation
        "value": pl.Float64,  # in the indicator's canonical unit; null = delivered empty or with a missing mark
        "missing_mark": pl.String,  # "" = empty cell, else the mark ("…", "-"); null where there is a value
        "imputed": pl.Boolean,  # filled in by the compiler, not reported by an office
        "edition": pl.Int32,
        **ORIGIN,
    }
)

#: One row per printed name of the pilot list.
PILOTS = pl.Schema(
    {
        "number": pl.Int32,
        "printed_name": pl.String,
        "resolved_name": pl.String,  # Chinese name of the unit that is meant
        "kind": pl.String,  # municipality | prefecture | county | zone
        "city_code": pl.String,  # prefecture-level unit it is or lies in; a zone's lead prefecture
        "resolution": pl.String,  # why this unit is meant: exact | spelling | position in the list | zone
        **ORIGIN,
    }
)

#: One row per listed city.
CITY_CLASSES = pl.Schema({"city_code": pl.String, "city_class": pl.String, **ORIGIN})

#: One row per document.
DOCUMENTS = pl.Schema(
    {"city_code": pl.String, "year": pl.Int32, "document": pl.String, "characters": pl.Int32, **ORIGIN}
)

SHAPES = {"observations": OBSERVATIONS, "pilots": PILOTS, "city_classes": CITY_CLASSES, "documents": DOCUMENTS}

#: Cells that were refused, each with the rule and what to do. Kept for every source in the schema `rejects`.
REJECTS = pl.Schema(
    {
        "source": pl.String,
        "rule": pl.String,  # name of the row rule
        "reason": pl.String,  # what is wrong, with what was expected
        "remedy": pl.String,
        "delivery_sha256": pl.String,
        "file": pl.String,
        "sheet": pl.String,
        "row": pl.Int32,
        "column": pl.Int32,
        "entity": pl.String,
        "period": pl.String,
        "heading": pl.String,
        "text": pl.String,
    }
)
