"""What each staged shape promises to those who read it, checked on collected frames with every failing row shown."""

import pandera.polars as pa
import polars as pl
from pandera.errors import SchemaErrors

from resilience_pipeline import reference
from resilience_pipeline.staging import rules
from resilience_pipeline.staging.schema import SHAPES
from resilience_pipeline.step import Check

_CODES = [*reference.cities()["code6"], "000000"]
_INDICATORS = reference.indicators()["indicator"].to_list()
_CITY = [pa.Check.isin(_CODES)]
_YEAR = [pa.Check.in_range(1900, 2099)]
_SCOPE_OF_THE_NATION = pa.Check(
    lambda data: data.lazyframe.select((pl.col("city_code") == "000000") == (pl.col("scope") == "nation")),
    name="the nation has scope nation, a city has not",
)
_VALUE_OR_MARK = pa.Check(
    lambda data: data.lazyframe.select(pl.col("value").is_null() == pl.col("missing_mark").is_not_null()),
    name="a value or a missing mark, never both",
)
_ORIGIN_NULLABLE = {"sheet", "row", "column", "text"}

#: For each shape: columns that may be null, checks by column, checks of the whole row, key.
_RULES: dict[str, tuple[set[str], dict[str, list[pa.Check]], list[pa.Check], list[str]]] = {
    "observations": (
        {"value", "missing_mark", "edition"},
        {
            "city_code": _CITY,
            "year": _YEAR,
            "indicator": [pa.Check.isin(_INDICATORS)],
            "scope": [pa.Check.isin(["city", "districts", "nation"])],
            "value": [pa.Check(lambda d: d.lazyframe.select(pl.col(d.key).is_finite()), name="finite")],
        },
        [_SCOPE_OF_THE_NATION, _VALUE_OR_MARK],
        ["city_code", "year", "indicator", "scope"],
    ),
    "pilots": (
        set(),
        {
            "city_code": _CITY,
            "kind": [pa.Check.isin(["municipality", "prefecture", "county", "zone"])],
        },
        [],
        ["number"],
    ),
    "city_classes": (set(), {"city_code": _CITY}, [], ["city_code"]),
    "documents": (
        set(),
        {"city_code": _CITY, "year": _YEAR, "characters": [pa.Check.gt(0)]},
        [],
        ["city_code", "year"],
    ),
}


def contract(shape: str) -> pa.DataFrameSchema:
    """The pandera schema of a staged shape."""
    nullable, checks, row_checks, key = _RULES[shape]
    columns = {
        name: pa.Column(kind, checks.get(name, []), nullable=name in nullable | _ORIGIN_NULLABLE)
        for name, kind in SHAPES[shape].items()
    }
    return pa.DataFrameSchema(columns, checks=row_checks, strict=True, ordered=True, unique=key)


def contract_holds(shape: str, frame: pl.DataFrame) -> Check:
    """The contract's check; failing shows column, rule, the value and the row's place in the table."""
    try:
        contract(shape).validate(frame, lazy=True)
    except SchemaErrors as errors:
        cases = errors.failure_cases.select(pl.all().cast(pl.String))
        return rules.check(rules.CONTRACT, cases)
    return rules.check(rules.CONTRACT, frame.clear())
