"""The channels of the policy: errors that the outcome shares with three mediators, and the raw series that hold them.

A mediator is city effect + common year effect + error, in levels. Its error is one of the sources of the error that
innovation (RST) has anyway, so the outcome loads on it without becoming any noisier; the policy raises the mediator.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np

from resilience_pipeline.twin import calibration as cal
from resilience_pipeline.twin.mechanisms import SYSTEM, productive_forces, slopes
from resilience_pipeline.twin.processes import (
    ERROR_BOUND,
    Array,
    bounded_ar1,
    city_scores,
    gaussian_ar1,
    rescaled_to_bounds,
    squashed,
    squashed_slope,
)

Raw = dict[str, Array]


@dataclass(frozen=True)
class Mediators:
    """Untreated mediators in their own units, and how raw series are made of them."""

    environment: Array  # (cities, years)
    synergy: Array  # (cities, years): LQm + LQs before the nation's shares move
    system: Raw  # indicator of NQPF -> (cities, years)
    step: float  # part of the indicators' ranges that moves NQPF by one point
    units: dict[str, float]  # sd of each mediator's error where the city's errors are not damped
    employed: Array  # (cities, years)
    manufacturing: Array  # (cities, 1): part of LQm in LQm + LQs
    parts: dict[str, Array]  # (cities, 1): how skilled persons and producer services split


def draw_errors(rng: np.random.Generator, n: int, T: int) -> Raw:
    """The normal error of each channel, with the autocorrelation of RST's. Shape (cities, years) each."""
    return {name: gaussian_ar1(rng, n, T, cal.RST_AR1) for name in cal.CHANNELS}


def mixed(own: Array, errors: Mapping[str, Array], mediation: float) -> Array:
    """Normal errors of RST: the channels' in their shares, the rest its own; sd and autocorrelation as `own` has."""
    loadings = {name: mediation * np.sqrt(channel.share) for name, channel in cal.CHANNELS.items()}
    rest = np.sqrt(1 - sum(loading**2 for loading in loadings.values()))
    return np.asarray(rest * own + sum(loadings[name] * errors[name] for name in loadings), dtype=np.float64)


def units_of(rst_weight: float) -> dict[str, float]:
    """Sd of each mediator's error such that the outcome's regression on it has the planted slope.

    weight of RST * RST_WITHIN * (slope of RST's error on the mediator's) / unit = planted b.
    """
    points = rst_weight * cal.RST_WITHIN
    return {
        name: points * squashed_slope(float(np.sqrt(channel.share))) / channel.slope
        for name, channel in cal.CHANNELS.items()
    }


def planted_slope(name: str, mediation: float) -> float:
    """b: points of the outcome a point of the mediator, errors only, given both effects."""
    root = float(np.sqrt(cal.CHANNELS[name].share))
    return cal.CHANNELS[name].slope * squashed_slope(mediation * root) / squashed_slope(root)


def planted_responses(effect: float, mediation: float) -> dict[str, float]:
    """a: what the policy adds to each mediator; in proportion to the effect, up to `cal.MOST_RESPONSE` times."""
    dose = float(np.clip(effect / cal.PAPER_EFFECT, -cal.MOST_RESPONSE, cal.MOST_RESPONSE))
    return {name: mediation * dose * channel.response for name, channel in cal.CHANNELS.items()}


def draw_mediators(
    rng: np.random.Generator,
    size: Array,
    damping: Array,
    errors: Mapping[str, Array],
    units: Mapping[str, float],
    persons: Array,
    kept: np.ndarray,
) -> Mediators:
    """Mediators without the policy.

    Parameters
    ----------
    damping : (cities,) RST's error scale over its greatest: mediators' errors shrink where RST's do.
    """
    n, T = persons.shape
    error = {name: units[name] * damping[:, None] * squashed(errors[name]) for name in units}
    middle = np.arange(T) - (T - 1) / 2
    law = cal.BUSINESS_ENVIRONMENT
    environment = _levels(rng, size, law)[:, None] + law.step * middle + error["business_environment"]
    employed = np.rint(10_000 * persons * _around(rng, n, T, cal.EMPLOYED_SHARE))
    weight = employed[kept].sum(axis=1, keepdims=True) / employed[kept].sum()
    quotients = []
    for law in (cal.MANUFACTURING_QUOTIENT, cal.SERVICES_QUOTIENT):
        level = _levels(rng, size, law)[:, None]
        quotients.append(level / (weight * level[kept]).sum())  # the nation's own quotient is one
    parts = {name: rng.uniform(*bounds, size=(n, 1)) for name, bounds in cal.EMPLOYMENT_SPLITS.items()}
    system, step = _system(rng, size, damping, error["new_quality_productive_forces"], kept)
    both = quotients[0] + quotients[1]
    synergy = both + error["industrial_synergy"]
    return Mediators(environment, synergy, system, step, dict(units), employed, quotients[0] / both, parts)


def mediator_raw(mediators: Mediators, raw: Mapping[str, Array], prices: Array, added: Mapping[str, Array]) -> Raw:
    """Raw series of the mediators in canonical units.

    Parameters
    ----------
    added : mediator -> (cities, years), what the policy adds to it.
    """
    x = _moved(mediators.system, mediators.step * added["new_quality_productive_forces"])
    product = raw["gdp_cny_10k"]
    return {
        "business_environment_index": mediators.environment + added["business_environment"],
        "average_wage_cny": x["real_wage"] * prices,
        "electricity_10k_kwh": x["energy_intensity"] * product,
        "green_cover_pct": 100 * x["green_cover"],
        "new_product_sales_cny_10k": x["new_product_share"] * product,
        "research_expenditure_cny_10k": x["research_intensity"] * product,
        "telecom_revenue_cny_10k": x["telecom_share"] * product,
        "finance_index": x["digital_finance"],
        **_employment(mediators, mediators.synergy + added["industrial_synergy"], x["skilled_employment_share"]),
    }


def _employment(mediators: Mediators, both: Array, skilled_share: Array) -> Raw:
    """Employed persons by sector: skilled persons as NQPF has them, transport and finance what synergy leaves."""
    total, parts = mediators.employed, mediators.parts
    skilled = skilled_share * total
    information, science = parts["information"] * skilled, parts["science"] * skilled
    services = cal.SERVICES_SHARE * (1 - mediators.manufacturing) * both * total
    other = services - information - science
    return {
        "employment_total_persons": total,
        "employment_manufacturing_persons": cal.MANUFACTURING_SHARE * mediators.manufacturing * both * total,
        "employment_transport_persons": parts["transport"] * other,
        "employment_finance_persons": (1 - parts["transport"]) * other,
        "employment_information_persons": information,
        "employment_science_persons": science,
        "employment_education_persons": skilled - information - science,
    }


def _system(rng: np.random.Generator, size: Array, damping: Array, error: Array, kept: np.ndarray) -> tuple[Raw, float]:
    """Indicators of NQPF, all but wages moved by the same part of their range, so that NQPF has the given error.

    How far a step in every indicator moves NQPF depends on weights and ranges that the errors enter; a few rounds
    settle it.
    """
    n, T = error.shape
    middle = np.arange(T) - (T - 1) / 2
    base = {
        name: _levels(rng, size, law)[:, None]
        + law.step * middle
        + law.width * cal.SYSTEM_OWN * damping[:, None] * bounded_ar1(rng, n, T, cal.RST_AR1)
        for name, law in cal.SYSTEM.items()
    }
    step = 1.0
    for _ in range(cal.SYSTEM_ROUNDS):
        _, parts = productive_forces(_moved(base, step * error), kept)
        slope = slopes(parts)
        step = 1 / sum(slope[name] * reach for name, reach in _reaches().items())
    return _moved(base, step * error), step


def _moved(system: Mapping[str, Array], part: Array) -> Raw:
    """Every indicator that moves at all moved by `part` of its range, in the direction that is good for NQPF."""
    return {name: x + reach * part if (reach := _reaches().get(name)) else x for name, x in system.items()}


@cache
def _reaches() -> dict[str, float]:
    """Range of each indicator that moves, negative where less is better."""
    signs = {name: sign for names in SYSTEM.values() for name, sign in names.items()}
    return {name: sign * cal.SYSTEM[name].width for name, sign in signs.items() if name not in cal.SYSTEM_STILL}


def _levels(rng: np.random.Generator, size: Array, law: cal.Levels) -> Array:
    """City effects within the law's bounds, room for errors left. Shape (cities,)."""
    room = law.room * ERROR_BOUND
    scores = city_scores(rng, size, law.loading)
    return rescaled_to_bounds(scores, law.mean, law.sd, law.lower + room, law.upper - room)


def _around(rng: np.random.Generator, n: int, T: int, share: float, spread: float = 0.25) -> Array:
    return np.asarray(share * np.exp(spread * rng.standard_normal((n, 1)) + 0.06 * bounded_ar1(rng, n, T, 0.6)))
