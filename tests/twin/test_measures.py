"""The pipeline's single measures against the twin, which draws or computes each of them by lines of its own."""

from functools import cache

import numpy as np
import polars as pl
import pytest

from resilience_pipeline import twin
from resilience_pipeline.options import Options
from resilience_pipeline.panel.chain import panel_frames
from resilience_pipeline.study.load import find_studies
from resilience_pipeline.twin import estimands, mechanisms

STUDY = next(study for study in find_studies() if study.name == "trade_resilience")

#: Printed numbers are read back as they were printed; what is left is rounding of a few products and quotients.
TOLERANCE = 1e-9


@cache
def small():
    """A twin of sixty cities, its kept cities in the panel's order, and the panel's own tables of them."""
    draw = twin.draw(5, cities=60)
    tables = panel_frames(STUDY, twin.frames(draw), Options())
    codes = [city.code for city in draw.cities]
    kept = tables["grid", STUDY.name, "cities"].filter("kept")["city_code"].sort().to_list()
    assert set(kept) == {code for code, stays in zip(codes, draw.kept, strict=True) if stays}
    return draw, [codes.index(code) for code in kept], tables


def measured(table, column):
    """(kept cities, years) of a table of the indices."""
    draw, rows, tables = small()
    values = tables["indices", STUDY.name, table].sort("city_code", "year")[column]
    return values.cast(pl.Float64).fill_null(float("nan")).to_numpy().reshape(len(rows), len(draw.year_list))


def test_a_policy_is_where_the_twin_planted_one():
    draw, rows, _ = small()
    assert np.array_equal(measured("digital_policy", "digital_policy"), draw.moderators.digital[rows])
    assert np.array_equal(measured("digital_policy", "digital_policy_mentions"), draw.moderators.mentions[rows])


def test_protection_is_high_where_the_twin_has_it_high():
    draw, rows, _ = small()
    assert np.array_equal(measured("ip_high", "ip_high"), draw.moderators.ip_high[rows])


def test_a_city_is_resource_based_where_the_twin_lists_it():
    draw, rows, _ = small()
    assert np.array_equal(measured("resource_based", "resource_based"), ~draw.moderators.non_resource[rows])


def test_synergy_is_the_referees_up_to_how_persons_are_printed():
    draw, rows, tables = small()
    observed = tables["grid", STUDY.name, "cells"]
    printed = {
        name: observed.filter(indicator=name)
        .sort("city_code", "year")["value"]
        .to_numpy()
        .reshape(len(rows), len(draw.year_list))
        for name in observed["indicator"].unique()
        if name.startswith("employment_")
    }
    expected = mechanisms.industrial_synergy(printed, np.ones(len(rows), dtype=bool))
    np.testing.assert_allclose(measured("synergy", "industrial_synergy"), expected, rtol=TOLERANCE)


@pytest.mark.parametrize("over", ["whole_sample", "past", "before_policy"])
def test_the_leap_is_the_referees(over):
    draw, rows, tables = small()
    outcome = tables["indices", STUDY.name, "composites"].sort("city_code", "year")["ctri"].to_numpy()
    expected = estimands.leap(outcome.reshape(len(rows), -1), draw.year_list, over)
    key = ("indices", STUDY.name, "leap")
    table = panel_frames(STUDY, twin.frames(draw), Options.of({"leap_mean": over}), [key])[key]
    got = table.sort("city_code", "year")["resilience_leap"].fill_null(float("nan")).to_numpy()
    np.testing.assert_allclose(got.reshape(len(rows), -1), expected, rtol=TOLERANCE)
