"""How often does a 5 % test reject where there is no effect? Every method on panels of the study's design.

281 cities, 2012 to 2022, 45 of them treated from 2018 on; large cities are the likelier pilots. City and year effects,
two controls, AR(1) errors of coefficient 0.6. Of equal variance, or of a standard deviation that grows with the city's
size, so that pilots vary more. No effect at all: a sound test rejects in one of twenty panels.

Expected: classical errors reject far too often; CV3, the wild bootstrap and the studentised randomisation within 3 to
7 %; randomisation of the coefficient with equal variances only.

Run: python benchmarks/size.py [panels]
"""

import os

os.environ.update(dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "POLARS_MAX_THREADS"), "1"))

import sys
import time
from collections.abc import Iterator

import numpy as np
from scipy.special import stdtr

from resilience_pipeline.econometrics.assignments import fake_cities
from resilience_pipeline.econometrics.fake_treatments import FakeTreatments
from resilience_pipeline.econometrics.kernel import Fit, fit_arrays
from resilience_pipeline.econometrics.moments import moment_table
from resilience_pipeline.econometrics.randomisation import clopper_pearson, randomisation_p
from resilience_pipeline.econometrics.resampling import jackknife
from resilience_pipeline.econometrics.wild import wild_bootstrap

CITIES, YEARS, TREATED, START = 281, 2012 + np.arange(11), 45, 2018
RHO, SELECTION, SPREAD = 0.6, 1.0, 0.4  # of errors; log odds of a pilot and log sd of its errors by a sd of size
DRAWS, LEVEL, BAND = 999, 0.05, (0.03, 0.07)
FIRST_SEED = 20_181_016

METHODS = (
    "classical",
    "clustered (CV1)",
    "jackknife (CV3)",
    "wild bootstrap (WCR)",
    "randomisation, studentised",
    "randomisation, coefficient",
)
SETTINGS = {"equal variances": 0.0, "unequal variances": SPREAD}
#: Where each is expected inside the band: with equal and with unequal variances; None = not claimed.
EXPECTED = {
    "classical": (False, False),
    "clustered (CV1)": (None, None),
    "jackknife (CV3)": (True, True),
    "wild bootstrap (WCR)": (True, True),
    "randomisation, studentised": (True, True),
    "randomisation, coefficient": (True, False),
}


def panel(seed: int, spread: float) -> tuple[np.ndarray, np.ndarray]:
    """Outcome, and treatment and two controls, rows by city and year."""
    rng = np.random.default_rng(seed)
    size = rng.normal(size=CITIES)
    # The cities with the largest sum of SELECTION * size and a Gumbel draw: pilots drawn one by one with odds by size.
    treated = np.sort(np.argsort(-(SELECTION * size + rng.gumbel(size=CITIES)))[:TREATED])
    did = np.zeros((CITIES, len(YEARS)))
    did[np.ix_(treated, np.flatnonzero(YEARS >= START))] = 1.0
    errors = autoregressive(rng) * np.exp(spread * size)[:, None]
    controls = [autoregressive(rng) + 0.3 * size[:, None] * (YEARS - 2012) / 10 for _ in range(2)]
    y = 0.3 * controls[0] - 0.2 * controls[1] + size[:, None] + 0.1 * (YEARS - 2012) + errors
    return y.ravel(), np.column_stack([column.ravel() for column in (did, *controls)])


def autoregressive(rng: np.random.Generator) -> np.ndarray:
    """Stationary AR(1) series of unit innovations, shape (cities, years)."""
    series = rng.normal(size=(CITIES, len(YEARS)))
    series[:, 0] /= np.sqrt(1 - RHO**2)
    for year in range(1, len(YEARS)):
        series[:, year] += RHO * series[:, year - 1]
    return series


def p_by_t(b: float, error: float, dof: float) -> float:
    return float(2 * stdtr(dof, -abs(b / error)))


def p_values(seed: int, spread: float) -> Iterator[float]:
    """Of each method, in the order of `METHODS`."""
    y, X = panel(seed, spread)
    city, year = np.repeat(np.arange(CITIES), len(YEARS)), np.tile(np.arange(len(YEARS)), CITIES)
    names = ("did", "one", "two")
    table = moment_table({"y": y} | dict(zip(names, X.T, strict=True)), clusters=city, effects=(city, year))
    classical: Fit = fit_arrays(y, X, effects=(city, year), vcov="iid")
    clustered = table.fit("y", names)
    b = float(clustered.coefficients[0])
    yield p_by_t(b, float(classical.std_errors[0]), classical.dof)
    yield p_by_t(b, float(clustered.std_errors[0]), clustered.dof)
    yield p_by_t(b, float(jackknife(table, "y", names).std_errors[0]), clustered.dof)
    rng = np.random.default_rng(seed + 1_000_000_000)
    yield wild_bootstrap(table, clustered, "y", names, ("did",), draws=DRAWS, rng=rng)["did"].p_value()
    starts = YEARS[1:].tolist()
    prepared = FakeTreatments(y, X[:, 1:], city, YEARS[year], starts, effects=(year,), clusters=(city,))
    fakes = fake_cities(CITIES, TREATED, starts.index(START), DRAWS, rng)
    drawn = prepared.statistics(fakes.cities, fakes.starts)
    yield randomisation_p(b / float(clustered.std_errors[0]), drawn.t).p_value
    yield randomisation_p(b, drawn.estimate).p_value


def main(panels: int) -> None:
    started = time.perf_counter()
    print(
        f"{panels} panels of {CITIES} cities by {len(YEARS)} years without effect, {TREATED} treated from {START}, "
        f"selection on size, AR(1) errors {RHO}; nominal {LEVEL:.0%}; {DRAWS} draws; seeds from {FIRST_SEED}"
    )
    rejected = {}
    for setting, spread in SETTINGS.items():
        p = np.array([list(p_values(FIRST_SEED + number, spread)) for number in range(panels)])
        rejected[setting] = (p <= LEVEL).sum(axis=0)
    print(f"{'method':30}" + "".join(f"{setting:>28}" for setting in SETTINGS) + "   as expected")
    for place, method in enumerate(METHODS):
        cells, verdicts = "", []
        for setting, expected in zip(SETTINGS, EXPECTED[method], strict=True):
            hits = int(rejected[setting][place])
            low, high = clopper_pearson(hits, panels)
            cells += f"{f'{hits / panels:.1%} [{low:.1%}, {high:.1%}]':>28}"
            inside = BAND[0] <= hits / panels <= BAND[1]
            verdicts += [] if expected is None else [inside is expected]
        print(f"{method:30}{cells}   {'' if not verdicts else 'yes' if all(verdicts) else 'NO'}")
    print(f"in brackets the 95 % binomial interval; {time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
