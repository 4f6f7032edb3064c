"""Kind "placebo" in a study file, through its steps, to the printed result and the figure."""

import polars as pl
import pytest

from resilience_pipeline.errors import SpecificationError
from resilience_pipeline.options import Options
from resilience_pipeline.report.figures import number
from resilience_pipeline.report.kinds.placebo import draw
from resilience_pipeline.report.layout import SYNTHETIC
from resilience_pipeline.report.printer import Page, Published
from resilience_pipeline.report.render import draw as draw_result
from resilience_pipeline.report.render import render_page
from resilience_pipeline.step import Inputs
from resilience_pipeline.study.kinds import placebo as kind
from resilience_pipeline.study.load import find_studies, load_study
from resilience_pipeline.study.steps import steps
from tests.econometrics.panels import panel
from tests.study.study_files import SOUND, write

PLACEBO = """
[tables.figure_2]
title = "Fake pilots"
kind = "placebo"
of = "mine_1.1"
forms = ["cities", "years_before", "own_years_all"]
"""
FEW = {"placebo_draws": 50}


def study_with(folder, placebo=PLACEBO):
    return load_study(write(folder, SOUND + placebo))


@pytest.fixture
def study(tmp_path):
    return study_with(tmp_path)


def lake(**changed):
    """Panel tables of the study, 40 cities, 13 pilots from 2016 on."""
    frame = panel(lost=20).select(
        city_code=pl.format("{}", 330_000 + pl.col("city")),
        year=pl.col("year").cast(pl.Int32),
        did="did",
        fiscal="y",
        log_loans="gdp",
    )
    frame = frame.with_columns(**changed)
    keys = ("city_code", "year")
    return {
        ("panel", "mine", "treatment"): frame.select(*keys, "did"),
        ("panel", "mine", "outcomes"): frame.select(*keys, "fiscal"),
        ("panel", "mine", "controls"): frame.select(*keys, "log_loans"),
    }


def run(study, settings=FEW, **changed):
    """Results of the estimates layer by key, each step on what the ones before it gave."""
    tables, results = lake(**changed), {}
    for step in steps(study):
        inputs = Inputs({key: tables[key] for key in step.inputs}, synthetic=False)
        results[step.key] = step.compute(inputs, Options.of(settings))
        tables[step.key] = results[step.key].table
    return results


def printed(study, results, *, synthetic=False):
    table = study.table("figure_2")
    needed = [kind.draws_key(table, form) for form in table.settings.forms] + [kind.summary_key(table)]
    page = Page(table, {key: results[key].table for key in needed}, Published(), {}, Options.of(FEW))
    return render_page(page, synthetic=synthetic)


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ('"mine_1.1"', '"mine_1.2"', "of names no column"),
        ('of = "mine_1.1"\n', "", "of is missing"),
        ('"cities", ', '"citys", ', "forms names no form"),
        ('["cities", "years_before", "own_years_all"]', "[]", "must name forms"),
        ('"years_before"', '"cities"', "must name forms, each once"),
        ('title = "Fake pilots"', 'title = "Fake pilots"\ndraws = 500', "draws is not a key"),
    ],
    ids=["no such column", "no column", "no such form", "no form", "a form twice", "draws in the file"],
)
def test_what_is_wrong_in_the_section_is_named(tmp_path, old, new, what):
    assert old in PLACEBO
    with pytest.raises(SpecificationError, match=what):
        study_with(tmp_path, PLACEBO.replace(old, new, 1))


def test_a_column_without_a_treatment_has_no_placebo(tmp_path):
    text = (SOUND + PLACEBO).replace('treatment = "did"\n', "")
    with pytest.raises(SpecificationError, match="names a column without a treatment"):
        load_study(write(tmp_path, text))


def test_each_form_is_a_step_on_the_columns_panel_tables_and_one_step_sums_up(study):
    made = {step.key[1:]: step for step in steps(study) if step.key[1] == "figure_2"}
    draws = [("figure_2", f"draws_{form}") for form in ("cities", "years_before", "own_years_all")]
    assert list(made) == [*draws, ("figure_2", "summary")]
    assert {key[-1] for key in made[draws[0]].inputs} == {"outcomes", "treatment", "controls"}
    assert {"placebo_draws", "seed", "vcov", "ssc", "singletons"} == set(made[draws[0]].options)


def test_the_paper_has_its_figures_on_the_third_column_of_table_4_and_its_500_draws_in_the_notes():
    (paper,) = [study for study in find_studies() if study.name == "trade_resilience"]
    for name in ("figure_2", "figure_3"):
        assert paper.table(name).settings.of == "table_4.3"
        assert "draws 500 times" in paper.table(name).notes[0]


def test_the_options_set_the_draws_and_the_seed_and_both_are_kept(study):
    first = run(study, {"placebo_draws": 30, "seed": 5})["estimates", "figure_2", "draws_cities"].table
    assert first.height == 30
    assert first["seed"].unique().to_list() == [5]
    other = run(study, {"placebo_draws": 30, "seed": 6})["estimates", "figure_2", "draws_cities"].table
    assert not first["estimate"].equals(other["estimate"])


def test_the_summary_has_one_row_per_form_on_the_printed_estimate(study):
    results = run(study)
    summary = results["estimates", "figure_2", "summary"].table
    estimate = results["estimates", "mine_1", "1"].table.filter(term="did").row(0, named=True)
    assert summary["form"].to_list() == ["cities", "years_before", "own_years_all"]
    assert summary["draws"].to_list() == [50, 3, 50]
    for observed in ("observed", "recomputed"):
        assert summary[observed].to_list() == pytest.approx([estimate["estimate"]] * 3, rel=1e-10)
    assert summary["observed_std_error"].to_list() == pytest.approx([estimate["std_error"]] * 3, rel=1e-10)
    assert all(check.passed for result in results.values() for check in result.checks)


def test_a_true_treatment_that_comes_out_otherwise_fails_a_blocking_check(study, monkeypatch):
    monkeypatch.setattr(kind, "TOLERANCE", 0.0)
    checks = run(study)["estimates", "figure_2", "draws_cities"].checks
    (agrees,) = [check for check in checks if check.name == "true_treatment_agrees"]
    assert not agrees.passed
    assert agrees.blocking


def test_what_awaits_its_source_says_which_and_fails_nothing_else(study):
    results = run(study, log_loans=pl.lit(None, dtype=pl.Float64))
    draws = results["estimates", "figure_2", "draws_cities"]
    assert draws.table["status"].to_list() == ["awaiting"]
    assert "rests on loans_cny_10k, from city_yearbook" in draws.table["reason"][0]
    assert [check.passed for check in draws.checks if check.blocking] == [True]
    rendered, made = printed(study, results)
    assert made.without_result == ("figure_2.cities", "figure_2.years_before", "figure_2.own_years_all")
    assert "awaiting: no value was delivered for log_loans" in rendered.text
    assert draw(made.tidy, "Figure 2", False) is None


def test_an_error_rule_without_a_placebo_fails_with_its_reason(study):
    draws = run(study, FEW | {"vcov": "hc1"})["estimates", "figure_2", "draws_cities"]
    assert draws.table["status"].to_list() == ["failed"]
    assert "clustered one way" in draws.notes["reason"]


def cells(rendered, name):
    (line,) = [line for line in rendered.markdown.splitlines() if line.startswith(f"| {name} |")]
    return [cell.strip().replace("\\", "") for cell in line.strip("|").split("|")][1:]


def test_the_printed_result_has_our_place_the_law_of_the_draws_and_their_seed(study):
    results = run(study)
    rendered, _ = printed(study, results)
    summary = results["estimates", "figure_2", "summary"].table
    assert cells(rendered, "Fake treatments") == ["50 of 10^10.1", "all 3", "50 of 10^11.0"]
    first = summary.row(0, named=True)
    shares = [f"{first[name]:.4f}" for name in ("p_value", "p_low", "p_high")]
    assert cells(rendered, "Share as far from zero as ours")[:2] == [f"{shares[0]} [{shares[1]}, {shares[2]}]", ""]
    assert cells(rendered, "over our error")[0] == f"{first['sd'] / first['observed_std_error']:.2f}"
    assert cells(rendered, "A randomisation test") == ["yes", "no", "no"]
    assert "(3) contaminated" in rendered.text
    assert "(1) contaminated" not in rendered.text
    assert "Seed 20181016." in rendered.text


def test_the_rule_of_the_errors_is_named_where_the_column_is_printed_under_another(study):
    rendered, _ = printed(study, run(study, FEW | {"vcov": "cv3"}))
    assert "errors, ours among them, by the rule cluster, reghdfe." in rendered.text


def test_single_dates_are_printed_each_with_its_error(study):
    results = run(study)
    rendered, _ = printed(study, results)
    for row in results["estimates", "figure_2", "draws_years_before"].table.to_dicts():
        printed_cells = cells(rendered, f"Start {row['start_year']}")
        assert printed_cells == ["", f"{number(row['estimate'])} ({number(row['std_error'])})", ""]


def test_the_figure_has_a_panel_for_each_form_with_our_estimate_in_it(study):
    results = run(study)
    _, made = printed(study, results)
    figure = draw(made.tidy, "Figure 2: fake pilots", False)
    titles = [axes.get_title(loc="left").replace("\n", " ") for axes in figure.axes]
    assert "Fake cities, true date" in titles
    ours = made.tidy["recomputed"][0]
    dashed = [line for axes in figure.axes for line in axes.get_lines() if line.get_label() == "Our estimate"]
    assert len(dashed) == 3
    assert all(ours in (line.get_xdata()[0], line.get_ydata()[0]) for line in dashed)


def test_a_synthetic_figure_says_so_and_is_the_same_bytes_twice(study):
    _, made = printed(study, run(study))
    table = study.table("figure_2")
    first, again = (draw_result(table, made.tidy, "png", synthetic=True) for _ in range(2))
    assert first == again
    texts = [text.get_text() for text in draw(made.tidy, "Figure 2", True).texts]
    assert "SYNTHETIC" in texts
    assert SYNTHETIC in printed(study, run(study), synthetic=True)[0].text
