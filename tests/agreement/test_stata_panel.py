"""The stored Stata results that linearmodels tests itself with: 36 of the 51 models are within this core's reach.

Pooled (`regress`) and fixed effects (`xtreg, fe`), each with conventional, robust and clustered errors, with and
without analytic weights, on complete data and with few and many rows missing. The 15 between and random effects
models are other estimators. `xtreg, fe vce(robust)` is clustered by the unit.
"""

import re
from pathlib import Path

import pandas as pd
import polars as pl
import pytest

from resilience_pipeline.econometrics.estimation import estimate
from resilience_pipeline.econometrics.specification import Specification

PRINTED_DIGITS = 1e-9  # results are stored with 11 to 12 digits
MODELS = [
    (model, errors, weighted, rows)
    for model in ("pooled", "fixed_effect")
    for errors in ("conventional", "robust", "cluster")
    for weighted in ("", "weighted")
    for rows in ("", "_light", "_heavy")
]


def stored(path: Path) -> dict[str, dict[str, list[float]]]:
    """Results by model: name of a term or a statistic -> its values (for terms: coefficient, t, p)."""
    models: dict[str, dict[str, list[float]]] = {}
    for title, body in re.findall(r"#+!(.+?)!#+\n(.*?)\*{5,} Variance", path.read_text(), re.DOTALL):
        entries: dict[str, list[float]] = {}
        name = ""
        for line in body.splitlines():
            head, _, value = line.partition("\t")
            name = head or name
            if re.fullmatch(r"-?\d*\.?\d+(e[+-]?\d+)?", value):
                entries.setdefault(name, []).append(float(value))
        models[title] = entries
    return models


def test_the_models_in_reach_are_36() -> None:
    assert len(MODELS) == 36


@pytest.mark.real_data
@pytest.mark.parametrize("engine", ["linearmodels", "kernel"])
@pytest.mark.parametrize(("model", "errors", "weighted", "rows"), MODELS)
def test_stata_prints_the_same(real_data: Path, model: str, errors: str, weighted: str, rows: str, engine: str) -> None:
    folder = real_data / "validation"
    frame = pl.from_pandas(pd.read_stata(folder / "linearmodels_simulated_panel.dta"))
    printed = stored(folder / "linearmodels_stata_results.txt")[f"{model}-{errors}-{weighted}-{rows}"]
    fixed = model == "fixed_effect"
    clustered = errors == "cluster" or (fixed and errors == "robust")
    spec = Specification(
        "stata",
        f"y{rows}",
        None,
        tuple(f"x{i}{rows}" for i in range(1, 6)),
        absorb=("firm",) if fixed else (),
        weights="w" if weighted else None,
        vcov="cluster" if clustered else "hc1" if errors == "robust" else "iid",
        cluster=("firm",) if clustered else (),
        ssc="xtreg",
        singletons="keep",
        unit="firm",
    )
    result = estimate(spec, frame, engines=(engine,))
    assert result.n_obs == printed["N"][0]
    assert result.dof == printed["df_r"][0]
    if fixed:
        assert result.r2_within_entity == pytest.approx(printed["r2_w"][0], rel=PRINTED_DIGITS)
    else:
        assert result.r2_overall == pytest.approx(printed["r2"][0], rel=PRINTED_DIGITS)
    for term in result.terms:
        b, t, _ = printed["_cons" if term.term == "const" else term.term]
        assert term.estimate == pytest.approx(b, rel=PRINTED_DIGITS), term.term
        assert term.t == pytest.approx(t, rel=PRINTED_DIGITS), term.term
