"""Cells spread out: one row per kept city and year, one column per indicator, national series beside each city."""

from collections.abc import Sequence

import polars as pl

from resilience_pipeline.grid.reference import NATION

KEY = ("city_code", "year")


def city_years(grid: pl.DataFrame, years: Sequence[int], kept_only: bool = True) -> pl.DataFrame:
    """The balanced index: every city (that stays) in every year, sorted."""
    codes = (grid.filter("kept") if kept_only else grid).select("city_code").sort("city_code")
    return codes.join(pl.DataFrame({"year": sorted(years)}, schema={"year": pl.Int32}), how="cross")


def spread(cells: pl.DataFrame, index: pl.DataFrame, indicators: Sequence[str], column: str = "value") -> pl.DataFrame:
    """`column` of the cells by indicator, on the rows of `index`; an indicator without cells is a null column."""
    wanted = cells.filter(pl.col("indicator").is_in(list(indicators))).select(*KEY, "indicator", column)
    national = pl.col("city_code") == NATION
    frame = index
    for part, key in ((wanted.filter(~national), list(KEY)), (wanted.filter(national), ["year"])):
        if not part.is_empty():
            table = part.drop("city_code" if key == ["year"] else []).pivot("indicator", index=key, values=column)
            frame = frame.join(table, on=key, how="left", maintain_order="left")
    absent = [name for name in indicators if name not in frame.columns]
    return frame.with_columns(pl.lit(None, dtype=cells.schema[column]).alias(name) for name in absent).select(
        *KEY, *indicators
    )
