"""Table 4 of the finished run, computed a second time from the staged tables in plain pandas, as an author would.

An outside referee for the whole road: precedence, sample rule, province means, interpolation, indices, logs,
winsorising, treatment and estimation share no code with this file.
"""

import numpy as np
import pandas as pd
import pytest

YEARS = range(2012, 2023)
SOURCES = (
    "city_yearbook",
    "science_yearbook",
    "wind",
    "pku_finance_index",
    "national_accounts",
    "compiled_city_panel",
    "compiled_fdi",
)
REQUIRED = [
    "exports_cny_10k",
    "imports_cny_10k",
    "resident_population_10k_persons",
    "retail_sales_cny_10k",
    "budget_revenue_cny_10k",
    "budget_expenditure_cny_10k",
    "patents_granted_count",
    "technology_contracts_cny_10k",
    "gdp_cny_10k",
    "gdp_per_capita_cny",
    "fixed_investment_cny_10k",
    "loans_cny_10k",
    "foreign_investment_usd_10k",
    "freight_10k_tonnes",
]
SHARES = ["supplier_top5_share_pct", "customer_top5_share_pct"]
CONTROLS = ["market_share", "income", "fixed_investment", "loans", "foreign_investment", "freight"]


def longest_run(values: pd.Series) -> int:
    longest = run = 0
    for missing in values.isna():
        run = run + 1 if missing else 0
        longest = max(longest, run)
    return longest


def entropy_mean(x: pd.DataFrame) -> pd.Series:
    """Levels weighted by entropy over all rows."""
    scaled = (x - x.min()) / (x.max() - x.min())
    share = scaled / scaled.sum()
    entropy = -(share * np.log(share.where(share > 0, 1))).sum() / np.log(len(x))
    weights = (1 - entropy) / (1 - entropy).sum()
    return (x * weights).sum(axis=1)


def raw_series(finished) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Kept cities by year, gaps filled; and the national series by year."""
    staged = []
    for order, source in enumerate(SOURCES):
        rows = finished.json(
            "sql",
            f"select city_code, year, indicator, value from staging.{source} where scope in ('city', 'nation') "
            "and value is not null and imputed is not true and year between 2012 and 2022",
        )
        staged.append(pd.DataFrame(rows).assign(order=order))
    long = pd.concat(staged).sort_values("order").drop_duplicates(["city_code", "year", "indicator"])
    wide = long.pivot(index=["city_code", "year"], columns="indicator", values="value")
    nation = wide.loc["000000"]
    cities = [code for code in wide.index.get_level_values(0).unique() if code != "000000"]
    wide = wide.reindex(pd.MultiIndex.from_product([cities, YEARS], names=["city_code", "year"]))
    for share in SHARES:
        silent = wide[share].groupby(level=0).transform("count") == 0
        province = [wide.index.get_level_values(0).str[:2], wide.index.get_level_values(1)]
        wide[share] = wide[share].mask(silent, wide[share].groupby(province).transform("mean"))
    runs = wide[REQUIRED].groupby(level=0).agg(longest_run)
    kept = wide.loc[runs.index[(runs <= 3).all(axis=1)]]
    filled = kept.groupby(level=0, group_keys=False).apply(lambda city: city.interpolate("linear", limit_area="inside"))
    return filled, nation


def analysis(finished) -> pd.DataFrame:
    raw, nation = raw_series(finished)
    year = raw.index.get_level_values(1)
    later = nation["consumer_price_index"].sort_index() / 100
    later.iloc[0] = 1.0
    prices = pd.Series(year.map(later.cumprod()), index=raw.index)
    yuan_per_dollar = pd.Series(year.map(nation["exchange_rate_cny_per_usd"]), index=raw.index)
    residents = raw["resident_population_10k_persons"]
    parts = {
        "res": pd.DataFrame(
            {
                "robustness": 1 - raw[SHARES].sum(axis=1) / 200,
                "trade": (raw["exports_cny_10k"] + raw["imports_cny_10k"]) / (residents * 10_000),
            }
        ),
        "rec": pd.DataFrame(
            {
                "consumption": raw["retail_sales_cny_10k"] / (residents * 10_000) / prices,
                "fiscal": raw["budget_revenue_cny_10k"] / raw["budget_expenditure_cny_10k"],
            }
        ),
        "rst": pd.DataFrame(
            {
                "patents": raw["patents_granted_count"] / residents,
                "contracts": 100 * raw["technology_contracts_cny_10k"] / raw["gdp_cny_10k"],
            }
        ),
    }
    panel = pd.DataFrame(
        {
            "ctri": entropy_mean(pd.DataFrame({name: entropy_mean(part) for name, part in parts.items()})),
            "market_share": np.log(raw["exports_cny_10k"]),
            "income": np.log(raw["gdp_per_capita_cny"]),
            "fixed_investment": np.log(raw["fixed_investment_cny_10k"]),
            "loans": np.log(raw["loans_cny_10k"]),
            "foreign_investment": np.log(raw["foreign_investment_usd_10k"] * yuan_per_dollar / raw["gdp_cny_10k"]),
            "freight": np.log(raw["freight_10k_tonnes"]),
        }
    )
    panel = panel.groupby(level=1, group_keys=False).apply(
        lambda rows: rows.clip(rows.quantile(0.01), rows.quantile(0.99), axis=1)
    )
    pilots = pd.DataFrame(finished.json("sql", "select kind, city_code from staging.pilot_list"))
    treated = set(pilots.loc[pilots["kind"] != "county", "city_code"])
    city, when = panel.index.get_level_values(0), panel.index.get_level_values(1)
    return panel.assign(did=(city.isin(treated) & (when >= 2018)).astype(float)).sort_index()


def clustered(panel: pd.DataFrame, regressors: list[str], *, two_way: bool) -> tuple[float, float, int]:
    """Coefficient and error of did, errors clustered by city as reghdfe counts, and the number of rows."""
    rows = panel[["ctri", *regressors]].dropna()
    x, y = rows[regressors], rows["ctri"]
    if two_way:
        years = pd.get_dummies(rows.index.get_level_values(1), drop_first=True, dtype=float).set_axis(rows.index)
        x = pd.concat([x, years], axis=1)
        x, y = (frame - frame.groupby(level=0).transform("mean") for frame in (x, y))
        parameters = x.shape[1] + 1
    else:
        x = x.assign(const=1.0)
        parameters = x.shape[1]
    design = x.to_numpy()
    bread = np.linalg.inv(design.T @ design)
    b = bread @ design.T @ y.to_numpy()
    scores = pd.DataFrame(design * (y.to_numpy() - design @ b)[:, None]).groupby(rows.index.get_level_values(0)).sum()
    g, n = len(scores), len(rows)
    meat = scores.to_numpy().T @ scores.to_numpy()
    variance = bread @ meat @ bread * g / (g - 1) * (n - 1) / (n - parameters)
    return b[0], np.sqrt(variance[0, 0]), n


@pytest.fixture(scope="module")
def panel(finished) -> pd.DataFrame:
    return analysis(finished)


@pytest.mark.parametrize(
    ("column", "regressors", "two_way"),
    [("1", ["did"], False), ("2", ["did", *CONTROLS], False), ("3", ["did", *CONTROLS], True)],
)
def test_a_column_of_table_4_is_what_plain_pandas_gives(finished, panel, column, regressors, two_way):
    (ours,) = finished.json(
        "sql", f"select estimate, std_error, n_obs from estimates.table_4_{column} where term = 'did'"
    )
    coefficient, error, n = clustered(panel, regressors, two_way=two_way)
    assert ours["n_obs"] == n
    assert ours["estimate"] == pytest.approx(coefficient, abs=1e-9)
    assert ours["std_error"] == pytest.approx(error, abs=1e-9)
