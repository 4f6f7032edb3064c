"""Error rules of a specification: what each prints, what it records, and what it refuses."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from resilience_pipeline.econometrics.engines import compare_engines
from resilience_pipeline.econometrics.error_rules import error_rule
from resilience_pipeline.econometrics.estimate import Estimate
from resilience_pipeline.econometrics.estimation import estimate
from resilience_pipeline.econometrics.specification import Specification
from resilience_pipeline.econometrics.tidy import ESTIMATES, to_frame
from resilience_pipeline.errors import SpecificationError
from tests.econometrics.panels import panel

SPEC = Specification(
    *("t", "y", "did", ("gdp", "roads")), absorb=("city", "year"), cluster=("city",), unit="city", time="year"
)


def under(vcov: str, frame: pl.DataFrame, **changed: object) -> Estimate:
    return estimate(replace(SPEC, vcov=vcov, **changed), frame, engines=("kernel",))  # type: ignore[arg-type]


def column(result: Estimate, name: str) -> np.ndarray:
    return np.array([getattr(term, name) for term in result.terms])


@pytest.mark.parametrize("weights", [None, "weight"])
def test_cv3_is_the_spread_of_refits_without_each_city(weights: str | None) -> None:
    frame = panel(units=25, lost=30)
    result = under("cv3", frame, weights=weights)
    without = [
        column(under("iid", frame.filter(pl.col("city") != city), weights=weights), "estimate") for city in range(25)
    ]
    apart = np.array(without) - column(result, "estimate")
    assert column(result, "std_error") == pytest.approx(np.sqrt(24 / 25 * (apart**2).sum(axis=0)), rel=1e-9)


def test_cv3_has_the_t_law_of_the_clusters_and_no_small_sample_rule() -> None:
    result = under("cv3", panel(units=25, lost=30))
    assert (result.vcov, result.ssc, result.dof, result.n_clusters) == ("cv3", None, 24, 25)
    one, other = (under("cv3", panel(units=25, lost=30), ssc=rule) for rule in ("reghdfe", "none"))
    assert one.terms == other.terms


def test_cv3_by_province_leaves_out_provinces() -> None:
    frame = panel(units=45, lost=30)
    result = under("cv3", frame, cluster=("province",))
    without = [column(under("iid", frame.filter(pl.col("province") != p)), "estimate") for p in range(9)]
    apart = np.array(without) - column(result, "estimate")
    assert column(result, "std_error") == pytest.approx(np.sqrt(8 / 9 * (apart**2).sum(axis=0)), rel=1e-9)


def test_cv3_fails_where_a_single_city_identifies_the_model() -> None:
    frame = panel(units=25).with_columns(did=pl.col("did") * (pl.col("city") == 3))
    result = under("cv3", frame)
    assert result.status == "failed"
    assert "city 3, it is not identified" in str(result.reason)


def test_wcr_prints_clustered_errors_with_the_bootstraps_p_values_and_intervals() -> None:
    frame = panel(units=40, lost=30)
    wild, clustered = under("wcr", frame, draws=1999, seed=5), under("cluster", frame)
    for name in ("estimate", "std_error", "t"):
        assert np.array_equal(column(wild, name), column(clustered, name))
    assert (wild.draws, wild.seed, wild.undefined_draws) == (1999, 5, 0)
    assert (wild.vcov, wild.n_clusters) == ("wcr:rademacher", 40)
    p, low, high = (column(wild, name)[:-1] for name in ("p_value", "ci_low", "ci_high"))
    assert p == pytest.approx(column(clustered, "p_value")[:-1], abs=0.05)
    assert (p * 2000 == np.round(p * 2000)).all()
    assert ((low > 0) | (high < 0)).tolist() == (p <= 0.05).tolist()
    assert np.isnan(column(wild, "p_value")[-1])


def test_the_default_draws_and_seed_are_recorded() -> None:
    result = under("wcr", panel(units=40, lost=30))
    assert (result.draws, result.seed) == (9_999, 20_181_016)


def test_few_clusters_are_enumerated_and_the_record_says_so() -> None:
    result = under("wcr", panel(units=9, lost=5))
    assert (result.draws, result.seed) == (512, None)
    assert any("all 512 sign vectors of 9 clusters" in warning for warning in result.warnings)


def test_webb_signs_have_a_name_of_their_own() -> None:
    frame = panel(units=9, lost=5)
    result = under("wcr:webb", frame, draws=499)
    assert (result.vcov, result.draws) == ("wcr:webb", 499)
    assert result.terms[0].p_value != under("wcr", frame, draws=499).terms[0].p_value


def test_a_two_way_covariance_that_is_none_is_mended_with_a_warning() -> None:
    result = under("cluster", panel(units=12), cluster=("province", "year"))
    assert any("two-way clustered covariance had negative eigenvalues" in warning for warning in result.warnings)
    assert (column(result, "std_error") >= 0).all()


def test_the_tidy_table_holds_draws_seed_and_kilometres() -> None:
    made = to_frame([under("wcr", panel(units=20), draws=99)])
    assert made.schema == ESTIMATES
    assert made.select("draws", "seed", "undefined_draws", "kilometres").row(0) == (99, 20_181_016, 0, None)
    assert made["p_value"].null_count() == 1  # the constant's


@pytest.mark.parametrize("vcov", ["cv3", "wcr"])
def test_both_engines_still_agree(vcov: str) -> None:
    assert compare_engines(replace(SPEC, vcov=vcov), panel(lost=20)).agrees


def test_a_hash_changes_with_what_the_rule_reads_and_with_nothing_else() -> None:
    plain = SPEC.hash
    assert replace(SPEC, draws=99, seed=1, latitude="a", longitude="b").hash == plain
    wild = replace(SPEC, vcov="wcr")
    assert replace(wild, draws=9_999, seed=20_181_016).hash == wild.hash
    assert replace(wild, draws=99).hash != wild.hash != replace(wild, seed=1).hash
    near = replace(SPEC, vcov="conley:200", latitude="a", longitude="b")
    assert len({near.hash, replace(near, latitude="c").hash, replace(near, vcov="conley:500").hash, plain}) == 4


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("iid", "iid"), ("cv3", "cv3"), ("wcr", "wcr:rademacher"), ("wcr:webb", "wcr:webb"),
        ("conley:200", "conley:200:uniform"), ("conley:62.5:bartlett", "conley:62.5:bartlett"),
    ],
)  # fmt: skip
def test_a_rule_is_read_from_its_name(text: str, name: str) -> None:
    assert error_rule(text).name == name
    assert error_rule(name) == error_rule(text)


@pytest.mark.parametrize(
    "text", ["hac", "wcr:mammen", "conley", "conley:", "conley:far", "conley:-1", "conley:inf", "conley:9:x", "cv3:a"]
)
def test_what_names_no_rule_is_refused_with_those_that_there_are(text: str) -> None:
    with pytest.raises(SpecificationError) as refused:
        error_rule(text)
    assert "conley:KM" in str(refused.value)


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        ({"vcov": "cv3", "cluster": ("city", "year")}, "clusters of one kind"),
        ({"vcov": "wcr", "cluster": ()}, "clusters of one kind"),
        ({"vcov": "wcr", "draws": 5}, "there cannot be 5 draws"),
        ({"vcov": "conley:200"}, "where the units are"),
    ],
)
def test_a_rule_that_lacks_what_it_reads_is_refused(changed: dict, what: str) -> None:
    with pytest.raises(SpecificationError, match=what):
        estimate(replace(SPEC, **changed), panel())
