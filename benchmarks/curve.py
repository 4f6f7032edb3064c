"""The specification curve of the paper's headline at its full size: all at once beside one estimation after the other.

The twin in memory stands for the data. The loop gives every option set its panel through the same steps, once, and then
estimates specifications one by one (our kernel); it is timed on `LOOPED` of them and scaled, the panels' own time
counted in full for both. Estimates are compared. Seconds are the process's own (CPU), one thread for every library.
Run: python benchmarks/curve.py
"""

import os

os.environ.update(dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1"))
os.environ.update(dict.fromkeys(("RAYON_NUM_THREADS", "POLARS_MAX_THREADS"), "1"))

import time
from dataclasses import replace

import numpy as np
import polars as pl

from resilience_pipeline.econometrics.estimation import estimate
from resilience_pipeline.options import Options
from resilience_pipeline.panel.chain import panel_frames
from resilience_pipeline.step import Inputs
from resilience_pipeline.study.curve import combined
from resilience_pipeline.study.kind import estimate_key
from resilience_pipeline.study.kinds import curve
from resilience_pipeline.study.load import find_studies
from resilience_pipeline.study.steps import steps
from resilience_pipeline.twin import draw, frames

SEED, LOOPED = 7_000_001, 200


def main() -> None:
    """Print seconds, the scaled loop's, and how far the two are apart."""
    (study,) = [replace(study, reads="staging") for study in find_studies() if study.name == "trade_resilience"]
    table, options = study.table("figure_4"), Options()
    made = {step.key: step for step in steps(study)}
    column = study.specification(curve.settings_of(table).of)
    keys = (estimate_key(column), curve.rows_key(table), curve.permuted_key(table))
    tables = dict(frames(draw(SEED)))
    wanted = {key for name in keys for key in made[name].inputs if key[0] not in ("staging", "estimates")}
    tables |= panel_frames(study, tables, options, wanted)
    seconds = {}
    for key in keys:
        begun = time.process_time()
        inputs = Inputs({name: tables[name] for name in made[key].inputs}, synthetic=True)
        tables[key] = made[key].compute(inputs, options).table
        seconds[key[-1]] = time.process_time() - begun
    rows = tables[curve.rows_key(table)]

    plan = curve._plan(study, column, curve.settings_of(table).dimensions)
    inputs = Inputs({name: tables[name] for name in made[keys[1]].inputs}, synthetic=True)
    begun = time.process_time()
    panels = curve._panels(plan, inputs, options, combined(plan.of_options))
    panel_seconds = time.process_time() - begun
    specifications = [curve._specification(plan, choices, options) for choices in combined(plan.of_column)]
    chosen = np.random.default_rng(1).choice(rows.height, LOOPED, replace=False)
    order = curve._in_order(plan.dimensions, np.arange(rows.height).reshape(len(panels), -1))
    begun, apart = time.process_time(), 0.0
    for place in chosen.tolist():
        panel, specification = divmod(int(order[place]), len(specifications))
        found = estimate(specifications[specification], pl.DataFrame(panels[panel]), engines=("kernel",)).terms[0]
        apart = max(apart, abs(found.t - rows["t"][place]) / max(1.0, abs(found.t)))
    loop = panel_seconds + (time.process_time() - begun) / LOOPED * rows.height
    print(f"{rows.height:,} specifications, {len(panels)} panels")
    print(f"all at once      {seconds['specifications']:8.1f} s, panels {panel_seconds:.1f} s of it")
    print(f"one by one       {loop:8.1f} s, scaled from {LOOPED}; {loop / seconds['specifications']:.0f} times as long")
    print(f"largest relative difference of t: {apart:.1e}")
    print(f"joint test       {seconds['permuted']:8.1f} s for {options['curve_draws']} deals")


if __name__ == "__main__":
    main()
