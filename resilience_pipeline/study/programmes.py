"""The `[programmes.<name>]` sections of a study: other policies that reached the same cities, as dummies of the panel.

    [programmes.cross_border_ecommerce]
    title = "Comprehensive pilot zones for cross-border e-commerce"
    source = "State Council notices of 2015, 2016 and 2018"
    [programmes.cross_border_ecommerce.cities]
    2015 = ["杭州市"]
    2016 = ["天津市", "上海市"]

Each gives the column `programme_<name>`: 1 in a listed city from the year under which it stands, else 0.
"""

from resilience_pipeline import reference
from resilience_pipeline.study.study import Programme
from resilience_pipeline.study.vocabulary import check_name
from resilience_pipeline.toml_file import Section, near


def read_programmes(root: Section) -> tuple[Programme, ...]:
    """Every programme, in the order of the file.

    Raises
    ------
    SpecificationError : a year is no year, a city has no such name, or stands twice in one programme.
    """
    codes = dict(reference.cities().select("name", "code6").iter_rows())
    return tuple(_programme(name, section, codes) for name, section in root.sections("programmes").items())


def _programme(name: str, section: Section, codes: dict[str, str]) -> Programme:
    section.allow("title", "source", "cities")
    check_name(section, "", name)
    years = section.section("cities")
    starts: dict[str, int] = {}
    for year in years.values:
        if not (year.isdigit() and len(year) == 4):
            years.fail(year, "is no year", "a year of four digits", year, "write 2016 = [...]")
        for city in years.texts(year):
            if city not in codes:
                years.fail(year, "names no city", "a prefecture-level city, 市 included", near(city, codes), "mend it")
            if codes[city] in starts:
                years.fail(year, "names a city twice", "each city once", city, "keep its first year")
            starts[codes[city]] = int(year)
    if not starts:
        section.fail("cities", "are missing", "at least one city", "nothing", "write 2016 = [...] beneath it")
    return Programme(name, section.get("title", str), section.get("source", str), starts)
