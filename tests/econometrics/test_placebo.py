"""Placebo forms against brute force: a regression for each assignment that itertools lists."""

from dataclasses import replace
from itertools import combinations, product

import numpy as np
import polars as pl
import pytest

from resilience_pipeline.econometrics.estimation import estimate
from resilience_pipeline.econometrics.placebo import FORMS, placebo
from resilience_pipeline.econometrics.placebo_tidy import DRAWS, SUMMARY, draws_table, summary_table
from resilience_pipeline.econometrics.specification import Specification
from tests.econometrics.panels import panel

PRINTED = Specification(
    "table_4.3",
    "y",
    "did",
    ("gdp", "roads"),
    absorb=("city", "year"),
    cluster=("city",),
    unit="city",
    time="year",
)
#: Two exact algorithms on one regression; see fake_treatments.
AGREEMENT = 1e-10
POLICY = 2016  # of `panel`


def run(form, frame, draws=200, spec=PRINTED, seed=1):
    result = placebo(spec, frame, FORMS[form], draws=draws, rng=np.random.default_rng(seed))
    drawn = draws_table(result, seed=seed)
    return drawn, summary_table(drawn).row(0, named=True)


def by_regression(frame, assignments):
    """Estimate, error and t of each {city: start year}, each by `estimate` on a frame with that treatment."""
    rows = []
    for starts in assignments:
        cities = pl.col("city").replace_strict(starts, default=9999, return_dtype=pl.Int64)
        term = estimate(
            PRINTED, frame.with_columns(did=(pl.col("year") >= cities).cast(pl.Float64)), engines=["kernel"]
        )
        rows.append((term.terms[0].estimate, term.terms[0].std_error, term.terms[0].t, term.terms[0].p_value))
    return np.array(rows)


def assert_same(got, expected):
    names = ["estimate", "std_error", "t", "p_value"]
    np.testing.assert_allclose(got.select(names).to_numpy(), expected, rtol=AGREEMENT, atol=AGREEMENT)


def assignments_of(draws, pilots):
    """{city: start year} of each row of the draws table."""
    for row in draws.to_dicts():
        cities = [int(city) for city in row["cities"]] if row["cities"] else pilots
        yield dict(zip(cities, row["start_years"] or [row["start_year"]] * len(cities), strict=True))


SMALL = panel(units=8, periods=7, lost=4)  # cities 0 and 1 are pilots
BEFORE = SMALL.filter(pl.col("year") < POLICY)


def test_fake_cities_of_a_small_panel_are_listed_and_p_is_their_share():
    draws, summary = run("cities", SMALL)
    every = [dict.fromkeys(pair, POLICY) for pair in combinations(range(8), 2)]
    expected = by_regression(SMALL, every)
    assert_same(draws, expected)
    assert [tuple(map(int, cities)) for cities in draws["cities"]] == list(combinations(range(8), 2))
    true = by_regression(SMALL, [{0: POLICY, 1: POLICY}])[0]
    shares = (np.abs(expected) >= np.abs(true) * (1 - 1e-9)).mean(axis=0)
    assert summary["p_value"] == pytest.approx(shares[0])
    assert summary["p_value_t"] == pytest.approx(shares[2])
    assert (summary["listed"], summary["holds_observed"], summary["draws"]) == (True, True, 28)
    assert summary["log10_assignments"] == pytest.approx(np.log10(28))


def test_own_dates_of_a_small_panel_are_listed_before_the_policy_only():
    draws, summary = run("own_years_before", SMALL)
    every = [{0: first, 1: second} for first, second in product((2013, 2014, 2015), repeat=2)]
    assert_same(draws, by_regression(BEFORE, every))
    assert draws["start_years"].to_list() == [list(one.values()) for one in every]
    # The true assignment has no row before the policy, so it is added to the nine.
    assert (summary["listed"], summary["holds_observed"]) == (True, False)
    assert summary["p_value"] * 10 == pytest.approx(round(summary["p_value"] * 10))


def test_both_at_once_of_a_small_panel_are_listed():
    draws, _ = run("both_all", SMALL, draws=10_000)
    every = [dict.fromkeys(pair, year) for pair in combinations(range(8), 2) for year in range(2013, 2019)]
    assert_same(draws, by_regression(SMALL, every))


LARGER = panel(units=20, periods=9, lost=15)


@pytest.mark.parametrize("form", FORMS)
def test_each_draw_is_the_printed_specification_on_its_fake_treatment(form):
    draws, summary = run(form, LARGER, draws=12)
    rows = LARGER.filter(pl.col("year") < POLICY) if FORMS[form].rows == "before" else LARGER
    assert_same(draws, by_regression(rows, assignments_of(draws, pilots=range(6))))
    assert summary["n_obs"] == rows.height
    assert summary["sd"] == pytest.approx(draws["estimate"].std())


def test_the_true_treatment_recomputed_is_the_printed_estimate():
    _, summary = run("cities", LARGER, draws=5)
    assert summary["recomputed"] == pytest.approx(summary["observed"], rel=AGREEMENT)
    assert summary["recomputed_std_error"] == pytest.approx(summary["observed_std_error"], rel=AGREEMENT)


def test_one_fake_date_for_all_has_exactly_five_values_between_2012_and_2018():
    # As in the paper: years 2012 to 2022, pilots from 2018 on.
    frame = panel(units=20, periods=11).with_columns(
        did=((pl.col("city") < 6) & (pl.col("year") >= 2018)).cast(pl.Float64)
    )
    draws, summary = run("years_before", frame, draws=500)
    assert draws["start_year"].to_list() == [2013, 2014, 2015, 2016, 2017]
    assert (summary["draws"], summary["listed"], summary["p_value"], summary["p_value_t"]) == (5, True, None, None)
    assert summary["first_start"], summary["last_start"] == (2013, 2017)


def test_rows_of_the_policy_do_not_touch_a_placebo_before_it():
    moved = LARGER.with_columns(y=pl.when(pl.col("year") >= POLICY).then(pl.col("y") + 100).otherwise("y"))
    for form in ("years_before", "own_years_before", "both_before"):
        got, expected = (run(form, frame)[0].select("estimate", "std_error") for frame in (moved, LARGER))
        assert got.equals(expected)


def test_a_planted_effect_leaks_into_fake_dates_on_all_rows_and_only_there():
    calm = LARGER.with_columns(y=pl.col("city") / 10 + pl.col("year") / 3 + pl.col("gdp") + 5 * pl.col("did"))
    for form in ("years_before", "own_years_before", "both_before"):
        assert run(form, calm)[0]["estimate"].abs().max() < 1e-9
    for form in ("years_all", "own_years_all"):
        draws, summary = run(form, calm)
        assert draws["estimate"].mean() > 1
        assert summary["contaminated"]


def test_the_same_seed_gives_the_same_tables_and_another_seed_other_draws():
    first, again, other = (run("cities", LARGER, seed=seed) for seed in (1, 1, 2))
    assert first[0].equals(again[0])
    assert first[1] == again[1]
    assert not other[0]["estimate"].equals(first[0]["estimate"])


def test_the_order_of_rows_changes_no_bit():
    shuffled = LARGER.sample(fraction=1, shuffle=True, seed=3)
    for form in FORMS:
        assert run(form, shuffled)[0].equals(run(form, LARGER)[0])


def test_other_names_of_the_cities_give_the_same_distribution_once_all_are_listed():
    renamed = SMALL.with_columns(city=pl.lit(100) - pl.col("city"))
    draws, summary = run("cities", SMALL)
    draws_again, summary_again = run("cities", renamed)
    for row in draws.to_dicts():
        same = {str(100 - int(city)) for city in row["cities"]}
        mapped = next(other for other in draws_again.to_dicts() if set(other["cities"]) == same)
        assert mapped["estimate"] == pytest.approx(row["estimate"], rel=AGREEMENT, abs=AGREEMENT)
        assert mapped["t"] == pytest.approx(row["t"], rel=AGREEMENT, abs=AGREEMENT)
    assert summary_again["p_value"] == summary["p_value"]
    assert summary_again["p_value_t"] == summary["p_value_t"]


def test_the_error_rule_of_the_specification_is_the_one_studentised_with():
    iid = replace(PRINTED, vcov="iid", ssc="none")
    draws, summary = run("cities", LARGER, draws=5, spec=iid)
    for row in draws.to_dicts():
        treated = pl.col("city").is_in([int(city) for city in row["cities"]]) & (pl.col("year") >= POLICY)
        term = estimate(iid, LARGER.with_columns(did=treated.cast(pl.Float64)), engines=["kernel"]).terms[0]
        assert row["std_error"] == pytest.approx(term.std_error, rel=AGREEMENT)
    assert (summary["vcov"], summary["ssc"]) == ("iid", "none")


@pytest.mark.parametrize("vcov", ["cv3", "wcr"])
def test_fakes_are_studentised_by_clustered_errors_where_the_column_prints_others(vcov):
    draws, summary = run("cities", LARGER, draws=5, spec=replace(PRINTED, vcov=vcov))
    clustered, _ = run("cities", LARGER, draws=5)
    assert draws["std_error"].equals(clustered["std_error"])
    assert summary["vcov"] == "cluster"


REFUSED = {
    "no rows": (PRINTED, LARGER.clear(), "awaiting", "the data have no rows yet"),
    "no values": (
        PRINTED,
        LARGER.with_columns(gdp=pl.lit(None, dtype=pl.Float64)),
        "awaiting",
        "no value was delivered for gdp",
    ),
    "no column": (PRINTED, LARGER.drop("roads"), "failed", "no column 'roads'"),
    "a pilot that stops": (
        PRINTED,
        LARGER.with_columns(did=pl.when(city=0, year=2018).then(0.0).otherwise("did")),
        "failed",
        "not 1 in the treated city from 2016 on and 0 else, first at 0, 2018",
    ),
    "pilots from the first year on": (
        replace(PRINTED, absorb=("year",)),
        LARGER.with_columns(did=(pl.col("city") < 6).cast(pl.Float64)),
        "failed",
        "no row before 2012",
    ),
    "errors by row": (replace(PRINTED, vcov="hc1"), LARGER, "failed", "what holds whole cities"),
    "spatial errors": (
        replace(PRINTED, vcov="conley:200", latitude="north", longitude="east"),
        LARGER.with_columns(north=30 + pl.col("city") / 10, east=pl.lit(110.0)),
        "failed",
        "no placebo under the error rule conley:200",
    ),
    "errors two ways": (replace(PRINTED, cluster=("city", "year")), LARGER, "failed", "what holds whole cities"),
    "no time": (replace(PRINTED, time=None), LARGER, "failed", "needs the column of time"),
    "no treatment": (replace(PRINTED, treatment=None), LARGER, "failed", "needs a treatment"),
    "one year before the policy": (
        replace(PRINTED, absorb=()),
        LARGER.filter(pl.col("year") >= 2015),
        "failed",
        "a fake date needs two years; there is only 2015",
    ),
}


@pytest.mark.parametrize(("spec", "frame", "status", "reason"), REFUSED.values(), ids=REFUSED)
def test_what_has_no_placebo_has_a_status_and_a_reason(spec, frame, status, reason):
    draws, summary = run("own_years_before", frame, spec=spec)
    assert draws.schema == DRAWS
    assert draws["draw"].to_list() == [None]
    assert list(summary) == list(SUMMARY)
    assert summary["status"] == status
    assert reason in summary["reason"]


def test_pilots_without_a_row_before_the_policy_have_no_placebo_before_it():
    late = LARGER.filter((pl.col("city") >= 6) | (pl.col("year") >= POLICY))
    pooled = replace(PRINTED, absorb=())
    _, summary = run("years_before", late, spec=pooled)
    assert (summary["status"], summary["reason"]) == ("failed", "no treated city has a row before 2016")
