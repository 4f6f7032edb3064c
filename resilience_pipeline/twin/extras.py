"""Series that the main study does not need, plausible in size and drawn from the seed: for other studies and sources.

They depend on the economy (size of the city, product) but nothing depends on them. Arrays (cities, years), as printed.
"""

import numpy as np

from resilience_pipeline.twin.economy import Draw
from resilience_pipeline.twin.processes import Array, bounded_ar1

#: Employed persons of each sector over all employed persons.
SECTORS = {
    "manufacturing": 0.28,
    "transport": 0.05,
    "finance": 0.05,
    "information": 0.03,
    "science": 0.03,
    "education": 0.10,
}


def extra_series(draw: Draw) -> dict[str, Array]:
    """Canonical indicator -> values, rounded as printed."""
    rng = np.random.default_rng([draw.seed, 13])
    raw = draw.treated
    persons, product = raw["resident_population_10k_persons"], raw["gdp_cny_10k"]
    n, T = persons.shape

    def around(share: float, spread: float = 0.25) -> Array:
        city = spread * rng.standard_normal((n, 1))
        return share * np.exp(city + 0.06 * bounded_ar1(rng, n, T, 0.6))

    employed = 10_000 * persons * around(0.12)
    counts = {
        "employment_total_persons": employed,
        **{f"employment_{sector}_persons": employed * around(share) for sector, share in SECTORS.items()},
        "average_wage_cny": raw["gdp_per_capita_cny"] * around(1.1, 0.1),
        "science_expenditure_cny_10k": raw["budget_expenditure_cny_10k"] * around(0.02, 0.4),
        "education_expenditure_cny_10k": raw["budget_expenditure_cny_10k"] * around(0.17, 0.1),
        "invention_patents_granted_count": raw["patents_granted_count"] * around(0.15, 0.4),
        "high_tech_firms_count": persons * around(0.8, 0.6),
        "telecom_revenue_cny_10k": product * around(0.02),
        "electricity_10k_kwh": product * around(0.09, 0.4),
        "research_personnel_persons": 10_000 * persons * around(0.002, 0.6),
        "research_expenditure_cny_10k": product * around(0.015, 0.5),
        "new_product_sales_cny_10k": product * around(0.15, 0.6),
    }
    series = {name: np.rint(values) for name, values in counts.items()}
    size = np.log(raw["gdp_per_capita_cny"])
    rank = (size - size.mean()) / size.std()
    series["gdp_growth_pct"] = np.rint(100 * (6 + 1.5 * bounded_ar1(rng, n, T, 0.4))) / 100
    series["urbanisation_pct"] = np.rint(100 * np.clip(58 + 12 * rank, 20, 99)) / 100
    series["green_cover_pct"] = np.rint(100 * (41 + 1.5 * bounded_ar1(rng, n, T, 0.6))) / 100
    index = 1 / (1 + np.exp(-(0.5 * rank - 0.3 + 0.2 * bounded_ar1(rng, n, T, 0.7))))
    series["business_environment_index"] = np.rint(10_000 * index) / 10_000
    protection = np.exp(0.4 * rank + 0.3 * bounded_ar1(rng, n, T, 0.7))
    series["ip_protection_index"] = np.rint(10_000 * protection) / 10_000
    return series


def district_share(draw: Draw) -> Array:
    """What part of a city's figure its districts hold; all of it in a municipality. Shape (cities, 1)."""
    rng = np.random.default_rng([draw.seed, 17])
    share = rng.uniform(0.25, 0.75, size=(len(draw.cities), 1))
    municipal = np.array([c.code.endswith("0000") for c in draw.cities])
    return np.where(municipal[:, None], 1.0, share)
