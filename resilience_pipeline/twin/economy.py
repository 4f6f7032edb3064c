"""The economy of the twin, drawn once and told twice: without the policy and with it.

Every component is city effect + common year effect + bounded AR(1) error IN LEVELS, so treated and untreated cities
have parallel trends in RES, REC, RST and CTRI whatever the weights. City effects differ by size, and pilots are larger.
Controls follow the same form in logs and enter no outcome.
"""

from dataclasses import dataclass, field

import numpy as np

from resilience_pipeline.errors import OptionError
from resilience_pipeline.twin import calibration as cal
from resilience_pipeline.twin import inversion
from resilience_pipeline.twin.cities import City, delivered, leaving, with_listed_firms
from resilience_pipeline.twin.printing import as_printed
from resilience_pipeline.twin.processes import (
    ERROR_BOUND,
    Array,
    bounded_ar1,
    city_scores,
    rescaled_to_bounds,
    standardised,
)

Raw = dict[str, Array]


@dataclass(frozen=True)
class Draw:
    """One twin: the same draws without (`untreated`) and with (`treated`) the policy.

    `untreated` and `treated` map canonical raw indicators to arrays of shape (cities, years) in canonical units, before
    rounding and blemishes; unlisted cities hold their province's mean concentration there. `national` maps to (years,).
    """

    seed: int
    years: tuple[int, int]
    effect: float
    bad_control: bool
    cities: tuple[City, ...]
    kept: np.ndarray  # (cities,) stays in the sample
    pilot: np.ndarray  # (cities,)
    listed: np.ndarray  # (cities,) listed firms are registered there
    untreated: Raw
    treated: Raw
    national: Raw
    paths: Raw  # the drawn untreated RES, REC, RST and CTRI
    weights: dict[str, dict[str, float]]  # the untreated twin's own
    shifts: dict[str, float]  # planted effect on each component, in its own unit
    residuals: dict[str, float] = field(default_factory=dict)  # of the fixed point, per dimension

    @property
    def year_list(self) -> tuple[int, ...]:
        return tuple(range(self.years[0], self.years[1] + 1))

    @property
    def treated_rows(self) -> np.ndarray:
        """(cities, years): pilot, and 2018 or later."""
        return self.pilot[:, None] & (np.array(self.year_list) >= cal.START_YEAR)[None, :]


def draw(
    seed: int,
    *,
    cities: int = 285,
    years: tuple[int, int] = (2012, 2022),
    effect: float = 0.656,
    bad_control: bool = False,
) -> Draw:
    """Draw the economy of `cities` delivered cities over `years` (both included).

    Parameters
    ----------
    effect : total effect on CTRI in treated rows, in CTRI points; Table 4 column 3 prints 0.656.
    bad_control : whether exports and freight, two controls, take part of the effect.

    Raises
    ------
    OptionError
        The number of cities or the years cannot be drawn, or the effect is so negative that trade would vanish.
    """
    first, last = years
    if last - first < 2 or first > cal.START_YEAR - 2 or last < cal.START_YEAR:
        raise OptionError(
            what=f"the years {first}-{last} hold no study of {cal.START_YEAR}",
            expected=f"a first year of {cal.START_YEAR - 2} or before and a last year of {cal.START_YEAR} or after",
            remedy="choose --years with two years before the policy and one year with it",
        )
    rng = np.random.default_rng(seed)
    places = delivered(cities, years)
    n, T = len(places), last - first + 1
    kept = np.array([c.code not in leaving(years) for c in places])
    pilot = np.array([c.pilot for c in places])
    large = np.array([c.large for c in places])
    listed = np.array(with_listed_firms(places, years))
    size = standardised(cal.SIZE_LARGE * large + cal.SIZE_PILOT * pilot + rng.standard_normal(n))

    national = _national(rng, T)
    raw = _controls(rng, size, T)
    drawn = {name: _bounded(rng, size, T, law) for name, law in cal.BOUNDED_SERIES.items()}
    raw |= _concentration(rng, drawn["supply_chain_robustness"], places, listed)
    robustness = 1 - (raw["supplier_top5_share_pct"] + raw["customer_top5_share_pct"]) / 200
    raw["budget_revenue_cny_10k"] = drawn["fiscal_decentralisation"] * raw["budget_expenditure_cny_10k"]
    raw["technology_contracts_cny_10k"] = drawn["product_technology"] * raw["gdp_cny_10k"] / 100

    level = _resistance_level(rng, size)
    steadiness = np.minimum(1.0, cal.STEADY_LEVEL / level) ** 2
    paths = {
        "RES": _resistance(rng, level, steadiness, T),
        "REC": _recovery(rng, drawn["fiscal_decentralisation"], T),
        "RST": _transformation(rng, size, steadiness, T),
    }
    solved: dict[str, Array] = {}
    weights: dict[str, dict[str, float]] = {}
    residuals: dict[str, float] = {}
    known = {
        "RES": robustness,
        "REC": drawn["fiscal_decentralisation"],
        "RST": drawn["product_technology"],
    }
    for dimension, path in paths.items():
        found, weights[dimension], residuals[dimension] = inversion.solve_dimension(
            dimension, path, known[dimension], kept
        )
        solved |= found
    weights["CTRI"] = inversion.entropy_weights({k: paths[k][kept] for k in inversion.COMPONENTS})
    paths["CTRI"] = inversion.weighted_sum(paths, weights["CTRI"])

    persons = raw["resident_population_10k_persons"]
    mean_trade = solved["foreign_trade_scale"].mean(axis=1, keepdims=True)
    share = np.exp(_log(rng, np.zeros(n), T, cal.LOG_SERIES["export_share_of_mean_trade"]))
    raw["exports_cny_10k"] = share * mean_trade * persons * 10_000
    shifts = _shifts(effect, weights["CTRI"])
    untreated = raw | _solved_raw(solved, raw, national)
    treated = _with_policy(untreated, shifts, weights, pilot, np.arange(first, last + 1), national, bad_control)
    for twin in (untreated, treated):
        empty = [name for name, values in twin.items() if values.min() <= 0]
        if empty:
            raise OptionError(
                what=f"an effect of {effect} would leave a city with nothing of {', '.join(empty)}",
                expected="an effect that the smallest pilot can carry",
                remedy="choose --effect nearer to zero",
            )
    return Draw(
        seed, years, effect, bad_control, places, kept, pilot, listed,
        untreated, treated, national, paths, weights, shifts, residuals,
    )  # fmt: skip


def _log(rng: np.random.Generator, size: Array, T: int, law: cal.LogSeries) -> Array:
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


def _controls(rng: np.random.Generator, size: Array, T: int) -> Raw:
    """Series that are controls or denominators; population and product as printed, so that ratios invert exactly."""
    names = (
        "resident_population_10k_persons",
        "gdp_per_capita_cny",
        "loans_cny_10k",
        "budget_expenditure_cny_10k",
        "fixed_investment_cny_10k",
        "freight_10k_tonnes",
    )
    raw = {name: np.exp(_log(rng, size, T, cal.LOG_SERIES[name])) for name in names}
    persons = as_printed("resident_population_10k_persons", raw["resident_population_10k_persons"])
    raw["resident_population_10k_persons"] = persons
    raw["gdp_cny_10k"] = as_printed("gdp_cny_10k", raw["gdp_per_capita_cny"] * persons)
    share = np.exp(_log(rng, size, T, cal.LOG_SERIES["foreign_investment_share"]))
    raw["foreign_investment_usd_10k"] = share * raw["gdp_cny_10k"] / 6.6
    raw["deposits_cny_10k"] = raw["loans_cny_10k"] * np.exp(_log(rng, 0 * size, T, cal.LOG_SERIES["deposit_spread"]))
    return raw


def _concentration(rng: np.random.Generator, robustness: Array, places: tuple[City, ...], listed: np.ndarray) -> Raw:
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


def _resistance_level(rng: np.random.Generator, size: Array) -> Array:
    """City levels of RES, very unequal: capped quantiles of a lognormal law. Shape (cities,)."""
    quantiles = city_scores(rng, size, cal.RES_LOADING)
    return np.clip(np.exp(cal.RES_LOG_MEAN + cal.RES_LOG_SD * quantiles), cal.RES_LEAST, cal.RES_CAP)


def _resistance(rng: np.random.Generator, level: Array, steadiness: Array, T: int) -> Array:
    """RES without the policy: no common year effect, errors in proportion to the level up to a bound."""
    spread = cal.RES_ERROR_SHARE * np.minimum(level, cal.RES_ERROR_LEVEL) * steadiness
    return cal.RES_FLOOR + level[:, None] + spread[:, None] * bounded_ar1(rng, level.shape[0], T, cal.RES_AR1)


def _recovery(rng: np.random.Generator, fiscal: Array, T: int) -> Array:
    """REC without the policy: near the fiscal strength of the city, a small common rise."""
    fiscal_city = fiscal.mean(axis=1)
    scores = standardised(
        cal.REC_FISCAL_LOADING / cal.REC_SD * (fiscal_city - fiscal_city.mean())
        + 0.8 * rng.standard_normal(fiscal.shape[0])
    )
    room = ERROR_BOUND * cal.REC_WITHIN
    city = rescaled_to_bounds(scores, cal.REC_MEAN, cal.REC_SD, cal.REC_LOWER + room, cal.REC_UPPER + room)
    # REC must exceed what fiscal strength alone contributes, or consumption, the rest of it, would be negative.
    city = np.maximum(city, cal.REC_FISCAL_SHARE * fiscal.max(axis=1) + cal.REC_MARGIN)
    trend = cal.REC_YEAR_STEP * (np.arange(T) - (T - 1) / 2)
    return city[:, None] + trend[None, :] + cal.REC_WITHIN * bounded_ar1(rng, fiscal.shape[0], T, cal.REC_AR1)


def _transformation(rng: np.random.Generator, size: Array, steadiness: Array, T: int) -> Array:
    """RST without the policy; errors shrink with the room to the upper bound, treatment and year effects included."""
    trend = cal.RST_YEAR_STEP * (np.arange(T) - (T - 1) / 2)
    year = trend + cal.RST_YEAR_SHOCK * bounded_ar1(rng, 1, T, 0.0)[0]
    upper = cal.RST_UPPER - np.abs(year).max() - cal.LARGEST_SHIFT["RST"]
    city = rescaled_to_bounds(city_scores(rng, size, cal.RST_LOADING), cal.RST_MEAN, cal.RST_SD, cal.RST_LOWER, upper)
    room = np.minimum(upper - city, city - cal.RST_LOWER + 4) / ERROR_BOUND
    spread = np.minimum(cal.RST_WITHIN, np.maximum(room, 0.0)) * steadiness
    return city[:, None] + year[None, :] + spread[:, None] * bounded_ar1(rng, size.shape[0], T, cal.RST_AR1)


def _national(rng: np.random.Generator, T: int) -> Raw:
    """Series of the nation and the world, as printed. Shape (years,)."""
    drawn = {
        "consumer_price_index": 102.0 + 0.5 * rng.standard_normal(T),
        "fixed_investment_price_index": 101.5 + 1.5 * rng.standard_normal(T),
        "exchange_rate_cny_per_usd": 6.55 + 0.2 * rng.standard_normal(T),
        "world_exports_usd_100m": 185_000 * np.exp(0.01 * np.arange(T) + 0.05 * rng.standard_normal(T)),
    }
    return {name: as_printed(name, values) for name, values in drawn.items()}


def _solved_raw(solved: Raw, raw: Raw, national: Raw) -> Raw:
    """Imports, retail sales and patents that give the solved indicators."""
    persons = raw["resident_population_10k_persons"]
    prices = inversion.price_level(national["consumer_price_index"])
    return {
        "imports_cny_10k": solved["foreign_trade_scale"] * persons * 10_000 - raw["exports_cny_10k"],
        "retail_sales_cny_10k": solved["consumption_level"] * prices * persons * 10_000,
        "patents_granted_count": solved["innovation_capability"] * persons,
    }


def _shifts(effect: float, weights: dict[str, float]) -> dict[str, float]:
    """Shift of each component such that the weighted sum is `effect`; REC and RST within bounds, RES the rest."""
    shifts = {
        name: float(np.clip(cal.EFFECT_SHARES[name] * effect / weights[name], -bound, bound))
        for name, bound in cal.LARGEST_SHIFT.items()
    }
    rest = effect - sum(weights[name] * shift for name, shift in shifts.items())
    return {"RES": rest / weights["RES"], **shifts}


def _with_policy(
    untreated: Raw,
    shifts: dict[str, float],
    weights: dict[str, dict[str, float]],
    pilot: np.ndarray,
    years: np.ndarray,
    national: Raw,
    bad_control: bool,
) -> Raw:
    """The same economy with the policy: imports, retail sales and patents move, and no control unless asked for."""
    on = (pilot[:, None] & (years >= cal.START_YEAR)[None, :]).astype(np.float64)
    persons = untreated["resident_population_10k_persons"]
    prices = inversion.price_level(national["consumer_price_index"])
    trade = on * shifts["RES"] / weights["RES"]["foreign_trade_scale"] * persons * 10_000
    through_exports = cal.BAD_CONTROL_EXPORT_SHARE if bad_control else 0.0
    retail = on * shifts["REC"] / weights["REC"]["consumption_level"] * prices * persons * 10_000
    patents = on * shifts["RST"] / weights["RST"]["innovation_capability"] * persons
    moved = {
        "imports_cny_10k": untreated["imports_cny_10k"] + (1 - through_exports) * trade,
        "retail_sales_cny_10k": untreated["retail_sales_cny_10k"] + retail,
        "patents_granted_count": untreated["patents_granted_count"] + patents,
    }
    if bad_control:
        moved["exports_cny_10k"] = untreated["exports_cny_10k"] + through_exports * trade
        moved["freight_10k_tonnes"] = untreated["freight_10k_tonnes"] * np.exp(cal.BAD_CONTROL_FREIGHT * on)
    return untreated | moved
