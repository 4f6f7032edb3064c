"""Series that are controls, denominators or the drawn half of a component, and those of the nation. No policy here."""

import numpy as np

from resilience_pipeline.twin import calibration as cal
from resilience_pipeline.twin.cities import City
from resilience_pipeline.twin.printing import as_printed
from resilience_pipeline.twin.processes import ERROR_BOUND, Array, bounded_ar1, city_scores, rescaled_to_bounds

Raw = dict[str, Array]


def control_series(rng: np.random.Generator, size: Array, T: int) -> Raw:
    """Series that are controls or denominators; population and product as printed, so that ratios invert exactly."""
    names = (
        "resident_population_10k_persons",
        "gdp_per_capita_cny",
        "loans_cny_10k",
        "budget_expenditure_cny_10k",
        "fixed_investment_cny_10k",
        "freight_10k_tonnes",
    )
    raw = {name: np.exp(log_series(rng, size, T, cal.LOG_SERIES[name])) for name in names}
    persons = as_printed("resident_population_10k_persons", raw["resident_population_10k_persons"])
    raw["resident_population_10k_persons"] = persons
    raw["gdp_cny_10k"] = as_printed("gdp_cny_10k", raw["gdp_per_capita_cny"] * persons)
    share = np.exp(log_series(rng, size, T, cal.LOG_SERIES["foreign_investment_share"]))
    raw["foreign_investment_usd_10k"] = share * raw["gdp_cny_10k"] / 6.6
    raw["deposits_cny_10k"] = raw["loans_cny_10k"] * np.exp(
        log_series(rng, 0 * size, T, cal.LOG_SERIES["deposit_spread"])
    )
    return raw


def bounded_series(rng: np.random.Generator, size: Array, T: int) -> Raw:
    """The indicator of each dimension that is drawn: robustness, fiscal decentralisation, product technology."""
    return {name: _bounded(rng, size, T, law) for name, law in cal.BOUNDED_SERIES.items()}


def concentration(rng: np.random.Generator, robustness: Array, places: tuple[City, ...], listed: np.ndarray) -> Raw:
    """Top-five shares in per cent, as printed; a city without listed firms holds its province's mean of each year."""
    total = 200 * (1 - robustness)
    supplier_part = rng.uniform(0.46, 0.54, size=(robustness.shape[0], 1))
    parts = {"supplier_top5_share_pct": supplier_part * total, "customer_top5_share_pct": (1 - supplier_part) * total}
    provinces = np.array([c.province for c in places])
    shares = {}
    for name, values in parts.items():
        values = as_printed(name, values)
        for province in np.unique(provinces):
            here = provinces == province
            if (here & listed).any():
                values[here & ~listed] = values[here & listed].mean(axis=0)
        shares[name] = values
    return shares


def national_series(rng: np.random.Generator, T: int) -> Raw:
    """Series of the nation and the world, as printed. Shape (years,)."""
    drawn = {
        "consumer_price_index": 102.0 + 0.5 * rng.standard_normal(T),
        "fixed_investment_price_index": 101.5 + 1.5 * rng.standard_normal(T),
        "exchange_rate_cny_per_usd": 6.55 + 0.2 * rng.standard_normal(T),
        "world_exports_usd_100m": 185_000 * np.exp(0.01 * np.arange(T) + 0.05 * rng.standard_normal(T)),
    }
    return {name: as_printed(name, values) for name, values in drawn.items()}


def log_series(rng: np.random.Generator, size: Array, T: int, law: cal.LogSeries) -> Array:
    """A log series: city + slope * year + error. Shape (cities, years)."""
    city = law.mean + law.sd_between * city_scores(rng, size, law.loading)
    trend = law.slope * (np.arange(T) - (T - 1) / 2)
    return city[:, None] + trend[None, :] + law.sd_within * bounded_ar1(rng, size.shape[0], T, law.ar1)


def _bounded(rng: np.random.Generator, size: Array, T: int, law: cal.BoundedSeries) -> Array:
    """A series in levels whose errors shrink with the room to the nearer bound, so that no bound ever binds."""
    city = rescaled_to_bounds(city_scores(rng, size, law.loading), law.mean, law.sd_between, law.lower, law.upper)
    room = np.minimum(city - law.lower, law.upper - city) / ERROR_BOUND
    spread = np.minimum(1.15 * law.sd_within, room)
    return city[:, None] + spread[:, None] * bounded_ar1(rng, size.shape[0], T, law.ar1)
