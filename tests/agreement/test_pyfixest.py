"""Against pyfixest with its own small-sample rule, one absorbed effect plus year dummies.

Two absorbed effects are not asked of pyfixest: its clustered error then changes with Python's hash seed (0.60).
"""

import polars as pl
import pytest

from resilience_pipeline.econometrics.estimation import estimate
from resilience_pipeline.econometrics.specification import Specification
from tests.econometrics.panels import panel

AGREEMENT = 1e-8

PANELS = {"balanced": panel(), "unbalanced": panel(lost=60), "with singletons": panel(lost=30, lone=3)}
RULES: dict[str, tuple[object, dict[str, object]]] = {
    "iid": ("iid", {"vcov": "iid"}),
    "hc1": ("hetero", {"vcov": "hc1"}),
    "by city": ({"CRV1": "city"}, {"vcov": "cluster", "cluster": ("city",)}),
    "by province": ({"CRV1": "province"}, {"vcov": "cluster", "cluster": ("province",)}),
    "by year, in which no city is nested": ({"CRV1": "year"}, {"vcov": "cluster", "cluster": ("year",)}),
    "by city and year": ({"CRV1": "city + year"}, {"vcov": "cluster", "cluster": ("city", "year")}),
}


@pytest.mark.parametrize("weights", [None, "weight"])
@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
@pytest.mark.parametrize("frame", PANELS.values(), ids=PANELS)
def test_the_reghdfe_rule_is_pyfixest_counting_effects_that_are_not_nested(
    frame: pl.DataFrame, rule: tuple[object, dict[str, object]], weights: str | None
) -> None:
    pf = pytest.importorskip("pyfixest")
    theirs, ours = rule
    # Years as regressors count as parameters even where they are the clusters; then they are left out on both sides.
    years = "year" not in ours.get("cluster", ())
    referee = pf.feols(
        f"y ~ did + gdp + roads {'+ C(year)' if years else ''} | city",
        frame.to_pandas(),
        vcov=theirs,
        weights=weights,
        ssc=pf.ssc(k_fixef="nonnested"),
        fixef_rm="singleton",
        demeaner=pf.MapDemeaner(backend="rust", fixef_tol=1e-12),
    )
    absorb = ("city", "year") if years else ("city",)
    spec = Specification("t", "y", "did", ("gdp", "roads"), absorb=absorb, weights=weights, **ours)
    got = estimate(spec, frame)
    assert got.n_obs == referee._N
    for term in got.terms[:3]:
        assert term.estimate == pytest.approx(referee.coef()[term.term], abs=AGREEMENT)
        assert term.std_error == pytest.approx(referee.se()[term.term], rel=AGREEMENT)
        assert term.p_value == pytest.approx(referee.pvalue()[term.term], rel=1e-6)
