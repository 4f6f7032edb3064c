"""The panel's matching table through the steps: under every option, and where the data do not allow a match."""

from dataclasses import replace

import polars as pl
import pytest

from resilience_pipeline.econometrics.matched_panel import MATCHED_PANEL
from resilience_pipeline.errors import SpecificationError
from resilience_pipeline.options import Options
from resilience_pipeline.panel.analysis import table_of
from resilience_pipeline.panel.matching import steps, weights_add_up
from resilience_pipeline.step import Inputs
from resilience_pipeline.study.study import Matching
from tests.panel.small_study import CITIES, STUDY, observations, run

MATCHED = replace(STUDY, matching=Matching(("log_freight",)))
PILOTS = (("municipality", "110000"), ("prefecture", "330100"), ("prefecture", "330500"), ("zone", "410100"))
DESIGNS = ("baseline", "by_year", "pooled")


def matching(study=MATCHED, pilots=PILOTS, **settings):
    """The table, and the checks and notes of its step."""
    tables = run(study=study, pilots=pilots, wanted=["matching", "treatment", "controls"], **settings)
    (step,) = steps(study)
    inputs = {key: tables[key[-1]] for key in step.inputs}
    return tables["matching"], step.compute(Inputs(inputs, synthetic=False), Options.of(settings))


def check(result, name):
    return {c.name: c for c in result.checks}[name]


def test_a_study_without_the_section_has_no_such_table():
    assert steps(STUDY) == []
    assert "matching" not in run()


@pytest.mark.parametrize("design", DESIGNS)
def test_every_design_gives_a_row_for_every_kept_city_and_year_and_passes_its_checks(design):
    table, result = matching(matching_design=design, matching_bandwidth=0.3)
    assert table.schema == MATCHED_PANEL
    assert table.height == len(CITIES) * 6
    assert all(c.passed for c in result.checks)
    assert result.notes["design"] == design
    assert result.notes["treated"] == (4 if design == "baseline" else 24)
    assert result.notes["rows_of_positive_weight"] == table.filter(pl.col("matching_weight") > 0).height


@pytest.mark.parametrize(
    "settings",
    [
        {"matching_design": "by_year"},
        {"matching_design": "pooled"},
        {"matching_model": "logit"},
        {"matching_bandwidth": 0.3},
        {"matching_support": "none"},
        {"start_year": 2017},
    ],
)
def test_each_option_of_the_match_moves_it(settings):
    headline, _ = matching()
    assert not matching(**settings)[0].equals(headline)


def test_a_start_year_without_years_before_it_leaves_the_table_unmatched_with_the_reason():
    late = replace(MATCHED, first_year=2019)
    table, result = matching(late, start_year=2019)
    assert table["matching_weight"].null_count() == table.height > 0
    assert set(table["matching_fate"]) == {
        "failed: no city has all covariates in a year before 2019: there is no baseline"
    }
    assert not check(result, "matched").passed
    assert not check(result, "matched").blocking
    assert "no baseline" in result.notes["failed"]
    assert check(result, "weights_add_up").passed


def test_separated_groups_fail_without_stopping_the_chain():
    freight = {f"c{code}__freight_10k_tonnes": [float(900 + n)] * 6 for n, code in enumerate(("110000", "330100"))}
    tables = run(observations(**freight), study=MATCHED, pilots=PILOTS[:2], wanted=["matching", "controls"])
    (fate,) = set(tables["matching"]["matching_fate"])
    assert fate.startswith("failed: the covariates separate treated from untreated units (by log_freight alone)")


def test_an_undelivered_pilot_list_is_awaited():
    table, result = matching(pilots=())
    assert table["matching_weight"].null_count() == table.height > 0
    assert result.notes["awaiting"] == "no value was delivered for treat"


def test_a_panel_without_rows_is_an_empty_table():
    tables = run(observations().clear(), pilots=(), study=MATCHED)
    assert tables["matching"].is_empty()
    assert tables["matching"].schema == MATCHED_PANEL
    (step,) = steps(MATCHED)
    result = step.compute(Inputs({key: tables[key[-1]] for key in step.inputs}, synthetic=False), Options())
    assert check(result, "matched").message == "the panel has no rows yet"


def test_a_study_without_the_section_has_no_weights_to_name():
    with pytest.raises(SpecificationError, match="no column 'matching_weight'"):
        table_of(STUDY, "matching_weight")
    assert table_of(MATCHED, "matching_weight") == ("panel", "small", "matching")


def test_the_step_reads_only_the_tables_of_its_columns_and_the_options_of_the_match():
    (step,) = steps(MATCHED)
    assert {key[-1] for key in step.inputs} == {"treatment", "controls"}
    assert {option for option in step.options if option.startswith("matching_")} == {
        "matching_design",
        "matching_model",
        "matching_bandwidth",
        "matching_support",
    }


def test_weights_that_do_not_add_up_fail_a_blocking_check():
    table, result = matching(matching_bandwidth=0.3)
    assert check(result, "weights_add_up").blocking
    used = pl.col("matching_fate") == "control, matched"
    wrong = table.with_columns(
        matching_weight=pl.when(used).then(pl.col("matching_weight") * 1.001).otherwise("matching_weight")
    )
    assert not weights_add_up(wrong).passed


def test_the_chain_gives_the_matching_table_beside_the_others_and_changes_none_of_them():
    plain, matched = run(pilots=PILOTS), run(pilots=PILOTS, study=MATCHED)
    assert set(matched) - set(plain) == {"matching"}
    assert all(matched[name].equals(table) for name, table in plain.items())
