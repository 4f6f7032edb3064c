"""Kinds "event_study" and "honest": from a section of a study file to bands, joint tests, bounds and pages."""

import polars as pl
import pytest

from resilience_pipeline.errors import SpecificationError
from resilience_pipeline.options import Options
from resilience_pipeline.report.kinds import PRINTERS
from resilience_pipeline.report.printer import Page, Published
from resilience_pipeline.report.render import draw, render_page
from resilience_pipeline.step import Inputs
from resilience_pipeline.study.kind import estimate_key
from resilience_pipeline.study.kinds.event_study import covariance_key, inference_key
from resilience_pipeline.study.load import load_study
from resilience_pipeline.study.steps import steps
from tests.econometrics.events import panel
from tests.study.study_files import SOUND, write

EVENT = """
[tables.figure_9]
title = "Every year"
kind = "event_study"
like = "mine_1.1"
base = 2017

[tables.figure_9_honest]
title = "Bounds"
kind = "honest"
of = "figure_9"
relative = [1]
bends = [0, 0.5]
"""
FEW = Options.of({"event_draws": 2_000, "honest_draws": 1_000})
BOUNDS = ("estimates", "figure_9_honest", "bounds")


@pytest.fixture
def study(tmp_path):
    return load_study(write(tmp_path, SOUND + EVENT))


def panel_tables(effect: float = 2.0, **changed: pl.Expr) -> dict:
    frame = panel(3, effect=effect, cities=60)
    frame = frame.with_columns(treat=(pl.col("city") < 15).cast(pl.Float64))
    frame = frame.select(
        pl.col("city").cast(pl.String).alias("city_code"),
        pl.col("year").cast(pl.Int32),
        (pl.col("treat") * (pl.col("year") > 2017)).alias("did"),
        pl.col("y").alias("fiscal"),
        pl.col("gdp").alias("log_loans"),
        (pl.col("treat") * (pl.col("year") == 2017)).alias("treat_2017"),
        *(name for name in frame.columns if name.startswith("treat_")),
    ).with_columns(**changed)
    events = [name for name in frame.columns if name.startswith("treat_")]
    where = {"treatment": ["did"], "outcomes": ["fiscal"], "controls": ["log_loans"], "event_time": events}
    return {("panel", "mine", table): frame.select("city_code", "year", *names) for table, names in where.items()}


def run(study, tables: dict, options: Options = FEW) -> dict:
    """Results of all estimates steps of the study by key, run in order."""
    found, results = dict(tables), {}
    for step in steps(study):
        results[step.key] = step.compute(Inputs({key: found[key] for key in step.inputs}, synthetic=False), options)
        found[step.key] = results[step.key].table
    return results


def printed(study, name: str, results: dict, synthetic: bool = False, options: Options = FEW):
    tables = {key: result.table for key, result in results.items() if key[1] == name}
    tables.pop(("estimates", name, "covariance"), None)
    return render_page(Page(study.table(name), tables, Published(), {}, options), synthetic=synthetic)


def rows(results: dict, key: tuple[str, ...]) -> dict:
    """Rows by subject and statistic; of several methods the first."""
    found = results[key].table.to_dicts()
    return {(row["subject"], row["statistic"]): row for row in reversed(found)}


def test_bands_are_wider_than_intervals_and_the_planted_effect_is_outside_them(study) -> None:
    results = run(study, panel_tables())
    page, shown = printed(study, "figure_9", results)
    years = {row["year"]: row for row in shown.tidy.to_dicts()}
    assert list(years) == list(range(2012, 2023))
    assert years[2017]["base"]
    assert years[2017]["estimate"] is years[2017]["band_low"] is None
    for year in set(years) - {2017}:
        assert years[year]["band_low"] < years[year]["ci_low"] < years[year]["ci_high"] < years[year]["band_high"]
    assert all((years[year]["band_low"] > 0) == (year > 2017) for year in set(years) - {2017})
    assert "0 (base)" in page.text
    assert "base 2017" in page.text
    assert all(check.passed for result in results.values() for check in result.checks)


@pytest.mark.parametrize("start_year", [2017, 2018, 2019])
def test_the_policy_is_drawn_before_the_start_year_in_force_whatever_the_base_year(study, start_year) -> None:
    options = Options.of({**FEW.values, "start_year": start_year})
    _, shown = printed(study, "figure_9", run(study, panel_tables()), options=options)
    (axes,) = PRINTERS["event_study"].draw(shown.tidy, "Every year", False).axes
    (line,) = [line for line in axes.get_lines() if line.get_label() == "Policy begins"]
    assert line.get_xdata() == [start_year - 0.5] * 2


@pytest.mark.parametrize(
    ("vcov", "words"),
    [
        ("iid", "Errors: iid, small-sample rule reghdfe."),
        ("cv3", "Errors: CV3 by city_code, the cluster jackknife. An"),
    ],
)
def test_the_error_rule_is_named_as_the_years_were_estimated(study, vcov, words) -> None:
    options = Options.of({**FEW.values, "vcov": vcov})
    page, _ = printed(study, "figure_9", run(study, panel_tables(), options), options=options)
    assert words in page.text


def test_leads_are_tested_jointly_with_the_clusters_degrees_of_freedom_and_a_planted_effect_in_the_lags(study) -> None:
    found = rows(run(study, panel_tables()), inference_key(study.table("figure_9")))
    assert found["leads", "F"]["note"] == "F(5, 59), all leads zero"
    assert found["leads", "F"]["p_value"] > 0.05
    assert found["lags", "F"]["p_value"] < 0.001
    assert found["lags", "average"]["estimate"] == pytest.approx(2.0, abs=0.5)


def test_covariances_are_kept_for_every_pair_of_years(study) -> None:
    key = covariance_key(study.table("figure_9"))
    table = run(study, panel_tables())[key].table
    assert table.height == 100
    turned = table.rename({"term": "other", "other": "term", "covariance": "turned"})
    both = table.join(turned.drop("term_clusters"), on=["term", "other"])
    assert set(table["term_clusters"]) == {15}
    assert (both["covariance"] - both["turned"]).abs().max() == pytest.approx(0.0, abs=1e-15)


def test_covariances_that_are_not_the_printed_estimates_fail_a_blocking_check(study) -> None:
    table, tables = study.table("figure_9"), panel_tables()
    record = run(study, tables)[estimate_key(table.columns[0])].table
    (step,) = [step for step in steps(study) if step.key == covariance_key(table)]
    assert step.checks == (("as_printed", True),)
    for spoilt in (record.with_columns(pl.col("std_error") * 1.001), record.filter(pl.col("term") != "treat_2014")):
        found = {key: tables.get(key, spoilt) for key in step.inputs}
        (check,) = step.compute(Inputs(found, synthetic=False), FEW).checks
        assert not check.passed
        assert check.blocking


def test_the_error_rule_of_the_options_is_that_of_the_covariances(study) -> None:
    results = run(study, panel_tables(), Options.of({"vcov": "hc1", "event_draws": 2_000, "honest_draws": 1_000}))
    found = rows(results, inference_key(study.table("figure_9")))
    assert found["leads", "F"]["note"] == "F(5, 579), all leads zero"  # N less cities, years and eleven regressors
    assert results[covariance_key(study.table("figure_9"))].checks[0].passed


def test_under_the_jackknife_the_page_names_no_small_sample_rule(study) -> None:
    results = run(study, panel_tables(), Options.of({"vcov": "cv3", "event_draws": 2_000, "honest_draws": 1_000}))
    page, _ = printed(study, "figure_9", results)
    assert "small-sample rule" not in page.text
    assert results[covariance_key(study.table("figure_9"))].checks[0].passed


def test_bounds_of_an_effect_that_is_there_exclude_zero_until_the_breakdown(study) -> None:
    found = rows(run(study, panel_tables(effect=6.0)), BOUNDS)
    assert found["first lag", "Mbar = 1"]["ci_low"] > 0
    assert found["first lag", "breakdown value"]["estimate"] > 0
    none = rows(run(study, panel_tables(effect=0.0)), BOUNDS)
    assert none["first lag", "Mbar = 1"]["ci_low"] < 0 < none["first lag", "Mbar = 1"]["ci_high"]
    assert none["average lag", "breakdown value"]["estimate"] == 0


def test_the_pages_say_what_each_figure_means(study) -> None:
    results = run(study, panel_tables())
    event, _ = printed(study, "figure_9", results)
    for words in (
        "sup-t",
        "seed 20181016",
        "Joint test of the leads, Wald: F(5, 59)",
        "F(5, 10)",
        "finds a linear trend of",
        "Roth (2022)",
    ):
        assert words in event.text
    honest, shown = printed(study, "figure_9_honest", results)
    for words in ("Mbar = 1", "Rambachan and Roth (2023)", "breakdown value", "M = 0", "of figure_9"):
        assert words in honest.text
    assert shown.without_result == ()


def test_both_are_drawn_and_say_synthetic_where_they_are(study) -> None:
    results = run(study, panel_tables())
    for name in ("figure_9", "figure_9_honest"):
        _, shown = printed(study, name, results, synthetic=True)
        picture = draw(study.table(name), shown.tidy, "svg", synthetic=True)
        assert picture is not None
        assert picture == draw(study.table(name), shown.tidy, "svg", synthetic=True)
        assert picture != draw(study.table(name), shown.tidy, "svg", synthetic=False)


def test_the_figure_shows_the_simultaneous_band(study) -> None:
    _, shown = printed(study, "figure_9", run(study, panel_tables()))
    assert b"95 % simultaneous band" in (draw(study.table("figure_9"), shown.tidy, "svg", synthetic=False) or b"")


def test_what_awaits_its_source_has_a_reason_in_every_table_and_no_figure(study) -> None:
    results = run(study, panel_tables(fiscal=pl.lit(None, dtype=pl.Float64)))
    event, shown = printed(study, "figure_9", results)
    assert "awaiting: no value was delivered for fiscal" in event.text
    assert shown.without_result == ("figure_9.event_study",)
    assert draw(study.table("figure_9"), shown.tidy, "svg", synthetic=False) is None
    honest, bounds = printed(study, "figure_9_honest", results)
    assert "awaiting" in honest.text
    assert bounds.without_result == ("all years",)
    assert draw(study.table("figure_9_honest"), bounds.tidy, "svg", synthetic=False) is None
    assert results[covariance_key(study.table("figure_9"))].table.is_empty()


def test_two_runs_give_the_same_rows_and_another_seed_other_bands(study) -> None:
    first, second = (run(study, panel_tables()) for _ in range(2))
    for key in (inference_key(study.table("figure_9")), BOUNDS):
        assert first[key].table.equals(second[key].table)
    other = run(study, panel_tables(), Options.of({"event_draws": 2_000, "honest_draws": 1_000, "seed": 1}))
    assert not other[inference_key(study.table("figure_9"))].table.equals(
        first[inference_key(study.table("figure_9"))].table
    )


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('of = "figure_9"', 'of = "figure_8"', "names no event study"),
        ('of = "figure_9"', 'of = "mine_1"', "names no event study"),
        ("relative = [1]", "relative = [0]", "is no list of bounds"),
        ("relative = [1]", "relative = [1, 1.0]", "is no list of bounds"),
        ("bends = [0, 0.5]", "bends = [-1]", "is no list of bounds"),
        ("bends = [0, 0.5]", 'bends = ["half"]', "has the wrong type"),
        ("base = 2017", "base = 1999", "is no year of the study"),
    ],
)
def test_a_section_that_is_wrong_is_refused(tmp_path, old: str, new: str, message: str) -> None:
    assert old in EVENT
    with pytest.raises(SpecificationError, match=message):
        load_study(write(tmp_path, SOUND + EVENT.replace(old, new, 1)))
