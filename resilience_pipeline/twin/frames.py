"""The twin in memory: staged tables as the file road leaves them, without writing or reading a file.

Values start from the same printed numbers as the files and go through the same single multiplication, so grid, indices
and panel computed from either are the same to the last bit. Columns that say where a cell stands are placeholders.
"""

import numpy as np
import polars as pl

from resilience_pipeline.staging.schema import OBSERVATIONS, PILOTS
from resilience_pipeline.step import TableKey
from resilience_pipeline.twin.blemishes import LAST_EDITION_WITH_MARK, MARK, holes
from resilience_pipeline.twin.cities import pilot_names
from resilience_pipeline.twin.economy import Draw
from resilience_pipeline.twin.pku import credit_index
from resilience_pipeline.twin.printing import as_printed
from resilience_pipeline.twin.processes import Array

YEARBOOK = (
    "resident_population_10k_persons",
    "gdp_cny_10k",
    "gdp_per_capita_cny",
    "retail_sales_cny_10k",
    "budget_revenue_cny_10k",
    "budget_expenditure_cny_10k",
    "deposits_cny_10k",
    "loans_cny_10k",
    "exports_cny_10k",
    "imports_cny_10k",
    "foreign_investment_usd_10k",
    "freight_10k_tonnes",
    "patents_granted_count",
    "technology_contracts_cny_10k",
)
WIND_CONCENTRATION = ("supplier_top5_share_pct", "customer_top5_share_pct")
NATIONAL = (
    "consumer_price_index",
    "fixed_investment_price_index",
    "exchange_rate_cny_per_usd",
    "world_exports_usd_100m",
)
_PLACEHOLDER = "twin"


def frames(draw: Draw) -> dict[TableKey, pl.DataFrame]:
    """Staging tables of the sources that the study of trade resilience reads.

    Returns
    -------
    ("staging", source) -> OBSERVATIONS, for the pilot list PILOTS; sorted by city, year, indicator.
    """
    return {
        ("staging", "city_yearbook"): _yearbook(draw),
        ("staging", "wind"): _wind(draw),
        ("staging", "pku_finance_index"): _pku(draw),
        ("staging", "pilot_list"): _pilots(),
        ("staging", "national_accounts"): _national(draw),
    }


def printed_series(draw: Draw, indicator: str) -> Array:
    """(cities, years) values as the yearbook or Wind prints them, in the canonical unit, holes not yet cut."""
    values = draw.treated[indicator]
    columns = [as_printed(indicator, values[:, t], year + 1) for t, year in enumerate(draw.year_list)]
    return np.stack(columns, axis=1)


def _yearbook(draw: Draw) -> pl.DataFrame:
    cut = holes(draw)
    there = ~cut.absent
    values, missing = [], []
    for indicator in YEARBOOK:
        values.append(printed_series(draw, indicator)[there])
        missing.append(cut.of(indicator)[there])
    years = np.array(draw.year_list)
    codes = np.array([c.code for c in draw.cities])
    rows = int(there.sum())
    year = np.broadcast_to(years, there.shape)[there]
    marked = year + 1 <= LAST_EDITION_WITH_MARK
    return _observations(
        "city_yearbook",
        np.tile(np.broadcast_to(codes[:, None], there.shape)[there], len(YEARBOOK)),
        np.tile(year, len(YEARBOOK)),
        np.repeat(np.array(YEARBOOK), rows),
        np.concatenate(values),
        np.concatenate(missing),
        np.tile(np.where(marked, MARK, ""), len(YEARBOOK)),
        yearly_editions=True,
    )


def _wind(draw: Draw) -> pl.DataFrame:
    cut = holes(draw)
    codes = np.array([c.code for c in draw.cities])
    years = np.array(draw.year_list)
    place, time = np.broadcast_to(codes[:, None], cut.absent.shape), np.broadcast_to(years, cut.absent.shape)
    parts = []
    for indicator in ("fixed_investment_cny_10k", *WIND_CONCENTRATION):
        here = ~cut.absent  # an empty cell of a year in which the city is gone is no missing value
        if indicator in WIND_CONCENTRATION:
            here = here & draw.listed[:, None]
        values, gone = printed_series(draw, indicator), cut.of(indicator)
        parts.append((place[here], time[here], indicator, values[here], gone[here]))
    return _observations(
        "wind",
        np.concatenate([p[0] for p in parts]),
        np.concatenate([p[1] for p in parts]),
        np.concatenate([np.repeat(p[2], p[3].size) for p in parts]),
        np.concatenate([p[3] for p in parts]),
        np.concatenate([p[4] for p in parts]),
        np.full(sum(p[3].size for p in parts), ""),
    )


def _pku(draw: Draw) -> pl.DataFrame:
    cut = holes(draw)
    there = ~cut.absent
    codes = np.broadcast_to(np.array([c.code for c in draw.cities])[:, None], there.shape)[there]
    years = np.broadcast_to(np.array(draw.year_list), there.shape)[there]
    aggregate, credit = credit_index(draw)
    rows = len(codes)
    return _observations(
        "pku_finance_index",
        np.tile(codes, 2),
        np.tile(years, 2),
        np.repeat(np.array(["finance_index", "finance_credit_index"]), rows),
        np.concatenate([aggregate[there], credit[there]]),
        np.zeros(2 * rows, dtype=bool),
        np.full(2 * rows, ""),
    )


def _national(draw: Draw) -> pl.DataFrame:
    years = np.array(draw.year_list)
    size = len(years) * len(NATIONAL)
    return _observations(
        "national_accounts",
        np.full(size, "000000"),
        np.tile(years, len(NATIONAL)),
        np.repeat(np.array(NATIONAL), len(years)),
        np.concatenate([draw.national[name] for name in NATIONAL]),
        np.zeros(size, dtype=bool),
        np.full(size, ""),
        scope="nation",
    )


def _pilots() -> pl.DataFrame:
    rows = [
        {
            "number": p.number,
            "printed_name": p.printed_name,
            "resolved_name": p.resolved_name,
            "kind": p.kind,
            "city_code": p.city_code,
            "resolution": p.resolution,
            "source": "pilot_list",
            "delivery_sha256": _PLACEHOLDER,
            "file": _PLACEHOLDER,
            "sheet": None,
            "row": p.number + 1,
            "column": 2,
            "text": p.printed_name,
        }
        for p in pilot_names()
    ]
    return pl.DataFrame(rows, schema=PILOTS)


def _observations(
    source: str,
    codes: np.ndarray,
    years: np.ndarray,
    indicators: np.ndarray,
    values: Array,
    missing: np.ndarray,
    marks: np.ndarray,
    scope: str = "city",
    yearly_editions: bool = False,
) -> pl.DataFrame:
    year = pl.Series("year", years, dtype=pl.Int32)
    frame = pl.DataFrame(
        {
            "city_code": pl.Series(codes, dtype=pl.String),
            "year": year,
            "indicator": pl.Series(indicators, dtype=pl.String),
            "value": values,
            "_missing": missing,
            "missing_mark": pl.Series(marks, dtype=pl.String),
        }
    )
    return (
        frame.with_columns(
            value=pl.when("_missing").then(None).otherwise("value"),
            missing_mark=pl.when("_missing").then("missing_mark").otherwise(None),
            scope=pl.lit(scope),
            imputed=pl.lit(value=False),
            edition=(pl.col("year") + 1) if yearly_editions else pl.lit(None, dtype=pl.Int32),
            source=pl.lit(source),
            delivery_sha256=pl.lit(_PLACEHOLDER),
            file=pl.lit(_PLACEHOLDER),
            sheet=pl.lit(None, dtype=pl.String),
            row=pl.lit(1, dtype=pl.Int32),
            column=pl.lit(1, dtype=pl.Int32),
            text=pl.lit(None, dtype=pl.String),
        )
        .select(OBSERVATIONS.names())
        .cast(dict(OBSERVATIONS))  # type: ignore[arg-type]
        .sort("city_code", "year", "indicator", "scope")
    )
