"""Which of the paper's findings does the pipeline find on twins where they are planted, and where they are not?

Twins are drawn in memory and go through the very steps of the pipeline (grid, indices, panel), its kernel and its tests
of differences and of channels. Four plans: everything planted; no effect; the same effect in all groups; nothing
through mediators. Printed for each quantity: the truth, the estimate's mean and spread over twins, its mean error, how
often the 95 % interval covers the truth, how often the sign is right, how often a 5 % test rejects zero. Where the
truth is zero that share should be 5 %; with 500 twins its own error is 1 %.

A regression with interactions has city effects that both groups share, so where cities change groups it does not find
the columns' difference; its truth is its own.

Run: python benchmarks/findings.py [twins] [plan ...]
"""

import os

os.environ.update(dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "POLARS_MAX_THREADS"), "1"))

import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache

import numpy as np
import polars as pl

from resilience_pipeline.econometrics.differences import Split, interaction, sides_of, stacked
from resilience_pipeline.econometrics.estimation import estimate
from resilience_pipeline.econometrics.mediation import bootstrapped, system_of
from resilience_pipeline.econometrics.mediation_rows import PERCENTILE, SOBEL, mediation_rows
from resilience_pipeline.econometrics.permutation import permutation, permuted
from resilience_pipeline.econometrics.specification import Specification
from resilience_pipeline.options import Options
from resilience_pipeline.panel.analysis import analysis_frame, analysis_tables
from resilience_pipeline.panel.chain import panel_frames
from resilience_pipeline.step import TableKey
from resilience_pipeline.study.columns import specification_columns, specification_under
from resilience_pipeline.study.load import find_studies
from resilience_pipeline.study.study import Study
from resilience_pipeline.twin import Draw, draw, estimands, frames

FIRST_SEED = 6_000_000  # seeds that no test and no calibration uses
PLANS: dict[str, dict[str, float]] = {
    "planted": {},
    "no effect": {"effect": 0.0},
    "same in all groups": {"heterogeneity": 0.0},
    "no mediation": {"mediation": 0.0},
}
TABLES = ("table_4", "table_5", "table_6", "table_7", "table_8", "table_9", "resource_allocation", "figure_1")
#: Two columns whose difference is tested.
SPLITS = {
    "digital policy": ("table_6.1", "table_6.2"),
    "IP protection": ("table_7.1", "table_7.2"),
    "not resource-based": ("table_8.1", "table_8.2"),
}
#: Draws of permutations and bootstraps: fewer than a paper's, and enough for a share over many twins.
DRAWS = 499
LEVEL = 0.05
#: Compare pilots with smaller cities; no truth.
NOT_IDENTIFIED = ("table_4.1", "table_4.2")


@dataclass(frozen=True)
class Found:
    """One quantity on one twin; None where a method gives none."""

    truth: float
    estimate: float
    std_error: float | None
    low: float | None
    high: float | None
    rejected: bool


@cache
def study() -> Study:
    """The paper's study."""
    return next(study for study in find_studies() if study.name == "trade_resilience")


@cache
def specifications() -> dict[str, Specification]:
    """Columns of `TABLES` by name, under the default options."""
    columns = [column for table in study().tables if table.name in TABLES for column in table.columns]
    return {c.name: specification_under(study(), c, Options()) for c in columns if c.name not in NOT_IDENTIFIED}


@cache
def wanted() -> tuple[TableKey, ...]:
    """Panel tables that the columns read."""
    return tuple(dict.fromkeys(key for spec in specifications().values() for key in analysis_tables(study(), spec)))


def one(seed: int, plan: dict[str, float]) -> dict[str, Found]:
    """Draw a twin, run the pipeline's steps on it in memory, estimate every column, test differences and channels."""
    economy = draw(seed, **plan)  # type: ignore[arg-type]
    truth = {n: v for n, v in estimands.results(economy, estimands.differences(economy)).items() if v is not None}
    tables = panel_frames(study(), frames(economy), Options(), wanted=wanted())
    columns = tuple(dict.fromkeys(name for spec in specifications().values() for name in specification_columns(spec)))
    frame = analysis_frame({key: tables[key] for key in wanted()}, columns)
    truth |= interaction_truths(economy)
    return coefficients(frame, truth) | differences(frame, truth) | channels(frame, truth)


def interaction_truths(economy: Draw) -> dict[str, float]:
    """What one regression with interactions would find without noise, by split."""
    outcome = estimands.differences(economy).outcome
    return {
        f"interaction by {name}": estimands.interaction_coefficient(economy, outcome, flag)
        for name, flag in zip(SPLITS, economy.moderators.flags, strict=True)
    }


def coefficients(frame: pl.DataFrame, truth: dict[str, float]) -> dict[str, Found]:
    """Treatment, mediators and years; controls only of Table 4 column 3."""
    found = {}
    for name, spec in specifications().items():
        result = estimate(spec, frame, engines=("kernel",))
        for term in result.terms:
            key = f"{name}.{term.term}"
            if key in truth and (name == "table_4.3" or term.term not in estimands.CONTROLS):
                found[key] = Found(
                    truth[key], term.estimate, term.std_error, term.ci_low, term.ci_high, term.p_value < LEVEL
                )
    return found


def differences(frame: pl.DataFrame, truth: dict[str, float]) -> dict[str, Found]:
    """Second less first column: stacked scores, one regression with interactions, permutation of cities' groups."""
    found = {}
    for name, (first, second) in SPLITS.items():
        specs = specifications()
        split = Split(specs[first], specs[second], frame)
        sides = sides_of(split)
        true = truth[f"{second}.did"] - truth[f"{first}.did"]
        dealt = permutation(split, sides, permuted(split, sides, DRAWS, seed=0), seed=0)
        own = truth[f"interaction by {name}"]
        for method, row, its in (("scores", stacked(split, sides), true), ("interaction", interaction(split), own)):
            found[f"difference by {name}, {method}"] = Found(
                its, row.estimate or 0.0, row.std_error, row.ci_low, row.ci_high, (row.p_value or 1.0) < LEVEL
            )
        found[f"difference by {name}, permutation"] = Found(
            true, sides.difference, None, None, None, (dealt.p_value or 1.0) < LEVEL
        )
    return found


def channels(frame: pl.DataFrame, truth: dict[str, float]) -> dict[str, Found]:
    """a * b of each mediator alone, by Sobel's error and by the bootstrap; the direct effect beside all three."""
    found = {}
    base = specifications()["table_4.3"]
    for name, (first, second) in estimands.MEDIATIONS.items():
        true = truth[f"{first}.did"] * truth[f"{second}.{name}"]
        system = system_of(base, (name,), frame)
        rows = {(row.method, row.statistic): row for row in mediation_rows(system, bootstrapped(system, DRAWS, 0), 0)}
        for method in (SOBEL, PERCENTILE):
            row = rows[method, "indirect"]
            low, high = row.ci_low or 0.0, row.ci_high or 0.0
            found[f"a*b {name}, {method.split(' ')[0].strip(',')}"] = Found(
                true, row.estimate or 0.0, row.std_error, low, high, not low <= 0 <= high
            )
    return found


def run(twins: int, plan: dict[str, float]) -> list[dict[str, Found]]:
    """`twins` independent twins, two processes."""
    with ProcessPoolExecutor(max_workers=2) as pool:
        seeds = range(FIRST_SEED, FIRST_SEED + twins)
        return list(pool.map(one, seeds, [plan] * twins, chunksize=5))


def lines(twins: int, plans: list[str]) -> Iterator[str]:
    """The report, a line at a time."""
    yield f"{twins} synthetic twins, 285 cities, 45 treated of 281, errors clustered by city; default options"
    for plan in plans:
        found = run(twins, PLANS[plan])
        heads = f"{'truth':>8} {'mean':>8} {'sd':>7} {'mean se':>7} {'cover':>6} {'sign':>6} {'reject':>7}"
        yield f"\n{plan:<64} {heads}"
        for name in found[0]:
            yield _line(name, [twin[name] for twin in found if name in twin])


def _line(name: str, rows: list[Found]) -> str:
    truth, values = np.array([row.truth for row in rows]), np.array([row.estimate for row in rows])
    errors = [row.std_error for row in rows if row.std_error is not None]
    covered = [row.low <= row.truth <= row.high for row in rows if row.low is not None and row.high is not None]
    planted = np.abs(truth).mean() > 0.01 * values.std()  # what re-estimated weights leave of no difference is none
    sign = f"{np.mean(np.sign(values) == np.sign(truth)):6.1%}" if planted else f"{'-':>6}"
    return (
        f"{name:<64} {truth.mean():8.4f} {values.mean():8.4f} {values.std(ddof=1):7.4f} "
        f"{np.mean(errors) if errors else np.nan:7.4f} {np.mean(covered) if covered else np.nan:6.1%} {sign} "
        f"{np.mean([row.rejected for row in rows]):7.1%}"
    )


if __name__ == "__main__":
    chosen = [name for name in PLANS if name.replace(" ", "-") in sys.argv[2:]] or list(PLANS)
    for line in lines(int(sys.argv[1]) if len(sys.argv) > 1 else 500, chosen):
        print(line, flush=True)
