"""Other policies as dummies: 1 in listed cities from their own year on, and lists that cannot be read are refused."""

import polars as pl
import pytest

from resilience_pipeline.errors import SpecificationError
from resilience_pipeline.panel.programmes import programmes
from resilience_pipeline.study.load import find_studies, load_study
from resilience_pipeline.study.study import Programme
from tests.study.study_files import SOUND, write

ZONES = """
[programmes.zones]
title = "Zones"
source = "A notice"
[programmes.zones.cities]
2015 = ["杭州市"]
2016 = ["天津市"]
"""


def test_a_city_counts_from_its_own_year_on():
    index = pl.DataFrame({"city_code": ["a", "a", "b", "b", "c", "c"], "year": [2015, 2016] * 3})
    table = programmes(index, (Programme("zones", "Zones", "A notice", {"a": 2015, "b": 2016}),))
    assert table["programme_zones"].to_list() == [1, 1, 0, 1, 0, 0]


def test_a_declared_list_gives_a_column_that_columns_may_use(tmp_path):
    text = SOUND.replace('controls = ["log_loans"]', 'controls = ["log_loans", "programme_zones"]') + ZONES
    study = load_study(write(tmp_path, text))
    (zones,) = study.programmes
    assert dict(zones.starts) == {"330100": 2015, "120000": 2016}
    assert "programme_zones" in study.table("mine_1").columns[0].controls


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("杭州市", "杭洲市", "names no city"),
        ("天津市", "杭州市", "names a city twice"),
        ("2016 =", "soon =", "is no year"),
        ('source = "A notice"\n', "", "source is missing"),
    ],
)
def test_a_list_that_cannot_be_read_is_refused_with_the_place(tmp_path, old, new, message):
    with pytest.raises(SpecificationError, match=message):
        load_study(write(tmp_path, SOUND + ZONES.replace(old, new)))


def test_the_papers_lists_hold_their_numbers_of_cities():
    study = find_studies()[0]
    counts = {programme.name: len(programme.starts) for programme in study.programmes}
    assert counts == {"cross_border_ecommerce": 34, "free_trade_zone": 21}
