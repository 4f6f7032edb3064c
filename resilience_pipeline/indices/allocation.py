"""Resource allocation (RA): how far a city's capital and labour are from where their returns are equal.

Section 4.4 of the paper names output, wages, the price index of fixed-asset investment and "total market distortion",
and no formula; RA stands in none of its tables. Here it is the Hsieh-Klenow type, with the wedges of Chen and Hu
(2011) as Bai and Liu (2018) use them on Chinese regions. With Y output, K the capital stock, W = wage x employment the
wage bill, and sums over the cities of a year,

    1 + tau_K = (Y_i / sum Y) / (K_i / sum K)      tau_K > 0: too little capital, < 0: too much
    1 + tau_L = (Y_i / sum Y) / (W_i / sum W)      the same for labour
    RA_i = 1 / (1 + a |tau_K| + (1 - a) |tau_L|)   a = capital's share in income

1 + tau is the city's revenue product of a factor over the nation's, since the factor shares a and 1 - a are the same
everywhere and cancel, as do the prices of a year. RA is 1 where both returns are the nation's, and falls towards 0
as they move away on either side: higher means better allocated. Labour is the wage bill, as in Hsieh and Klenow: it
counts hours and skill at what the market pays. Output is at current prices, since wedges are on revenue.

Capital is a perpetual inventory at prices of the first year (Zhang, Wu and Zhang 2004):

    K_t = (1 - d) K_(t-1) + I_t / P_t,   K_1 = I_1 / (g + d)  or  I_1 / 0.1

P from the price index of fixed-asset investment, g the yearly growth of the cities' summed real investment over the
window, one number for all cities (steady state); or a tenth, as Zhang, Wu and Zhang start.

References: Hsieh and Klenow 2009, QJE 124(4). Chen and Hu 2011, China Economic Quarterly 10(4). Bai and Liu 2018,
China Industrial Economics (1). Zhang, Wu and Zhang 2004, Economic Research Journal (10).
"""

import numpy as np
import polars as pl

from resilience_pipeline.grid.wide import KEY
from resilience_pipeline.indices import national
from resilience_pipeline.indices.index_table import IndexTable
from resilience_pipeline.indices.measures import Notes, measure_step
from resilience_pipeline.indices.national import Column, year_sums
from resilience_pipeline.indices.values import price_level
from resilience_pipeline.options import Options
from resilience_pipeline.step import Check, Step
from resilience_pipeline.study.study import Study
from resilience_pipeline.table_checks import rule

OUTPUT = "gdp_cny_10k"
WAGE, EMPLOYED = "average_wage_cny", "employment_total_persons"
INVESTMENT, PRICES = "fixed_investment_cny_10k", "fixed_investment_price_index"
INDICATORS = (OUTPUT, WAGE, EMPLOYED, INVESTMENT, PRICES)

COLUMNS = (
    "capital_stock_cny_10k",
    "wage_bill_cny_10k",
    "capital_wedge",
    "labour_wedge",
    "capital_distortion",
    "labour_distortion",
    "resource_allocation",
)

#: What a column rests on where it is not all of them: a wedge is on the cities of the year that have every input.
_OWN = {"capital_stock_cny_10k": (INVESTMENT, PRICES), "wage_bill_cny_10k": (WAGE, EMPLOYED)}

#: First year's investment over the capital stock, where it is not the steady state's (Zhang, Wu and Zhang 2004).
TENTH = 0.1

#: Rounding of a sum of some hundred quotients.
TOLERANCE = 1e-9


def allocation(values: pl.DataFrame, capital_share: float, depreciation: float, start: str) -> pl.DataFrame:
    """Wedges, distortions and resource allocation of each city and year.

    Parameters
    ----------
    values : city_code, year and `INDICATORS`; every city has every year.
    capital_share : a, 0 to 1. depreciation : d, a year.
    start : "steady_state" or "tenth", how the stock of the first year arises.

    Returns
    -------
    city_code, year and `COLUMNS`, sorted: stock at prices of the first year, wedges tau_K and tau_L (-1 to inf),
    distortions |tau_K| and |tau_L|, RA in (0, 1]. Null where output, capital, wage or employment is missing or not
    positive; such a city is in no sum of that year either.
    """
    table = values.sort(KEY)  # sums run in one order, whatever the order of the rows
    years = table["year"].to_numpy()
    output = _array(table, OUTPUT)
    wage_bill = _array(table, WAGE) * _array(table, EMPLOYED) / 10_000
    stock = capital_stock(_matrix(table, INVESTMENT), _by_year(table, PRICES), depreciation, start).ravel()
    counted = (output > 0) & (stock > 0) & (wage_bill > 0)
    tau_K, tau_L = (wedge(output, factor, years, counted) for factor in (stock, wage_bill))
    distance = capital_share * np.abs(tau_K) + (1 - capital_share) * np.abs(tau_L)
    columns = (stock, wage_bill, tau_K, tau_L, np.abs(tau_K), np.abs(tau_L), 1 / (1 + distance))
    return table.select(
        *KEY, *(pl.Series(name, column).fill_nan(None) for name, column in zip(COLUMNS, columns, strict=True))
    )


def wedge(output: Column, factor: Column, years: np.ndarray, counted: np.ndarray) -> Column:
    """The factor's revenue product over the nation's, less one; shape (rows,), nan where the row is not counted."""
    output, factor = (np.where(counted, column, np.nan) for column in (output, factor))
    with np.errstate(invalid="ignore", divide="ignore"):
        return (output / year_sums(output, years)) / (factor / year_sums(factor, years)) - 1


def capital_stock(investment: Column, prices: list[float | None], depreciation: float, start: str) -> Column:
    """Capital stock at prices of the first year, by perpetual inventory.

    Parameters
    ----------
    investment : shape (cities, years), at current prices, nan = missing.
    prices : the price index of each year, previous year = 100; the first year's own is not used.

    Returns
    -------
    Shape (cities, years), in the investment's unit; nan from the first missing year of a city (or of prices) on.
    """
    level = np.array([np.nan if p is None else p for p in price_level(prices)])
    real = investment / level
    stock = np.full(real.shape, np.nan)
    if real.size == 0:
        return stock
    rate = TENTH if start == "tenth" else investment_growth(real) + depreciation
    stock[:, 0] = real[:, 0] / rate if rate > 0 else np.nan
    for t in range(1, real.shape[1]):
        stock[:, t] = (1 - depreciation) * stock[:, t - 1] + real[:, t]
    return stock


def investment_growth(real: Column) -> float:
    """Mean yearly growth of the cities' summed investment over the years with prices, of cities without a gap.

    nan where fewer than two years or no city is left.
    """
    last = int(np.flatnonzero(~np.isnan(real).all(axis=0)).max(initial=0))
    complete = real[~np.isnan(real[:, : last + 1]).any(axis=1)]
    first_sum, last_sum = (float(complete[:, t].sum()) for t in (0, last))
    if last == 0 or first_sum <= 0 or last_sum <= 0:
        return float("nan")
    return float((last_sum / first_sum) ** (1 / last) - 1)


def _array(table: pl.DataFrame, name: str) -> Column:
    return table[name].cast(pl.Float64).fill_null(float("nan")).to_numpy()


def _matrix(table: pl.DataFrame, name: str) -> Column:
    """The column by city and year; the table is sorted and balanced."""
    return _array(table, name).reshape(table["city_code"].n_unique(), table["year"].n_unique())


def _by_year(table: pl.DataFrame, name: str) -> list[float | None]:
    """A national series, one value a year."""
    return table.unique("year", keep="first", maintain_order=True).sort("year")[name].to_list()


def returns_average_to_one(table: pl.DataFrame) -> Check:
    """Weighted by the factor, 1 + tau of a year averages to one: the nation's return is that of its cities."""
    means = [
        table.filter(pl.col(wedge).is_not_null())
        .group_by("year")
        .agg(mean=((1 + pl.col(wedge)) * pl.col(factor)).sum() / pl.col(factor).sum())
        .select("year", pl.lit(wedge).alias("wedge"), "mean")
        for wedge, factor in (("capital_wedge", "capital_stock_cny_10k"), ("labour_wedge", "wage_bill_cny_10k"))
    ]
    off = pl.concat(means).filter((pl.col("mean") - 1).abs() > TOLERANCE).sort("wedge", "year")
    return rule("returns_average_to_one", off, "returns do not average to the nation's")


def within_bounds(table: pl.DataFrame) -> Check:
    """Wedges lie above -1, and resource allocation is in (0, 1]."""
    inside = (
        (pl.col("capital_wedge") > -1)
        & (pl.col("labour_wedge") > -1)
        & (pl.col("resource_allocation") > 0)
        & (pl.col("resource_allocation") <= 1)
    )
    odd = table.filter(~inside.fill_null(True))
    return rule("within_bounds", odd, "a wedge is not above -1, or resource allocation is outside (0, 1]")


def _step(study: Study) -> Step:
    return measure_step(
        study,
        "allocation",
        INDICATORS,
        _measure,
        "Capital stock, wage bill, the wedges and distortions of capital and labour, and resource allocation from "
        "both (1 = returns are the nation's). One row per kept city and year; empty where an input is missing or not "
        "positive. Section 4.4; no table of the paper uses it.",
        options=("capital_share", "depreciation", "initial_capital"),
        checks=("returns_average_to_one", "within_bounds"),
        code=(national,),
    )


def _measure(values: pl.DataFrame, options: Options) -> tuple[pl.DataFrame, tuple[Check, ...], Notes]:
    share, depreciation = float(options["capital_share"]), float(options["depreciation"])
    table = allocation(values, share, depreciation, str(options["initial_capital"]))
    notes: Notes = {"city_years_with_an_allocation": table["resource_allocation"].count()}
    return table, (returns_average_to_one(table), within_bounds(table)), notes


def _behind(column: str, options: Options | None) -> tuple[str, ...]:
    return _OWN.get(column, INDICATORS)


ALLOCATION = IndexTable("allocation", COLUMNS, _behind, _step)
