"""Panels under several settings: only what an option moves is computed, once for all settings that it cannot see."""

from dataclasses import replace

import pytest

from resilience_pipeline.errors import SpecificationError, TableRuleError
from resilience_pipeline.options import Options
from resilience_pipeline.panel.chain import panel_frames
from resilience_pipeline.panel.variants import PanelsUnder, variants
from resilience_pipeline.step import Check
from tests.panel.small_study import LISTED, STUDY, observations, pilot_list

WANTED = tuple(("panel", "small", name) for name in ("outcomes", "treatment", "controls", "geography"))


def lake():
    staged = {("staging", "city_yearbook"): observations(), ("staging", "pilot_list"): pilot_list(*LISTED)}
    read = {("frozen", key[1]): frame for key, frame in staged.items()}
    return read | panel_frames(STUDY, staged, Options())


def counted(found, calls):
    """The variants with every step's computation noted."""

    def noting(step):
        def compute(inputs, options):
            calls.append(step.key[-1])
            return step.compute(inputs, options)

        return replace(step, compute=compute)

    return replace(found, steps=tuple(noting(step) for step in found.steps))


def test_the_tables_are_those_of_a_whole_run_under_the_options():
    staged = {("staging", "city_yearbook"): observations(), ("staging", "pilot_list"): pilot_list(*LISTED)}
    found = variants(STUDY, ("weighting", "winsorise", "county_level_pilots"), WANTED)
    tables = lake()
    under = PanelsUnder(found, {key: tables[key] for key in found.given})
    for settings in ({}, {"weighting": "pca", "winsorise": "pooled"}, {"county_level_pilots": "parent"}):
        options = Options.of(settings)
        whole = panel_frames(STUDY, staged, options, WANTED)
        for key, table in under(options).items():
            assert table.equals(whole[key]), (settings, key)


def test_a_step_is_computed_once_for_all_settings_that_it_cannot_see():
    calls: list[str] = []
    found = counted(variants(STUDY, ("weighting", "county_level_pilots"), WANTED), calls)
    tables = lake()
    under = PanelsUnder(found, {key: tables[key] for key in found.given})
    first = under(Options())
    for weighting in ("equal", "pca"):
        for counties in ("drop", "parent"):
            found_tables = under(Options.of({"weighting": weighting, "county_level_pilots": counties}))
            assert found_tables["panel", "small", "controls"] is tables["panel", "small", "controls"]
    assert first["panel", "small", "geography"] is tables["panel", "small", "geography"]
    assert sorted(calls) == sorted(["weights", "composites", "outcomes"] * 3 + ["pilots", "treatment"] * 2)


def test_what_is_read_as_it_is_are_the_tables_beneath_the_moved_steps():
    found = variants(STUDY, ("start_year",), WANTED)
    assert [step.key[-1] for step in found.steps] == ["weights", "composites", "treatment", "outcomes"]
    assert {key[-1] for key in found.given} == {"indicators", "pilots", "cities", "cells", "controls", "geography"}


def test_a_step_that_fails_fails_each_time_with_its_message():
    found = variants(STUDY, ("weighting",), WANTED)
    tables = lake()

    def failing(step):
        def compute(inputs, options):
            result = step.compute(inputs, options)
            return replace(result, checks=(Check("sound", options["weighting"] != "equal", "not sound"),))

        return replace(step, compute=compute) if step.key[-1] == "composites" else step

    spoilt = replace(found, steps=tuple(failing(step) for step in found.steps))
    under = PanelsUnder(spoilt, {key: tables[key] for key in found.given})
    assert under(Options())
    for _ in range(2):
        with pytest.raises(TableRuleError, match="composites: sound: not sound"):
            under(Options.of({"weighting": "equal"}))


def test_an_option_that_moves_none_of_the_tables_is_refused():
    with pytest.raises(SpecificationError, match="option matching_model moves none of"):
        variants(STUDY, ("matching_model",), WANTED)
