"""The rows of a curve: the whole product, each row what the pipeline gives under its options, and their summary."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from resilience_pipeline.econometrics.curve import summary
from resilience_pipeline.econometrics.estimation import estimate
from resilience_pipeline.options import Options
from resilience_pipeline.panel.analysis import analysis_frame
from resilience_pipeline.panel.chain import panel_frames
from resilience_pipeline.report.kinds.curve import draw
from resilience_pipeline.study.kind import estimate_key
from resilience_pipeline.study.kinds import curve as kind
from resilience_pipeline.study.kinds.curve_rows import as_printed
from tests.panel.small_study import FIRST, LAST
from tests.study.curve.small_curve import DIMENSIONS, SIZE, lake, printed, rows_of, run

TOLERANCE = 1e-10
ROWS = ("specifications",)


def by_hand(study, row, **forced):
    """A row's estimate from the panel of its options and its specification, both written down anew."""
    counties = row["pilots"] != "no counties"
    options = Options.of(
        {
            "county_level_pilots": "parent" if counties else "drop",
            "henan_zone": "all_three" if counties else "lead_city",
            **{name: row[name] for name in ("start_year", "weighting", "index_form", "winsorise")},
            **forced,
        }
    )
    wanted = [("panel", "mine", name) for name in ("outcomes", "treatment", "controls", "geography")]
    tables = panel_frames(study, lake(study), options, wanted)
    frame = analysis_frame(
        {key: tables[key] for key in wanted}, ("ctri", "did", "log_loans", "log_freight", "province")
    )
    controls = {"all": ("log_loans", "log_freight"), "none": ()}.get(row["controls"])
    if controls is None:
        before = frame.filter(pl.col("year") < int(row["start_year"])).group_by("city_code")
        means = before.agg(pl.col("log_loans").mean().alias("_mean"))
        controls = tuple(f"mean_{year}" for year in range(FIRST + 1, LAST + 1))
        frame = frame.join(means, on="city_code", how="left").with_columns(
            (pl.col("_mean") * (pl.col("year") == year)).alias(f"mean_{year}") for year in range(FIRST + 1, LAST + 1)
        )
    spec = replace(
        study.specification("mine_1.1"),
        controls=controls,
        where="year < 2020" if row["sample"] == "before 2020" else None,
        cluster=("province",) if row["errors"] == "by province" else ("city_code",),
    )
    return estimate(spec, frame, engines=("kernel",))


def test_the_rows_are_the_product_each_combination_once(rows):
    assert rows.height == SIZE == rows.select(DIMENSIONS).unique().height
    assert set(rows["status"]) == {"estimated"}
    assert rows["specification"].to_list() == list(range(1, SIZE + 1))


def test_forty_random_rows_are_what_the_pipeline_gives_under_their_options_one_by_one(study, rows):
    for place in np.random.default_rng(11).choice(SIZE, 40, replace=False).tolist():
        row = rows.row(place, named=True)
        expected = by_hand(study, row)
        term = expected.terms[0]
        found = tuple(row[name] for name in ("estimate", "std_error", "t", "p_value"))
        assert found == pytest.approx((term.estimate, term.std_error, term.t, term.p_value), rel=1e-8, abs=1e-10), row
        counts = tuple(row[name] for name in ("n_obs", "n_cities", "n_treated", "n_clusters", "dof"))
        assert counts == (
            expected.n_obs,
            expected.n_units,
            expected.n_treated_units,
            expected.n_clusters,
            expected.dof,
        )


def test_the_marked_row_is_the_column_itself(study, results, rows):
    (marked,) = rows.filter("marked").to_dicts()
    column = study.specification("mine_1.1")
    printed = results[estimate_key(column)].table.row(0, named=True)
    for name in ("estimate", "std_error"):
        assert abs(marked[name] - printed[name]) <= TOLERANCE
    choices = ("no counties", "2018", "entropy", "all", "levels", "by_year", "all years", "by city")
    assert tuple(marked[name] for name in DIMENSIONS) == choices
    (check,) = (c for c in results[kind.rows_key(study.table("figure_4"))].checks if c.name == "as_printed")
    assert check.passed
    assert check.blocking
    assert "estimate differs by" in check.message


@pytest.mark.parametrize("name", DIMENSIONS)
def test_each_choice_moves_the_estimate_and_a_choice_of_errors_the_error_alone(rows, name):
    others = [other for other in DIMENSIONS if other != name]
    groups = rows.group_by(others).agg(pl.col("estimate").n_unique(), pl.col("std_error").n_unique())
    ways = rows[name].n_unique()
    assert (groups["std_error"] == ways).any()
    assert (groups["estimate"] == (1 if name == "errors" else ways)).any()
    if name == "errors":
        assert (groups["estimate"] == 1).all()


def test_options_in_force_that_are_no_dimension_hold_in_every_row_and_a_dimension_moves_the_mark(study):
    found = run(study, settings={"winsorise_upper": 0.8, "weighting": "equal"}, parts=ROWS)
    rows = rows_of(study, found)
    (marked,) = rows.filter("marked").to_dicts()
    assert marked["weighting"] == "equal"
    row = rows.row(5, named=True)
    assert row["estimate"] == pytest.approx(by_hand(study, row, winsorise_upper=0.8).terms[0].estimate, rel=1e-9)


def test_under_options_that_are_no_row_nothing_is_marked_and_the_check_says_so(study):
    result = run(study, settings={"start_year": 2019}, parts=ROWS)[kind.rows_key(study.table("figure_4"))]
    assert not result.table["marked"].any()
    assert [c.message for c in result.checks if c.name == "as_printed"] == [
        "no specification has the options in force; nothing to compare"
    ]


def test_a_printed_column_that_says_otherwise_blocks(study, rows, results):
    record = results[estimate_key(study.specification("mine_1.1"))].table
    check = as_printed(rows, record.with_columns(estimate=pl.col("estimate") + 1e-6))
    assert check.blocking
    assert not check.passed


def test_without_the_pilot_list_every_row_awaits_it(study):
    results = run(study, lake(study, pilots=()))
    rows = rows_of(study, results)
    assert set(rows["status"]) == {"awaiting"}
    assert set(rows["reason"]) == {"no value was delivered for did"}
    assert rows["estimate"].null_count() == SIZE
    page = printed(study, results)[1]
    assert page.without_result == ("figure_4.specifications",)
    assert draw(page.tidy, "Curve", False) is None


def test_a_control_that_nobody_delivered_leaves_the_rows_without_it(study):
    staged = lake(study)
    here = staged["staging", "city_yearbook"].filter(pl.col("indicator") != "freight_10k_tonnes")
    rows = rows_of(study, run(study, {**staged, ("staging", "city_yearbook"): here}, parts=ROWS))
    found = dict(rows.group_by("controls").agg(pl.col("status").unique().sort()).rows())
    assert found == {"all": ["awaiting"], "none": ["estimated"], "means before": ["estimated"]}
    reason = rows.filter(controls="all")["reason"].unique().item()
    assert reason.startswith("no value was delivered for log_freight (log_freight rests on freight_10k_tonnes, from ")


def test_a_control_held_at_its_baseline_that_nobody_delivered_is_named_itself(study):
    staged = lake(study)
    here = staged["staging", "city_yearbook"].filter(pl.col("indicator") != "loans_cny_10k")
    rows = rows_of(study, run(study, {**staged, ("staging", "city_yearbook"): here}, parts=ROWS))
    reason = rows.filter(controls="means before")["reason"].unique().item()
    assert reason.startswith("no value was delivered for log_loans (log_loans rests on loans_cny_10k, from ")
    assert "freight" not in reason


def test_the_summary_counts_all_rows_and_those_of_each_choice(rows):
    table = summary(rows, {"errors": ["by city", "by province"]})
    assert table["choice"].to_list() == [None, "by city", "by province"]
    whole, city, _ = table.to_dicts()
    own = rows.filter(errors="by city")
    assert (whole["specifications"], city["specifications"]) == (SIZE, SIZE // 2)
    stars = (own["p_value"] < 0.05) & (own["estimate"] > 0)
    assert city["share_positive_significant"] == pytest.approx(stars.mean())
    assert city["median_t"] == pytest.approx(own["t"].median())
    assert whole["share_below_marked"] == pytest.approx((rows["t"] < whole["marked_t"]).mean())
    assert (rows["standardised"] - rows["estimate"] / rows["outcome_sd"]).abs().max() < TOLERANCE
