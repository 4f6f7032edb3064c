"""Each rule of the contracts refuses one bad row, and shows it."""

import polars as pl
import pytest

from resilience_pipeline.staging.contracts import contract_holds
from resilience_pipeline.staging.schema import SHAPES

ORIGIN = {
    "source": "wind",
    "delivery_sha256": "ab" * 32,
    "file": "edb.xlsx",
    "sheet": "Sheet1",
    "row": 1,
    "column": 2,
    "text": "1",
}
GOOD: dict[str, dict[str, object]] = {
    "observations": {
        "city_code": "330100",
        "year": 2018,
        "indicator": "gdp_cny_10k",
        "scope": "city",
        "value": 1.0,
        "missing_mark": None,
        "imputed": False,
        "edition": None,
        **ORIGIN,
    },
    "pilots": {
        "number": 1,
        "printed_name": "Beijing",
        "resolved_name": "北京市",
        "kind": "municipality",
        "city_code": "110000",
        "resolution": "exact",
        **ORIGIN,
    },
    "city_classes": {"city_code": "330100", "city_class": "growing", **ORIGIN},
    "documents": {"city_code": "330100", "year": 2018, "document": "数字经济", "characters": 4, **ORIGIN},
}


def frame(shape: str, *rows: dict[str, object]) -> pl.DataFrame:
    return pl.DataFrame([{**GOOD[shape], **row} for row in rows], schema=SHAPES[shape])


@pytest.mark.parametrize("shape", SHAPES)
def test_a_good_row_and_an_empty_table_hold_the_contract(shape: str) -> None:
    assert contract_holds(shape, frame(shape, {})).passed
    assert contract_holds(shape, SHAPES[shape].to_frame()).passed


@pytest.mark.parametrize(
    ("shape", "bad"),
    [
        ("observations", {"city_code": "999999"}),
        ("observations", {"city_code": None}),
        ("observations", {"year": 18}),
        ("observations", {"indicator": "gdp"}),
        ("observations", {"scope": "county"}),
        ("observations", {"scope": "nation"}),
        ("observations", {"city_code": "000000"}),
        ("observations", {"value": float("inf")}),
        ("observations", {"value": float("nan")}),
        ("observations", {"value": None}),
        ("observations", {"missing_mark": "…"}),
        ("observations", {"imputed": None}),
        ("observations", {"file": None}),
        ("pilots", {"kind": "village"}),
        ("pilots", {"city_code": "510501"}),
        ("city_classes", {"city_class": None}),
        ("documents", {"characters": 0}),
        ("documents", {"document": None}),
    ],
)
def test_a_bad_row_breaks_the_contract_and_is_shown(shape: str, bad: dict[str, object]) -> None:
    check = contract_holds(shape, frame(shape, bad))
    assert not check.passed
    assert check.blocking
    assert check.failures is not None
    assert check.failures.height > 0


@pytest.mark.parametrize("shape", SHAPES)
def test_a_repeated_key_breaks_the_contract(shape: str) -> None:
    assert not contract_holds(shape, frame(shape, {}, {})).passed


def test_columns_in_another_order_break_the_contract() -> None:
    table = frame("city_classes", {})
    assert not contract_holds("city_classes", table.select(reversed(table.columns))).passed
