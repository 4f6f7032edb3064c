"""The data version says what a table holds, not how it lies in memory."""

import polars as pl
import pytest

from resilience_pipeline.warehouse.fingerprint import data_version

TABLE = pl.DataFrame({"city_code": ["330100", "110000", None], "gdp": [1.5, None, float("nan")]})


def test_the_version_does_not_depend_on_chunks():
    in_pieces = pl.concat([TABLE[:1], TABLE[1:2], TABLE[2:]], rechunk=False)
    assert in_pieces.n_chunks() == 3
    assert data_version(in_pieces) == data_version(TABLE)


def test_the_version_survives_parquet(tmp_path):
    TABLE.write_parquet(tmp_path / "table.parquet")
    assert data_version(pl.read_parquet(tmp_path / "table.parquet")) == data_version(TABLE)


def test_what_a_null_hides_in_memory_does_not_count():
    hidden = pl.DataFrame({"x": [1, 2]}).with_columns(pl.when(pl.col("x") == 1).then(pl.col("x")))
    assert data_version(hidden) == data_version(pl.DataFrame({"x": [1, None]}))


@pytest.mark.parametrize(
    ("change", "other"),
    [
        ("a value", TABLE.with_columns(gdp=pl.Series([1.5, None, 2.0]))),
        ("a name", TABLE.rename({"gdp": "gdp_cny"})),
        ("a type", TABLE.with_columns(pl.col("gdp").cast(pl.Float32))),
        ("the order of the columns", TABLE.select("gdp", "city_code")),
        ("the order of the rows", TABLE.reverse()),
        ("a null for a zero", TABLE.with_columns(gdp=pl.Series([1.5, 0.0, float("nan")]))),
        ("a null for an empty text", TABLE.with_columns(pl.col("city_code").fill_null(""))),
        ("text moved to the next row", TABLE.with_columns(city_code=pl.Series(["33010", "0110000", None]))),
        ("the number of rows", TABLE[:2]),
    ],
)
def test_the_version_changes_with(change, other):
    assert data_version(other) != data_version(TABLE), change


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (pl.Series([[1], [2, 3]]), pl.Series([[1, 2], [3]])),
        (pl.Series([[1], None]), pl.Series([[1], []], dtype=pl.List(pl.Int64))),
        (pl.Series([{"a": 1}]), pl.Series([{"a": 2}])),
        (pl.Series([b"ab"]), pl.Series([b"ac"])),
        (pl.Series(["a"]).cast(pl.Categorical), pl.Series(["b"]).cast(pl.Categorical)),
        (pl.Series([True, None]), pl.Series([False, None])),
        (pl.Series(["2018-10-16"]).str.to_date(), pl.Series(["2018-10-17"]).str.to_date()),
    ],
)
def test_every_kind_of_column_counts(one, other):
    assert data_version(pl.DataFrame({"x": one})) != data_version(pl.DataFrame({"x": other}))
