"""What an omitted variable would have to do: exact on data in which such a variable was planted and then left out."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from scipy.stats import t as student

from resilience_pipeline.econometrics.estimation import estimate
from resilience_pipeline.econometrics.model import model_of
from resilience_pipeline.econometrics.omitted import delta, omitted_variable_rows, residuals, robustness_value
from resilience_pipeline.econometrics.sample import NotEstimableError
from resilience_pipeline.econometrics.specification import Specification
from tests.econometrics.panels import panel

SPEC = Specification("x", "y", "did", ("gdp", "roads"), ("city", "year"), cluster=("city",), unit="city", time="year")


def rows(spec: Specification = SPEC, frame: pl.DataFrame | None = None) -> dict[tuple[str, str], float]:
    found = omitted_variable_rows(spec, panel(lost=40) if frame is None else frame)
    return {(row.method, row.statistic): row.estimate for row in found}


def selected(ratio: float, *, n: int = 400) -> pl.DataFrame:
    """y = W1 + W2 without any effect of D, D selected on W2 `ratio` times as strongly as on W1, all exact in sample.

    Oster's ratio: delta = (cov(W2, D) / var(W2)) / (cov(W1, D) / var(W1)); var(W1) = 1, var(W2) = 2, W1 and W2
    uncorrelated, cov(W1, D) = 0.4. With W2 left out, the sum of both gives an R2 of one.
    """
    rng = np.random.default_rng(1)
    draws = rng.normal(size=(n, 3))
    draws -= draws.mean(axis=0)
    exact = draws @ np.linalg.inv(np.linalg.cholesky(draws.T @ draws / n)).T  # uncorrelated, variance one
    w1, w2 = exact[:, 0], np.sqrt(2) * exact[:, 1]
    d = 0.4 * w1 + 0.4 * ratio * w2 + 0.9 * exact[:, 2]
    return pl.DataFrame({"y": w1 + w2, "d": d, "w1": w1})


@pytest.mark.parametrize("ratio", [0.5, 1.0, 2.0])
def test_proportional_selection_finds_the_ratio_at_which_there_is_no_effect(ratio):
    model = model_of(Specification("o", "y", "d", ("w1",), vcov="iid"), selected(ratio))
    assert delta(residuals(model), 1.0) == pytest.approx(ratio, rel=1e-9)


def test_a_confounder_as_strong_as_the_robustness_value_brings_the_effect_to_zero():
    frame = panel(lost=40)
    model = model_of(SPEC, frame)
    found = residuals(model)
    r = rows()["robustness value", "to bring the effect to zero"]
    rng = np.random.default_rng(2)
    D, e = found.D_left, found.y_left - found.coefficient * found.D_left
    noise = rng.normal(size=len(D))
    basis = np.column_stack([D, e])
    noise -= basis @ np.linalg.lstsq(basis, noise, rcond=None)[0]
    unit = [v / np.linalg.norm(v) for v in (D, e, noise)]
    # Z explains the share r of D, and of e among what D leaves of Z.
    sign = np.sign(found.coefficient)
    left = np.sqrt(r) * sign * unit[1] + np.sqrt(1 - r) * unit[2]
    Z = np.sqrt(r) * unit[0] + np.sqrt(1 - r) * left
    b = np.linalg.lstsq(np.column_stack([D, Z]), found.y_left, rcond=None)[0][0]
    assert b == pytest.approx(0.0, abs=1e-12)


def test_the_partial_r2_is_that_of_the_classical_t():
    result = estimate(replace(SPEC, vcov="iid", cluster=()), panel(lost=40), engines=("kernel",))
    t = result.terms[0].t
    assert rows()["partial R2", "of the treatment with the outcome"] == pytest.approx(t**2 / (t**2 + result.dof))


def test_the_edge_of_significance_asks_for_less_than_zero_does():
    found = rows(frame=panel(units=300))
    zero = found["robustness value", "to bring the effect to zero"]
    edge = found["robustness value", "to bring it to the edge of 5 %"]
    assert 0 < edge < zero < 1


def test_an_effect_that_is_not_significant_has_an_edge_of_zero():
    frame = panel(lost=40).with_columns(did=pl.Series(np.random.default_rng(3).permutation(panel(lost=40)["did"])))
    assert rows(frame=frame)["robustness value", "to bring it to the edge of 5 %"] == 0.0


def test_robustness_values_solve_their_equation():
    for f in (0.01, 0.3, 2.0):
        r = robustness_value(f)
        assert r / np.sqrt(1 - r) == pytest.approx(f)


@pytest.mark.parametrize("vcov", ["cluster", "cv3", "iid"])
def test_the_detectable_effect_is_the_sum_of_two_quantiles_of_the_printed_errors(vcov):
    spec = replace(SPEC, vcov=vcov)
    result = estimate(spec, panel(lost=40), engines=("kernel",))
    expected = (student.ppf(0.975, result.dof) + student.ppf(0.8, result.dof)) * result.terms[0].std_error
    assert rows(spec)["minimum detectable effect", "at 5 %, power 80 %"] == pytest.approx(expected)


def test_the_edge_of_significance_is_that_of_the_error_it_names():
    frame = panel(units=300)
    notes = {
        vcov: next(
            row.note
            for row in omitted_variable_rows(replace(SPEC, vcov=vcov), frame)
            if row.statistic == "to bring it to the edge of 5 %"
        )
        for vcov in ("cluster", "cv3")
    }
    for vcov, note in notes.items():
        error = estimate(replace(SPEC, vcov=vcov), frame, engines=("kernel",)).terms[0].std_error
        assert note == f"{vcov} error {error:.4g} held as it is"
    assert notes["cv3"].split()[2] != notes["cluster"].split()[2]


def test_units_of_the_treatment_change_no_share():
    frame = panel(lost=40)
    one, two = rows(frame=frame), rows(frame=frame.with_columns(did=pl.col("did") * 7, y=pl.col("y") * -3))
    for key, value in one.items():
        if key[0] != "minimum detectable effect":
            assert two[key] == pytest.approx(value), key


def test_without_controls_there_is_no_selection_to_learn_from():
    found = rows(replace(SPEC, controls=()))
    assert not [key for key in found if key[0] == "proportional selection"]


def test_a_weighted_column_is_refused_with_the_reason():
    with pytest.raises(NotEstimableError, match="weights"):
        omitted_variable_rows(replace(SPEC, weights="weight"), panel())
