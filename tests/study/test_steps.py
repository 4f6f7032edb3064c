"""Each printed column is one step on exactly the panel tables it names; what awaits its source says so."""

from types import ModuleType

import polars as pl
import pytest

from resilience_pipeline.options import Options
from resilience_pipeline.step import Inputs
from resilience_pipeline.study.kinds import regression
from resilience_pipeline.study.load import find_studies, load_study
from resilience_pipeline.study.steps import steps
from tests.econometrics.panels import panel
from tests.study.study_files import spoilt, write


@pytest.fixture
def study(tmp_path):
    return load_study(write(tmp_path))


def tables(**changed: pl.Expr) -> dict[tuple[str, ...], pl.DataFrame]:
    """Panel tables of the study in which `fiscal` has a planted effect."""
    frame = panel().select(
        city_code=pl.col("city").cast(pl.String),
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


def run(study, inputs, options=None):
    (step,) = steps(study)
    return step.compute(Inputs({key: inputs[key] for key in step.inputs}, synthetic=False), options or Options())


def test_every_column_and_table_of_descriptives_has_its_step():
    keys = [step.key[1:] for study in find_studies() for step in steps(study)]
    assert keys[:4] == [("table_3", "descriptives"), ("table_4", "1"), ("table_4", "2"), ("table_4", "3")]
    assert ("real_2", "income_controls") in keys


def test_a_column_without_controls_does_not_read_the_controls():
    step = {step.key: step for step in steps(find_studies()[0])}["estimates", "table_4", "1"]
    assert {key[-1] for key in step.inputs} == {"outcomes", "treatment"}


def test_the_step_estimates_its_column_and_both_engines_agree(study):
    result = run(study, tables())

    assert result.table["term"].to_list() == ["did", "log_loans", "const"]
    assert result.table["status"].unique().to_list() == ["estimated"]
    assert all(check.passed for check in result.checks)


def test_the_error_rule_of_the_options_reaches_the_estimate(study):
    result = run(study, tables(), Options.of({"vcov": "hc1"}))
    assert result.table["vcov"].unique().to_list() == ["hc1"]


def test_a_column_without_values_awaits_and_names_the_sources_that_can_give_it(study):
    result = run(study, tables(log_loans=pl.lit(None, dtype=pl.Float64)))

    estimated = {check.name: check for check in result.checks}["estimated"]
    assert result.table["status"].to_list() == ["awaiting"]
    assert "rests on loans_cny_10k, from city_yearbook, compiled_city_panel" in result.notes["reason"]
    assert not estimated.passed
    assert not estimated.blocking


def test_engines_that_differ_fail_a_blocking_check(study, monkeypatch):
    agreement = regression.EngineAgreement("mine_1.1", 1e-5, 0.0)
    monkeypatch.setattr(regression, "compare_engines", lambda spec, frame: agreement)

    check = {check.name: check for check in run(study, tables()).checks}["engines_agree"]

    assert not check.passed
    assert check.blocking


DESCRIBED = """
[tables.mine_2]
title = "Described"
kind = "descriptives"
variables = ["fiscal", "log_loans"]
sample = "mine_1.1"
"""


def described(tmp_path, **changed: pl.Expr):
    from tests.study.study_files import SOUND

    study = load_study(write(tmp_path, SOUND + DESCRIBED))
    step = {step.key: step for step in steps(study)}["estimates", "mine_2", "descriptives"]
    return step.compute(Inputs(tables(**changed), synthetic=False), Options())


def test_descriptives_stand_on_the_rows_of_the_column_they_name(tmp_path):
    lost = pl.when(pl.col("year") == 2012).then(None).otherwise(pl.col("fiscal"))
    result = described(tmp_path, fiscal=lost)
    assert result.table["n_obs"].to_list() == [280, 280]
    assert result.notes["sample"] == "the rows of mine_1.1"


def test_descriptives_show_what_is_there_while_the_outcome_awaits(tmp_path):
    result = described(tmp_path, fiscal=pl.lit(None, dtype=pl.Float64))
    assert result.table["n_obs"].to_list() == [0, 320]
    assert result.table["status"].to_list() == ["awaiting", "estimated"]
    assert not result.checks[0].passed


def test_the_standard_deviation_divides_by_n_less_one():
    from resilience_pipeline.study.descriptives import describe

    row = describe(pl.DataFrame({"x": [1.0, 2.0, None, 6.0]}), ["x"]).row(0, named=True)
    assert (row["n_obs"], row["mean"], row["min"], row["max"]) == (3, 3.0, 1.0, 6.0)
    assert row["sd"] == pytest.approx(7**0.5)


def by(tmp_path, estimator: str):
    return load_study(write(tmp_path, spoilt('treatment = "did"', f'treatment = "did"\n{estimator}')))


def test_a_column_by_another_estimator_is_its_own_step_with_its_own_terms(tmp_path):
    result = run(by(tmp_path, 'estimator = "imputation"\noptions = { aggregate = "simple" }'), tables())

    assert result.table["term"].to_list() == ["att"]
    assert result.table["estimator"].to_list() == ["imputation"]
    assert [check.passed for check in result.checks] == [True, True]
    assert "one engine" in result.checks[0].message
    assert result.notes["error_rule"] == "influence"


def test_an_estimator_that_draws_takes_the_seed_of_the_options(tmp_path):
    text = spoilt('treatment = "did"', 'treatment = "did"\nestimator = "sdid"').replace('["log_loans"]', "[]")
    study = load_study(write(tmp_path, text))
    (step,) = steps(study)

    assert "seed" in step.options
    assert run(study, tables(), Options.of({"seed": "5"})).table["seed"].to_list() == [5]
    assert run(study, tables(), Options.of({"seed": "6"})).table["seed"].to_list() == [6]


def test_the_code_of_an_estimator_is_part_of_its_step_alone(tmp_path):
    code = {name: steps(by(tmp_path, f'estimator = "{name}"'))[0].code for name in ("twfe", "cs", "sunab")}
    named = {
        name: {part.__name__.rsplit(".", 1)[-1] for part in parts if isinstance(part, ModuleType)}
        for name, parts in code.items()
    }
    assert "sunab" in named["sunab"]
    assert "sunab" not in named["cs"] | named["twfe"]
