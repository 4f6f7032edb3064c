"""What the twin is calibrated to, as data with its source. No drawing and no arithmetic here.

Moments of the log series are those of a compiled panel of 287 Chinese cities, 2012-2022 (between and within standard
deviations, AR(1) of the two-way residual). Those of the outcome are Table 3 of Yu, Zhang, Yang & Yao (2025).
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class LogSeries:
    """ln x = city + slope * year + AR(1); city effects load on size with `loading`, the rest is the city's own."""

    mean: float
    sd_between: float
    sd_within: float
    ar1: float
    slope: float  # per year, common to all cities
    loading: float  # correlation of the city effect with latent size
    source: str


@dataclass(frozen=True)
class BoundedSeries:
    """x = city + year + AR(1) in levels, city effects and errors bounded so that no value leaves (lower, upper)."""

    mean: float
    sd_between: float
    sd_within: float
    ar1: float
    lower: float
    upper: float
    loading: float


@dataclass(frozen=True)
class Levels:
    """City effects in levels under a scaled beta law, a common step a year, room for errors inside the bounds."""

    mean: float
    sd: float
    lower: float
    upper: float
    loading: float  # correlation of the city effect with latent size
    step: float = 0.0  # a year
    room: float = 0.0  # sd of the errors that must fit between city effects and bounds

    @property
    def width(self) -> float:
        return self.upper - self.lower


@dataclass(frozen=True)
class Channel:
    """One mediator: what the policy adds to it, what the outcome gains from it, how much of RST's error it is."""

    response: float  # a, in the mediator's unit, at the paper's effect
    slope: float  # b, points of CTRI a unit of the mediator
    share: float  # of the variance of RST's error


_PANEL = "compiled panel of 287 cities, 2012-2022"
_TABLE_3 = "Table 3 of the paper"

LOG_SERIES: dict[str, LogSeries] = {
    "resident_population_10k_persons": LogSeries(5.85, 0.68, 0.015, 0.8, 0.004, 0.45, "assumed"),
    "gdp_per_capita_cny": LogSeries(10.815, 0.504, 0.142, 0.75, 0.060, 0.70, _PANEL),
    "loans_cny_10k": LogSeries(16.667, 1.090, 0.143, 0.70, 0.115, 0.85, _PANEL),
    "deposits_cny_10k": LogSeries(17.041, 1.010, 0.085, 0.53, 0.095, 0.85, _PANEL),
    "budget_expenditure_cny_10k": LogSeries(15.017, 0.697, 0.104, 0.67, 0.074, 0.75, _PANEL),
    "foreign_investment_share": LogSeries(-5.0, 1.264, 0.913, 0.35, 0.0, 0.40, _PANEL),
    "fixed_investment_cny_10k": LogSeries(16.207, 0.807, 0.195, 0.47, 0.050, 0.70, _PANEL + "; mean from Table 3"),
    "freight_10k_tonnes": LogSeries(11.005, 1.28, 0.30, 0.50, 0.020, 0.50, _TABLE_3),
    "export_share_of_mean_trade": LogSeries(-2.4, 0.25, 0.15, 0.60, 0.020, 0.0, "assumed; see economy.py"),
    "deposit_spread": LogSeries(0.374, 0.20, 0.06, 0.53, -0.015, 0.0, "deposits less loans"),
}

#: Supply-chain robustness, fiscal decentralisation and product technology are drawn; the other indicator of each
#: dimension is solved for, so that the dimension follows its own path.
BOUNDED_SERIES: dict[str, BoundedSeries] = {
    "supply_chain_robustness": BoundedSeries(0.62, 0.06, 0.020, 0.6, 0.20, 0.95, 0.10),
    "fiscal_decentralisation": BoundedSeries(0.445, 0.209, 0.053, 0.50, 0.05, 0.99, 0.70),
    "product_technology": BoundedSeries(3.0, 0.45, 0.20, 0.6, 0.8, 5.5, 0.30),
}

# Resistance: city means are quantiles of a lognormal law, capped, so that the moments hardly move from seed to seed.
RES_LOG_MEAN = -0.58
RES_LOG_SD = 1.55
RES_CAP = 26.0
RES_LEAST = 0.08
RES_FLOOR = 0.060  # below it robustness alone would exceed the component
RES_ERROR_SHARE = 0.22  # within sd over the city's own level, up to RES_ERROR_LEVEL
RES_ERROR_LEVEL = 4.5
RES_AR1 = 0.6
#: Above this RES level errors fall with the square of the level. By-year winsorising replaces the top three cities by
#: one threshold; were they noisy, the threshold would be a shock common to several clusters, and tests too eager.
STEADY_LEVEL = 5.0
RES_LOADING = 0.80

REC_MEAN, REC_SD, REC_LOWER, REC_UPPER = 1.192, 0.165, 0.55, 1.58
REC_FISCAL_LOADING = 0.45  # points of REC a point of fiscal decentralisation, between cities
REC_WITHIN, REC_AR1 = 0.05, 0.6
REC_FISCAL_SHARE, REC_MARGIN = 0.88, 0.22  # room for consumption beside fiscal strength, errors included

RST_MEAN, RST_SD, RST_LOWER, RST_UPPER = 81.5, 11.8, 50.5, 99.0
RST_WITHIN, RST_AR1 = 7.0, 0.6
RST_YEAR_SHOCK = 0.5
RST_LOADING = 0.35

#: Latent size: large cities and pilots stand apart at baseline (selection into treatment).
SIZE_LARGE = 1.6
SIZE_PILOT = 1.0

#: How the planted effect is shared out, before the bounds on REC and RST.
EFFECT_SHARES = {"RES": 0.80, "REC": 0.01, "RST": 0.19}
LARGEST_SHIFT = {"REC": 0.10, "RST": 2.5}  # in the component's own unit; what exceeds it goes to RES
BAD_CONTROL_EXPORT_SHARE = 0.5  # of the trade effect, where exports may take part
BAD_CONTROL_FREIGHT = 0.05  # log points

START_YEAR = 2018
PAPER_EFFECT = 0.656  # Table 4 column 3

# ---- whom the policy helps more (Tables 6 to 8) ----

#: Part of each flag in the effect, before it is scaled to the planted mean; see moderators.multiplier.
GAINS = {"digital": 1.0, "ip_high": 1.0, "non_resource": 1.0}
# Modernity, the trait behind the flags: not resource-based, large, and the city's own.
MODERN_NON_RESOURCE, MODERN_SIZE, MODERN_OWN = 0.9, 0.3, 0.7
DIGITAL_LOADING, DIGITAL_RISE = 0.8, 0.8  # probit index; the share of city-years rises from about 0.3 to 0.7
IP_WITHIN, IP_AR1, IP_LOG_SPREAD = 0.9, 0.6, 0.4
FLAG_SHARED = 0.3  # what digital policy and IP protection share of a city's ups and downs
#: Mentions of the digital economy in a report, drawn evenly: without the policy, and with it.
FEW_MENTIONS, MANY_MENTIONS = (0, 1, 2), (3, 10, 10)

# ---- mediators (Table 9) ----

#: a and b as the paper prints them where the twin can carry them; what it cannot is said in NOTES.
CHANNELS = {
    "business_environment": Channel(0.0187, 14.86, 0.25),
    "industrial_synergy": Channel(0.0755, 0.309, 0.015),
    "new_quality_productive_forces": Channel(0.0159, 20.0, 0.30),
}
MOST_RESPONSE = 2.0  # mediators respond to at most twice the paper's effect; what exceeds is direct
BUSINESS_ENVIRONMENT = Levels(0.35, 0.09, 0.10, 0.65, 0.35, 0.008, 0.018)
EMPLOYED_SHARE = 0.12  # of residents
MANUFACTURING_SHARE, SERVICES_SHARE = 0.28, 0.20  # of employed persons in the nation
MANUFACTURING_QUOTIENT = Levels(1.0, 0.22, 0.55, 1.60, 0.10)
SERVICES_QUOTIENT = Levels(1.0, 0.16, 0.65, 1.45, 0.30)
#: Bounds of each city's split: of skilled persons, and of transport and finance.
EMPLOYMENT_SPLITS = {"information": (0.10, 0.16), "science": (0.10, 0.16), "transport": (0.4, 0.6)}
#: Indicators of NQPF. No source: plausible for cities of China, bounded.
SYSTEM: dict[str, Levels] = {
    "skilled_employment_share": Levels(0.15, 0.030, 0.08, 0.24, 0.40),
    "real_wage": Levels(62_000, 9_000, 40_000, 95_000, 0.60),
    "energy_intensity": Levels(0.09, 0.025, 0.03, 0.20, -0.20, -0.001),
    "green_cover": Levels(0.41, 0.020, 0.33, 0.47, 0.20, 0.001),
    "new_product_share": Levels(0.15, 0.050, 0.04, 0.32, 0.30),
    "research_intensity": Levels(0.015, 0.006, 0.004, 0.040, 0.45, 0.0002),
    "telecom_share": Levels(0.02, 0.005, 0.008, 0.038, 0.10),
    "digital_finance": Levels(175.0, 14.0, 130.0, 225.0, 0.50, 17.0),
}
SYSTEM_OWN = 0.005  # sd of each indicator's own error, of its width
SYSTEM_ROUNDS = 4
#: Neither the policy nor the outcome's errors move wages, and they do not rise: resource allocation rests on them, and
#: a common rise in yuan is a faster one where wages are low.
SYSTEM_STILL = frozenset({"real_wage"})

#: Table 3 of the paper: mean, sd, min, max. What the twin achieves is printed beside it in truth.json.
TABLE_3: dict[str, tuple[float, float, float, float]] = {
    "CTRI": (7.358, 3.645, 3.952, 28.860),
    "RES": (1.744, 3.865, 0.005, 27.149),
    "REC": (1.192, 0.185, 0.728, 1.580),
    "RST": (81.371, 12.655, 0.000, 99.690),
    "GDP": (10.813, 0.570, 7.302, 16.175),
    "FAI": (16.207, 0.854, 11.372, 17.971),
    "FIN": (16.658, 1.144, 14.614, 19.929),
    "FDI": (-5.153, 1.779, -10.710, 19.949),
    "LE": (11.005, 1.326, 8.492, 14.864),
}
IMPLIED_WEIGHTS = {"RES": 0.887, "REC": 0.042, "RST": 0.071}

NOTES = (
    "RST's printed minimum of 0.000 is out of reach: with pooled min-max scaling a minimum of 0 and a mean of 81 give "
    "RST an entropy weight far below the 0.071 that the published means imply, so the twin's minimum is near 50.",
    "RES's printed minimum of 0.005 is out of reach where robustness, a number between 0 and 1, enters RES with a "
    "weight of a few hundredths: the twin's minimum is near 0.1.",
    "MS's printed moments fit neither exports nor their share of the world; exports follow the moments of real cities.",
    "No control enters the outcome: planted coefficients of all six controls are zero. Exports are a fixed small part "
    "of a city's trade; imports make up the rest, so within a city exports say nothing about resistance.",
    "Parallel trends in levels hold in each of the six indicators but innovation capability, consumption and trade "
    "scale only as linear combinations of additive paths under the twin's own weights, hence in RES, REC, RST and CTRI "
    "under any weights.",
    "Components do not rise over the years: over a city's own mean a common rise in levels is a faster one where the "
    "level is low, so the resilience leap would find an effect where there is none.",
    "The effect of a city-year is the planted mean times a multiplier that is proportional to how many of three things "
    "hold: a digital-economy policy, high protection of intellectual property, not resource-based. Where none holds "
    "there is no effect: the paper prints -0.156 and -0.101 for two groups, but an effect against trade would leave "
    "small pilots without any. The three go together, so the groups of Tables 6 to 8 differ by more than one flag's "
    "part; `groups` says by how much. Effects that differ widen the clustered errors a little beyond the spread over "
    "twins, in which effects are fixed.",
    "A mediator's error is one of the sources of RST's error, which keeps its law. a is as printed for all three "
    "mediators, b for the business environment and synergy; for new-quality productive forces b is 20 less what the "
    "indicators' own errors take, not 35.65: with independent mediators the printed pairs would add up to 132 % of the "
    "effect. Mediators respond in proportion to the planted effect, so without an effect nothing moves; b remains.",
    "Policy that raises LQs of pilots lowers the nation's comparison for all cities; both lose about the same.",
)
