"""Fake pilots at the paper's size, coefficient and clustered error of each: one preparation for all beside loops.

3,085 rows, six controls, city and year effects, 45 of 281 cities from 2018 on. Loops of the kernel, linearmodels and
pyfixest run `LOOPED` draws and are scaled to `DRAWS`; ours runs all. Rounds are interleaved so that a busy machine
slows all alike; one BLAS thread each. CPU time is given because it hardly moves with other people's load.
Run: python -m benchmarks.placebo
"""

import os

os.environ.update(dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1"))

import statistics
import time
import warnings
from collections.abc import Callable

import numpy as np
import pandas as pd
import pyfixest as pf
from linearmodels.panel import PanelOLS

from benchmarks.estimation import CITIES, CONTROLS, ROWS, YEARS
from benchmarks.estimation import draw as draw_panel
from resilience_pipeline.econometrics.absorption import Absorber, compact
from resilience_pipeline.econometrics.assignments import Assignments, fake_cities
from resilience_pipeline.econometrics.fake_treatments import FakeTreatments
from resilience_pipeline.econometrics.kernel import fit_arrays

DRAWS, LOOPED, TREATED, START, ROUNDS = 10_000, 20, 45, 2018, 5

Found = tuple[np.ndarray, np.ndarray]


def contenders(frame: pd.DataFrame, fakes: Assignments) -> dict[str, tuple[int, Callable[[], Found]]]:
    """Name -> number of draws that a run makes, and the run."""
    controls = [f"x{position}" for position in range(CONTROLS)]
    names = ["did", *controls]
    city, year = compact(frame["city"].to_numpy()), compact(frame["year"].to_numpy())
    y, X, calendar = frame["y"].to_numpy(), frame[controls].to_numpy(), frame["year"].to_numpy()
    absorber = Absorber([city, year])
    # linearmodels counts the city effects as parameters; reghdfe does not, they are nested in the clusters.
    parameters = np.sqrt((ROWS - CONTROLS - 1 - CITIES - YEARS + 1) / (ROWS - CONTROLS - 1 - YEARS))

    def treatments() -> list[np.ndarray]:
        return [(np.isin(city, row) & (calendar >= START)).astype(float) for row in fakes.cities[:LOOPED]]

    def together(draws: int) -> Callable[[], Found]:
        def run() -> Found:
            prepared = FakeTreatments(y, X, city, calendar, [START], effects=[year], clusters=[city])
            found = prepared.statistics(fakes.cities[:draws], fakes.starts[:draws])
            return found.estimate, found.std_error

        return run

    def kernel() -> Found:
        fits = [
            fit_arrays(y, np.column_stack([did, X]), effects=(city, year), clusters=(city,), absorber=absorber)
            for did in treatments()
        ]
        return np.array([fit.coefficients[0] for fit in fits]), np.array([fit.std_errors[0] for fit in fits])

    def linearmodels() -> Found:
        indexed, found = frame.set_index(["city", "year"]), []
        for did in treatments():
            indexed["did"] = did
            model = PanelOLS(indexed["y"], indexed[names], entity_effects=True, time_effects=True)
            fit = model.fit(cov_type="clustered", cluster_entity=True, group_debias=True)
            found.append((fit.params["did"], fit.std_errors["did"] * parameters))
        return tuple(np.array(found).T)

    def pyfixest() -> Found:
        table, found = frame.copy(), []
        for did in treatments():
            table["did"] = did
            fit = pf.feols(f"y ~ {' + '.join(names)} | city + year", table, vcov={"CRV1": "city"})
            found.append((fit.coef()["did"], fit.se()["did"]))
        return tuple(np.array(found).T)

    return {
        "ours": (DRAWS, together(DRAWS)),
        "ours, 500": (500, together(500)),
        "kernel loop": (LOOPED, kernel),
        "linearmodels loop": (LOOPED, linearmodels),
        "pyfixest loop": (LOOPED, pyfixest),
    }


def main() -> None:
    warnings.simplefilter("ignore")
    fakes = fake_cities(CITIES, TREATED, 0, DRAWS, np.random.default_rng(1))
    runs = contenders(draw_panel(), fakes)
    found = {name: run() for name, (_, run) in runs.items()}
    wall: dict[str, list[float]] = {name: [] for name in runs}
    cpu: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(ROUNDS):
        for name, (_, run) in runs.items():
            start, used = time.perf_counter(), time.process_time()
            run()
            wall[name].append(time.perf_counter() - start)
            cpu[name].append(time.process_time() - used)
    each = {name: [statistics.median(t[name]) / runs[name][0] for t in (wall, cpu)] for name in runs}
    print(f"{ROWS} rows, {CONTROLS} controls, city and year effects, errors by city; loops of {LOOPED} draws, scaled")
    heads = ("s/10,000", "CPU s", "ratio", "CPU ratio", "max diff b", "max rel diff se")
    print(f"{'':20}" + "".join(f"{head:>16}" for head in heads))
    for name, (b, se) in found.items():
        seconds, used = (value * DRAWS for value in each[name])
        ratios = [value / own for value, own in zip(each[name], each["ours"], strict=True)]
        n = min(len(b), LOOPED)
        apart = np.abs(b[:n] - found["ours"][0][:n]).max(), np.abs(se[:n] / found["ours"][1][:n] - 1).max()
        print(f"{name:20}{seconds:16.3f}{used:16.3f}{ratios[0]:16.1f}{ratios[1]:16.1f}{apart[0]:16.1e}{apart[1]:16.1e}")


if __name__ == "__main__":
    main()
