"""Kind "curve": from the study file through the pipeline's own steps to rows, summary, joint test and figure."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from resilience_pipeline.econometrics.curve import joint_test, summary
from resilience_pipeline.econometrics.estimation import estimate
from resilience_pipeline.errors import SpecificationError
from resilience_pipeline.options import Options
from resilience_pipeline.panel.analysis import analysis_frame
from resilience_pipeline.panel.chain import panel_frames
from resilience_pipeline.report.kinds.curve import draw
from resilience_pipeline.report.printer import Page, Published
from resilience_pipeline.report.render import draw as draw_result
from resilience_pipeline.report.render import render_page
from resilience_pipeline.step import Inputs
from resilience_pipeline.study.curve import Choice, column_with
from resilience_pipeline.study.kind import estimate_key
from resilience_pipeline.study.kinds import curve as kind
from resilience_pipeline.study.load import find_studies, load_study
from resilience_pipeline.study.steps import steps
from tests.panel.small_study import FIRST, LAST, LISTED, observations, pilot_list
from tests.study.study_files import write

TOLERANCE = 1e-10

STUDY = f"""
[study]
name = "mine"
title = "A small study"
first_year = {FIRST}
last_year = {LAST}
composites = true

[sample]
required = ["gdp_cny_10k"]

[variables.log_loans]
table = "controls"
formula = "ln(loans_cny_10k)"

[variables.log_freight]
table = "controls"
formula = "ln(freight_10k_tonnes)"

[tables.mine_1]
title = "Mine"

[[tables.mine_1.columns]]
outcome = "ctri"
treatment = "did"
controls = ["log_loans", "log_freight"]
absorb = ["city_code", "year"]
"""
CURVE = """
[tables.figure_4]
title = "Curve"
kind = "curve"
of = "mine_1.1"
permute = ["start_year", "controls"]

[tables.figure_4.dimensions]
pilots = [
    { name = "no counties", county_level_pilots = "drop", henan_zone = "lead_city" },
    { name = "counties, Henan's three", county_level_pilots = "parent", henan_zone = "all_three" },
]
start_year = [2017, 2018]
weighting = ["entropy", "equal"]
controls = [
    { name = "all" },
    { name = "none", controls = [] },
    { name = "means before", controls = [], baseline = ["log_loans"] },
]
index_form = ["levels", "scaled"]
winsorise = ["by_year", "none"]
sample = [{ name = "all years" }, { name = "before 2020", where = "year < 2020" }]
errors = [{ name = "by city" }, { name = "by province", cluster = ["province"] }]
"""
SIZE = 2 * 2 * 2 * 3 * 2 * 2 * 2 * 2
FEW = {"curve_draws": 19}
DIMENSIONS = ("pilots", "start_year", "weighting", "controls", "index_form", "winsorise", "sample", "errors")


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return load_study(write(tmp_path_factory.mktemp("study"), STUDY + CURVE))


def lake(study, pilots=LISTED, **changed):
    """Staged frames of twelve cities."""
    return {
        ("staging", "city_yearbook"): observations(study, **changed),
        ("staging", "pilot_list"): pilot_list(*pilots),
    }


def run(study, staged=None, settings=FEW):
    """Results by key of the column's step and the curve's, each on what the steps before it gave."""
    study = replace(study, reads="staging")
    options, made = Options.of(settings), {step.key: step for step in steps(study)}
    table = study.table("figure_4")
    keys = [estimate_key(study.specification("mine_1.1")), *(key for key in made if key[1] == table.name)]
    tables = dict(staged or lake(study))
    read = {key for name in keys for key in made[name].inputs if key[0] not in ("staging", "estimates")}
    tables |= panel_frames(study, tables, options, read)
    results = {}
    for key in keys:
        inputs = Inputs({name: tables[name] for name in made[key].inputs}, synthetic=False)
        results[key] = made[key].compute(inputs, options)
        tables[key] = results[key].table
    return results


@pytest.fixture(scope="module")
def results(study):
    return run(study)


def rows_of(study, results):
    return results[kind.rows_key(study.table("figure_4"))].table


@pytest.fixture(scope="module")
def rows(study, results):
    return rows_of(study, results)


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
    found = run(study, settings={**FEW, "winsorise_upper": 0.8, "weighting": "equal"})
    rows = rows_of(study, found)
    (marked,) = rows.filter("marked").to_dicts()
    assert marked["weighting"] == "equal"
    row = rows.row(5, named=True)
    assert row["estimate"] == pytest.approx(by_hand(study, row, winsorise_upper=0.8).terms[0].estimate, rel=1e-9)


def test_under_options_that_are_no_row_nothing_is_marked_and_the_check_says_so(study):
    result = run(study, settings={**FEW, "start_year": 2019})[kind.rows_key(study.table("figure_4"))]
    assert not result.table["marked"].any()
    assert [c.message for c in result.checks if c.name == "as_printed"] == [
        "no specification has the options in force; nothing to compare"
    ]


def test_a_printed_column_that_says_otherwise_blocks(study, rows, results):
    record = results[estimate_key(study.specification("mine_1.1"))].table
    check = kind._as_printed(rows, record.with_columns(estimate=pl.col("estimate") + 1e-6))
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
    rows = rows_of(study, run(study, {**staged, ("staging", "city_yearbook"): here}))
    found = dict(rows.group_by("controls").agg(pl.col("status").unique().sort()).rows())
    assert found == {"all": ["awaiting"], "none": ["estimated"], "means before": ["estimated"]}
    reason = rows.filter(controls="all")["reason"].unique().item()
    assert reason.startswith("no value was delivered for log_freight (log_freight rests on freight_10k_tonnes, from ")


def test_a_control_held_at_its_baseline_that_nobody_delivered_is_named_itself(study):
    staged = lake(study)
    here = staged["staging", "city_yearbook"].filter(pl.col("indicator") != "loans_cny_10k")
    rows = rows_of(study, run(study, {**staged, ("staging", "city_yearbook"): here}))
    reason = rows.filter(controls="means before")["reason"].unique().item()
    assert reason.startswith("no value was delivered for log_loans (log_loans rests on loans_cny_10k, from ")
    assert "freight" not in reason


def test_a_choice_of_rows_narrows_the_columns_own_filter_and_clusters_whatever_the_error_rule(study):
    column = replace(study.specification("mine_1.1"), where="year > 2015 or year < 2014", vcov="iid")
    chosen, baseline = column_with(column, [Choice("before", where="year < 2020"), Choice("held", baseline=("x",))])
    assert chosen.where == "(year > 2015 or year < 2014) and (year < 2020)"
    assert (chosen.vcov, chosen.controls, baseline) == ("cluster", column.controls, ("x",))
    assert column_with(column, [Choice("own")])[0].where == column.where


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


def test_the_joint_test_deals_the_pilots_out_and_keeps_the_seed(study, results):
    table = study.table("figure_4")
    dealt = results[kind.permuted_key(table)].table
    assert dealt["draw"].to_list() == list(range(20))
    assert dealt["seed"].unique().to_list() == [20181016]
    assert dealt["specifications"].max() == 2 * 3  # start years by controls
    rows = rows_of(study, results)
    own = rows.filter(
        pilots="no counties",
        weighting="entropy",
        index_form="levels",
        winsorise="by_year",
        sample="all years",
        errors="by city",
    )
    assert dealt["median_t"][0] == pytest.approx(own["t"].median(), rel=1e-9)
    again = run(study)[kind.permuted_key(table)].table
    assert again.equals(dealt)
    other = run(study, settings={**FEW, "seed": 5})[kind.permuted_key(table)].table
    assert other["median_t"][0] == dealt["median_t"][0]
    assert not other["median_t"][1:].equals(dealt["median_t"][1:])
    found = {row["statistic"]: row for row in results[kind.joint_key(table)].table.to_dicts()}
    fake, true = dealt["median_t"][1:], dealt["median_t"][0]
    assert found["median t"]["p_value"] == pytest.approx((1 + (fake.abs() >= abs(true)).sum()) / 20)


def test_a_curve_that_no_deal_comes_near_has_the_smallest_p_value_there_is():
    draws = pl.DataFrame(
        {
            "draw": range(20),
            "seed": 1,
            "specifications": 6,
            "median_t": [5.0, *np.linspace(-2, 2, 19)],
            "share_positive_significant": [1.0, *[0.0] * 19],
            "share_negative_significant": [0.0] * 20,
        }
    )
    p = {row.statistic: row.p_value for row in joint_test(draws)}
    assert p["median t"] == p["share positive and significant"] == pytest.approx(1 / 20)
    assert p["share negative and significant"] == 1.0


def printed(study, results, *, synthetic=False):
    table = study.table("figure_4")
    keys = (kind.rows_key(table), kind.summary_key(table), kind.joint_key(table))
    page = Page(table, {key: results[key].table for key in keys}, Published(), {}, Options.of(FEW))
    return render_page(page, synthetic=synthetic)


def test_the_page_marks_the_column_and_says_what_shares_are_not(study, results):
    text = printed(study, results, synthetic=True)[0].text
    assert "SYNTHETIC" in text
    assert "mine_1.1 as printed is specification" in text
    assert "many significant ones are not many findings" in text
    assert "Joint test: pilots dealt out to cities at random 19 times" in text
    assert "counties, Henan's three" in text


def test_the_figure_is_the_same_bytes_each_time(study, results):
    table, tidy = study.table("figure_4"), rows_of(study, results)
    for form in ("png", "svg", "pdf"):
        one, two = (draw_result(table, tidy, form, synthetic=True) for _ in range(2))
        assert one is not None
        assert one == two
    figure = draw(tidy, "Curve", False)
    labels = [label.get_text() for label in figure.axes[1].get_yticklabels()]
    assert labels[:4] == ["Pilots", "no counties", "counties, Henan's three", "Start year"]
    assert len(labels) == sum(1 + tidy[name].n_unique() for name in DIMENSIONS)


def test_a_step_reads_what_the_choices_move_and_the_tables_beneath_it(study):
    made = {step.key: step for step in steps(study)}
    step = made[kind.rows_key(study.table("figure_4"))]
    assert set(step.inputs) == {
        ("grid", "mine", "cells"),
        ("grid", "mine", "cities"),
        ("frozen", "pilot_list"),
        ("panel", "mine", "geography"),
        ("estimates", "mine_1", "1"),
    }
    assert {"county_level_pilots", "henan_zone", "start_year", "weighting", "index_form", "winsorise"} <= {
        *step.options
    }
    assert {"winsorise_upper", "ssc", "singletons"} <= {*step.options}
    assert "vcov" not in step.options


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ('of = "mine_1.1"', 'of = "mine_1.2"', "of names no column"),
        ("start_year = [2017, 2018]", "start_year = [2017, 2016]", "start_year has a wrong value"),
        ("start_year = [2017, 2018]", "begin = [2017, 2018]", "begin is no option"),
        ("start_year = [2017, 2018]", "start_year = []", "must be a list of choices"),
        ("start_year = [2017, 2018]", "estimate = [2017, 2018]", "has a reserved name"),
        ('name = "none"', 'name = "all"', "has two choices of one name"),
        ('name = "none", controls', 'name = "none", control', "control is no option"),
        ('name = "none", controls', 'name = "none", henan_zone = "drop", controls', "sets options and keys"),
        ("controls = [] },", 'controls = ["log_lones"] },', "names no variable"),
        ('cluster = ["province"]', 'cluster = ["province", "year"]', "must name one column"),
        ('where = "year < 2020"', 'where = "years < 2020"', "names no variable"),
        ('permute = ["start_year"', 'permute = ["start"', "permute names no dimension"),
    ],
)
def test_what_is_wrong_in_the_section_is_named(tmp_path, old, new, what):
    assert old in CURVE
    with pytest.raises(SpecificationError, match=what):
        load_study(write(tmp_path, STUDY + CURVE.replace(old, new, 1)))


def test_an_option_that_moves_nothing_of_the_column_is_refused(tmp_path):
    text = CURVE.replace("start_year = [2017, 2018]", 'ip_split = ["by_year", "pooled"]').replace('"start_year", ', "")
    study = load_study(write(tmp_path, STUDY + text))
    with pytest.raises(SpecificationError, match="option ip_split moves none of"):
        steps(study)


def test_the_paper_has_its_curve_on_the_third_column_of_table_4_over_thousands_of_specifications():
    (paper,) = [study for study in find_studies() if study.name == "trade_resilience"]
    settings = paper.table("figure_4").settings
    assert settings.of == "table_4.3"
    assert [d.name for d in settings.dimensions] == [
        *("pilots", "start_year", "weighting", "index_form", "winsorise"),
        *("controls", "effects", "sample", "errors"),
    ]
    assert kind.size(settings.dimensions) == 6 * 3 * 6 * 2 * 3 * 4 * 3 * 4 * 2
