"""Estimators of differences in differences: what they find, what they refuse, what they say of it."""

import sys
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from resilience_pipeline.econometrics.estimation import estimate as least_squares
from resilience_pipeline.econometrics.estimators import ESTIMATORS, estimate
from resilience_pipeline.econometrics.estimators.simplex import frank_wolfe
from resilience_pipeline.econometrics.estimators.simplex import least_squares as on_simplex
from resilience_pipeline.econometrics.matched_panel import Rules, match_panel
from resilience_pipeline.econometrics.tidy import to_frame, to_record
from resilience_pipeline.errors import SpecificationError
from tests.econometrics.adoptions import adoption_panel, by, numbers, specification

ONE_DATE = adoption_panel({2005: 12, None: 20})
STAGGERED = adoption_panel({2003: 8, 2005: 10, 2007: 6, None: 16})
MAIN = {"twfe": "did", "match": "did", "bacon": "did", "cs": "att_simple", "event_study": "lag_0"}


@pytest.mark.parametrize("name", ESTIMATORS)
def test_every_estimator_finds_the_planted_effect_where_there_is_no_noise(name: str) -> None:
    frame = adoption_panel({2005: 12, None: 20}, effect=2.0, noise=0.0)
    frame = frame.with_columns(y=pl.col("y") - 0.5 * pl.col("x"))
    controls = ("x",) if name == "match" else ()
    found = numbers(by(name, frame, controls=controls, draws=3 if name == "sdid" else None))
    assert found[MAIN.get(name, "att")][0] == pytest.approx(2.0, abs=1e-6)


@pytest.mark.parametrize("name", ESTIMATORS)
def test_order_of_rows_changes_no_digit(name: str) -> None:
    shuffled = ONE_DATE.sample(fraction=1, shuffle=True, seed=3)
    controls = ("x",) if name == "match" else ()
    draws = 5 if name == "sdid" else None
    first = by(name, ONE_DATE, controls=controls, draws=draws)
    second = by(name, shuffled, controls=controls, draws=draws)
    assert to_frame([first]).equals(to_frame([second]))
    assert first.data_hash == second.data_hash


@pytest.mark.parametrize("name", ["imputation", "sunab", "cs"])
def test_staggered_effects_that_grow_are_averaged_over_treated_rows(name: str) -> None:
    frame = adoption_panel({2003: 8, 2006: 10, None: 16}, effect=0.0, noise=0.0)
    start = pl.col("year").filter(pl.col("did") == 1).min().over("firm")
    grown = pl.col("did") * (pl.col("year") - start).fill_null(0)
    frame = frame.with_columns(y=pl.col("y") - 0.5 * pl.col("x") + grown)
    found = numbers(by(name, frame))
    truth = float(frame.filter(pl.col("did") == 1).select(grown).to_series().mean())  # type: ignore[arg-type]
    assert found["att_simple" if name == "cs" else "att"][0] == pytest.approx(truth, abs=1e-9)
    assert found["lag_4"][0] == pytest.approx(4, abs=1e-9)
    assert numbers(by("twfe", frame))["did"][0] < truth - 0.1


def test_clusters_coarser_than_units_sum_the_influence_of_their_units() -> None:
    by_firm, by_region = by("cs", STAGGERED), by("cs", STAGGERED, cluster=("region",))
    assert (by_firm.n_clusters, by_region.n_clusters) == (40, 5)
    assert numbers(by_firm)["att_simple"][1] != pytest.approx(numbers(by_region)["att_simple"][1], rel=1e-3)
    assert numbers(by_firm)["att_simple"][0] == numbers(by_region)["att_simple"][0]


def test_sdid_with_the_same_seed_draws_the_same_placebos() -> None:
    first, again = by("sdid", ONE_DATE, draws=10, seed=4), by("sdid", ONE_DATE, draws=10, seed=4)
    other = by("sdid", ONE_DATE, draws=10, seed=5)
    assert first == again
    assert (first.draws, first.seed) == (10, 4)
    assert first.terms[0].std_error != other.terms[0].std_error


def test_match_is_the_two_way_estimate_under_the_weights_of_the_match() -> None:
    keyed = ONE_DATE.with_columns(
        city_code="firm", year=pl.col("year").cast(pl.Int32), ever=pl.col("did").max().over("firm")
    )
    rules = Rules(("x",), "ever", 2005, design="baseline", model="logit", bandwidth=0.1)
    weighted = keyed.join(match_panel(keyed, rules), on=["city_code", "year"])
    expected = numbers(by("twfe", weighted, controls=("x",), weights="matching_weight"))
    found = numbers(by("match", ONE_DATE, controls=("x",), options={"model": "logit", "bandwidth": "0.1"}))
    assert found["did"] == pytest.approx(expected["did"], abs=1e-12)
    assert found["did"][0] != pytest.approx(numbers(by("twfe", ONE_DATE, controls=("x",)))["did"][0], abs=1e-4)


def test_event_study_takes_a_common_date_for_a_treatment_that_holds_in_every_year() -> None:
    ever = ONE_DATE.with_columns(pl.col("did").max().over("firm"))
    dated = numbers(by("event_study", ever, options={"date": "2005"}))
    assert dated["lag_0"] == pytest.approx(numbers(by("event_study", ONE_DATE))["lag_0"], abs=1e-12)
    assert "lead_1" not in dated


def test_event_study_follows_the_error_rule_of_the_specification() -> None:
    clustered, jackknifed = by("event_study", ONE_DATE), by("event_study", ONE_DATE, vcov="cv3")
    assert jackknifed.vcov == "cv3"
    assert numbers(clustered)["lag_0"][1] != numbers(jackknifed)["lag_0"][1]


def test_an_option_that_is_not_known_is_refused_with_the_known_ones() -> None:
    with pytest.raises(SpecificationError, match="has no option 'agregate'") as refusal:
        by("imputation", ONE_DATE, options={"agregate": "simple"})
    assert refusal.value.expected == "aggregate"
    assert "did you mean aggregate" in refusal.value.remedy


def test_a_value_that_is_not_known_is_refused() -> None:
    with pytest.raises(SpecificationError, match="cannot be 'median'"):
        by("imputation", ONE_DATE, options={"aggregate": "median"})


def test_an_option_given_twice_is_refused() -> None:
    spec = replace(specification("imputation"), estimator_options=(("aggregate", "all"), ("aggregate", "simple")))
    with pytest.raises(SpecificationError, match="given twice"):
        estimate(spec, ONE_DATE)


def test_an_unknown_estimator_is_refused_with_the_known_ones() -> None:
    with pytest.raises(SpecificationError, match="no estimator 'twefe'") as refusal:
        by("twefe", ONE_DATE)
    assert "sunab" in str(refusal.value.expected)


def test_what_rests_on_least_squares_refuses_another_estimator() -> None:
    with pytest.raises(SpecificationError, match="its estimator is cs"):
        least_squares(specification("cs"), ONE_DATE)


def test_without_moderndid_the_record_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "moderndid", None)
    for name in ("cs", "drdid"):
        result = by(name, ONE_DATE)
        assert result.status == "failed"
        assert result.reason == "moderndid is not installed: pip install 'resilience-pipeline[estimators]'"


def off_again(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(did=pl.col("did") * (pl.col("year") < 2008))


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (off_again(ONE_DATE), "12 units lose the treatment"),
        (ONE_DATE.with_columns(did=pl.col("did") / 2), "not 0 or 1"),
        (pl.concat([ONE_DATE, ONE_DATE]), "several rows in one year"),
        (ONE_DATE.with_columns(did=pl.lit(0.0)), "no row with a year before it is treated"),
        (ONE_DATE.with_columns(pl.col("year").cast(pl.String)), "periods are numbers"),
        (ONE_DATE.drop("did"), "no column 'did'"),
    ],
)
@pytest.mark.parametrize("name", ["imputation", "sunab", "cs", "drdid", "sdid", "bacon"])
def test_rows_that_are_no_staggered_adoption_are_a_record_with_the_reason(
    name: str, frame: pl.DataFrame, reason: str
) -> None:
    result = by(name, frame)
    assert result.status == "failed"
    assert reason in str(result.reason)


@pytest.mark.parametrize("name", ["drdid", "sdid"])
def test_several_starts_are_refused_where_one_is_needed(name: str) -> None:
    assert "start in 3 periods" in str(by(name, STAGGERED).reason)


@pytest.mark.parametrize("name", ["sunab", "cs", "drdid"])
def test_without_never_treated_units_there_is_nothing_to_compare_with(name: str) -> None:
    result = by(name, adoption_panel({2004: 6, 2006: 6} if name != "drdid" else {2004: 6}))
    assert "never treated" in str(result.reason)


def test_units_that_lack_a_period_or_a_time_before_treatment_leave_with_a_warning() -> None:
    always = adoption_panel({2001: 2}).with_columns(firm="always " + pl.col("firm"))
    frame = pl.concat([STAGGERED.slice(1), always])
    result = by("cs", frame)
    assert (result.n_units, result.n_treated_units) == (39, 23)
    assert any("1 units lack a period" in warning for warning in result.warnings)
    assert any("2 units are treated in their first period" in warning for warning in result.warnings)


def test_imputation_leaves_out_treated_rows_whose_year_has_no_untreated_row() -> None:
    result = by("imputation", adoption_panel({2004: 6, 2006: 6}))
    assert result.status == "estimated"
    assert any("36 treated rows have no untreated counterpart" in warning for warning in result.warnings)
    assert "att_2004_2006" not in numbers(result)


def test_more_effects_than_those_of_units_and_periods_are_refused() -> None:
    with pytest.raises(SpecificationError, match="effects are those of firm and year, not region\\^year"):
        by("cs", ONE_DATE, absorb=("firm", "year", "region^year"))


@pytest.mark.parametrize("name", ["bacon", "sdid"])
def test_controls_are_refused_where_they_cannot_enter(name: str) -> None:
    with pytest.raises(SpecificationError, match="control"):
        by(name, ONE_DATE, controls=("x",))


def test_an_error_rule_that_the_estimator_does_not_know_is_said() -> None:
    assert any("the error rule hc1 is not of estimator cs" in w for w in by("cs", ONE_DATE, vcov="hc1").warnings)


def test_a_weight_of_the_decomposition_has_no_error_in_the_tidy_table() -> None:
    result = by("bacon", ONE_DATE)
    row = to_frame([result]).filter(term="weight_treated_vs_never").row(0, named=True)
    assert row["std_error"] is None
    assert row["p_value"] is None
    assert (row["estimator"], row["options"]) == ("bacon", '{"detail": "pairs"}')
    assert to_record(result)["options"] == {"detail": "pairs"}


def test_the_estimator_and_its_options_are_part_of_the_hash_and_least_squares_keeps_its_own() -> None:
    plain = specification("twfe")
    hashes = {
        plain.hash,
        replace(plain, estimator="cs").hash,
        replace(plain, estimator="cs", estimator_options=(("method", "reg"),)).hash,
        replace(plain, estimator="sdid", seed=3).hash,
        replace(plain, estimator="sdid").hash,
    }
    assert len(hashes) == 5
    assert replace(plain, seed=3).hash == plain.hash


def test_synthetic_weights_are_the_minimum_on_the_simplex() -> None:
    generator = np.random.default_rng(5)
    A, b = generator.normal(size=(6, 15)), generator.normal(size=6)

    def objective(x: np.ndarray) -> float:
        return float(((A @ x - b) ** 2).mean() + 0.3**2 * (x @ x))

    x = on_simplex(A, b, 0.3)
    assert x.sum() == pytest.approx(1)
    assert x.min() >= 0
    nearby = [0.999 * x + 0.001 * corner for corner in np.eye(15)]
    assert objective(x) <= min(map(objective, nearby)) + 1e-12
    assert objective(frank_wolfe(A, b, 0.3, 1e-6)) == pytest.approx(objective(x), rel=1e-3)


@pytest.mark.parametrize("name", ["cs", "drdid", "imputation"])
def test_few_clusters_are_said(name: str) -> None:
    assert any("only 5 clusters" in warning for warning in by(name, ONE_DATE, cluster=("region",)).warnings)


@pytest.mark.parametrize("name", ["cs", "drdid"])
def test_controls_that_tell_who_is_treated_are_a_record_with_moderndids_reason(name: str) -> None:
    ever = ONE_DATE.with_columns(pl.col("did").max().over("firm").alias("ever"))
    result = by(name, ever, controls=("ever",))
    assert result.status == "failed"
    assert str(result.reason).startswith("moderndid: ")
    assert not str(result.reason).endswith(".")
