"""The system of new-quality productive forces: each indicator by hand, its form, and the patents that it may hold."""

import numpy as np
import polars as pl
import pytest

from resilience_pipeline.indices.composites import composites, indicators
from resilience_pipeline.indices.new_quality import NEW_QUALITY
from resilience_pipeline.indices.steps import weights_under
from resilience_pipeline.options import Options
from resilience_pipeline.study.formula import roots
from resilience_pipeline.study.vocabulary import PRICE_LEVEL
from resilience_pipeline.study.vocabulary import indicators as canonical

RAW = {
    "employment_information_persons": 10.0,
    "employment_science_persons": 20.0,
    "employment_education_persons": 30.0,
    "employment_total_persons": 240.0,
    "average_wage_cny": 60000.0,
    "price_level": 1.2,
    "electricity_10k_kwh": 500.0,
    "gdp_cny_10k": 20000.0,
    "green_cover_pct": 41.0,
    "new_product_sales_cny_10k": 3000.0,
    "research_expenditure_cny_10k": 400.0,
    "telecom_revenue_cny_10k": 600.0,
    "finance_index": 250.0,
    "patents_granted_count": 1200.0,
    "resident_population_10k_persons": 400.0,
}

EXPECTED = {
    "skilled_employment_share": 0.25,
    "real_wage": 50000.0,
    "energy_intensity": 0.025,
    "green_cover": 0.41,
    "new_product_share": 0.15,
    "research_intensity": 0.02,
    "telecom_share": 0.03,
    "digital_finance": 250.0,
    "patents_per_resident": 3.0,
}


def table(seed=1):
    rng = np.random.default_rng(seed)
    key = [(f"3301{c:02d}", 2012 + t) for c in range(8) for t in range(4)]
    columns = {entry.name: rng.lognormal(sigma=0.4, size=len(key)) for entry in NEW_QUALITY.indicators}
    return pl.DataFrame({"city_code": [k[0] for k in key], "year": [k[1] for k in key], **columns})


def scores(frame, **settings):
    system, options = NEW_QUALITY, Options.of(settings)
    return composites(frame, weights_under(frame, options, system), system)


@pytest.mark.parametrize(("name", "expected"), EXPECTED.items())
def test_each_indicator_by_hand(name, expected):
    values = pl.DataFrame({"city_code": ["330100"], "year": [2012], **{k: [v] for k, v in RAW.items()}})
    found = indicators(values, Options(), NEW_QUALITY)
    assert found.columns == ["city_code", "year", *EXPECTED]
    assert found[name].to_list() == [pytest.approx(expected, rel=1e-14)]


def test_every_indicator_rests_on_canonical_series_and_says_unit_source_reason_and_alternatives():
    for entry in NEW_QUALITY.indicators:
        (formula,) = entry.formulas(None)
        assert set(roots(formula)) <= {*canonical(), PRICE_LEVEL}, entry.name
        assert all([entry.units["default"], entry.source, entry.reason, entry.alternatives]), entry.name
        assert entry.composite in NEW_QUALITY.dimensions, entry.name


@pytest.mark.parametrize("form", ["levels", "scaled"])
def test_the_index_is_scaled_whatever_form_the_outcome_has(form):
    found = scores(table(), index_form=form)
    assert found.columns == ["city_code", "year", *NEW_QUALITY.dimensions, "new_quality_productive_forces"]
    assert found.equals(scores(table(), index_form="scaled"))
    assert found.select(pl.exclude("city_code", "year").is_between(0, 1).all()).row(0) == (True,) * 4


def test_energy_counts_against_the_objects_of_labour():
    frame = table()
    lower = frame.with_columns(
        energy_intensity=pl.when(pl.int_range(pl.len()) == 3)
        .then(pl.col("energy_intensity").min())
        .otherwise("energy_intensity")
    )
    learnt = weights_under(frame, Options(), NEW_QUALITY)
    change = (
        composites(lower, learnt, NEW_QUALITY)["nqpf_objects"] - composites(frame, learnt, NEW_QUALITY)["nqpf_objects"]
    )
    assert change[3] > 0
    assert change.abs().sum() == change[3]


def test_patents_weigh_nothing_unless_they_are_included():
    def members(**settings):
        learnt = weights_under(table(), Options.of(settings), NEW_QUALITY)
        return set(learnt.filter(composite="nqpf_means")["indicator"])

    others = {"research_intensity", "telecom_share", "digital_finance"}
    assert members() == others
    assert members(nqpf_patents="include") == others | {"patents_per_resident"}


def test_without_patents_the_index_does_not_move_with_them():
    frame = table()
    moved = frame.with_columns(patents_per_resident=pl.col("patents_per_resident").reverse())
    assert scores(frame).equals(scores(moved))
    assert not scores(frame, nqpf_patents="include").equals(scores(moved, nqpf_patents="include"))


def test_the_weighting_is_the_outcomes():
    assert not scores(table(), weighting="equal").equals(scores(table()))
