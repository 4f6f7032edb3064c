"""How each publisher prints an indicator: unit, factor to the canonical unit, decimals. One place for files and frames.

A printed number is an integer over a power of ten; both roads (text to float times factor, and arrays) start from it,
so they agree to the last bit.
"""

from dataclasses import dataclass

import numpy as np

from resilience_pipeline.twin.processes import Array


@dataclass(frozen=True)
class Print:
    """value in canonical unit = printed number * factor."""

    unit: str
    factor: float
    decimals: int

    def number(self, value: Array) -> Array:
        """The number as it stands in the file, in the printed unit; exactly what its decimal text parses to."""
        scale = 10.0**self.decimals
        return np.rint(value / self.factor * scale) / scale

    def canonical(self, value: Array) -> Array:
        """The value that a reader of the file gets, in the canonical unit."""
        number = self.number(value)
        return number if self.factor == 1 else number * self.factor


PRINTS: dict[str, Print] = {
    "resident_population_10k_persons": Print("万人", 1, 2),
    "gdp_cny_10k": Print("亿元", 10_000, 2),
    "gdp_per_capita_cny": Print("元", 1, 0),
    "retail_sales_cny_10k": Print("万元", 1, 0),
    "budget_revenue_cny_10k": Print("万元", 1, 0),
    "budget_expenditure_cny_10k": Print("万元", 1, 0),
    "deposits_cny_10k": Print("万元", 1, 0),
    "loans_cny_10k": Print("万元", 1, 0),
    "exports_cny_10k": Print("万元", 1, 0),
    "imports_cny_10k": Print("万元", 1, 0),
    "foreign_investment_usd_10k": Print("万美元", 1, 0),
    "freight_10k_tonnes": Print("万吨", 1, 0),
    "patents_granted_count": Print("件", 1, 0),
    "technology_contracts_cny_10k": Print("万元", 1, 0),
    "fixed_investment_cny_10k": Print("亿元", 10_000, 4),
    "supplier_top5_share_pct": Print("%", 1, 2),
    "customer_top5_share_pct": Print("%", 1, 2),
    "average_wage_cny": Print("元", 1, 0),
    "green_cover_pct": Print("%", 1, 2),
    "telecom_revenue_cny_10k": Print("万元", 1, 0),
    "electricity_10k_kwh": Print("万千瓦时", 1, 0),
    **{
        f"employment_{sector}_persons": Print("人", 1, 0)
        for sector in (
            "total",
            "manufacturing",
            "transport",
            "finance",
            "information",
            "science",
            "education",
        )
    },
    "research_personnel_persons": Print("人年", 1, 0),
    "research_expenditure_cny_10k": Print("万元", 1, 0),
    "new_product_sales_cny_10k": Print("万元", 1, 0),
    "finance_index": Print("", 1, 2),
    "business_environment_index": Print("", 1, 4),
    "ip_protection_index": Print("", 1, 4),
    "consumer_price_index": Print("上年=100", 1, 1),
    "fixed_investment_price_index": Print("上年=100", 1, 1),
    "exchange_rate_cny_per_usd": Print("元/美元", 1, 4),
    "world_exports_usd_100m": Print("亿美元", 1, 0),
}

#: Tables that older editions print in another unit, and the last edition that does.
HUNDRED_MILLION = Print("亿元", 10_000, 4)
LAST_EDITION_IN_HUNDRED_MILLION = {
    "budget_revenue_cny_10k": 2016,
    "budget_expenditure_cny_10k": 2016,
    "retail_sales_cny_10k": 2017,
}


def print_of(indicator: str, edition: int | None = None) -> Print:
    """How `indicator` is printed, in a yearbook edition where the unit changes between editions."""
    last = LAST_EDITION_IN_HUNDRED_MILLION.get(indicator)
    if last is not None and edition is not None and edition <= last:
        return HUNDRED_MILLION
    return PRINTS[indicator]


def as_printed(indicator: str, values: Array, edition: int | None = None) -> Array:
    """Values rounded as the publisher prints them, back in the canonical unit."""
    return print_of(indicator, edition).canonical(values)
