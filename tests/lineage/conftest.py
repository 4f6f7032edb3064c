"""One small world for all tests of lineage."""

import pytest

from tests.lineage.world import World, build

#: Results that between them have every kind of row that lineage tells apart, and are quick.
QUICK = ("table_3", "table_4", "table_5_balance", "table_6", "table_7", "balance", "correlations")
#: It reads staged rows itself and walks the study once for every last year.
BY_LAST_YEAR = "effect_by_last_year"


@pytest.fixture(scope="session")
def world(tmp_path_factory) -> World:
    return build(tmp_path_factory.mktemp("world"), (*QUICK, BY_LAST_YEAR))
