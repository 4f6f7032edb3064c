"""Names that a study may use without declaring them: keys, indicators, composites, treatment and regions."""

import csv
import re
from collections.abc import Iterable
from functools import cache
from importlib import resources

from resilience_pipeline.study.study import Variable
from resilience_pipeline.toml_file import Section

#: Names become parts of table names, in the lake, in SQL and in Dagster.
NAME = re.compile(r"[a-z0-9_]+")

#: Index of every panel table.
UNIT, TIME = "city_code", "year"
KEYS = (UNIT, TIME)

#: Facts about a city that hold in every year, of the panel's geography; effects and filters may use them.
CITY_FACTS = ("region", "province", "region_factor")

#: Panel tables that every study gets; a variable cannot be put into them.
PANEL_OWN = (
    "treatment",
    "event_time",
    "spillovers",
    "programmes",
    "geography",
    "matching",
    "pilots",
    "sample",
    "value_status",
)

#: Columns of the indices layer: three composites, their combination, and the deflator.
COMPOSITES = ("res", "rec", "rst", "ctri")
PRICE_LEVEL = "price_level"
PRICE_INDEX = "consumer_price_index"  # what the price level rests on

#: The treatment of every study, from the pilot list (section 4.2).
TREATMENT = tuple(
    Variable(name, "treatment", name, symbol, description, continuous=False, label_zh=chinese)
    for name, symbol, description, chinese in (
        ("treat", "Treat", "1 for a pilot city, in every year", "试点城市"),
        ("post", "Post", "1 from the start year on", "政策实施后"),
        ("did", "did", "treat x post: 1 for a pilot city from the start year on", "双重差分项"),
    )
)
TREATMENT_COLUMNS = tuple(variable.name for variable in TREATMENT)


#: Columns of the panel table `matching`, of a study with a [matching] section, that regressions and filters may use.
MATCHING_WEIGHT = "matching_weight"
MATCHING_COLUMNS = ("propensity_score", "on_support", MATCHING_WEIGHT)


#: Columns of the spillovers table: distance to the nearest pilot, and two rings around pilots under the policy.
SPILLOVER_COLUMNS = ("distance_to_pilot_km", "near_pilot", "further_from_pilot")


def event_columns(years: Iterable[int]) -> dict[str, int]:
    """Columns of the event_time table -> calendar year: treat_2012, 1 for a pilot city in 2012, else 0."""
    return {f"treat_{year}": year for year in years}


@cache
def indicators() -> frozenset[str]:
    """Names of the canonical indicators (reference/indicators.csv)."""
    text = resources.files("resilience_pipeline.reference").joinpath("indicators.csv").read_text(encoding="utf-8")
    return frozenset(row["indicator"] for row in csv.DictReader(text.splitlines()))


def check_name(section: Section, key: str, name: str) -> str:
    """The name as it is; the section's error where it cannot be part of a table's name."""
    if not NAME.fullmatch(name):
        section.fail(
            key, "is not a name", "lower-case letters, digits and _", name, "rename it; it becomes a table's name"
        )
    return name
