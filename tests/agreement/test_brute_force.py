"""Both engines against brute-force dummies: every shape of panel, every error rule, every set of effects."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from resilience_pipeline.econometrics.engines import compare_engines
from resilience_pipeline.econometrics.estimation import estimate
from resilience_pipeline.econometrics.specification import Specification
from tests.agreement.brute_force import regression
from tests.econometrics.panels import panel

AGREEMENT = 1e-8  # what the study promises; rounding of these small problems is near 1e-12

BASE = Specification("t", "y", "did", ("gdp", "roads"), singletons="keep", ssc="none", unit="city", time="year")
PANELS = {
    "balanced": panel(),
    "unbalanced": panel(lost=60),
    "with singletons": panel(lost=30, lone=3),
}
EFFECTS = {
    "pooled": (),
    "city": ("city",),
    "city and year": ("city", "year"),
    "province-years and cities": ("city", "province^year"),
    "three, one nested in another": ("province", "city", "year"),
}
ERRORS = {
    "iid": {"vcov": "iid"},
    "hc1": {"vcov": "hc1"},
    "by city": {"vcov": "cluster", "cluster": ("city",)},
    "by city and year": {"vcov": "cluster", "cluster": ("city", "year")},
}


@pytest.mark.parametrize("engine", ["linearmodels", "kernel"])
@pytest.mark.parametrize("weights", [None, "weight"])
@pytest.mark.parametrize("absorb", EFFECTS.values(), ids=EFFECTS)
@pytest.mark.parametrize("frame", PANELS.values(), ids=PANELS)
def test_coefficients_and_plain_errors_are_those_of_a_dummy_regression(
    frame: pl.DataFrame, absorb: tuple[str, ...], weights: str | None, engine: str
) -> None:
    for rule in ERRORS.values():
        spec = replace(BASE, absorb=absorb, weights=weights, **rule)
        b, V, n, rank = regression(spec, frame)
        got = estimate(spec, frame, engines=(engine,))
        assert got.status == "estimated", got.reason
        assert got.engine == engine
        assert [term.term for term in got.terms] == ["did", "gdp", "roads", "const"]
        np.testing.assert_allclose([term.estimate for term in got.terms[:3]], b, atol=AGREEMENT, rtol=0)
        expected = np.sqrt(np.maximum(np.diag(V), 0))
        if not got.warnings:  # a two-way covariance that is none is repaired, with a warning
            np.testing.assert_allclose([term.std_error for term in got.terms[:3]], expected, rtol=AGREEMENT)
        if rule["vcov"] == "iid":
            assert got.dof == n - 3 - rank


@pytest.mark.parametrize("weights", [None, "weight"])
@pytest.mark.parametrize("absorb", EFFECTS.values(), ids=EFFECTS)
def test_the_two_engines_agree_on_every_term_and_the_constant(absorb: tuple[str, ...], weights: str | None) -> None:
    for rule in ERRORS.values():
        agreement = compare_engines(replace(BASE, absorb=absorb, weights=weights, **rule), panel(lost=60))
        assert agreement.compared
        assert agreement.agrees, agreement


def test_badly_scaled_controls_do_not_part_the_engines() -> None:
    frame = panel(lost=20).with_columns(gdp=pl.col("gdp") * 1e-6 + 1e3, roads=pl.col("roads") * 1e8)
    agreement = compare_engines(replace(BASE, absorb=("city", "year"), cluster=("city",)), frame)
    assert agreement.agrees, agreement


def test_the_constant_is_that_of_columns_with_their_grand_means_added_back() -> None:
    frame = panel(lost=60)
    for rule in ERRORS.values():
        within = frame.with_columns(
            (pl.col(c) - pl.col(c).mean().over("city") + pl.col(c).mean()) for c in ("y", "did", "gdp", "roads")
        )
        fixed = estimate(replace(BASE, absorb=("city",), **rule), frame, engines=("kernel",))
        pooled = estimate(replace(BASE, **rule), within, engines=("linearmodels",))
        assert fixed.terms[-1].estimate == pytest.approx(pooled.terms[-1].estimate, abs=1e-10)
        assert fixed.terms[-1].std_error == pytest.approx(pooled.terms[-1].std_error, rel=1e-9)
