"""Does Table 4 column 3 find what the twin plants? Coverage of the 95 % interval and size of the 5 % test.

Twins are drawn in memory and go through the very steps of the pipeline (grid, indices, panel) and its kernel. Printed
for the default options and for variations that tell apart what winsorising and re-estimated weights do.

Run: python benchmarks/coverage.py [twins]
"""

import os

os.environ.update(dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "POLARS_MAX_THREADS"), "1"))

import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import numpy as np

from resilience_pipeline.econometrics.estimation import estimate
from resilience_pipeline.options import Options
from resilience_pipeline.panel.analysis import analysis_frame, analysis_tables
from resilience_pipeline.panel.chain import panel_frames
from resilience_pipeline.study.columns import specification_columns, specification_under
from resilience_pipeline.study.load import find_studies
from resilience_pipeline.twin import draw, frames
from resilience_pipeline.twin.truth import effects

RESULT = "table_4.3"
FIRST_SEED = 5_000_000  # seeds that the twin was not calibrated on
SETTINGS = {"default": {}, "not winsorised": {"winsorise": "none"}}


@dataclass(frozen=True)
class Draw:
    """One twin's estimate beside its truth."""

    estimate: float
    std_error: float
    covered: bool
    rejected: bool
    truth: float  # planted effect under the untreated twin's weights
    own_weights: float  # under the weights that the treated twin itself gives, as the pipeline estimates them


def one(seed: int, effect: float, settings: dict[str, str]) -> Draw:
    """Draw a twin, run the pipeline's steps on it in memory, compare."""
    study = next(study for study in find_studies() if study.name == "trade_resilience")
    options = Options.of(settings)
    specification = specification_under(study, study.specification(RESULT), options)
    economy = draw(seed, effect=effect)
    wanted = analysis_tables(study, specification)
    tables = panel_frames(study, frames(economy), options, wanted=wanted)
    panel = {key: tables[key] for key in wanted}
    result = estimate(specification, analysis_frame(panel, specification_columns(specification)), engines=("kernel",))
    did = next(term for term in result.terms if term.term == "did")
    true = effects(economy)
    truth = true["controls_held"]["CTRI"]
    return Draw(
        did.estimate,
        did.std_error,
        did.ci_low <= truth <= did.ci_high,
        did.p_value < 0.05,
        truth,
        true["treated_weights"]["CTRI"],
    )


def run(twins: int, effect: float, settings: dict[str, str]) -> list[Draw]:
    """`twins` independent twins, two processes."""
    with ProcessPoolExecutor(max_workers=2) as pool:
        seeds = range(FIRST_SEED, FIRST_SEED + twins)
        return list(pool.map(one, seeds, [effect] * twins, [settings] * twins, chunksize=10))


def lines(twins: int) -> Iterator[str]:
    """The report, a line at a time."""
    yield f"{twins} synthetic twins, 285 cities, 45 treated of 281, Table 4 column 3, errors clustered by city"
    heads = f"{'effect':>7} {'truth':>7} {'mean did':>9} {'sd':>6} {'mean se':>8} {'cover':>6} {'reject':>7}"
    yield f"{'options':>16} {heads}"
    for name, settings in SETTINGS.items():
        for effect in (0.656, 0.0):
            draws = run(twins, effect, settings)
            estimates = np.array([d.estimate for d in draws])
            truth = np.mean([d.truth for d in draws])
            yield (
                f"{name:>16} {effect:7.3f} {truth:7.3f} {estimates.mean():9.3f} {estimates.std(ddof=1):6.3f} "
                f"{np.mean([d.std_error for d in draws]):8.3f} {np.mean([d.covered for d in draws]):6.1%} "
                f"{np.mean([d.rejected for d in draws]):7.1%}"
            )
            if effect:
                own = np.mean([d.own_weights for d in draws])
                yield f"{'':>16} re-estimated weights move the estimand by {own - truth:+.4f} to {own:.4f}"


if __name__ == "__main__":
    for line in lines(int(sys.argv[1]) if len(sys.argv) > 1 else 500):
        print(line, flush=True)
