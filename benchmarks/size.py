"""How often does a 5 % test reject where there is no effect? Every method on panels of the study's design.

Drawn panels: 281 cities, 2012 to 2022, 45 of them treated from 2018 on; large cities are the likelier pilots. City and
year effects, two controls, AR(1) errors of coefficient 0.6. Of equal variance, or of a standard deviation that grows
with the city's size, so that pilots vary more. And twins without effect: the synthetic economy of `resilience twin`
with its own selection, AR(1) errors, gaps and winsorising, by the pipeline's own steps up to Table 4 column 3.
No effect at all: a sound test rejects in one of twenty panels.

Expected: classical errors reject far too often; CV3, the wild bootstrap and the studentised randomisation within 3 to
7 %; randomisation of the coefficient too with equal variances, not with unequal ones.

Run: python benchmarks/size.py [panels]
"""

import os

os.environ.update(dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "POLARS_MAX_THREADS"), "1"))

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, partial

import numpy as np
from scipy.special import stdtr

from resilience_pipeline.econometrics.assignments import fake_cities
from resilience_pipeline.econometrics.fake_treatments import FakeTreatments
from resilience_pipeline.econometrics.kernel import fit_arrays
from resilience_pipeline.econometrics.model import model_of
from resilience_pipeline.econometrics.moments import moment_table
from resilience_pipeline.econometrics.randomisation import clopper_pearson, randomisation_p
from resilience_pipeline.econometrics.resampling import jackknife
from resilience_pipeline.econometrics.wild import wild_bootstrap
from resilience_pipeline.options import Options
from resilience_pipeline.panel.analysis import analysis_frame, analysis_tables
from resilience_pipeline.panel.chain import panel_frames
from resilience_pipeline.study.columns import specification_columns, specification_under
from resilience_pipeline.study.load import find_studies
from resilience_pipeline.twin import draw, frames

CITIES, YEARS, TREATED, START = 281, 2012 + np.arange(11), 45, 2018
RHO, SELECTION, SPREAD = 0.6, 1.0, 0.4  # of errors; log odds of a pilot and log sd of its errors by a sd of size
DRAWS, LEVEL, BAND = 999, 0.05, (0.03, 0.07)
FIRST_SEED = 20_181_016


@dataclass(frozen=True)
class Panel:
    """y : shape (N,). X : treatment first, shape (N, k). city : level numbers. year : calendar years."""

    y: np.ndarray
    X: np.ndarray
    city: np.ndarray
    year: np.ndarray


def drawn(spread: float, seed: int) -> Panel:
    """A balanced panel; a city's errors have the standard deviation exp(spread * size)."""
    rng = np.random.default_rng(seed)
    size = rng.normal(size=CITIES)
    # The cities with the largest sum of SELECTION * size and a Gumbel draw: pilots drawn one by one with odds by size.
    treated = np.sort(np.argsort(-(SELECTION * size + rng.gumbel(size=CITIES)))[:TREATED])
    did = np.zeros((CITIES, len(YEARS)))
    did[np.ix_(treated, np.flatnonzero(YEARS >= START))] = 1.0
    errors = autoregressive(rng) * np.exp(spread * size)[:, None]
    controls = [autoregressive(rng) + 0.3 * size[:, None] * (YEARS - 2012) / 10 for _ in range(2)]
    y = 0.3 * controls[0] - 0.2 * controls[1] + size[:, None] + 0.1 * (YEARS - 2012) + errors
    X = np.column_stack([column.ravel() for column in (did, *controls)])
    return Panel(y.ravel(), X, np.repeat(np.arange(CITIES), len(YEARS)), np.tile(YEARS, CITIES))


def autoregressive(rng: np.random.Generator) -> np.ndarray:
    """Stationary AR(1) series of unit innovations, shape (cities, years)."""
    series = rng.normal(size=(CITIES, len(YEARS)))
    series[:, 0] /= np.sqrt(1 - RHO**2)
    for year in range(1, len(YEARS)):
        series[:, year] += RHO * series[:, year - 1]
    return series


@cache
def _study():
    study = next(study for study in find_studies() if study.name == "trade_resilience")
    return study, specification_under(study, study.specification("table_4.3"), Options())


def twin(seed: int) -> Panel:
    """Table 4 column 3's rows of a twin without any effect."""
    study, spec = _study()
    wanted = analysis_tables(study, spec)
    tables = panel_frames(
        study, frames(draw(seed, effect=0.0, heterogeneity=0.0, mediation=0.0)), Options(), wanted=wanted
    )
    model = model_of(spec, analysis_frame({key: tables[key] for key in wanted}, specification_columns(spec)))
    year = model.sample.frame["year"].to_numpy().astype(int)
    return Panel(model.design.y, model.design.X, model.sample.codes("city_code"), year)


SETTINGS = {"equal variances": partial(drawn, 0.0), "unequal variances": partial(drawn, SPREAD), "twins": twin}
#: Whether each method is expected inside the band, by setting; None = not claimed.
EXPECTED = {
    "classical": (False, False, False),
    "clustered (CV1)": (None, None, None),
    "jackknife (CV3)": (True, True, True),
    "wild bootstrap (WCR)": (True, True, True),
    "randomisation, studentised": (True, True, True),
    "randomisation, coefficient": (True, False, None),
}


def p_values(panel: Panel, seed: int) -> Iterator[float]:
    """Of each method, in the order of `EXPECTED`."""
    y, X, city = panel.y, panel.X, panel.city
    years = np.unique(panel.year)
    year = np.searchsorted(years, panel.year)
    names = tuple(f"x{place}" for place in range(X.shape[1]))
    table = moment_table({"y": y} | dict(zip(names, X.T, strict=True)), clusters=city, effects=(city, year))
    clustered, classical = table.fit("y", names), fit_arrays(y, X, effects=(city, year), vcov="iid")
    b, error = float(clustered.coefficients[0]), float(clustered.std_errors[0])
    yield p_by_t(b, float(classical.std_errors[0]), classical.dof)
    yield p_by_t(b, error, clustered.dof)
    yield p_by_t(b, float(jackknife(table, "y", names).std_errors[0]), clustered.dof)
    rng = np.random.default_rng((seed, 1))
    yield wild_bootstrap(table, clustered, "y", names, names[:1], draws=DRAWS, rng=rng)[names[0]].p_value()
    starts = years[1:].tolist()
    prepared = FakeTreatments(y, X[:, 1:], city, panel.year, starts, effects=(year,), clusters=(city,))
    treated = len(np.unique(city[X[:, 0] == 1]))
    fakes = fake_cities(prepared.n_cities, treated, starts.index(START), DRAWS, rng)
    statistics = prepared.statistics(fakes.cities, fakes.starts)
    yield randomisation_p(b / error, statistics.t).p_value
    yield randomisation_p(b, statistics.estimate).p_value


def p_by_t(b: float, error: float, dof: float) -> float:
    return float(2 * stdtr(dof, -abs(b / error)))


def main(panels: int) -> None:
    started = time.perf_counter()
    print(
        f"{panels} panels of each kind without effect; drawn ones of {CITIES} cities by {len(YEARS)} years, {TREATED} "
        f"treated from {START}, selection on size,\nAR(1) errors {RHO}; nominal {LEVEL:.0%}; {DRAWS} draws; seeds from "
        f"{FIRST_SEED}; in brackets the 95 % binomial interval"
    )
    rejected = {}
    for setting, panel_of in SETTINGS.items():
        seeds = range(FIRST_SEED, FIRST_SEED + panels)
        p = np.array([list(p_values(panel_of(seed), seed)) for seed in seeds])
        rejected[setting] = (p <= LEVEL).sum(axis=0)
    print(f"{'method':28}" + "".join(f"{setting:>24}" for setting in SETTINGS) + "   as expected")
    for place, (method, claims) in enumerate(EXPECTED.items()):
        cells, verdicts = "", []
        for setting, expected in zip(SETTINGS, claims, strict=True):
            hits = int(rejected[setting][place])
            low, high = clopper_pearson(hits, panels)
            cells += f"{f'{hits / panels:.1%} [{low:.1%}, {high:.1%}]':>24}"
            inside = BAND[0] <= hits / panels <= BAND[1]
            verdicts += [] if expected is None else [inside is expected]
        print(f"{method:28}{cells}   {'' if not verdicts else 'yes' if all(verdicts) else 'NO'}")
    print(f"{time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
