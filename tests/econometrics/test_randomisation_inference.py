"""Randomisation inference: every fake treatment refitted under the hypothesis, and the interval by inversion."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import polars as pl
import pytest

from resilience_pipeline.econometrics.estimation import estimate
from resilience_pipeline.econometrics.randomisation_inference import RandomisationInference, randomisation_inference
from resilience_pipeline.econometrics.sample import NotEstimableError
from resilience_pipeline.econometrics.specification import Specification
from tests.econometrics.panels import panel

SPEC = Specification("t", "y", "did", ("gdp",), absorb=("city", "year"), cluster=("city",), unit="city", time="year")
SMALL = panel(units=9, periods=7, lost=4, seed=5)  # three of nine cities treated: 84 assignments


def inferred(spec: Specification = SPEC, frame: pl.DataFrame = SMALL, draws: int = 200, seed: int = 1):
    return randomisation_inference(spec, frame, draws=draws, rng=np.random.default_rng(seed))


def refitted(spec: Specification, null: float) -> np.ndarray:
    """|b| and |t| of each of the 84 fake treatments for the outcome less null times the true one; shape (84, 2)."""
    found = []
    for cities in combinations(range(9), 3):
        fake = (pl.col("city").is_in(cities) & (pl.col("year") >= 2016)).cast(pl.Float64)
        frame = SMALL.with_columns(y=pl.col("y") - null * pl.col("did"), did=fake)
        term = estimate(spec, frame, engines=("kernel",)).terms[0]
        found.append((abs(term.estimate), abs(term.t)))
    return np.array(found)


@pytest.mark.parametrize("weights", [None, "weight"])
@pytest.mark.parametrize("null", [0.0, 0.4, -1.0])
def test_each_fake_treatment_has_the_statistic_of_its_refit_under_the_hypothesis(
    null: float, weights: str | None
) -> None:
    spec = replace(SPEC, weights=weights)
    result, expected = inferred(spec), refitted(spec, null)
    assert result.space == len(result.coefficient) == 84
    np.testing.assert_allclose(result.coefficient.statistics(null), expected[:, 0], atol=1e-10)
    np.testing.assert_allclose(result.studentised.statistics(null), expected[:, 1], rtol=1e-8)
    for test, column in ((result.coefficient, 0), (result.studentised, 1)):
        observed = abs(test.estimate - null) / test.std_error
        assert test.p_value(null) == (expected[:, column] >= observed * (1 - 1e-8)).mean()


def test_the_interval_holds_what_is_not_rejected() -> None:
    result = inferred(frame=panel(units=40, lost=30), draws=1999)
    for test in (result.coefficient, result.studentised):
        low, high = test.interval()
        assert low < test.estimate < high
        for end, side in ((low, -1), (high, 1)):
            assert test.p_value(end - side * 1e-6) > 0.05
            assert test.p_value(end + side * 1e-6) <= 0.05


def test_a_shift_of_the_effect_moves_estimate_and_interval_and_no_p_value() -> None:
    frame = panel(units=40, lost=30)
    one = inferred(frame=frame, draws=999)
    two = inferred(frame=frame.with_columns(y=pl.col("y") + 3 * pl.col("did")), draws=999)
    assert two.studentised.p_value(3.0) == one.studentised.p_value(0.0)
    assert two.studentised.interval() == pytest.approx([end + 3 for end in one.studentised.interval()], abs=1e-6)


def test_the_p_values_agree_with_the_placebos() -> None:
    from resilience_pipeline.econometrics.placebo import FORMS, placebo
    from resilience_pipeline.econometrics.randomisation import randomisation_p

    frame = panel(units=40, lost=30)
    result = inferred(frame=frame, draws=999)
    fakes = placebo(SPEC, frame, FORMS["cities"], draws=999, rng=np.random.default_rng(1))
    assert fakes.statistics is not None
    for test, drawn in ((result.coefficient, fakes.statistics.estimate), (result.studentised, fakes.statistics.t)):
        observed = test.estimate / test.std_error
        assert test.p_value() == randomisation_p(observed, drawn).p_value


def test_errors_are_clustered_whatever_the_specification_prints() -> None:
    results: list[RandomisationInference] = [inferred(replace(SPEC, vcov=rule)) for rule in ("iid", "cv3", "cluster")]
    assert len({result.studentised.p_value() for result in results}) == 1


def test_a_treatment_with_several_starts_has_no_randomisation_inference() -> None:
    staggered = SMALL.with_columns(did=((pl.col("city") < 3) & (pl.col("year") >= 2015 + pl.col("city"))).cast(float))
    with pytest.raises(NotEstimableError, match="one start for all"):
        inferred(frame=staggered)
