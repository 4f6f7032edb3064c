"""What the policy does: the planted effect of each city and year, shared out over components, mediators and raw series.

Two twins come of one draw, with and without the policy; everything that the policy does not touch is the same in both.
"""

from collections.abc import Mapping

import numpy as np

from resilience_pipeline.twin import calibration as cal
from resilience_pipeline.twin import inversion
from resilience_pipeline.twin.processes import Array

Raw = dict[str, Array]
Weights = Mapping[str, Mapping[str, float]]


def component_shifts(effect: Array, weights: Mapping[str, float]) -> Raw:
    """Shift of each component such that the weighted sum is `effect`; REC and RST within bounds, RES the rest."""
    shifts = {
        name: np.clip(cal.EFFECT_SHARES[name] * effect / weights[name], -bound, bound)
        for name, bound in cal.LARGEST_SHIFT.items()
    }
    rest = effect - sum(weights[name] * shift for name, shift in shifts.items())
    return {"RES": np.asarray(rest / weights["RES"], dtype=np.float64), **shifts}


def with_policy(
    untreated: Raw, mediators: Raw, shifts: Raw, weights: Weights, on: Array, prices: Array, bad_control: bool
) -> Raw:
    """The same economy with the policy: imports, retail sales, patents and mediators; no control unless asked for.

    Parameters
    ----------
    mediators : their raw series with the policy.
    shifts : component -> (cities, years), zero where there is no policy.
    on : 1 in treated rows.
    """
    persons = untreated["resident_population_10k_persons"]
    trade = shifts["RES"] / weights["RES"]["foreign_trade_scale"] * persons * 10_000
    through_exports = cal.BAD_CONTROL_EXPORT_SHARE if bad_control else 0.0
    retail = shifts["REC"] / weights["REC"]["consumption_level"] * prices * persons * 10_000
    patents = shifts["RST"] / weights["RST"]["innovation_capability"] * persons
    moved = mediators | {
        "imports_cny_10k": untreated["imports_cny_10k"] + (1 - through_exports) * trade,
        "retail_sales_cny_10k": untreated["retail_sales_cny_10k"] + retail,
        "patents_granted_count": untreated["patents_granted_count"] + patents,
    }
    if bad_control:
        moved["exports_cny_10k"] = untreated["exports_cny_10k"] + through_exports * trade
        moved["freight_10k_tonnes"] = untreated["freight_10k_tonnes"] * np.exp(cal.BAD_CONTROL_FREIGHT * on)
    return untreated | moved


def solved_raw(solved: Raw, raw: Raw, prices: Array) -> Raw:
    """Imports, retail sales and patents that give the solved indicators."""
    persons = raw["resident_population_10k_persons"]
    return {
        "imports_cny_10k": solved["foreign_trade_scale"] * persons * 10_000 - raw["exports_cny_10k"],
        "retail_sales_cny_10k": solved["consumption_level"] * prices * persons * 10_000,
        "patents_granted_count": solved["innovation_capability"] * persons,
    }


def solve(paths: Raw, drawn: Raw, kept: np.ndarray) -> tuple[Raw, dict[str, dict[str, float]], dict[str, float]]:
    """Solved indicators, weights with those of CTRI, residuals of the fixed points; CTRI's path joins `paths`."""
    solved: Raw = {}
    weights: dict[str, dict[str, float]] = {}
    residuals: dict[str, float] = {}
    for dimension in inversion.COMPONENTS:
        other = next(n for n in inversion.DIMENSIONS[dimension] if n != inversion.SOLVED[dimension])
        found, weights[dimension], residuals[dimension] = inversion.solve_dimension(
            dimension, paths[dimension], drawn[other], kept
        )
        solved |= found
    weights["CTRI"] = inversion.entropy_weights({k: paths[k][kept] for k in inversion.COMPONENTS})
    return solved, weights, residuals
