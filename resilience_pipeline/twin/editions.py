"""The twin as of an edition: what publishers had printed when the figures of a year came out, and what came later.

One economy is drawn for all years and cut, so a later edition adds a year and changes no cell of an earlier one.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from resilience_pipeline.errors import OptionError
from resilience_pipeline.twin import calibration as cal
from resilience_pipeline.twin import estimands
from resilience_pipeline.twin.cities import leaving
from resilience_pipeline.twin.economy import Draw
from resilience_pipeline.twin.inversion import composites_of, indicators_of
from resilience_pipeline.twin.policy import component_shifts
from resilience_pipeline.twin.processes import Array

Raw = dict[str, Array]


def as_of(draw: Draw, last_year: int) -> Draw:
    """The same twin when `last_year` is the last that was printed (edition `last_year` + 1).

    Its planted effect is the mean over its own treated rows; its weights are its own.
    """
    if last_year == draw.years[1]:
        return draw
    years = (draw.years[0], last_year)
    T = last_year - years[0] + 1
    whole = len(draw.year_list)

    def cut(series: Mapping[str, Array]) -> Raw:
        return {name: values[..., :T] if values.shape[-1] == whole else values for name, values in series.items()}

    moderators, mediators = draw.moderators, draw.mediators
    early = replace(
        draw,
        years=years,
        untreated=cut(draw.untreated),
        treated=cut(draw.treated),
        national=cut(draw.national),
        paths=cut(draw.paths),
        effects=draw.effects[:, :T],
        moderators=replace(
            moderators,
            digital=moderators.digital[:, :T],
            mentions=moderators.mentions[:, :T],
            ip_index=moderators.ip_index[:, :T],
            ip_high=moderators.ip_high[:, :T],
            non_resource=moderators.non_resource[:, :T],
        ),
        mediators=replace(
            mediators,
            environment=mediators.environment[:, :T],
            synergy=mediators.synergy[:, :T],
            system=cut(mediators.system),
            employed=mediators.employed[:, :T],
        ),
        whole=draw.whole or draw,
    )
    rows = early.treated_rows & early.kept[:, None]
    shifts = component_shifts(early.effects, draw.weights["CTRI"])
    without = indicators_of(early.untreated, early.national["consumer_price_index"])
    return replace(
        early,
        effect=float(early.effects[rows].mean()),
        shifts={name: float(shift[rows].mean()) for name, shift in shifts.items()},
        weights=composites_of(without, early.kept)[1],
    )


def check_cut(years: tuple[int, int], last_year: int) -> None:
    """Raise an OptionError where the twin of these years cannot be written as of `last_year`.

    The cities that leave the sample must leave it in the shorter window, too.
    """
    first, last = years
    if not cal.START_YEAR <= last_year <= last or leaving((first, last_year)) != leaving(years):
        raise OptionError(
            what=f"a twin of the years {first}-{last} cannot be written as of {last_year}",
            expected=f"a year from {cal.START_YEAR} to {last}, late enough for the same cities to be left out",
            remedy="choose --through 2022 or later",
        )


def by_last_year(draw: Draw, frozen_last_year: int) -> dict[int, dict[str, float | None]]:
    """What Table 4 column 3 would find free of noise in each window that ends in 2018 or later.

    Returns
    -------
    last year -> "reestimated_weights": the index under the window's own weights; "frozen_weights": under those of the
    window that ends in `frozen_last_year`.
    """
    frozen = _weights(as_of(draw, frozen_last_year))
    found: dict[int, dict[str, float | None]] = {}
    for year in range(cal.START_YEAR, draw.years[1] + 1):
        window = as_of(draw, year)
        found[year] = {
            "reestimated_weights": _coefficient(window, _weights(window)),
            "frozen_weights": _coefficient(window, frozen),
        }
    return found


def _weights(draw: Draw) -> dict[str, dict[str, float]]:
    return composites_of(indicators_of(draw.treated, draw.national["consumer_price_index"]), draw.kept)[1]


def _coefficient(draw: Draw, weights: Mapping[str, Mapping[str, float]]) -> float | None:
    prices = draw.national["consumer_price_index"]
    with_policy, without = (
        composites_of(indicators_of(raw, prices), draw.kept, weights)[0]["CTRI"]
        for raw in (draw.treated, draw.untreated)
    )
    return estimands.did_coefficient(draw, np.asarray(with_policy - without), estimands.complete_rows(draw))
