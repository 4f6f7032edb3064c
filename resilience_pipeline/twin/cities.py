"""Which cities the twin delivers, which of them are pilots, and which are made to leave the sample.

Names and codes are facts (GB/T 2260; State Council list of resource-based cities, 2013); `pilots.csv` is Table 1 of the
paper with the prefecture that each printed name stands for. The twin keeps its own copies on purpose: a referee that
read the pipeline's reference tables could not find an error in them.
"""

import csv
from dataclasses import dataclass
from functools import cache
from importlib import resources

from resilience_pipeline.errors import OptionError

#: Small, remote or newly made units, and two pilots, that the publishers' files do not hold.
NOT_DELIVERED = frozenset(
    {"460300", "460400", "630200", "540200", "540300", "540400", "540500", "650400", "650500"}  # young or tiny units
    | {"620200", "520500", "621100"}  # 嘉峪关; 毕节 and 定西, both pilots
)
#: Merged into 济南 in January 2019: its rows end with 2018.
MERGED, MERGED_LAST_YEAR = "371200", 2018
#: Cities with a hole of more than three years: 拉萨 and two pilots, 绥化 and 广安.
LONG_GAPS = ("540100", "231200", "511600")
#: Sub-provincial cities that are not provincial capitals; with the capitals they are the large cities.
SUB_PROVINCIAL = frozenset({"210200", "330200", "350200", "370200", "440300"})
#: No listed firm: a fixed choice, so that a province's mean of the others stands in for them.
UNLISTED_EVERY = 6
FEWEST, MOST = 40, 285
#: Region of the National Bureau of Statistics by the first two digits of the code; the west is the rest.
REGIONS = {
    "east": "11 12 13 31 32 33 35 37 44 46",
    "north-east": "21 22 23",
    "centre": "14 34 36 41 42 43",
}


@dataclass(frozen=True)
class City:
    """One prefecture-level city or municipality."""

    code: str
    name: str  # 杭州市
    english: str
    province: str  # 浙江省
    resource_class: str  # "" or 成长型, 成熟型, 衰退型, 再生型
    pilot: bool
    large: bool  # municipality, provincial capital or sub-provincial city

    @property
    def short_name(self) -> str:
        """杭州: the name without 市, as compilers and Wind print it."""
        return self.name.removesuffix("市")


@dataclass(frozen=True)
class PilotName:
    """One entry of Table 1 as printed."""

    number: int
    printed_name: str
    resolved_name: str  # the unit that is meant, in Chinese
    kind: str  # municipality | prefecture | county | zone
    city_code: str  # prefecture it is, lies in, or counts for
    resolution: str  # why this unit is meant: exact | spelling | position in the list | county | zone


def _rows(name: str) -> list[dict[str, str]]:
    text = resources.files(__package__).joinpath(name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


@cache
def pilot_names() -> tuple[PilotName, ...]:
    """The 55 entries of the paper's Table 1, in its order."""
    return tuple(
        PilotName(int(r["number"]), r["printed_name"], r["resolved_name"], r["kind"], r["city_code"], r["resolution"])
        for r in _rows("pilots.csv")
    )


@cache
def all_cities() -> tuple[City, ...]:
    """Every candidate, by code. County-level pilots do not make their prefecture a pilot."""
    pilots = {p.city_code for p in pilot_names() if p.kind != "county"}
    return tuple(
        City(
            r["code"],
            r["name"],
            r["english"],
            r["province"],
            r["resource_class"],
            r["code"] in pilots,
            r["code"].endswith(("0000", "0100")) or r["code"] in SUB_PROVINCIAL,
        )
        for r in _rows("cities.csv")
    )


def region_of(code: str) -> str:
    """east, north-east, centre or west."""
    return next((region for region, codes in REGIONS.items() if code[:2] in codes.split()), "west")


def leaving(years: tuple[int, int]) -> tuple[str, ...]:
    """Codes of delivered cities whose missing run exceeds three years in this window; none in a window under five."""
    first, last = years
    if last - first + 1 < 5:
        return ()
    merged = (MERGED,) if first <= MERGED_LAST_YEAR and last - MERGED_LAST_YEAR > 3 else ()
    return (*LONG_GAPS, *merged)


def delivered(number: int, years: tuple[int, int]) -> tuple[City, ...]:
    """The cities whose rows stand in the files, by code.

    All 285 by default; fewer keep the share of pilots and spread the rest over the provinces.

    Raises
    ------
    OptionError
        `number` outside 40..285.
    """
    if not FEWEST <= number <= MOST:
        raise OptionError(
            what=f"a twin of {number} cities cannot be drawn",
            expected=f"a number from {FEWEST} to {MOST}",
            remedy="choose --cities in that range; 285 is what the paper says it collected",
        )
    candidates = [c for c in all_cities() if c.code not in NOT_DELIVERED]
    gone = set(leaving(years))
    if MERGED not in gone:
        candidates = [c for c in candidates if c.code != MERGED]
    number = min(number, len(candidates))
    must = [c for c in candidates if c.code in gone]
    pilots = [c for c in candidates if c.pilot and c.code not in gone]
    others = [c for c in candidates if not c.pilot and c.code not in gone]
    free = number - len(must)
    n_pilots = round(free * len(pilots) / (len(pilots) + len(others)))
    chosen = must + _spread(pilots, n_pilots) + _spread(others, free - n_pilots)
    return tuple(sorted(chosen, key=lambda c: c.code))


def _spread(cities: list[City], number: int) -> list[City]:
    """`number` of the cities, evenly spaced in the order of codes, that is over the provinces."""
    return [cities[i * len(cities) // number] for i in range(number)]


def with_listed_firms(cities: tuple[City, ...], years: tuple[int, int]) -> tuple[bool, ...]:
    """Whether listed firms are registered in each city; every province that stays has at least one such city.

    Cities that leave the sample have none, so a province's mean is the same before and after they leave.
    """
    gone = set(leaving(years))
    staying: dict[str, int] = {}
    flags = []
    for city in cities:
        if city.code in gone:
            flags.append(False)
            continue
        place = staying.get(city.province, 0)  # the first city of a province is listed
        flags.append(place % UNLISTED_EVERY != UNLISTED_EVERY - 1)
        staying[city.province] = place + 1
    return tuple(flags)
