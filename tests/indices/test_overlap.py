"""Series that stand in the outcome's system and in a mediator's: named where they are, silent where they are not."""

import pytest

from resilience_pipeline.indices.new_quality import NEW_QUALITY
from resilience_pipeline.indices.overlap import shared_series, shares_no_series
from resilience_pipeline.indices.registry import TRADE_RESILIENCE
from resilience_pipeline.options import Options


def check(**settings):
    return shares_no_series(TRADE_RESILIENCE, NEW_QUALITY, Options.of(settings))


def test_by_default_the_mediator_holds_no_part_of_the_outcome():
    assert check().passed


def test_patents_in_the_mediator_are_named_with_both_indicators_and_do_not_block():
    found = check(nqpf_patents="include")
    assert not found.passed
    assert not found.blocking
    assert "patents_granted_count" in found.message
    assert found.failures.rows() == [
        (
            "patents_granted_count",
            "ctri",
            "innovation_capability",
            "new_quality_productive_forces",
            "patents_per_resident",
        )
    ]


def test_invention_patents_in_the_outcome_are_a_part_of_the_mediators_patents():
    assert not check(nqpf_patents="include", innovation_capability="invention_patents").passed


@pytest.mark.parametrize("reading", ["per_resident", "per_gdp"])
def test_a_common_scale_such_as_product_or_residents_is_no_common_component(reading):
    assert check(foreign_trade_scale=reading, consumption_level=reading, product_technology="firms_per_gdp").passed


def test_a_system_shares_every_measured_series_with_itself():
    shared = shared_series(TRADE_RESILIENCE, TRADE_RESILIENCE, Options())
    assert set(shared["series"]) == {
        "supplier_top5_share_pct",
        "customer_top5_share_pct",
        "exports_cny_10k",
        "imports_cny_10k",
        "retail_sales_cny_10k",
        "budget_revenue_cny_10k",
        "budget_expenditure_cny_10k",
        "patents_granted_count",
        "technology_contracts_cny_10k",
    }
