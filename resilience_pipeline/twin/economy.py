"""The economy of the twin, drawn once and told twice: without the policy and with it.

Every component is city effect + common year effect + bounded AR(1) error IN LEVELS, so treated and untreated cities
have parallel trends in RES, REC, RST and CTRI whatever the weights. City effects differ by size, and pilots are larger.
Controls follow the same form in logs and enter no outcome. Mediators follow it in levels; RST's errors are in part
theirs. Flags of cities and years say where the policy helps more.
"""

from dataclasses import dataclass, field

import numpy as np

from resilience_pipeline.errors import OptionError
from resilience_pipeline.twin import calibration as cal
from resilience_pipeline.twin import components, inversion
from resilience_pipeline.twin import mediators as channels
from resilience_pipeline.twin.cities import City, delivered, leaving, with_listed_firms
from resilience_pipeline.twin.controls import bounded_series, concentration, control_series, national_series
from resilience_pipeline.twin.mediators import Mediators
from resilience_pipeline.twin.moderators import Moderators, draw_moderators, multiplier
from resilience_pipeline.twin.policy import component_shifts, solve, solved_raw, with_policy
from resilience_pipeline.twin.processes import Array, standardised

Raw = dict[str, Array]

#: Streams of the seed beside the economy's own, so that what is added to a twin moves nothing that was there.
MODERATOR_STREAM, MEDIATOR_STREAM = 23, 29


@dataclass(frozen=True)
class Draw:
    """One twin: the same draws without (`untreated`) and with (`treated`) the policy.

    `untreated` and `treated` map canonical raw indicators to arrays of shape (cities, years) in canonical units, before
    rounding and blemishes; unlisted cities hold their province's mean concentration there. `national` maps to (years,).
    """

    seed: int
    years: tuple[int, int]
    effect: float
    heterogeneity: float
    mediation: float
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
    effects: Array  # (cities, years) planted effect on CTRI, zero where there is no policy
    shifts: dict[str, float]  # mean planted effect on each component over treated rows, in its own unit
    moderators: Moderators
    mediators: Mediators
    responses: dict[str, float]  # what the policy adds to each mediator
    residuals: dict[str, float] = field(default_factory=dict)  # of the fixed point, per dimension
    holes_through: int = 0  # last year of the window that the holes are drawn for; later years have none
    whole: "Draw | None" = None  # the twin that this one was cut from, None where it is whole

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
    effect: float = cal.PAPER_EFFECT,
    heterogeneity: float = 1.0,
    mediation: float = 1.0,
    bad_control: bool = False,
    through: int | None = None,
) -> Draw:
    """Draw the economy of `cities` delivered cities over `years` (both included).

    Parameters
    ----------
    effect : mean total effect on CTRI over treated rows of kept cities, in CTRI points; Table 4 column 3 prints 0.656.
    heterogeneity : how much of the effect depends on digital policy, IP protection and resources; 0 = the same for all.
    mediation : how much of the mediators' planted responses and slopes there is; 0 = no mediator has a part in it.
    bad_control : whether exports and freight, two controls, take part of the effect.
    through : last year of the edition that comes first (editions.as_of); holes lie before its end. None = the last.

    Raises
    ------
    OptionError
        The number of cities or the years cannot be drawn, a share is not in [0, 1], or the effect is so large that a
        series would leave what it can be.
    """
    first, last = years
    if last - first < 2 or first > cal.START_YEAR - 2 or last < cal.START_YEAR:
        raise OptionError(
            what=f"the years {first}-{last} hold no study of {cal.START_YEAR}",
            expected=f"a first year of {cal.START_YEAR - 2} or before and a last year of {cal.START_YEAR} or after",
            remedy="choose --years with two years before the policy and one year with it",
        )
    _check_share("heterogeneity", heterogeneity)
    _check_share("mediation", mediation)
    rng = np.random.default_rng(seed)
    places = delivered(cities, years)
    n, T = len(places), last - first + 1
    kept = np.array([c.code not in leaving(years) for c in places])
    pilot = np.array([c.pilot for c in places])
    large = np.array([c.large for c in places])
    listed = np.array(with_listed_firms(places, years))
    size = standardised(cal.SIZE_LARGE * large + cal.SIZE_PILOT * pilot + rng.standard_normal(n))
    moderators = draw_moderators(np.random.default_rng([seed, MODERATOR_STREAM]), places, kept, size, T)
    mediator_rng = np.random.default_rng([seed, MEDIATOR_STREAM])
    errors = channels.draw_errors(mediator_rng, n, T)

    national = national_series(rng, T)
    prices = inversion.price_level(national["consumer_price_index"])
    raw = control_series(rng, size, T)
    drawn = bounded_series(rng, size, T)
    raw |= concentration(rng, drawn["supply_chain_robustness"], places, listed)
    # what can be read back from the printed shares, the province's mean for cities without listed firms
    drawn["supply_chain_robustness"] = 1 - (raw["supplier_top5_share_pct"] + raw["customer_top5_share_pct"]) / 200
    raw["budget_revenue_cny_10k"] = drawn["fiscal_decentralisation"] * raw["budget_expenditure_cny_10k"]
    raw["technology_contracts_cny_10k"] = drawn["product_technology"] * raw["gdp_cny_10k"] / 100

    level = components.resistance_level(rng, size)
    steadiness = np.minimum(1.0, cal.STEADY_LEVEL / level) ** 2
    paths = {
        "RES": components.resistance(rng, level, steadiness, T),
        "REC": components.recovery(rng, drawn["fiscal_decentralisation"], T),
    }
    paths["RST"], spread = components.transformation(
        rng, size, steadiness, T, lambda own: channels.mixed(own, errors, mediation)
    )
    solved, weights, residuals = solve(paths, drawn, kept)
    paths["CTRI"] = inversion.weighted_sum(paths, weights["CTRI"])

    raw["exports_cny_10k"] = components.exports(rng, solved["foreign_trade_scale"], raw)
    mediators = channels.draw_mediators(
        mediator_rng,
        size,
        spread / cal.RST_WITHIN,
        errors,
        channels.units_of(weights["CTRI"]["RST"]),
        raw["resident_population_10k_persons"],
        kept,
    )
    on = (pilot[:, None] & (np.arange(first, last + 1) >= cal.START_YEAR)[None, :]).astype(np.float64)
    rows = (on > 0) & kept[:, None]
    planted = effect * on * multiplier(moderators, rows, heterogeneity)
    shifts = component_shifts(planted, weights["CTRI"])
    responses = channels.planted_responses(effect, mediation)
    untreated = raw | solved_raw(solved, raw, prices) | {"ip_protection_index": moderators.ip_index}
    untreated |= channels.mediator_raw(mediators, raw, prices, dict.fromkeys(responses, 0.0 * on))
    added = channels.mediator_raw(mediators, raw, prices, {name: a * on for name, a in responses.items()})
    treated = with_policy(untreated, added, shifts, weights, on, prices, bad_control)
    for twin in (untreated, treated):
        _check_possible(twin, effect)
    return Draw(
        seed, years, effect, heterogeneity, mediation, bad_control, places, kept, pilot, listed,
        untreated, treated, national, paths, weights, planted,
        {name: float(shift[rows].mean()) for name, shift in shifts.items()},
        moderators, mediators, responses, residuals, last if through is None else through,
    )  # fmt: skip


def _check_share(name: str, value: float) -> None:
    if not 0 <= value <= 1:
        raise OptionError(
            what=f"a twin with {name} {value} cannot be drawn",
            expected="a number from 0 to 1",
            remedy=f"choose --{name} in that range; 1 plants what the paper reports, 0 nothing of it",
        )


def _check_possible(raw: Raw, effect: float) -> None:
    empty = [name for name, values in raw.items() if values.min() <= 0]
    if empty:
        raise OptionError(
            what=f"an effect of {effect} would leave a city with nothing of {', '.join(empty)}",
            expected="an effect that the smallest pilot can carry",
            remedy="choose --effect nearer to zero",
        )
