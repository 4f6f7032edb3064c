"""The twin in memory: staged tables as the file road leaves them, without writing or reading a file.

Values start from the same printed numbers as the files and go through the same single multiplication, so grid, indices
and panel computed from either are the same to the last bit. Columns that say where a cell stands are placeholders.
"""

from collections.abc import Mapping

import numpy as np
import polars as pl

from resilience_pipeline.staging.schema import OBSERVATIONS
from resilience_pipeline.step import TableKey
from resilience_pipeline.twin import lists
from resilience_pipeline.twin.blemishes import LAST_EDITION_WITH_MARK, MARK, holes
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
    "average_wage_cny",
    "green_cover_pct",
    "telecom_revenue_cny_10k",
    "electricity_10k_kwh",
    "employment_total_persons",
    "employment_manufacturing_persons",
    "employment_transport_persons",
    "employment_finance_persons",
    "employment_information_persons",
    "employment_science_persons",
    "employment_education_persons",
)
SCIENCE = ("research_expenditure_cny_10k", "new_product_sales_cny_10k")
WIND_CONCENTRATION = ("supplier_top5_share_pct", "customer_top5_share_pct")
NATIONAL = (
    "consumer_price_index",
    "fixed_investment_price_index",
    "exchange_rate_cny_per_usd",
    "world_exports_usd_100m",
)
#: Edition t reports year t - 1.
YEARLY_EDITIONS = frozenset({"city_yearbook", "science_yearbook"})


def frames(draw: Draw) -> dict[TableKey, pl.DataFrame]:
    """Staging tables of the sources that the study of trade resilience reads, in the sources' order of precedence.

    Returns
    -------
    ("staging", source) -> OBSERVATIONS, PILOTS, CITY_CLASSES or DOCUMENTS, whichever the source has; sorted by key.
    Of each observation source only the indicators that the study reads.
    """
    aggregate, credit = credit_index(draw)
    series = {
        "science_yearbook": {name: printed_series(draw, name) for name in SCIENCE},
        "pku_finance_index": {"finance_index": aggregate, "finance_credit_index": credit},
        "business_environment": {n: printed_series(draw, n) for n in ("business_environment_index",)},
        "ip_protection": {n: printed_series(draw, n) for n in ("ip_protection_index",)},
    }
    whole = {name: _whole(draw, name, values) for name, values in series.items()}
    return {
        ("staging", "city_yearbook"): _yearbook(draw),
        ("staging", "science_yearbook"): whole["science_yearbook"],
        ("staging", "wind"): _wind(draw),
        ("staging", "pku_finance_index"): whole["pku_finance_index"],
        ("staging", "pilot_list"): lists.pilots(),
        ("staging", "national_accounts"): _national(draw),
        ("staging", "business_environment"): whole["business_environment"],
        ("staging", "ip_protection"): whole["ip_protection"],
        ("staging", "resource_cities"): lists.resource_cities(draw),
        ("staging", "work_reports"): lists.work_reports(draw),
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


def _whole(draw: Draw, source: str, series: Mapping[str, Array]) -> pl.DataFrame:
    """Of a source without holes: every city and year in which the city has a row."""
    there = ~holes(draw).absent
    codes = np.broadcast_to(np.array([c.code for c in draw.cities])[:, None], there.shape)[there]
    years = np.broadcast_to(np.array(draw.year_list), there.shape)[there]
    rows = len(codes)
    size = rows * len(series)
    return _observations(
        source,
        np.tile(codes, len(series)),
        np.tile(years, len(series)),
        np.repeat(np.array(list(series)), rows),
        np.concatenate([values[there] for values in series.values()]),
        np.zeros(size, dtype=bool),
        np.full(size, ""),
        yearly_editions=source in YEARLY_EDITIONS,
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
    frame = frame.with_columns(
        value=pl.when("_missing").then(None).otherwise("value"),
        missing_mark=pl.when("_missing").then("missing_mark").otherwise(None),
        scope=pl.lit(scope),
        imputed=pl.lit(value=False),
        edition=(pl.col("year") + 1) if yearly_editions else pl.lit(None, dtype=pl.Int32),
    )
    return (
        lists.with_origin(frame, source)
        .select(OBSERVATIONS.names())
        .cast(dict(OBSERVATIONS))  # type: ignore[arg-type]
        .sort("city_code", "year", "indicator", "scope")
    )
