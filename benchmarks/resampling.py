"""Re-sampling at the paper's size: the table of moments beside loops of our kernel and of pyfixest.

Loops are timed on the first draws and scaled to the number of draws; the coefficients of these draws are compared.
Seconds are the process's own (CPU), one thread for every library, so that other work on the machine does not count;
rounds are interleaved all the same.
Run: python benchmarks/resampling.py
"""

import os

os.environ.update(dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1"))
os.environ.update(dict.fromkeys(("RAYON_NUM_THREADS", "POLARS_MAX_THREADS"), "1"))

import resource
import statistics
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl
import pyfixest as pf

from resilience_pipeline.econometrics.absorption import compact
from resilience_pipeline.econometrics.differences import Split, sides_of
from resilience_pipeline.econometrics.kernel import fit_arrays
from resilience_pipeline.econometrics.mediation import bootstrapped, system_of
from resilience_pipeline.econometrics.moments import moment_table
from resilience_pipeline.econometrics.permutation import permuted
from resilience_pipeline.econometrics.resampling import bootstrap, jackknife
from resilience_pipeline.econometrics.specification import Specification

CITIES, YEARS, ROWS, CONTROLS, ROUNDS, DRAWS, LOOP = 281, 11, 3085, 6, 3, 9_999, 20
NAMES = ("did", *(f"x{position}" for position in range(CONTROLS)))


@dataclass(frozen=True)
class Task:
    """samples : how many the task has. equations : fits for each sample.

    table : all coefficients from the table of moments. loops : engine -> coefficients of the first `LOOP` samples.
    """

    name: str
    samples: int
    equations: int
    table: Callable[[], np.ndarray]
    loops: dict[str, Callable[[], np.ndarray]]


def draw(seed: int = 0) -> pl.DataFrame:
    """281 cities, 2012-2022, six rows lost, a fifth treated from 2018, two flags: one by city, one by city and year."""
    rng = np.random.default_rng(seed)
    city, year = np.repeat(np.arange(CITIES), YEARS), 2012 + np.tile(np.arange(YEARS), CITIES)
    columns = {"city": city, "year": year, "did": ((city % 6 == 0) & (year >= 2018)).astype(float)}
    columns |= {f"x{position}": rng.normal(size=city.size) + city / 100 for position in range(CONTROLS)}
    columns["m"] = 0.4 * columns["did"] + rng.normal(size=city.size)
    columns["y"] = 0.5 * columns["did"] + 0.3 * columns["m"] + columns["x0"] + city / 50 + rng.normal(size=city.size)
    columns["fixed"] = (city % 5 < 2).astype(float)
    columns["changing"] = rng.integers(0, 2, city.size).astype(float)
    return pl.DataFrame(columns)[np.sort(rng.permutation(city.size)[:ROWS])]


def kernel_fit(rows: pl.DataFrame, outcome: str, names: tuple[str, ...]) -> np.ndarray:
    """Coefficients by our QR kernel, errors clustered."""
    city, year = (compact(rows[name].to_numpy()) for name in ("city", "year"))
    fit = fit_arrays(rows[outcome].to_numpy(), rows.select(names).to_numpy(), effects=(city, year), clusters=(city,))
    return fit.coefficients[: len(names)]


def pyfixest_fit(rows: pl.DataFrame, outcome: str, names: tuple[str, ...]) -> np.ndarray:
    """Coefficients by pyfixest, errors clustered."""
    fit = pf.feols(f"{outcome} ~ {' + '.join(names)} | city + year", rows.to_pandas(), vcov={"CRV1": "city"})
    return fit.coef()[list(names)].to_numpy()


ENGINES = {"kernel": kernel_fit, "pyfixest": pyfixest_fit}


def drawn_rows(frame: pl.DataFrame, samples: int) -> list[pl.DataFrame]:
    """The first bootstrap samples as rows, each copy of a city a city of its own."""
    by_city = [frame.filter(pl.col("city") == city) for city in range(CITIES)]
    cities = np.random.default_rng(1).integers(0, CITIES, (samples, CITIES))
    return [
        pl.concat([by_city[c].with_columns(city=pl.lit(place, pl.Int64)) for place, c in enumerate(drawn)])
        for drawn in cities
    ]


def relabelled(frame: pl.DataFrame, flag: str, samples: int) -> list[pl.DataFrame]:
    """The first permutations as rows: each city takes another city's flag of every year."""
    grid = np.full((CITIES, YEARS), -1, dtype=np.int8)
    at = frame["city"].to_numpy(), frame["year"].to_numpy() - 2012
    grid[at] = frame[flag].to_numpy()
    paths, path_of = np.unique(grid, axis=0, return_inverse=True)
    dealt = np.random.default_rng(1).permuted(np.tile(path_of.ravel(), (DRAWS, 1)), axis=1)[:samples]
    return [frame.with_columns(pl.Series(flag, paths[given][at].astype(float))) for given in dealt]


def tasks(frame: pl.DataFrame) -> list[Task]:
    city, year = (compact(frame[name].to_numpy()) for name in ("city", "year"))
    spec = Specification("y", "y", "did", NAMES[1:], ("city", "year"), cluster=("city",), unit="city", time="year")

    def table():
        return moment_table(
            {name: frame[name].to_numpy() for name in ("y", *NAMES)}, clusters=city, effects=(city, year)
        )

    def loop(fit, samples, *equations):
        return lambda: np.array([[fit(rows, *equation)[0] for equation in equations] for rows in samples])

    def permutation_task(flag: str) -> Task:
        halves = Split(*(Specification(**{**vars(spec), "where": f"{flag} = {side}"}) for side in (0, 1)), frame)
        samples = [rows.filter(pl.col(flag) == side) for rows in relabelled(frame, flag, LOOP) for side in (0, 1)]
        return Task(
            f"permutation, {flag} groups",
            DRAWS,
            2,
            lambda: permuted(halves, sides_of(halves), DRAWS, 1).select("first", "second").to_numpy(),
            {n: (lambda fit=fit: loop(fit, samples, ("y", NAMES))().reshape(-1, 2)) for n, fit in ENGINES.items()},
        )

    left_out = [frame.filter(pl.col("city") != c) for c in range(LOOP)]
    resampled = drawn_rows(frame, LOOP)
    equations = (("y", NAMES), ("m", NAMES), ("y", (*NAMES, "m")))
    return [
        Task(
            "leaving each city out, CV3",
            CITIES,
            1,
            lambda: jackknife(table(), "y", NAMES).coefficients[:, :1],
            {n: loop(fit, left_out, ("y", NAMES)) for n, fit in ENGINES.items()},
        ),
        Task(
            "bootstrap of cities",
            DRAWS,
            1,
            lambda: bootstrap(table(), np.random.default_rng(1), DRAWS).coefficients("y", NAMES)[:, :1],
            {n: loop(fit, resampled, ("y", NAMES)) for n, fit in ENGINES.items()},
        ),
        Task(
            "bootstrap of a mediation",
            DRAWS,
            3,
            lambda: bootstrapped(system_of(spec, ("m",), frame), DRAWS, 1).select("total", "a", "direct").to_numpy(),
            {n: loop(fit, resampled, *equations) for n, fit in ENGINES.items()},
        ),
        permutation_task("fixed"),
        permutation_task("changing"),
    ]


def main() -> None:
    warnings.simplefilter("ignore")
    found = tasks(draw())
    print(
        f"{ROWS} rows, {CONTROLS + 1} regressors, city and year effects; loops on {LOOP} draws; 1 thread, CPU seconds"
    )
    headings = ("fits", "table s", "kernel s", "pyfixest s", "x kernel", "x pyfixest", "largest |db|")
    print(f"{'task':30}" + "".join(f"{heading:>14}" for heading in headings))
    for task in found:
        ours = task.table()[:LOOP]
        apart = max(np.abs(ours - run()).max() for run in task.loops.values())  # also warms every engine
        seconds: dict[str, list[float]] = {name: [] for name in ("table", *task.loops)}
        for _ in range(ROUNDS):
            for name, run in (("table", task.table), *task.loops.items()):
                start = time.process_time()
                run()
                seconds[name].append(time.process_time() - start)
        table = statistics.median(seconds["table"])
        kernel, pyfixest = (statistics.median(seconds[name]) / LOOP * task.samples for name in task.loops)
        figures = (
            f"{table:.3f}",
            f"{kernel:.1f}",
            f"{pyfixest:.1f}",
            f"{kernel / table:.0f}",
            f"{pyfixest / table:.0f}",
        )
        cells = (f"{task.samples * task.equations:,}", *figures, f"{apart:.1e}")
        print(f"{task.name:30}" + "".join(f"{cell:>14}" for cell in cells))
    print(f"peak memory of the process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")


if __name__ == "__main__":
    main()
