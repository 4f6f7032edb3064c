"""Staged frames written down as a test needs them: one series a line."""

from collections.abc import Iterable

import polars as pl

from resilience_pipeline.staging.schema import OBSERVATIONS

Value = float | int | None


def series(
    city: str,
    indicator: str,
    values: Iterable[Value],
    first_year: int = 2012,
    scope: str = "city",
    imputed: bool = False,
) -> list[dict]:
    """One row per year; None is a cell delivered empty."""
    return [
        {
            "city_code": city,
            "year": first_year + t,
            "indicator": indicator,
            "scope": scope,
            "value": None if value is None else float(value),
            "missing_mark": "" if value is None else None,
            "imputed": imputed,
            "row": int(city) % 997 + 1,
            "column": t + 2,
        }
        for t, value in enumerate(values)
    ]


def staged(*parts: list[dict], source: str = "city_yearbook") -> pl.DataFrame:
    """An OBSERVATIONS frame of the series."""
    rows = [
        {**row, "source": source, "file": f"{source}.xlsx", "delivery_sha256": "ab"} for part in parts for row in part
    ]
    return pl.DataFrame(rows, schema=OBSERVATIONS)
