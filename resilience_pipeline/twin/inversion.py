"""The index turned round: from a component's path to the raw indicator that gives it, and forward again as a referee.

Written from the paper's section 3 alone; it shares no line with the pipeline's `indices/`. Arrays are (cities, years).
"""

from collections.abc import Mapping

import numpy as np

from resilience_pipeline.twin.processes import Array

DIMENSIONS = {
    "RES": ("supply_chain_robustness", "foreign_trade_scale"),
    "REC": ("consumption_level", "fiscal_decentralisation"),
    "RST": ("innovation_capability", "product_technology"),
}
#: Which indicator of each dimension is solved for; the other is drawn.
SOLVED = {"RES": "foreign_trade_scale", "REC": "consumption_level", "RST": "innovation_capability"}
COMPONENTS = tuple(DIMENSIONS)
TOLERANCE = 1e-10
MOST_STEPS = 500


def entropy_weights(columns: Mapping[str, Array]) -> dict[str, float]:
    """Weights by entropy over all rows of the columns, pooled min-max scaled; w = (1 - e) / sum(1 - e).

    e_j = -sum_i p_ij ln p_ij / ln n with p_ij = z_ij / sum_i z_ij and 0 ln 0 = 0.
    """
    distance = {}
    for name, values in columns.items():
        z = (values - values.min()) / (values.max() - values.min())
        p = z.ravel() / z.sum()
        inside = p[p > 0]
        distance[name] = 1 + float(np.sum(inside * np.log(inside))) / np.log(p.size)
    total = sum(distance.values())
    return {name: d / total for name, d in distance.items()}


def solve_dimension(
    dimension: str, path: Array, drawn: Array, kept: np.ndarray
) -> tuple[dict[str, Array], dict[str, float], float]:
    """Both indicators of a dimension such that the weighted sum under their own entropy weights is `path`.

    The weights depend on the indicator that they help to find, so they are iterated to a fixed point, on kept cities.

    Returns
    -------
    indicators, weights, residual : the residual is the largest absolute gap between path and weighted sum.
    """
    solved = SOLVED[dimension]
    other = next(name for name in DIMENSIONS[dimension] if name != solved)
    weights = {other: 0.1, solved: 0.9}
    for _ in range(MOST_STEPS):
        values = (path - weights[other] * drawn) / weights[solved]
        new = entropy_weights({other: drawn[kept], solved: values[kept]})
        step = abs(new[other] - weights[other])
        weights = {name: 0.5 * (weights[name] + new[name]) for name in weights}
        if step < TOLERANCE:
            break
    else:
        raise ArithmeticError(f"the weights of {dimension} found no fixed point in {MOST_STEPS} steps")
    values = (path - weights[other] * drawn) / weights[solved]
    indicators = {other: drawn, solved: values}
    own = entropy_weights({name: indicators[name][kept] for name in DIMENSIONS[dimension]})
    again = weighted_sum(indicators, own)
    return indicators, own, float(np.abs(again - path)[kept].max())


def weighted_sum(columns: Mapping[str, Array], weights: Mapping[str, float]) -> Array:
    """sum_j w_j x_j over the names of `weights`."""
    return np.asarray(sum(weights[name] * columns[name] for name in weights), dtype=np.float64)


def price_level(consumer_price_index: Array) -> Array:
    """Prices over those of the first year, from an index with previous year = 100. Shape (years,)."""
    growth = np.array(consumer_price_index) / 100
    growth[0] = 1.0
    return np.asarray(np.cumprod(growth), dtype=np.float64)


def indicators_of(raw: Mapping[str, Array], consumer_price_index: Array) -> dict[str, Array]:
    """The six indicators from raw series in canonical units; the robustness of unlisted cities must be filled in."""
    persons = raw["resident_population_10k_persons"]
    return {
        "supply_chain_robustness": 1 - (raw["supplier_top5_share_pct"] + raw["customer_top5_share_pct"]) / 200,
        "foreign_trade_scale": (raw["exports_cny_10k"] + raw["imports_cny_10k"]) / (persons * 10_000),
        "consumption_level": raw["retail_sales_cny_10k"] / (persons * 10_000) / price_level(consumer_price_index),
        "fiscal_decentralisation": raw["budget_revenue_cny_10k"] / raw["budget_expenditure_cny_10k"],
        "innovation_capability": raw["patents_granted_count"] / persons,
        "product_technology": 100 * raw["technology_contracts_cny_10k"] / raw["gdp_cny_10k"],
    }


def composites_of(
    indicators: Mapping[str, Array],
    kept: np.ndarray,
    weights: Mapping[str, Mapping[str, float]] | None = None,
) -> tuple[dict[str, Array], dict[str, dict[str, float]]]:
    """RES, REC, RST and CTRI in levels, and the weights used: those given, else the indicators' own on kept cities."""
    used: dict[str, dict[str, float]] = {}
    composites: dict[str, Array] = {}
    for dimension, names in DIMENSIONS.items():
        used[dimension] = (
            dict(weights[dimension]) if weights else entropy_weights({n: indicators[n][kept] for n in names})
        )
        composites[dimension] = weighted_sum(indicators, used[dimension])
    used["CTRI"] = dict(weights["CTRI"]) if weights else entropy_weights({k: composites[k][kept] for k in COMPONENTS})
    composites["CTRI"] = weighted_sum(composites, used["CTRI"])
    return composites, used
