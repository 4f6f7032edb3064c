"""What was planted, for a referee: every parameter, the true effects, the expected counts, the blemishes.

Effects are averages over treated rows of kept cities, treated twin less untreated twin, before blemishes and
winsorising; `results` holds what each regression would find of them. The pipeline never reads this.
"""

import dataclasses
from typing import Any

import numpy as np

from resilience_pipeline.twin import calibration as cal
from resilience_pipeline.twin import estimands
from resilience_pipeline.twin.blemishes import holes
from resilience_pipeline.twin.economy import Draw, Raw
from resilience_pipeline.twin.inversion import composites_of, indicators_of

Effects = dict[str, float]
Group = dict[str, str | int | float | None]


def truth(draw: Draw) -> dict[str, Any]:
    """Everything planted in this draw, ready for JSON."""
    found = estimands.differences(draw)
    result = estimands.results(draw, found)
    return {
        "synthetic": True,
        "seed": draw.seed,
        "years": list(draw.years),
        "start_year": cal.START_YEAR,
        "planted_effect": draw.effect,
        "heterogeneity": draw.heterogeneity,
        "mediation": draw.mediation,
        "bad_control": draw.bad_control,
        "delivered_cities": [c.code for c in draw.cities],
        "kept_cities": [c.code for c, kept in zip(draw.cities, draw.kept, strict=True) if kept],
        "treated_cities": [
            c.code for c, kept, pilot in zip(draw.cities, draw.kept, draw.pilot, strict=True) if kept and pilot
        ],
        "expected": expected_counts(draw),
        "untreated_weights": draw.weights,
        "component_shifts": draw.shifts,
        "effects": effects(draw),
        "results": result,
        "groups": groups(draw, found, result),
        "mediators": mediators(draw, result),
        "leap": leaps(draw, found),
        "event_study": estimands.by_year(draw, found),
        "control_coefficients": dict.fromkeys(("MS", "GDP", "FAI", "FIN", "FDI", "LE"), 0.0),
        "fixed_point_residuals": draw.residuals,
        "moments": moments(draw),
        "calibration": {
            "log_series": {name: dataclasses.asdict(law) for name, law in cal.LOG_SERIES.items()},
            "bounded_series": {name: dataclasses.asdict(law) for name, law in cal.BOUNDED_SERIES.items()},
            "constants": {
                name: value
                for name, value in vars(cal).items()
                if name.isupper() and isinstance(value, int | float) and not isinstance(value, bool)
            },
            "effect_shares": cal.EFFECT_SHARES,
            "implied_weights": cal.IMPLIED_WEIGHTS,
            "gains": cal.GAINS,
            "channels": {name: dataclasses.asdict(channel) for name, channel in cal.CHANNELS.items()},
            "system": {name: dataclasses.asdict(law) for name, law in cal.SYSTEM.items()},
        },
        "notes": list(cal.NOTES),
    }


def expected_counts(draw: Draw) -> dict[str, int]:
    """Rows and cities that the sample accounting must find under the default options."""
    cut = holes(draw)
    rows = int(draw.kept.sum()) * len(draw.year_list)
    short = {
        (city, t)
        for runs in cut.kinds.values()
        for city, start, stop, kind in runs
        if kind == "short_end"
        for t in range(start, stop)
    }
    fixed = sum(b - a for _, a, b, kind in cut.kinds["fixed_investment_cny_10k"] if kind == "short_end")
    loans = sum(b - a for _, a, b, kind in cut.kinds["loans_cny_10k"] if kind == "short_end")
    return {
        "delivered_cities": len(draw.cities),
        "kept_cities": int(draw.kept.sum()),
        "treated_cities": int((draw.kept & draw.pilot).sum()),
        "treated_rows": int(draw.treated_rows[draw.kept].sum()),
        "grid_rows_of_delivered_cities": len(draw.cities) * len(draw.year_list),
        "rows_without_controls": rows,
        "rows_with_controls": rows - len(short),
        "rows_with_fixed_investment": rows - fixed,
        "rows_with_loans": rows - loans,
    }


def effects(draw: Draw) -> dict[str, Effects]:
    """True effects per composite and indicator, under four readings of the weights.

    Returns
    -------
    fixed_weights : both twins under the untreated twin's weights.
    reestimated_weights : each twin under its own weights; moves the level of every row, treated or not.
    treated_weights : both twins under the treated twin's weights; what a two-way regression on the treated twin, whose
        index uses those weights, estimates.
    controls_held : as fixed_weights, without what runs through exports (equal unless controls were made bad).
    """
    with_policy, without = _indicators(draw, draw.treated), _indicators(draw, draw.untreated)
    held = _indicators(draw, draw.treated | {"exports_cny_10k": draw.untreated["exports_cny_10k"]})
    old, old_weights = composites_of(without, draw.kept)
    new, new_weights = composites_of(with_policy, draw.kept)
    rows = draw.treated_rows & draw.kept[:, None]

    def difference(a: Raw, b: Raw) -> Effects:
        return {name: float(np.mean((a[name] - b[name])[rows])) for name in a}

    indicator_effects = difference(with_policy, without)
    return {
        "fixed_weights": difference(composites_of(with_policy, draw.kept, old_weights)[0], old) | indicator_effects,
        "reestimated_weights": difference(new, old) | indicator_effects,
        "treated_weights": difference(new, composites_of(without, draw.kept, new_weights)[0]) | indicator_effects,
        "controls_held": difference(composites_of(held, draw.kept, old_weights)[0], old) | difference(held, without),
    }


def groups(draw: Draw, found: estimands.Differences, result: estimands.Results) -> dict[str, dict[str, Group]]:
    """Effect in each subgroup of Tables 6 to 8, and how many city-years and cities there are to find it in.

    Returns
    -------
    flag -> "without" and "with" -> mean_effect over the group's treated rows; estimand, what the two-way regression on
    the group's rows makes of it; rows, treated_rows, cities, treated_cities; and the difference of the two, of two
    regressions and of one with interactions.
    """
    table: dict[str, dict[str, Group]] = {}
    kept = draw.kept[:, None]
    for flag, (without, with_it) in estimands.SPLITS.items():
        table[flag] = {}
        here = draw.moderators.flags[flag]
        for side, column, rows in (("without", without, ~here & kept), ("with", with_it, here & kept)):
            treated = rows & draw.treated_rows
            table[flag][side] = {
                "result": f"{column}.did",
                "mean_effect": float(found.outcome[treated].mean()) if treated.any() else None,
                "estimand": result[f"{column}.did"],
                "rows": int(rows.sum()),
                "treated_rows": int(treated.sum()),
                "cities": int(rows.any(axis=1).sum()),
                "treated_cities": int(treated.any(axis=1).sum()),
            }
        low, high = result[f"{without}.did"], result[f"{with_it}.did"]
        table[flag]["difference"] = {
            "estimand": None if low is None or high is None else high - low,
            "with_interactions": estimands.interaction_coefficient(draw, found.outcome, flag),
        }
    return table


def mediators(draw: Draw, result: estimands.Results) -> dict[str, Any]:
    """a, b, the indirect effect a * b and the direct effect total - a * b of each mediator; and of all three at once.

    a : noise-free coefficient of the treatment. b : slope of the outcome on the mediator's errors. Errors of different
    mediators are independent, so each b is the same whether the others are in the regression or not, and the indirect
    effects add up.
    """
    total = result["table_4.3.did"] or 0.0
    table: dict[str, Any] = {}
    for name, (first, second) in estimands.MEDIATIONS.items():
        a, b = result[f"{first}.did"] or 0.0, result[f"{second}.{name}"] or 0.0
        table[name] = {"a": a, "b": b, "indirect": a * b, "direct": total - a * b, "total": total}
    indirect = sum(part["indirect"] for part in table.values())
    return {**table, "all_three": {"indirect": indirect, "direct": total - indirect, "total": total}}


def leaps(draw: Draw, found: estimands.Differences) -> estimands.Results:
    """Coefficient of the treatment on the leap under each historical mean."""
    rows = estimands.complete_rows(draw)
    return {mean: estimands.did_coefficient(draw, leap, rows) for mean, leap in found.leaps.items()}


def moments(draw: Draw) -> dict[str, dict[str, float | None]]:
    """Achieved moments of the treated twin over kept rows, before blemishes and winsorising, beside Table 3."""
    composites, weights = composites_of(_indicators(draw, draw.treated), draw.kept)
    raw = draw.treated
    foreign = raw["foreign_investment_usd_10k"] * draw.national["exchange_rate_cny_per_usd"]
    series = dict(composites) | {
        "MS": np.log(raw["exports_cny_10k"]),
        "GDP": np.log(raw["gdp_per_capita_cny"]),
        "FAI": np.log(raw["fixed_investment_cny_10k"]),
        "FIN": np.log(raw["loans_cny_10k"]),
        "FDI": np.log(foreign / raw["gdp_cny_10k"]),
        "LE": np.log(raw["freight_10k_tonnes"]),
    }
    table: dict[str, dict[str, float | None]] = {}
    for name, values in series.items():
        x = values[draw.kept]
        target = cal.TABLE_3.get(name, (None,) * 4)
        table[name] = {
            "mean": float(x.mean()),
            "sd": float(x.std(ddof=1)),
            "min": float(x.min()),
            "max": float(x.max()),
            **dict(zip(("target_mean", "target_sd", "target_min", "target_max"), target, strict=True)),
        }
    table["weights"] = {**weights["CTRI"], **{f"target_{k}": v for k, v in cal.IMPLIED_WEIGHTS.items()}}
    return table


def _indicators(draw: Draw, raw: Raw) -> Raw:
    return indicators_of(raw, draw.national["consumer_price_index"])
