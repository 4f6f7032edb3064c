"""Index tables that a study gets by naming a column: from staged series to the panel, and what an option moves."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from resilience_pipeline.errors import SpecificationError
from resilience_pipeline.indices.tables import SYSTEMS, index_tables
from resilience_pipeline.options import Options
from resilience_pipeline.panel.chain import study_steps
from resilience_pipeline.report.steps import steps as report_steps
from resilience_pipeline.step import Inputs
from resilience_pipeline.study.kinds.indicators import PrintedSystem
from resilience_pipeline.study.needs import needed_indicators, study_index_tables
from resilience_pipeline.study.study import ResultTable, Study, Variable
from tests.panel.small_study import FIRST, LAST, observations, run

NQPF = "new_quality_productive_forces"
MEDIATOR = Variable(NQPF, NQPF, NQPF)
ALTERNATIVE = Variable("ctri_pca_scaled", "alternatives", "ctri_pca_scaled")
STUDY = Study(
    "small", "", FIRST, LAST, (MEDIATOR, ALTERNATIVE), (), composites=True, required_indicators=("gdp_cny_10k",)
)
ALONE = replace(STUDY, variables=(MEDIATOR,), composites=False)
WHOLE = {"indicators", "weights", "composites"}
NQPF_TABLES = {f"nqpf_{name}" for name in WHOLE}
BY_WEIGHTING = {"weights_by_weighting", "ctri_by_weighting", "ctri_rank_correlations"}


def tables(study=STUDY, **settings):
    return run(observations(study), study=study, **settings)


@cache
def default():
    return tables()


def differing(one, other):
    return {name for name in one if not one[name].equals(other[name])}


def names(study):
    return {table.name for table in study_index_tables(study)}


def test_a_study_gets_the_tables_that_its_formulas_rest_on_and_no_other():
    assert names(STUDY) == WHOLE | NQPF_TABLES | BY_WEIGHTING
    assert names(replace(STUDY, variables=())) == WHOLE
    assert names(ALONE) == NQPF_TABLES


def test_index_tables_come_in_an_order_in_which_they_can_be_made():
    order = [table.name for table in index_tables(["ctri_pca_scaled", NQPF])]
    for table in index_tables(["ctri_pca_scaled", NQPF]):
        assert all(order.index(needed) < order.index(table.name) for needed in table.needs), table.name


def test_the_mediator_stands_in_the_panel_scaled_to_zero_and_one():
    found = tables(winsorise="none")
    values = found[NQPF][NQPF]
    assert values.null_count() == 0
    assert values.is_between(0, 1).all()
    assert values.equals(found["nqpf_composites"][NQPF])


def test_the_panel_holds_the_index_under_another_weighting_beside_the_chosen_one():
    found = tables(winsorise="none")
    chosen = tables(winsorise="none", weighting="pca", index_form="scaled")
    assert found["alternatives"]["ctri_pca_scaled"].equals(chosen["composites"]["ctri"])
    assert not found["composites"]["ctri"].equals(chosen["composites"]["ctri"])
    assert found["ctri_rank_correlations"].height == 12


DOWNSTREAM = {"value_status"}


@pytest.mark.parametrize(
    ("settings", "moved"),
    [
        ({"index_form": "scaled"}, {"weights", "composites", "outcomes"}),
        ({"weighting": "critic"}, {"weights", "composites", "outcomes", "nqpf_weights", "nqpf_composites", NQPF}),
        ({"nqpf_patents": "include"}, {"nqpf_weights", "nqpf_composites", NQPF}),
        ({"start_year": 2017}, {"treatment", "spillovers", "weights_by_weighting", "ctri_by_weighting"}),
    ],
)
def test_an_option_moves_only_what_rests_on_it(settings, moved):
    found = differing(default(), tables(**settings)) - DOWNSTREAM - {"ctri_rank_correlations"}
    assert found == moved


def test_weights_before_the_policy_follow_the_start_year_through_the_options():
    early, late = (tables(weighting="entropy_before_policy", start_year=year) for year in (2017, 2019))
    assert set(early["weights"]["learning_rows"]) == {24}
    assert set(late["weights"]["learning_rows"]) == {48}
    assert set(late["nqpf_weights"]["learning_rows"]) == {48}


def test_every_index_table_declares_its_checks_and_the_options_that_it_reads():
    class Watched(Options):
        def __getitem__(self, name):
            read.add(name)
            return super().__getitem__(name)

    made = {("frozen", "city_yearbook"): observations(STUDY)}
    for step in study_steps(STUDY, ("city_yearbook",)):
        if step.key[0] == "panel":
            continue
        read: set[str] = set()
        result = step.compute(Inputs({key: made[key] for key in step.inputs}, False), Watched())
        assert [(check.name, check.blocking) for check in result.checks] == list(step.checks), step.key
        assert read <= set(step.options), step.key
        made[step.key] = result.table


def overlap_check(study=STUDY, **settings):
    chain = {step.key[-1]: step for step in study_steps(study, ("city_yearbook",))}
    grid = default() if study is STUDY else tables(study)
    made = {step.key: grid[name] for name, step in chain.items() if step.key[0] == "grid"}
    step = chain["nqpf_indicators"]
    result = step.compute(Inputs({key: made[key] for key in step.inputs}, False), Options.of(settings))
    return {check.name: check for check in result.checks}.get("shares_no_series_with_the_outcome")


def test_a_mediator_that_holds_a_part_of_the_outcome_is_named_and_still_made():
    assert overlap_check().passed
    found = overlap_check(nqpf_patents="include")
    assert not found.passed
    assert "patents_granted_count" in found.message
    assert tables(nqpf_patents="include")[NQPF][NQPF].null_count() == 0


def test_without_the_outcomes_system_there_is_nothing_to_compare():
    assert overlap_check(ALONE) is None


def test_a_study_may_build_the_mediator_without_the_composites():
    found = tables(ALONE)
    assert found[NQPF][NQPF].null_count() == 0
    assert not WHOLE & set(found)


def test_patents_are_asked_for_only_where_they_weigh():
    assert "patents_granted_count" not in needed_indicators(ALONE, Options())
    assert "patents_granted_count" in needed_indicators(ALONE, Options.of({"nqpf_patents": "include"}))


def test_an_undelivered_series_leaves_the_mediator_awaiting_and_the_outcome_alone():
    frame = observations(STUDY)
    frame = frame.filter(frame["indicator"] != "research_expenditure_cny_10k")
    found = run(frame, study=STUDY)
    assert found["nqpf_composites"]["nqpf_means"].null_count() == found["nqpf_composites"].height
    assert found["nqpf_composites"]["nqpf_labour"].null_count() == 0
    assert found[NQPF][NQPF].null_count() == found[NQPF].height
    assert found["outcomes"]["ctri"].equals(default()["outcomes"]["ctri"])


def printed(study):
    table = ResultTable("system", "The system", "indicators", settings=PrintedSystem(NQPF))
    return replace(study, tables=(table,))


def test_the_system_prints_as_table_2_does_with_the_patents_only_where_they_count():
    (step,) = report_steps(printed(STUDY))
    assert step.inputs == (("indices", "small", "nqpf_indicators"),)
    inputs = Inputs({step.inputs[0]: default()["nqpf_indicators"]}, False)
    result = step.compute(inputs, Options())
    assert result.table["indicator"].to_list()[:3] == ["skilled_employment_share", "real_wage", "energy_intensity"]
    assert result.table.height == 8
    assert set(result.table["city_years"]) == {72}
    assert "New-quality objects of labour" in result.markdown
    assert dict(result.table.select("indicator", "sign").rows())["energy_intensity"] == "-"
    assert step.compute(inputs, Options.of({"nqpf_patents": "include"})).table.height == 9


def test_a_printed_system_that_no_variable_reads_is_refused():
    with pytest.raises(SpecificationError, match="does not build"):
        report_steps(printed(replace(STUDY, variables=())))


def test_every_system_has_columns_of_its_own():
    columns = [
        column for found in SYSTEMS.values() for column in (*found.indicators.columns, *found.composites.columns)
    ]
    assert len(columns) == len(set(columns))


def test_scores_of_the_mediator_are_those_of_numpy():
    found = tables(winsorise="none")
    frame, members = found["nqpf_indicators"], {}
    for entry in SYSTEMS[NQPF].system.indicators:
        if entry.only_with is None:
            members.setdefault(entry.composite, []).append((entry.name, entry.sign))

    def weigh(Z):
        p = Z / Z.sum(axis=0)
        with np.errstate(divide="ignore", invalid="ignore"):
            d = 1 + np.where(p > 0, p * np.log(p), 0).sum(axis=0) / np.log(len(Z))
        return Z @ (d / d.sum())

    def unit(x, sign=1):
        z = (x - x.min()) / (x.max() - x.min())
        return z if sign > 0 else 1 - z

    dimensions = [
        weigh(np.column_stack([unit(frame[name].to_numpy(), sign) for name, sign in parts]))
        for parts in members.values()
    ]
    whole = weigh(np.column_stack([unit(x) for x in dimensions]))
    np.testing.assert_allclose(found["nqpf_composites"][NQPF], whole, rtol=1e-10, atol=1e-12)
