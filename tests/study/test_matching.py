"""A study that matches: its section, the weighted column with the account of its match, and the table of balance."""

import warnings

import numpy as np
import polars as pl
import pytest

from resilience_pipeline.econometrics.balance import balance, quantiles
from resilience_pipeline.econometrics.matched_panel import match_panel, scored_units
from resilience_pipeline.errors import SpecificationError
from resilience_pipeline.options import Options
from resilience_pipeline.report.kinds.matching import draw
from resilience_pipeline.report.steps import steps as report_steps
from resilience_pipeline.step import Inputs
from resilience_pipeline.study.kinds.matching import RECORD, record
from resilience_pipeline.study.load import find_studies, load_study
from resilience_pipeline.study.matching import rules_under
from resilience_pipeline.study.steps import steps
from tests.econometrics.test_matched_panel import EFFECT, panel
from tests.study.study_files import SOUND, write

SECTION = """
[matching]
covariates = ["log_loans", "log_freight"]

[variables.log_freight]
table = "controls"
formula = "ln(freight_10k_tonnes)"
symbol = "LE"
"""
RESULTS = """
[[tables.mine_1.columns]]
name = "matched"
label = "Matched"
outcome = "fiscal"
treatment = "did"
absorb = ["city_code", "year"]
weights = "matching_weight"

[tables.mine_balance]
title = "Balance"
kind = "matching"
"""
TEXT = SOUND + SECTION + RESULTS
DESIGNS = ("baseline", "by_year", "pooled")
KEY = ("city_code", "year")


@pytest.fixture
def study(tmp_path):
    return load_study(write(tmp_path, TEXT))


def tables(study, options, frame=None):
    """Panel tables of the study, its covariates confounded with a planted effect on `fiscal`."""
    frame = panel() if frame is None else frame
    frame = frame.rename({"size": "log_loans", "trade": "log_freight", "y": "fiscal"})
    lake = {
        ("panel", "mine", "treatment"): frame.select(*KEY, "treat", "did"),
        ("panel", "mine", "outcomes"): frame.select(*KEY, "fiscal"),
        ("panel", "mine", "controls"): frame.select(*KEY, "log_loans", "log_freight"),
    }
    from resilience_pipeline.panel.matching import steps as panel_steps

    (step,) = panel_steps(study)
    result = step.compute(Inputs({key: lake[key] for key in step.inputs}, synthetic=False), options)
    return lake | {step.key: result.table}


def walk(study, frame=None, **settings):
    """Every table of the estimates and the report, by key, and the steps' results."""
    options = Options.of(settings)
    lake, results = tables(study, options, frame), {}
    for step in (*steps(study), *report_steps(study)):
        if set(step.inputs) <= set(lake):
            result = step.compute(Inputs({key: lake[key] for key in step.inputs}, synthetic=False), options)
            lake[step.key], results[step.key] = result.table, result
    return lake, results


MATCHED, BALANCE = ("estimates", "mine_1", "matched"), ("estimates", "mine_balance", "matching")


def test_the_section_names_covariates_and_the_treatment_is_treat_unless_said(study):
    assert study.matching.covariates == ("log_loans", "log_freight")
    assert study.matching.treatment == "treat"


FAULTS = {
    "no covariate": ('covariates = ["log_loans", "log_freight"]', 'treatment = "treat"', "covariates are missing"),
    "an unknown covariate": ('"log_freight"]', '"log_fright"]', "did you mean log_freight"),
    "the treatment as covariate": ('"log_freight"]', '"did"]', "covariates names a variable that is not declared"),
    "a covariate twice": ('"log_freight"]', '"log_loans"]', "covariates name a column twice"),
    "the treatment as covariate where it is a variable": (
        "[matching]",
        '[matching]\ntreatment = "log_loans"',
        "covariates name a column twice",
    ),
    "an unknown treatment": ("[matching]", '[matching]\ntreatment = "pilot"', "treatment names a variable"),
    "an unknown key": ("[matching]", "[matching]\nbandwidth = 1", "matching.bandwidth is not a key"),
    "weights without the section": (
        SECTION.split("[variables")[0],
        "",
        "weights names a variable that is not declared",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_in_the_section_is_named(tmp_path, fault):
    old, new, message = FAULTS[fault]
    assert old in TEXT
    with pytest.raises(SpecificationError, match=message):
        load_study(write(tmp_path, TEXT.replace(old, new, 1)))


def test_a_table_of_balance_needs_the_section(tmp_path):
    with pytest.raises(SpecificationError, match="needs a match"):
        load_study(write(tmp_path, SOUND + '\n[tables.b]\ntitle = "B"\nkind = "matching"\n'))


def test_a_variable_cannot_take_the_weights_name(tmp_path):
    text = SOUND.replace("variables.fiscal", "variables.matching_weight").replace('"fiscal"', '"matching_weight"')
    with pytest.raises(SpecificationError, match="has a reserved name"):
        load_study(write(tmp_path, text))


@pytest.mark.parametrize("design", DESIGNS)
def test_a_weighted_column_has_the_rows_of_positive_weight_and_tells_the_match_apart(study, design):
    lake, results = walk(study, matching_design=design)
    record = lake[MATCHED].row(0, named=True)
    weights = lake["panel", "mine", "matching"]["matching_weight"]
    assert record["n_obs"] + record["n_singletons"] == (weights > 0).sum()  # a city matched in one year only is alone
    (told,) = [warning for warning in record["warnings"] if warning.startswith(f"matched (design {design}, score")]
    assert told.endswith("errors take the weights as known")
    assert all(check.passed for check in results[MATCHED].checks)


def test_the_designs_have_different_samples(study):
    assert len({walk(study, matching_design=design)[0][MATCHED]["n_obs"][0] for design in DESIGNS}) == 3


def test_options_of_the_match_are_stored_with_the_weighted_column_only(study):
    options = {step.key: set(step.options) for step in steps(study)}
    assert "matching_design" in options[MATCHED]
    assert "matching_design" in options[BALANCE]
    assert "matching_design" not in options["estimates", "mine_1", "1"]


def test_the_matched_column_is_near_the_planted_effect_and_the_plain_one_is_not(study):
    lake, _ = walk(study, frame=panel(cities=600))
    plain = lake["estimates", "mine_1", "1"].filter(term="did")["estimate"].item()
    matched = lake[MATCHED].filter(term="did")["estimate"].item()
    assert abs(plain - EFFECT) > 0.8
    assert abs(matched - EFFECT) < 0.25


@pytest.mark.parametrize("design", DESIGNS)
def test_the_record_holds_balance_counts_quantiles_and_every_unit(study, design):
    lake, _ = walk(study, matching_design=design)
    record = lake[BALANCE]
    assert record.schema == RECORD
    assert set(record["status"]) == {"estimated"}
    rules = rules_under(study.matching, Options.of({"matching_design": design}))
    frame = panel().rename({"size": "log_loans", "trade": "log_freight"})
    units = scored_units(frame, rules)
    matched = match_panel(frame, rules)
    on = ["city_code"] if design == "baseline" else [*KEY]
    units = units.join(matched.unique(on, keep="first").select(*on, "matching_weight"), on=on, maintain_order="left")
    expected = balance(
        units.select("log_loans", "log_freight").to_numpy(),
        ["log_loans", "log_freight"],
        units["treat"].to_numpy(),
        units["matching_weight"].to_numpy(),
    )
    for row in expected.to_dicts():
        found = record.filter(part="balance", item=row["covariate"], sample=row["sample"])
        assert found.filter(statistic="standardised_difference")["value"].item() == pytest.approx(
            row["standardised_difference"], rel=1e-12
        )
        assert found.filter(statistic="mean", group="treated")["value"].item() == row["mean_treated"]
    counts = dict(record.filter(part="count").select("item", "value").iter_rows())
    assert counts["treated, matched"] + counts["off support"] == units["treat"].sum()
    assert counts["in the weighted sample"] == matched.filter(pl.col("matching_weight") > 0).height
    listed = record.filter(part="unit", statistic="weight")
    assert listed.height == units.height
    np.testing.assert_array_equal(listed["value"], units["matching_weight"])
    assert record.filter(part="quantile").height == 28
    full = matched.unique(on, keep="first", maintain_order=True).join(units.select(*on, "treat"), on=on)
    controls = full.filter(treat=0)
    median = quantiles(controls["propensity_score"].to_numpy(), controls["matching_weight"].to_numpy(), (0.5,))[0]
    assert record.filter(part="quantile", item="0.5", group="controls", sample="after")["value"].item() == median


def test_the_printed_table_has_the_covariates_before_and_after_and_says_who_left(study):
    _, results = walk(study)
    printed = results["report", "mine_balance"]
    assert printed.text.splitlines()[1].split()[0] == "Variable"
    assert [line.split()[0] for line in printed.text.splitlines()[2:4]] == ["log_loans", "LE"]
    assert "Matched on log_loans, LE (design baseline, score probit" in printed.text
    assert "with score above that of every control: 0" in printed.text
    assert "effective number" in printed.text


def test_the_overlap_is_drawn_and_twice_the_same(study):
    once, again = (walk(study)[1]["report", "mine_balance"].figure for _ in range(2))
    assert once.startswith(b"\x89PNG")
    assert once == again


def test_the_figure_has_both_groups_and_the_weighted_controls(study):
    from matplotlib.text import Text

    figure = draw(walk(study)[0]["report", "mine_balance"], "Balance", synthetic=True)
    texts = {text.get_text() for text in figure.findobj(Text)}
    assert {"Treated", "Controls", "Controls, weighted", "SYNTHETIC"} <= texts


def test_a_score_of_one_to_the_last_digit_has_no_linear_index_and_spoils_no_other_figure(study):
    rules = rules_under(study.matching, Options())
    frame = panel().rename({"size": "log_loans", "trade": "log_freight"})
    sure = pl.when(pl.col("city_code") == "000000").then(1.0).otherwise("propensity_score")
    table = match_panel(frame, rules).with_columns(propensity_score=sure)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = record(scored_units(frame, rules), table, rules).filter(part="balance")
    assert (
        found.filter(item="linear_index", sample="before", statistic="standardised_difference")["value"].item() is None
    )
    assert found.filter(pl.col("item") != "linear_index")["value"].null_count() == 0


def test_a_legend_says_by_what_a_column_is_weighted(study):
    text = walk(study)[1]["report", "mine_1"].text
    assert "(2) Matched: fiscal on did, weighted by matching_weight." in text


def test_where_the_groups_are_separated_column_and_table_fail_with_the_reason(study):
    frame = panel().with_columns(trade=pl.col("treat") * 9.0 + pl.col("trade") / 100)
    lake, results = walk(study, frame=frame)
    record = lake[MATCHED].row(0, named=True)
    assert record["status"] == "failed"
    assert "there is no match: the covariates separate treated from untreated units (by log_freight" in record["reason"]
    assert lake[BALANCE].select("status", "part").rows() == [("failed", None)]
    assert "failed: the covariates separate" in results["report", "mine_balance"].text
    assert results["report", "mine_balance"].figure is None
    assert not {c.name: c for c in results["report", "mine_balance"].checks}["complete"].passed


def test_where_a_covariate_is_not_delivered_column_and_table_await_it(study):
    frame = panel().with_columns(trade=pl.lit(None, pl.Float64))
    lake, _ = walk(study, frame=frame)
    assert lake[MATCHED]["status"].to_list() == ["awaiting"]
    assert "there is no match: no value was delivered for log_freight" in lake[MATCHED]["reason"][0]
    assert lake[BALANCE].select("status", "reason").rows() == [("awaiting", "no value was delivered for log_freight")]


def test_the_papers_study_matches_on_its_controls_and_weights_column_two_of_table_5():
    study = find_studies()[0]
    column = study.specification("table_5.2")
    assert column.weights == "matching_weight"
    assert column.controls == study.matching.covariates
    assert column.absorb == ("city_code", "year")
    assert study.table("table_5_balance").kind == "matching"
