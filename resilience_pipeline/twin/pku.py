"""The digital finance index of each city: the aggregate of the economy, sub-indices drawn from the seed."""

import numpy as np

from resilience_pipeline.twin.economy import Draw
from resilience_pipeline.twin.printing import as_printed
from resilience_pipeline.twin.processes import Array, bounded_ar1

SUB_INDICES = (
    "coverage_breadth",
    "usage_depth",
    "payment",
    "insurance",
    "monetary_fund",
    "investment",
    "credit",
    "credit_investigation",
    "digitization_level",
)


def index_columns(draw: Draw) -> dict[str, Array]:
    """Aggregate and nine sub-indices, (cities, years), two decimals; rising over the years as the real index does.

    The aggregate is one of the means of new-quality productive forces; no sub-index responds to the policy.
    """
    if draw.whole:
        return {name: values[:, : len(draw.year_list)] for name, values in index_columns(draw.whole).items()}
    rng = np.random.default_rng([draw.seed, 11])
    n, T = draw.kept.shape[0], len(draw.year_list)
    size = np.log(draw.untreated["gdp_per_capita_cny"]).mean(axis=1)
    level = 12 * (size - size.mean()) / size.std()
    trend = np.linspace(90, 260, T)
    columns = {"index_aggregate": as_printed("finance_index", draw.treated["finance_index"])}
    for name in SUB_INDICES:
        own = 8 * rng.standard_normal(n)
        mean, spread = (138.4, 0.45) if name == "credit" else (180.0, 1.0)
        path = mean + spread * (trend - trend.mean())
        columns[name] = np.rint(100 * (path + (level + own)[:, None] + 5 * bounded_ar1(rng, n, T, 0.6))) / 100
    return columns


def credit_index(draw: Draw) -> tuple[Array, Array]:
    """Aggregate and credit sub-index, as printed. Shape (cities, years) each."""
    columns = index_columns(draw)
    return columns["index_aggregate"], columns["credit"]
