"""The price level that deflates consumption."""

import pytest

from resilience_pipeline.indices.values import price_level


def test_prices_cumulate_after_the_first_year():
    assert price_level([105.0, 102.0, 110.0]) == pytest.approx([1.0, 1.02, 1.122])


def test_the_first_years_own_index_is_not_needed():
    assert price_level([None, 102.0]) == [1.0, 1.02]


def test_after_a_missing_year_the_level_is_unknown():
    assert price_level([100.0, None, 102.0]) == [1.0, None, None]
