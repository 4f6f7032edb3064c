"""Two mediators forward, from raw series to index: industrial synergy and new-quality productive forces. A referee.

Written from the paper's section 4.4 and the field's usual forms alone; it shares no line with the pipeline's
`indices/`. Arrays are (cities, years). The third mediator, the business environment, is a publisher's index as it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from resilience_pipeline.twin.inversion import entropy_weights, price_level
from resilience_pipeline.twin.processes import Array

PRODUCER_SERVICES = ("transport", "finance", "information", "science")
SKILLED = ("information", "science", "education")
#: New-quality labour, objects of labour and means of labour; -1 where less is better.
SYSTEM: dict[str, dict[str, int]] = {
    "labour": {"skilled_employment_share": 1, "real_wage": 1},
    "objects": {"energy_intensity": -1, "green_cover": 1, "new_product_share": 1},
    "means": {"research_intensity": 1, "telecom_share": 1, "digital_finance": 1},
}


@dataclass(frozen=True)
class Part:
    """What an indicator (or a dimension) enters its index with: weight * sign * (x - least) / (most - least) or so."""

    weight: float
    sign: int
    least: float  # of sign * x over kept cities
    most: float

    @property
    def slope(self) -> float:
        """Points of the index a unit of x."""
        return self.weight * self.sign / (self.most - self.least)

    def of(self, x: Array) -> Array:
        """The part's contribution."""
        return np.asarray(self.weight * (self.sign * x - self.least) / (self.most - self.least), dtype=np.float64)


Parts = dict[str, Part]


def industrial_synergy(raw: Mapping[str, Array], kept: np.ndarray) -> Array:
    """IS = 1 - |LQm - LQs| / (LQm + LQs) + (LQm + LQs) of manufacturing and producer services.

    LQ of sector k in city i: (E_ki / E_i) / (sum_i E_ki / sum_i E_i), sums over kept cities of the year.
    """
    total = raw["employment_total_persons"]
    services = sum(raw[f"employment_{sector}_persons"] for sector in PRODUCER_SERVICES)

    def quotient(sector: Array) -> Array:
        return np.asarray((sector / total) / (sector[kept].sum(axis=0) / total[kept].sum(axis=0)), dtype=np.float64)

    m, s = quotient(raw["employment_manufacturing_persons"]), quotient(np.asarray(services, dtype=np.float64))
    return np.asarray(1 - np.abs(m - s) / (m + s) + m + s, dtype=np.float64)


def system_indicators(raw: Mapping[str, Array], consumer_price_index: Array) -> dict[str, Array]:
    """The eight indicators of new-quality productive forces from raw series in canonical units."""
    skilled = sum(raw[f"employment_{sector}_persons"] for sector in SKILLED)
    product = raw["gdp_cny_10k"]
    return {
        "skilled_employment_share": np.asarray(skilled / raw["employment_total_persons"], dtype=np.float64),
        "real_wage": raw["average_wage_cny"] / price_level(consumer_price_index),
        "energy_intensity": raw["electricity_10k_kwh"] / product,
        "green_cover": raw["green_cover_pct"] / 100,
        "new_product_share": raw["new_product_sales_cny_10k"] / product,
        "research_intensity": raw["research_expenditure_cny_10k"] / product,
        "telecom_share": raw["telecom_revenue_cny_10k"] / product,
        "digital_finance": raw["finance_index"],
    }


def productive_forces(
    indicators: Mapping[str, Array], kept: np.ndarray, parts: Parts | None = None
) -> tuple[Array, Parts]:
    """NQPF in [0, 1]: entropy weights within each dimension and over the three, values min-max scaled at both steps.

    Parameters
    ----------
    parts : of another twin, to judge this one by; None = its own, from kept cities.

    Returns
    -------
    index, parts : parts by the name of the indicator or dimension.
    """
    used: Parts = {}
    dimensions: dict[str, Array] = {}
    for dimension, signs in SYSTEM.items():
        used |= parts or _parts({name: indicators[name] for name in signs}, signs, kept)
        dimensions[dimension] = _sum(indicators, used, signs)
    used |= parts or _parts(dimensions, dict.fromkeys(dimensions, 1), kept)
    return _sum(dimensions, used, dimensions), used


def slopes(parts: Parts) -> dict[str, float]:
    """Points of NQPF a unit of each indicator."""
    return {name: parts[name].slope * parts[dimension].slope for dimension, names in SYSTEM.items() for name in names}


def _parts(columns: Mapping[str, Array], signs: Mapping[str, int], kept: np.ndarray) -> Parts:
    signed = {name: signs[name] * values[kept] for name, values in columns.items()}
    weights = entropy_weights(signed)
    return {n: Part(weights[n], signs[n], float(x.min()), float(x.max())) for n, x in signed.items()}


def _sum(columns: Mapping[str, Array], parts: Parts, names: Mapping[str, object]) -> Array:
    return np.asarray(sum(parts[name].of(columns[name]) for name in names), dtype=np.float64)
