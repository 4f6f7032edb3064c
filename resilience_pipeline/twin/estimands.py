"""What each regression of the paper would find on this twin if there were no noise: the truth by result.

The treated twin less the untreated one holds the policy and nothing else. Regressed on the treatment with the effects
and rows of a column, by the generator's own least squares, it gives that column's coefficient free of noise. Slopes of
mediators come from the law of the errors. No value is rounded, missing or winsorised here.
"""

from dataclasses import dataclass

import numpy as np

from resilience_pipeline.twin import calibration as cal
from resilience_pipeline.twin import mechanisms
from resilience_pipeline.twin.blemishes import holes
from resilience_pipeline.twin.cities import region_of
from resilience_pipeline.twin.economy import Draw
from resilience_pipeline.twin.inversion import composites_of, indicators_of
from resilience_pipeline.twin.mediators import planted_slope
from resilience_pipeline.twin.processes import Array
from resilience_pipeline.twin.regression import coefficients

CONTROLS = (
    "market_share",
    "economic_development",
    "log_fixed_investment",
    "financing",
    "foreign_investment",
    "log_freight",
)
#: Columns of Tables 6 to 8, without and with what raises the effect.
SPLITS = {
    "digital": ("table_6.1", "table_6.2"),
    "ip_high": ("table_7.1", "table_7.2"),
    "non_resource": ("table_8.1", "table_8.2"),
}
#: Columns of Table 9: the mediator on the treatment; the outcome on both.
MEDIATIONS = {
    "business_environment": ("table_9.1", "table_9.2"),
    "industrial_synergy": ("table_9.3", "table_9.4"),
    "new_quality_productive_forces": ("table_9.5", "table_9.6"),
}
NO_CHANNEL = "resource_allocation"
LEAP_MEANS = ("whole_sample", "past", "before_policy")
FIRST_YEAR_OF_DISRUPTION = 2020  # Table 5 column 1 ends before it

Results = dict[str, float | None]  # None where the rows hold no such comparison


@dataclass(frozen=True)
class Differences:
    """Treated less untreated twin, both judged by the treated twin's weights. Arrays (cities, years)."""

    outcome: Array  # CTRI
    leaps: dict[str, Array]  # under each historical mean
    mediators: dict[str, Array]


def differences(draw: Draw) -> Differences:
    """What the policy alone does to outcomes and mediators.

    Weights are the treated twin's, since an index built on that twin uses them; see truth.effects.
    """
    cpi = draw.national["consumer_price_index"]
    new, weights = composites_of(indicators_of(draw.treated, cpi), draw.kept)
    old, _ = composites_of(indicators_of(draw.untreated, cpi), draw.kept, weights)
    forces, parts = mechanisms.productive_forces(mechanisms.system_indicators(draw.treated, cpi), draw.kept)
    before, _ = mechanisms.productive_forces(mechanisms.system_indicators(draw.untreated, cpi), draw.kept, parts)
    index = "business_environment_index"
    return Differences(
        outcome=new["CTRI"] - old["CTRI"],
        leaps={
            mean: leap(new["CTRI"], draw.year_list, mean) - leap(old["CTRI"], draw.year_list, mean)
            for mean in LEAP_MEANS
        },
        mediators={
            "business_environment": draw.treated[index] - draw.untreated[index],
            "industrial_synergy": mechanisms.industrial_synergy(draw.treated, draw.kept)
            - mechanisms.industrial_synergy(draw.untreated, draw.kept),
            "new_quality_productive_forces": forces - before,
        },
    )


def leap(outcome: Array, years: tuple[int, ...], mean: str) -> Array:
    """The outcome over the city's own mean: of all years, of the years before this one, of those before the policy.

    Not a number in the first year where the mean is of the years before.
    """
    if mean == "past":
        sums = np.cumsum(outcome, axis=1)[:, :-1] / np.arange(1, outcome.shape[1])
        return np.concatenate([np.full((outcome.shape[0], 1), np.nan), outcome[:, 1:] / sums], axis=1)
    chosen = np.array(years) < cal.START_YEAR if mean == "before_policy" else np.ones(len(years), dtype=bool)
    return np.asarray(outcome / outcome[:, chosen].mean(axis=1, keepdims=True), dtype=np.float64)


def results(draw: Draw, found: Differences) -> Results:
    """Result name and term -> noise-free coefficient, for every column that identifies an effect; controls have none.

    Table 4 columns 1 and 2 do not: they compare pilots with cities that are smaller. Matching (Table 5 column 2) aims
    at the effect on all treated rows; what it finds depends on who is matched.
    """
    rows = complete_rows(draw)
    years = np.array(draw.year_list)
    region = np.array([region_of(city.code) for city in draw.cities])[:, None]
    by_region = np.char.add(np.char.add(region, " "), years.astype(str)[None, :])
    total = did_coefficient(draw, found.outcome, rows)
    early = rows & (years < FIRST_YEAR_OF_DISRUPTION)[None, :]
    truth: Results = {
        "table_4.3.did": total,
        "table_5.1.did": did_coefficient(draw, found.outcome, early),
        "table_5.2.did": total,
        "table_5.3.did": did_coefficient(draw, found.leaps["whole_sample"], rows),
        "table_5.4.did": did_coefficient(draw, found.outcome, rows, by_region),
    }
    for flag, columns in SPLITS.items():
        for column, here in zip(columns, (~draw.moderators.flags[flag], draw.moderators.flags[flag]), strict=True):
            truth[f"{column}.did"] = did_coefficient(draw, found.outcome, rows & here)
    for name, (first, second) in MEDIATIONS.items():
        a, b = did_coefficient(draw, found.mediators[name], rows), mediator_slope(draw, name)
        direct = None if total is None or a is None else total - a * b
        truth |= {f"{first}.did": a, f"{second}.{name}": b, f"{second}.did": direct}
    # defined in the paper's section 4.4 and planted nowhere: nothing that it rests on responds or says anything
    truth |= {f"{NO_CHANNEL}.1.did": 0.0, f"{NO_CHANNEL}.2.{NO_CHANNEL}": 0.0, f"{NO_CHANNEL}.2.did": total}
    if not draw.bad_control:  # a control that responds to the policy takes part of its effect
        with_controls = dict.fromkeys(name.rsplit(".", 1)[0] for name in truth)
        truth |= {f"{column}.{name}": 0.0 for column in with_controls for name in CONTROLS}
    truth |= {f"winsorised.{column}.did": total for column in (1, 2, 3)}
    return truth | {f"figure_1.event_study.treat_{year}": effect for year, effect in by_year(draw, found).items()}


def did_coefficient(draw: Draw, difference: Array, rows: np.ndarray, period: np.ndarray | None = None) -> float | None:
    """The two-way regression of a difference on the treatment over `rows`; effects of `period`, or else of years.

    None where no city of `rows` is there both with and without the policy.
    """
    rows = rows & np.isfinite(difference)
    treated = draw.treated_rows
    if not ((rows & treated).any(axis=1) & (rows & ~treated).any(axis=1)).any():
        return None
    city, t = np.nonzero(rows)
    label = t if period is None else np.broadcast_to(period, rows.shape)[rows]
    return float(coefficients(difference[rows], [treated[rows].astype(np.float64)], city, label)[0])


def interaction_coefficient(draw: Draw, difference: Array, flag: str) -> float:
    """Treatment x flag in one regression: year effects of each group, city effects that both share.

    Where cities change groups this is another quantity than the difference of two columns with city effects each.
    """
    rows = complete_rows(draw)
    city, t = np.nonzero(rows)
    second, did = draw.moderators.flags[flag][rows], draw.treated_rows[rows].astype(np.float64)
    return float(coefficients(difference[rows], [did, did * second], city, 2 * t + second)[1])


def mediator_slope(draw: Draw, name: str) -> float:
    """b in the population: NQPF's indicators also have errors of their own, which say nothing of the outcome."""
    b = planted_slope(name, draw.mediation)
    if name != "new_quality_productive_forces":
        return b
    cpi = draw.national["consumer_price_index"]
    _, parts = mechanisms.productive_forces(mechanisms.system_indicators(draw.treated, cpi), draw.kept)
    slopes = mechanisms.slopes(parts)
    own = sum((slope * cal.SYSTEM[n].width * cal.SYSTEM_OWN) ** 2 for n, slope in slopes.items())
    shared = draw.mediators.units[name] ** 2
    return float(b * shared / (shared + own))


def by_year(draw: Draw, found: Differences) -> dict[int, float]:
    """Mean effect on treated cities in each year but the one before the policy, with which the others are compared."""
    cities = draw.kept & draw.pilot
    effects = {year: float(found.outcome[cities, t].mean()) for t, year in enumerate(draw.year_list)}
    return {year: effect for year, effect in effects.items() if year != cal.START_YEAR - 1}


def complete_rows(draw: Draw) -> np.ndarray:
    """(cities, years): kept, and no control missing."""
    rows = np.repeat(draw.kept[:, None], len(draw.year_list), axis=1)
    for runs in holes(draw).kinds.values():
        for city, start, stop, kind in runs:
            if kind == "short_end":
                rows[city, start:stop] = False
    return rows
