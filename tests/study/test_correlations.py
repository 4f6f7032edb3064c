"""Correlations: as numpy has them, over the rows that have both, each pair once."""

import numpy as np
import polars as pl
import pytest

from resilience_pipeline.study.correlations import correlate
from resilience_pipeline.study.kinds.correlations import key, steps
from resilience_pipeline.study.kinds.descriptives import rows_of
from resilience_pipeline.study.load import find_studies


def frame() -> pl.DataFrame:
    rng = np.random.default_rng(3)
    x = rng.normal(size=60)
    return pl.DataFrame({"x": x, "y": 0.5 * x + rng.normal(size=60), "z": rng.normal(size=60)})


def test_every_pair_stands_once_and_is_what_numpy_and_scipy_give():
    from scipy.stats import pearsonr

    table = correlate(frame(), ("x", "y", "z"))
    assert table.select("variable", "other").rows() == [("y", "x"), ("z", "x"), ("z", "y")]
    for row in table.to_dicts():
        expected = pearsonr(frame()[row["variable"]].to_numpy(), frame()[row["other"]].to_numpy())
        assert row["correlation"] == pytest.approx(expected.statistic, abs=1e-14)
        assert row["p_value"] == pytest.approx(expected.pvalue, rel=1e-9)


def test_a_pair_rests_on_the_rows_that_have_both():
    holes = frame().with_columns(x=pl.when(pl.int_range(60) < 10).then(None).otherwise("x"))
    row = correlate(holes, ("x", "y")).row(0, named=True)
    assert row["n_obs"] == 50
    assert row["correlation"] == pytest.approx(np.corrcoef(frame()["x"][10:], frame()["y"][10:])[0, 1])


def test_what_was_not_delivered_awaits_and_what_does_not_vary_is_undefined():
    odd = frame().with_columns(none=pl.lit(None, dtype=pl.Float64), same=pl.lit(1.0))
    statuses = dict(correlate(odd, ("x", "none", "same")).select("variable", "status").rows())
    assert statuses == {"none": "awaiting", "same": "awaiting"}
    assert correlate(odd, ("x", "same"))["status"].to_list() == ["undefined"]


def test_a_variable_and_its_double_correlate_fully():
    double = frame().with_columns(double=2 * pl.col("x"))
    assert correlate(double, ("x", "double"))["correlation"][0] == pytest.approx(1.0, abs=1e-15)


def test_what_chooses_the_rows_counts_in_the_code_version():
    study = next(study for study in find_studies() if study.name == "trade_resilience")
    (step,) = steps(study, study.table("correlations"))
    assert step.key == key(study.table("correlations"))
    assert rows_of in step.code
