"""Inference at the paper's size, ours beside the libraries': CV3, the wild bootstrap, randomisation, spatial errors.

Loops are timed on a few draws and scaled; wildboottest, which compiles first, is warmed. Seconds are the process's own
(CPU), one thread for every library; rounds are interleaved. wildboottest is no dependency: it is left out where it is
not installed, and numba, which it needs, must not find our coverage.py: hence -P.
Run: python -P benchmarks/inference.py
"""

import os

os.environ.update(dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1"))
os.environ.update(dict.fromkeys(("RAYON_NUM_THREADS", "POLARS_MAX_THREADS", "NUMBA_NUM_THREADS"), "1"))

import importlib.util
import statistics
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
import pyfixest as pf

from resilience_pipeline.econometrics.estimation import estimate
from resilience_pipeline.econometrics.model import model_of
from resilience_pipeline.econometrics.printed_errors import cluster_table
from resilience_pipeline.econometrics.randomisation_inference import randomisation_inference
from resilience_pipeline.econometrics.resampling import jackknife
from resilience_pipeline.econometrics.specification import Specification
from resilience_pipeline.econometrics.wild import wild_bootstrap

CITIES, YEARS, ROWS, CONTROLS, TREATED, ROUNDS, LOOP = 281, 11, 3085, 6, 45, 3, 20
NAMES = tuple(f"x{position}" for position in range(CONTROLS))
SPEC = Specification(
    "y", "y", "did", NAMES, ("city", "year"), cluster=("city",), unit="city", time="year", singletons="keep"
)


@dataclass(frozen=True)
class Task:
    """samples : draws or refits that it takes. ours, theirs : run it; each gives the number that is compared.

    counted : how many of the samples a run of theirs takes.
    """

    name: str
    samples: int
    ours: Callable[[], float]
    theirs: dict[str, tuple[Callable[[], float], int]]


def draw() -> pl.DataFrame:
    """281 cities, 2012-2022, six rows lost, 45 treated from 2018, AR(1) errors; each city has a place."""
    rng = np.random.default_rng(0)
    city, year = np.repeat(np.arange(CITIES), YEARS), 2012 + np.tile(np.arange(YEARS), CITIES)
    columns = {"city": city, "year": year, "did": ((city < TREATED) & (year >= 2018)).astype(float)}
    columns |= {name: rng.normal(size=city.size) + city / 100 for name in NAMES}
    shocks = rng.normal(size=(CITIES, YEARS))
    for place in range(1, YEARS):
        shocks[:, place] += 0.6 * shocks[:, place - 1]
    columns["y"] = 0.3 * columns["did"] + columns["x0"] + city / 50 + shocks.ravel()
    columns["latitude"], columns["longitude"] = 22 + 20 * rng.random(CITIES)[city], 100 + 25 * rng.random(CITIES)[city]
    return pl.DataFrame(columns)[np.sort(rng.permutation(city.size)[:ROWS])]


def tasks(frame: pl.DataFrame) -> list[Task]:
    rows = frame.to_pandas()
    formula = f"y ~ did + {' + '.join(NAMES)} | city + year"
    terms = ("did", *NAMES)

    def wild(draws: int) -> float:
        table = cluster_table(model_of(SPEC, frame))
        fit = table.fit("y", terms)
        test = wild_bootstrap(table, fit, "y", terms, ("did",), draws=draws, rng=np.random.default_rng(1))["did"]
        test.interval()
        return test.p_value()

    def cv3() -> float:
        table = cluster_table(model_of(SPEC, frame))
        table.fit("y", terms)
        return float(jackknife(table, "y", terms).std_errors[0])

    def randomised() -> float:
        found = randomisation_inference(SPEC, frame, draws=100_000, rng=np.random.default_rng(1))
        found.studentised.interval()
        return found.studentised.p_value()

    def fakes() -> float:
        rng = np.random.default_rng(1)
        for _ in range(LOOP):
            chosen = rng.choice(CITIES, TREATED, replace=False)
            rows["did"] = np.where(rows["city"].isin(chosen) & (rows["year"] >= 2018), 1.0, 0.0)
            pf.feols(formula, rows, vcov={"CRV1": "city"}).tstat()
        rows["did"] = frame["did"].to_numpy()
        return np.nan

    def left_out() -> float:
        for city in range(LOOP):
            pf.feols(formula, rows[rows["city"] != city], vcov="iid")
        return np.nan

    def refits() -> float:
        """What a user of pyfixest without wildboottest would loop: a fit of each bootstrap outcome."""
        rng, true = np.random.default_rng(1), rows["y"].to_numpy()
        residual = pf.feols(f"y ~ {' + '.join(NAMES)} | city + year", rows).resid()
        for _ in range(LOOP):
            signs = rng.choice([-1.0, 1.0], CITIES)[rows["city"].to_numpy()]
            rows["y"] = true - residual + signs * residual
            pf.feols(formula, rows, vcov={"CRV1": "city"}).tstat()
        rows["y"] = true
        return np.nan

    def package(draws: int) -> float:
        fit = pf.feols(formula, rows, vcov={"CRV1": "city"})
        return float(fit.wildboottest(param="did", reps=draws, seed=1)["Pr(>|t|)"])

    def spatial() -> float:
        near = replace(SPEC, vcov="conley:200", latitude="latitude", longitude="longitude")
        return estimate(near, frame, engines=("kernel",)).terms[0].std_error

    def wild_task(draws: int) -> Task:
        loops = {"pyfixest loop": (refits, LOOP)}
        if importlib.util.find_spec("wildboottest"):
            loops["wildboottest"] = (lambda: package(draws), draws)
        return Task(f"wild bootstrap, {draws:,} draws", draws, lambda: wild(draws), loops)

    return [
        Task("CV3, 281 cities left out", CITIES, cv3, {"pyfixest loop": (left_out, LOOP)}),
        wild_task(9_999),
        wild_task(99_999),
        Task("randomisation, 100,000 draws", 100_000, randomised, {"pyfixest loop": (fakes, LOOP)}),
        Task("spatial errors, 200 km", 1, spatial, {}),
    ]


def main() -> None:
    warnings.simplefilter("ignore")
    print(
        f"{ROWS} rows, {CONTROLS + 1} regressors, city and year effects; 1 thread, CPU seconds; loops on {LOOP} draws"
    )
    print("ours: the specification's sample, its fit, the check against the kernel, the draws, p value and interval")
    print(f"{'task':32}{'ours s':>10}{'ours gives':>12}   others: seconds, ratio, what they give")
    for task in tasks(draw()):
        runs = {"ours": task.ours} | {name: run for name, (run, _) in task.theirs.items()}
        gives = {name: run() for name, run in runs.items()}  # also warms every library
        seconds: dict[str, list[float]] = {name: [] for name in runs}
        for _ in range(ROUNDS):
            for name, run in runs.items():
                start = time.process_time()
                run()
                seconds[name].append(time.process_time() - start)
        own = statistics.median(seconds["ours"])
        others = []
        for name, (_, counted) in task.theirs.items():
            whole = statistics.median(seconds[name]) / counted * task.samples
            value = "" if np.isnan(gives[name]) else f", {gives[name]:.5f}"
            others.append(f"{name} {whole:,.1f} s, {whole / own:,.0f}x{value}")
        print(f"{task.name:32}{own:>10.3f}{gives['ours']:>12.5f}   {'; '.join(others)}")


if __name__ == "__main__":
    main()
