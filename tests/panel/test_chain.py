"""From staged frames to the panel: what each table holds, and what an option moves and does not move."""

import math

import numpy as np
import pytest

from resilience_pipeline.code_version import code_version
from resilience_pipeline.errors import SpecificationError, TableRuleError
from resilience_pipeline.options import Options
from resilience_pipeline.panel.chain import panel_frames, study_steps
from resilience_pipeline.panel.steps import steps
from resilience_pipeline.study.study import Study, Variable
from tests.panel.small_study import CITIES, STUDY, observations, pilot_list, run

N = None


def cell(table, city, year):
    return table.filter(city_code=city, year=year)


def differing(one, other):
    return {name for name in one if not one[name].equals(other[name])}


def test_a_log_control_is_the_log_of_the_delivered_value():
    tables = run(observations(c330100__loans_cny_10k=[10, 20, 30, 40, 50, 60]), winsorise="none")
    assert cell(tables["controls"], "330100", 2016)["financing"].item() == pytest.approx(math.log(20), rel=1e-15)


def test_the_log_of_zero_is_undefined_and_says_so():
    tables = run(observations(c330100__freight_10k_tonnes=[0, 20, 30, 40, 50, 60]))
    assert cell(tables["controls"], "330100", 2015)["log_freight"].item() is None
    status = cell(tables["value_status"], "330100", 2015).filter(variable="log_freight").row(0, named=True)
    assert status["status"] == "undefined"
    assert "log of a non-positive number" in status["reason"]


def test_panel_tables_share_one_balanced_key():
    tables = run()
    for name in ("treatment", "geography", "outcomes", "controls", "mediators"):
        assert tables[name].select("city_code", "year").equals(tables["treatment"].select("city_code", "year")), name
    assert tables["treatment"].height == len(CITIES) * 6


def test_a_study_with_composites_has_them_among_its_outcomes():
    assert run()["outcomes"].columns == ["city_code", "year", "ctri", "res", "rec", "rst"]


def test_winsorising_by_year_agrees_with_numpy_and_shows_every_changed_value():
    plain, tables = run(winsorise="none"), run()
    for year in range(2015, 2021):
        before = plain["outcomes"].filter(year=year)["ctri"].to_numpy()
        after = tables["outcomes"].filter(year=year)["ctri"].to_numpy()
        np.testing.assert_allclose(after, np.clip(before, *np.percentile(before, [1, 99])), rtol=1e-12)
    changed = tables["value_status"].filter(variable="ctri", status="winsorised")
    assert changed.height == 2 * 6  # the least and the greatest of twelve cities in each year
    assert (changed["value_before"] != changed["value_after"]).all()


def test_before_the_index_raw_indicators_are_winsorised_and_variables_are_not():
    tables, plain = run(winsorise_stage="before_index"), run(winsorise="none")
    assert not tables["composites"].equals(plain["composites"])
    assert tables["outcomes"]["ctri"].equals(tables["composites"]["ctri"])
    raw = tables["value_status"].filter(variable="loans_cny_10k")
    assert raw.height == 12
    assert set(raw["status"]) == {"winsorised"}
    row = raw.row(0, named=True)
    behind = cell(tables["value_status"], row["city_code"], row["year"]).filter(variable="financing")
    assert behind.select("status", "inputs").row(0) == ("winsorised", "loans_cny_10k: winsorised")
    value = cell(tables["controls"], row["city_code"], row["year"])["financing"].item()
    assert value == pytest.approx(math.log(row["value_after"]), rel=1e-15)


def test_an_interpolated_input_shows_in_the_variable_and_in_every_composite_of_it():
    tables = run(observations(c330200__gdp_cny_10k=[10, N, 30, 40, 50, 60]), winsorise="none")
    status = cell(tables["value_status"], "330200", 2016)
    rows = {row["variable"]: row for row in status.to_dicts()}
    assert rows["rst"]["status"] == "interpolated"
    assert rows["rst"]["inputs"] == "gdp_cny_10k: interpolated"
    assert rows["ctri"]["inputs_interpolated"] == 1
    assert rows["financing"]["status"] == "reported"


def test_a_missing_end_leaves_the_variable_missing_with_the_inputs_named():
    tables = run(observations(c330200__freight_10k_tonnes=[N, 20, 30, 40, 50, 60]))
    row = cell(tables["value_status"], "330200", 2015).filter(variable="log_freight").row(0, named=True)
    assert (row["status"], row["reason"]) == ("missing", "no value of freight_10k_tonnes")
    account = cell(tables["sample"], "330200", 2015).row(0, named=True)
    assert not account["complete_controls"]
    assert account["complete_outcomes"]


def test_an_undelivered_variable_is_a_null_column_and_every_row_says_so():
    tables = run()
    assert tables["mediators"]["environment"].null_count() == tables["mediators"].height
    assert set(tables["sample"]["reason"]) == {"no value of environment"}


def test_the_account_covers_cities_that_left():
    tables = run(observations(c330300__loans_cny_10k=[1, N, N, N, N, 6]))
    assert "330300" not in set(tables["outcomes"]["city_code"])
    assert tables["sample"].height == len(CITIES) * 6
    left = tables["sample"].filter(city_code="330300")
    assert left["reason"].str.starts_with("the city left: loans_cny_10k is missing in 4 consecutive").all()
    assert left["complete"].any() is False


DOWNSTREAM = {"outcomes", "value_status"}


@pytest.mark.parametrize(
    ("settings", "moved"),
    [
        ({"start_year": 2019}, {"treatment", "spillovers"}),
        ({"region_factor": "province"}, {"geography"}),
        ({"county_level_pilots": "parent"}, {"pilots", "treatment", "event_time", "spillovers"}),
        ({"henan_zone": "all_three"}, {"pilots", "treatment", "event_time", "spillovers"}),
        ({"financing": "inverse_credit_index"}, {"observations", "cells", "controls", "value_status"}),
        ({"index_form": "scaled"}, {"weights", "composites"} | DOWNSTREAM),
        ({"weighting": "equal"}, {"weights", "composites"} | DOWNSTREAM),
        ({"winsorise": "pooled"}, {"controls"} | DOWNSTREAM),
        ({"percentile": "stata"}, {"controls"} | DOWNSTREAM),
    ],
)
def test_an_option_changes_only_what_rests_on_it(settings, moved):
    assert differing(run(), run(**settings)) == moved


def test_the_order_of_delivered_rows_changes_no_bit_of_any_table():
    frame = observations()
    assert differing(run(frame), run(frame.sample(fraction=1, shuffle=True, seed=2))) == set()


def test_asking_for_controls_alone_computes_no_index():
    tables = run(wanted=["controls"])
    assert set(tables) == {"observations", "missing_runs", "cities", "cells", "controls"}
    assert tables["controls"].equals(run()["controls"])


def test_without_any_delivery_every_table_is_empty_and_nothing_crashes():
    tables = run(observations().clear(), pilots=())
    assert all(table.is_empty() for table in tables.values())


def test_a_blocking_check_that_fails_stops_the_chain_with_the_reason():
    # Half of the cities are silent in one required series, half in the other, so none stays.
    silent = {f"c{city}__loans_cny_10k": [1, N, N, N, N, 6] for city in CITIES[:6]}
    silent |= {f"c{city}__gdp_cny_10k": [1, N, N, N, N, 6] for city in CITIES[6:]}
    with pytest.raises(TableRuleError, match="a_city_stays"):
        run(observations(**silent))


def test_a_constant_indicator_stops_the_chain_and_is_named():
    same = {f"c{city}__budget_revenue_cny_10k": [5] * 6 for city in CITIES}
    same |= {f"c{city}__budget_expenditure_cny_10k": [10] * 6 for city in CITIES}
    with pytest.raises(TableRuleError, match="fiscal_decentralisation"):
        run(observations(**same))


def test_a_formula_on_an_index_needs_a_study_that_builds_it():
    study = Study("s", "s", 2015, 2020, (Variable("ctri", "outcomes", "ctri"),), ())
    with pytest.raises(SpecificationError, match="builds none"):
        steps(study)


def test_a_formula_may_name_composites_single_indicators_prices_and_treatment():
    variables = (Variable("mix", "mixed", "res + consumption_level * price_level + 0 * did"),)
    study = Study("s", "s", 2015, 2020, variables, (), composites=True, required_indicators=("gdp_cny_10k",))
    tables = run(study=study, winsorise="none")
    prices = 1.02 ** (tables["treatment"]["year"].to_numpy() - 2015)
    expected = tables["composites"]["res"] + tables["indicators"]["consumption_level"] * prices
    np.testing.assert_allclose(tables["mixed"]["mix"], expected, rtol=1e-12)


def test_no_table_reads_what_it_does_not_rest_on():
    inputs = {step.key[-1]: {key[-1] for key in step.inputs} for step in study_steps(STUDY, ("city_yearbook",))}
    assert inputs["treatment"] == {"pilots", "cities"}
    assert inputs["controls"] == {"cells", "cities"}
    assert inputs["outcomes"] == {"cells", "cities", "composites"}


def test_steps_declare_the_checks_that_they_report_and_the_options_that_they_read():
    class Watched(Options):
        def __getitem__(self, name):
            read.add(name)
            return super().__getitem__(name)

    tables = {("frozen", "city_yearbook"): observations(), ("frozen", "pilot_list"): pilot_list()}
    from resilience_pipeline.step import Inputs

    for step in study_steps(STUDY, ("city_yearbook",)):
        read: set[str] = set()
        result = step.compute(Inputs({key: tables[key] for key in step.inputs}, False), Watched())
        assert [(check.name, check.blocking) for check in result.checks] == list(step.checks), step.key
        assert read <= set(step.options), step.key
        assert code_version(step)
        tables[step.key] = result.table


def test_the_frames_of_the_chain_hold_no_staged_table():
    lake = {("staging", "city_yearbook"): observations(), ("staging", "pilot_list"): pilot_list()}
    assert not set(panel_frames(STUDY, lake, Options())) & set(lake)
