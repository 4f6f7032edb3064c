"""One two-way model with clustered errors at the paper's size: our kernel beside linearmodels and pyfixest.

Rounds are interleaved so that a busy machine slows all alike; one BLAS thread each.
Run: python benchmarks/estimation.py
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

from resilience_pipeline.econometrics.absorption import compact
from resilience_pipeline.econometrics.kernel import fit_arrays

CITIES, YEARS, ROWS, CONTROLS, ROUNDS, REPEATS = 281, 11, 3085, 6, 4, 10


def draw(seed: int = 0) -> pd.DataFrame:
    """281 cities, 2012-2022, six rows lost, a fifth of cities treated from 2018."""
    rng = np.random.default_rng(seed)
    city, year = np.repeat(np.arange(CITIES), YEARS), 2012 + np.tile(np.arange(YEARS), CITIES)
    frame = pd.DataFrame({"city": city, "year": year, "did": ((city < 45) & (year >= 2018)).astype(float)})
    for position in range(CONTROLS):
        frame[f"x{position}"] = rng.normal(size=len(frame)) + city / 100
    frame["y"] = 0.5 * frame["did"] + frame["x0"] + city / 50 + rng.normal(size=len(frame))
    return frame.iloc[np.sort(rng.permutation(len(frame))[:ROWS])].reset_index(drop=True)


def contenders(frame: pd.DataFrame) -> dict[str, Callable[[], tuple[float, float]]]:
    names = ["did", *(f"x{position}" for position in range(CONTROLS))]
    city, year = compact(frame["city"].to_numpy()), compact(frame["year"].to_numpy())
    y, X = frame["y"].to_numpy(), np.ascontiguousarray(frame[names].to_numpy())
    indexed = frame.set_index(["city", "year"])
    parameters = (ROWS - CONTROLS - 1 - CITIES - YEARS + 1) / (ROWS - CONTROLS - 1 - YEARS)

    def kernel() -> tuple[float, float]:
        fit = fit_arrays(y, X, effects=(city, year), clusters=(city,))
        return fit.coefficients[0], fit.std_errors[0]

    def linearmodels() -> tuple[float, float]:
        model = PanelOLS(indexed["y"], indexed[names], entity_effects=True, time_effects=True)
        fit = model.fit(cov_type="clustered", cluster_entity=True, group_debias=True)
        return fit.params["did"], fit.std_errors["did"] * np.sqrt(parameters)

    def pyfixest() -> tuple[float, float]:
        fit = pf.feols(f"y ~ {' + '.join(names)} | city + year", frame, vcov={"CRV1": "city"})
        return fit.coef()["did"], fit.se()["did"]

    return {"kernel": kernel, "linearmodels": linearmodels, "pyfixest": pyfixest}


def main() -> None:
    warnings.simplefilter("ignore")
    runs = contenders(draw())
    numbers = {name: run() for name, run in runs.items()}
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(ROUNDS):
        for name, run in runs.items():
            for _ in range(REPEATS):
                start = time.perf_counter()
                run()
                seconds[name].append(time.perf_counter() - start)
    base = statistics.median(seconds["kernel"])
    print(f"{ROWS} rows, {CONTROLS + 1} regressors, city and year effects, errors clustered by city, 1 BLAS thread")
    print(f"{'engine':14}{'median ms':>10}{'ratio':>8}{'did':>12}{'std. error':>12}")
    for name, (b, se) in numbers.items():
        median = statistics.median(seconds[name])
        print(f"{name:14}{median * 1e3:10.2f}{median / base:8.1f}{b:12.8f}{se:12.8f}")


if __name__ == "__main__":
    main()
