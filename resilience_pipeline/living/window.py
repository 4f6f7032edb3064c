"""Which years after a study's window are complete: what its last year had, they have for enough cities."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from resilience_pipeline.grid.observations import observations, taken
from resilience_pipeline.grid.reference import national_indicators
from resilience_pipeline.options import Options
from resilience_pipeline.study.needs import needed_indicators
from resilience_pipeline.study.study import Study

#: Of the cities that a series had in the study's last year. Editions drop a city or a cell now and then; a source that
#: has not come yet lacks them all.
ENOUGH = 0.9
#: No study is left standing for so long.
MOST_YEARS = 60
SHOWN = 4


@dataclass(frozen=True)
class Window:
    """The last year that is complete, and why no later one is."""

    last_year: int
    reason: str


def decisive_series(study: Study, options: Options) -> tuple[str, ...]:
    """Series that a year must have: the sample rule's, those filled in by province, the nation's behind formulas."""
    national = national_indicators() & set(needed_indicators(study, options))
    return tuple(sorted({*study.required_indicators, *study.province_mean_indicators, *national}))


def complete_window(study: Study, staged: Mapping[str, pl.DataFrame], options: Options) -> Window:
    """The window of the living panel.

    Parameters
    ----------
    study : its first and last year; a series that its last year lacks is not asked for later, either.
    staged : source -> staged observations as they stand now, in order of precedence.
    """
    last = study.last_year
    found = observations(
        staged, decisive_series(study, options), last, last + MOST_YEARS, str(options["imputed_values"])
    )
    counts = taken(found).group_by("indicator", "year").agg(cities=pl.col("city_code").n_unique()).sort("indicator")
    had = counts.filter(year=last).select("indicator", had="cities")
    year = last
    while True:
        have = had.join(counts.filter(year=year + 1), on="indicator", how="left", maintain_order="left").with_columns(
            pl.col("cities").fill_null(0)
        )
        short = have.filter(pl.col("cities") < ENOUGH * pl.col("had"))
        if have.is_empty() or short.height:
            return Window(year, _reason(year + 1, have, short))
        year += 1


def _reason(year: int, have: pl.DataFrame, short: pl.DataFrame) -> str:
    if have.is_empty() or have["cities"].sum() == 0:
        return f"nothing was delivered for {year}"
    series: Sequence[str] = [
        f"{name} ({n} of {of} cities)" for name, of, n in short.select("indicator", "had", "cities").rows()
    ]
    more = f" and {len(series) - SHOWN} more" if len(series) > SHOWN else ""
    return f"{year} is not complete: it lacks {', '.join(series[:SHOWN])}{more}"
