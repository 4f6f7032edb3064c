"""What estimate() promises whatever the engine: invariance, accounting of rows, records that say how they were made."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from resilience_pipeline.econometrics.estimate import Estimate
from resilience_pipeline.econometrics.estimation import estimate
from resilience_pipeline.econometrics.specification import Specification
from tests.econometrics.panels import EFFECT, panel

SPEC = Specification(
    "t", "y", "did", ("gdp", "roads"), absorb=("city", "year"), cluster=("city",), unit="city", time="year"
)


def run(spec: Specification, frame: pl.DataFrame) -> Estimate:
    return estimate(spec, frame, engines=("kernel",))


def test_the_planted_effect_lies_within_three_errors_of_the_estimate() -> None:
    did = run(SPEC, panel(units=300, lost=50)).terms[0]
    assert did.term == "did"
    assert abs(did.estimate - EFFECT) < 3 * did.std_error
    assert did.std_error < 0.2


def test_the_order_of_the_rows_changes_no_digit() -> None:
    frame = panel(lost=60, lone=2)
    shuffled = frame.sample(fraction=1.0, shuffle=True, seed=3)
    assert run(SPEC, shuffled) == run(SPEC, frame)


def test_other_names_for_cities_change_the_data_hash_and_no_estimate() -> None:
    frame = panel(lost=60)
    renamed = frame.with_columns(city=(pl.format("city {}", (pl.col("city") * 7919) % 1000)))
    one, two = run(SPEC, frame), run(SPEC, renamed)
    for a, b in zip(one.terms, two.terms, strict=True):
        assert a.estimate == pytest.approx(b.estimate, abs=1e-11)
        assert a.std_error == pytest.approx(b.std_error, rel=1e-10)
    assert one.data_hash != two.data_hash
    assert one.spec_hash == two.spec_hash


def test_a_scaled_and_shifted_outcome_scales_estimates_and_leaves_t() -> None:
    frame = panel(lost=60)
    one, two = run(SPEC, frame), run(SPEC, frame.with_columns(y=100 + 1000 * pl.col("y")))
    for a, b in zip(one.terms[:3], two.terms[:3], strict=True):
        assert b.estimate == pytest.approx(1000 * a.estimate, rel=1e-9)
        assert b.t == pytest.approx(a.t, rel=1e-9)
    assert two.terms[-1].estimate == pytest.approx(100 + 1000 * one.terms[-1].estimate, rel=1e-9)


def test_the_constant_is_the_mean_outcome_less_the_fitted_mean() -> None:
    frame = panel(lost=60)
    result = run(replace(SPEC, weights="weight"), frame)
    weights = frame["weight"].to_numpy()
    means = {name: np.average(frame[name].to_numpy(), weights=weights) for name in ("y", "did", "gdp", "roads")}
    fitted = sum(term.estimate * means[term.term] for term in result.terms[:3])
    assert result.terms[-1].estimate == pytest.approx(means["y"] - fitted, abs=1e-12)


def test_rows_that_leave_are_counted_by_reason_and_add_up() -> None:
    frame = panel(lone=2).with_columns(
        gdp=pl.when(pl.int_range(pl.len()) < 5).then(None).otherwise("gdp"),
        roads=pl.when(pl.int_range(pl.len()) == 9).then(float("nan")).otherwise("roads"),
    )
    result = run(replace(SPEC, where="year < 2019"), frame)
    rows = frame.filter(pl.col("year") < 2019).height
    assert (result.n_dropped_missing, result.n_singletons) == (6, 2)
    assert result.n_obs == rows - 8
    assert result.n_periods == 7


def test_only_the_columns_named_decide_which_rows_are_complete() -> None:
    frame = panel().with_columns(notes=pl.lit(None, pl.String))
    assert run(SPEC, frame).n_obs == frame.height


def test_singletons_are_listed_by_unit_with_their_periods() -> None:
    spec = replace(SPEC, unit="city", time="year")
    (warning,) = run(spec, panel(lone=2)).warnings
    assert warning == ("2 rows stand alone in a level of city, year and left the sample: 40 in 2012; 41 in 2013")


def test_singletons_leave_again_and_again_and_are_counted() -> None:
    # City 100 stands in 2030 and 2012; 2030 has no other city, so its row leaves and city 100 is alone in 2012.
    extra = panel().head(2).with_columns(city=pl.lit(100, pl.Int64), year=pl.Series([2030, 2012], dtype=pl.Int64))
    frame = pl.concat([panel(), extra])
    dropped, kept = run(SPEC, frame), run(replace(SPEC, singletons="keep"), frame)
    assert (dropped.n_singletons, dropped.n_obs) == (2, panel().height)
    assert (kept.n_singletons, kept.n_obs) == (0, frame.height)
    assert dropped.terms[0].estimate == pytest.approx(kept.terms[0].estimate, abs=1e-12)


def test_a_collinear_control_is_dropped_with_a_warning_and_changes_nothing() -> None:
    frame = panel(lost=20).with_columns(gdp_copy=2 * pl.col("gdp") - pl.col("roads") + 1)
    wide = run(replace(SPEC, controls=("gdp", "roads", "gdp_copy")), frame)
    assert [term.term for term in wide.terms] == ["did", "gdp", "roads", "const"]
    assert any(warning.startswith("gdp_copy dropped") for warning in wide.warnings)
    assert wide.terms[0].estimate == pytest.approx(run(SPEC, frame).terms[0].estimate, abs=1e-10)


def test_a_control_fixed_in_each_city_is_dropped_under_city_effects() -> None:
    result = run(replace(SPEC, controls=("gdp", "province")), panel())
    assert any(warning.startswith("province dropped") for warning in result.warnings)


def test_rows_of_zero_weight_leave_with_a_warning() -> None:
    frame = panel().with_columns(weight=pl.when(pl.col("city") == 3).then(0.0).otherwise("weight"))
    result = run(replace(SPEC, weights="weight"), frame)
    assert result.n_obs == frame.height - 8
    assert any("8 rows of zero weight" in warning for warning in result.warnings)


def test_weights_count_by_their_ratios_only() -> None:
    frame = panel(lost=20)
    one = run(replace(SPEC, weights="weight"), frame)
    two = run(replace(SPEC, weights="weight"), frame.with_columns(pl.col("weight") * 1e6))
    assert two.terms[0].std_error == pytest.approx(one.terms[0].std_error, rel=1e-10)
    assert two.rmse == pytest.approx(one.rmse, rel=1e-10)


def test_treated_units_clusters_and_few_clusters_are_said() -> None:
    result = run(SPEC, panel())
    assert (result.n_treated_units, result.n_units, result.n_clusters, result.n_periods) == (13, 40, 40, 8)
    few = run(replace(SPEC, cluster=("province",)), panel())
    assert any("only 9 clusters" in warning for warning in few.warnings)


def test_infinite_values_are_missing_and_said() -> None:
    frame = panel().with_columns(gdp=pl.when(pl.col("city") == 0).then(float("-inf")).otherwise("gdp"))
    result = run(SPEC, frame)
    assert result.n_dropped_missing == 8
    assert any("8 infinite values of gdp" in warning for warning in result.warnings)


def test_p_and_interval_follow_t_with_the_clusters_degrees_of_freedom() -> None:
    from scipy import stats

    result = run(SPEC, panel())
    term = result.terms[0]
    assert term.p_value == pytest.approx(2 * stats.t.sf(abs(term.t), 39), rel=1e-10)
    assert term.ci_high - term.estimate == pytest.approx(stats.t.ppf(0.975, 39) * term.std_error, rel=1e-10)
