"""The single measures as tables of a study: from staged rows to the panel, and what moves each of them."""

import numpy as np
import polars as pl
import pytest

from resilience_pipeline.indices.allocation import allocation
from resilience_pipeline.indices.leap import leap
from resilience_pipeline.indices.synergy import synergy
from resilience_pipeline.options import Options
from resilience_pipeline.panel.chain import panel_frames, study_steps
from resilience_pipeline.staging.schema import CITY_CLASSES, DOCUMENTS
from resilience_pipeline.step import Inputs
from resilience_pipeline.study.needs import needed_indicators, study_index_tables
from resilience_pipeline.study.study import Study, Variable
from resilience_pipeline.table_checks import zero_or_one
from tests.grid.staged import series, staged

FIRST, LAST = 2015, 2019
YEARS = range(FIRST, LAST + 1)
CITIES = tuple(f"33{c:02d}00" for c in range(1, 9))
NATIONAL = ("consumer_price_index", "fixed_investment_price_index")
MEASURES = (
    "resilience_leap",
    "industrial_synergy",
    "resource_allocation",
    "digital_policy",
    "ip_high",
    "resource_based",
)
FLAGS = ("digital_policy", "ip_high", "resource_based")


def study_of(*names, composites=True):
    variables = tuple(Variable(name, name, name, continuous=name not in FLAGS) for name in names)
    return Study("small", "A small study", FIRST, LAST, variables, (), composites=composites)


STUDY = study_of(*MEASURES)


def observations(without=()):
    rng = np.random.default_rng(6)
    parts = []
    for name in needed_indicators(STUDY, Options()):
        if name in NATIONAL:
            drawn = [float(v) for v in rng.normal(102, 1, size=len(YEARS))]
            parts += [] if name in without else [series("000000", name, drawn, FIRST, scope="nation")]
            continue
        for city in CITIES:
            drawn = [float(v) for v in rng.lognormal(3, 0.4, size=len(YEARS))]
            parts += [] if name in without else [series(city, name, drawn, FIRST)]
    return staged(*parts)


def reports():
    """City c names the digital economy c times, in every year but the first."""
    rows = [
        {"city_code": city, "year": year, "document": "，".join(["报告", *["数字经济"] * c]), "characters": 2 + 5 * c}
        for c, city in enumerate(CITIES)
        for year in YEARS[1:]
    ]
    return pl.DataFrame(rows, schema=DOCUMENTS)


def city_list():
    classes = ("growing", "mature", "declining", "regenerating")
    rows = [{"city_code": city, "city_class": name} for city, name in zip(CITIES, classes, strict=False)]
    return pl.DataFrame(rows, schema=CITY_CLASSES)


LAKE = {
    ("staging", "city_yearbook"): observations(),
    ("staging", "work_reports"): reports(),
    ("staging", "resource_cities"): city_list(),
}


def run(lake=LAKE, study=STUDY, **settings):
    """Tables by layer and last name."""
    frames = panel_frames(study, lake, Options.of(settings))
    return {(key[0], key[-1]): table for key, table in frames.items()}


def wide(indicators):
    """The delivered values of `indicators` by city and year, as a formula reads them."""
    observed = LAKE["staging", "city_yearbook"].select("city_code", "year", "indicator", "value")
    of_cities = observed.filter(pl.col("city_code") != "000000")
    frame = of_cities.pivot("indicator", index=["city_code", "year"], values="value").sort("city_code", "year")
    nation = observed.filter(city_code="000000").pivot("indicator", index="year", values="value")
    return frame.join(nation, on="year", how="left").select("city_code", "year", *indicators)


def test_the_panel_holds_each_measure_as_its_formula_gives_it():
    tables = run(winsorise="none")
    behind = {name: list(indicators_of(name)) for name in ("industrial_synergy", "resource_allocation")}
    by_hand = {
        "industrial_synergy": synergy(wide(behind["industrial_synergy"])),
        "resource_allocation": allocation(wide(behind["resource_allocation"]), 0.5, 0.096, "steady_state"),
        "resilience_leap": leap(tables["indices", "composites"], "whole_sample", 2018),
    }
    for name, expected in by_hand.items():
        assert tables["panel", name][name].equals(expected[name]), name
        assert tables["panel", name][name].null_count() == 0


def indicators_of(name):
    return study_index_tables(study_of(name))[-1].rests_on(name, None)


def test_the_panel_holds_each_flag_as_one_zero_or_unknown():
    tables = run()
    resource = tables["panel", "resource_based"].filter(year=FIRST)["resource_based"].to_list()
    assert resource == [1, 1, 1, 1, 0, 0, 0, 0]
    last = tables["panel", "digital_policy"].filter(year=LAST)["digital_policy"].to_list()
    assert last == [0, 0, 0, 1, 1, 1, 1, 1]
    assert tables["panel", "digital_policy"].filter(year=FIRST)["digital_policy"].to_list() == [None] * 8
    assert tables["panel", "ip_high"].group_by("year").agg(pl.col("ip_high").sum())["ip_high"].to_list() == [4.0] * 5


@pytest.mark.parametrize(
    ("name", "tables"),
    [
        ("industrial_synergy", ["synergy"]),
        ("resource_allocation", ["allocation"]),
        ("ip_high", ["ip_high"]),
        ("resource_based", ["resource_based"]),
        ("digital_policy", ["digital_policy_terms", "digital_policy"]),
        ("resilience_leap", ["indicators", "weights", "composites", "leap"]),
    ],
)
def test_a_study_gets_the_tables_that_a_variable_rests_on_and_no_other(name, tables):
    assert [table.name for table in study_index_tables(study_of(name, composites=False))] == tables


def test_a_variable_rests_on_the_series_that_its_formula_reads_and_on_no_other():
    assert needed_indicators(study_of("ip_high", composites=False), Options()) == ("ip_protection_index",)
    assert needed_indicators(study_of("resource_based", composites=False), Options()) == ()
    assert set(needed_indicators(study_of("wage_bill_cny_10k", composites=False), Options())) == {
        "average_wage_cny",
        "employment_total_persons",
    }
    assert "fixed_investment_price_index" in needed_indicators(study_of("capital_wedge", composites=False), Options())


@pytest.mark.parametrize(
    ("settings", "moved"),
    [
        ({"leap_mean": "past"}, {"resilience_leap"}),
        ({"leap_mean": "before_policy"}, {"resilience_leap"}),
        ({"leap_mean": "before_policy", "start_year": 2017}, {"resilience_leap"}),
        ({"capital_share": 0.4}, {"resource_allocation"}),
        ({"depreciation": 0.05}, {"resource_allocation"}),
        ({"initial_capital": "tenth"}, {"resource_allocation"}),
        ({"digital_policy_threshold": 2}, {"digital_policy"}),
        ({"ip_split": "pooled"}, {"ip_high"}),
        ({"resource_classes": "declining"}, {"resource_based"}),
    ],
)
def test_an_option_moves_its_own_measure_and_leaves_the_others(settings, moved):
    one, other = run(), run(**settings)
    assert {name for name in MEASURES if not one["panel", name].equals(other["panel", name])} == moved


@pytest.mark.parametrize("setting", ["leap_mean", "ip_split", "resource_classes", "initial_capital"])
def test_a_step_names_the_options_it_reads(setting):
    readers = [step.key[-1] for step in study_steps(STUDY, ("city_yearbook",)) if setting in step.options]
    assert len(readers) == 1


def test_the_leap_reads_resilience_before_it_is_winsorised():
    one, other = run(winsorise="none"), run(winsorise="by_year")
    assert other["indices", "leap"].equals(one["indices", "leap"])
    assert not other["panel", "resilience_leap"].equals(one["panel", "resilience_leap"])


def test_employment_winsorised_before_the_index_still_makes_a_nation():
    tables = run(winsorise_stage="before_index", winsorise_lower=0.2, winsorise_upper=0.8)
    assert tables["indices", "synergy"]["industrial_synergy"].null_count() == 0


def test_a_source_that_was_not_delivered_leaves_its_flag_unknown_and_says_what_is_awaited():
    bare = {("staging", "city_yearbook"): observations(without=("ip_protection_index",))}
    tables = run(bare)
    for flag in FLAGS:
        assert tables["panel", flag][flag].null_count() == len(CITIES) * len(YEARS), flag
    assert (
        notes(bare, "digital_policy")["awaiting"] == notes(bare, "digital_policy_terms")["awaiting"] == "work_reports"
    )
    assert notes(bare, "resource_based")["awaiting"] == "resource_cities"
    assert notes(bare, "ip_high")["awaiting"] == "ip_protection_index"


def test_without_the_price_index_resource_allocation_is_awaiting_it():
    bare = {("staging", "city_yearbook"): observations(without=("fixed_investment_price_index",))}
    assert notes(bare, "allocation")["awaiting"] == "fixed_investment_price_index"
    assert run(bare)["panel", "resource_allocation"]["resource_allocation"].null_count() == len(CITIES) * len(YEARS)


def notes(lake, name):
    """Notes of the index table's step on what the chain has before it."""
    steps = {step.key[-1]: step for step in study_steps(STUDY, ("city_yearbook",)) if step.key[0] == "indices"}
    frames = panel_frames(STUDY, lake, Options()) | {
        ("frozen", "work_reports"): lake.get(("staging", "work_reports"), DOCUMENTS.to_frame()),
        ("frozen", "resource_cities"): lake.get(("staging", "resource_cities"), CITY_CLASSES.to_frame()),
    }
    return steps[name].compute(Inputs({k: frames[k] for k in steps[name].inputs}, synthetic=False), Options()).notes


def test_the_notes_say_how_many_city_years_each_group_has():
    split = dict(notes(LAKE, "ip_high"))
    assert 4 < split.pop("cities_ever_high") <= 8
    assert 4 < split.pop("cities_ever_low") <= 8
    assert split == {"high_city_years": 20, "low_city_years": 20, "high_share": 0.5}
    assert notes(LAKE, "resource_based") == {"listed_cities": 4, "resource_based_cities": 4}
    assert notes(LAKE, "digital_policy") == {"city_years_with_a_policy": 20, "city_years_without_a_report": 8}
    assert notes(LAKE, "digital_policy_terms") == {"reports": 32, "reports_that_name_a_term": 28}
    assert notes(LAKE, "synergy") == {"city_years_in_the_nation": 40}
    assert notes(LAKE, "allocation") == {"city_years_with_an_allocation": 40}
    assert notes(LAKE, "leap") == {"mean": "whole_sample", "composites_without_a_leap": 0}


def test_a_measure_without_a_value_names_the_table_that_says_why():
    status = run(leap_mean="past")["panel", "value_status"].filter(year=FIRST, status="undefined")
    assert set(status["variable"]) == {"resilience_leap", "digital_policy"}
    assert all("leap" in reason for reason in status.filter(variable="resilience_leap")["reason"])
    assert all("digital_policy" in reason for reason in status.filter(variable="digital_policy")["reason"])


def test_a_measure_that_is_there_shows_what_its_inputs_are():
    lake = LAKE | {
        ("staging", "city_yearbook"): LAKE["staging", "city_yearbook"].with_columns(
            value=pl.when((pl.col("indicator") == "employment_science_persons") & (pl.col("year") == 2017))
            .then(None)
            .otherwise("value")
        )
    }
    status = run(lake, winsorise="none")["panel", "value_status"].filter(variable="industrial_synergy", year=2017)
    assert set(status["status"]) == {"interpolated"}
    assert set(status["inputs"]) == {"employment_science_persons: interpolated"}


def test_every_declared_check_of_a_measure_is_made_and_passes():
    frames = panel_frames(STUDY, LAKE, Options()) | {("frozen", key[1]): frame for key, frame in LAKE.items()}
    for step in study_steps(STUDY, ("city_yearbook",)):
        if step.key[0] == "indices":
            result = step.compute(Inputs({k: frames[k] for k in step.inputs}, synthetic=False), Options())
            assert [(check.name, check.blocking) for check in result.checks] == list(step.checks), step.key
            assert all(check.passed for check in result.checks), step.key


def test_a_flag_that_is_neither_one_nor_zero_fails_and_unknown_is_allowed():
    flags = pl.DataFrame({"flag": [0, 1, None]})
    assert zero_or_one(flags, "flag").passed
    check = zero_or_one(pl.DataFrame({"flag": [0, 2, None]}), "flag")
    assert check.failures["flag"].to_list() == [2]
