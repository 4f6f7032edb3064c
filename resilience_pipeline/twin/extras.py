"""Series that the main study does not need, plausible in size and drawn from the seed: for other studies and sources.

They depend on the economy (size of the city, budget) but nothing depends on them. Arrays (cities, years), as printed.
"""

import numpy as np

from resilience_pipeline.twin.economy import Draw
from resilience_pipeline.twin.processes import Array, bounded_ar1


def extra_series(draw: Draw) -> dict[str, Array]:
    """Canonical indicator -> values, rounded as printed."""
    if draw.whole:
        return {name: values[:, : len(draw.year_list)] for name, values in extra_series(draw.whole).items()}
    rng = np.random.default_rng([draw.seed, 13])
    raw = draw.treated
    persons = raw["resident_population_10k_persons"]
    n, T = persons.shape

    def around(share: float, spread: float = 0.25) -> Array:
        city = spread * rng.standard_normal((n, 1))
        return share * np.exp(city + 0.06 * bounded_ar1(rng, n, T, 0.6))

    counts = {
        "science_expenditure_cny_10k": raw["budget_expenditure_cny_10k"] * around(0.02, 0.4),
        "education_expenditure_cny_10k": raw["budget_expenditure_cny_10k"] * around(0.17, 0.1),
        "invention_patents_granted_count": raw["patents_granted_count"] * around(0.15, 0.4),
        "high_tech_firms_count": persons * around(0.8, 0.6),
        "research_personnel_persons": 10_000 * persons * around(0.002, 0.6),
    }
    series = {name: np.rint(values) for name, values in counts.items()}
    size = np.log(raw["gdp_per_capita_cny"])
    rank = (size - size.mean()) / size.std()
    series["gdp_growth_pct"] = np.rint(100 * (6 + 1.5 * bounded_ar1(rng, n, T, 0.4))) / 100
    series["urbanisation_pct"] = np.rint(100 * np.clip(58 + 12 * rank, 20, 99)) / 100
    return series


def district_share(draw: Draw) -> Array:
    """What part of a city's figure its districts hold; all of it in a municipality. Shape (cities, 1)."""
    rng = np.random.default_rng([draw.seed, 17])
    share = rng.uniform(0.25, 0.75, size=(len(draw.cities), 1))
    municipal = np.array([c.code.endswith("0000") for c in draw.cities])
    return np.where(municipal[:, None], 1.0, share)
