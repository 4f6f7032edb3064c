"""Government work reports: one plain-text document per city and year; city and year stand in the path."""

import re
from pathlib import PurePosixPath

import polars as pl

from resilience_pipeline.errors import DeliveryError
from resilience_pipeline.sources.readers.cells import CellRows
from resilience_pipeline.sources.readers.header import clean_heading, has_chinese
from resilience_pipeline.sources.readers.text import read_text
from resilience_pipeline.sources.source import Delivery, Due, Source

_YEAR = re.compile(r"(?<!\d)((?:19|20)\d\d)(?!\d)年?度?")
_WORDS = re.compile(r"(人民)?政府|工作报告|全文|[-_.()\[\]【】]")


def read(delivery: Delivery) -> pl.DataFrame:
    """One cell: heading `document`, text the whole report, entity the city and period the year as in the path.

    Raises
    ------
    DeliveryError
        The path says no city or year, or two years; the file is empty or no plain text.
    """
    city, year = city_and_year(delivery)
    cells = CellRows(SOURCE.name, delivery)
    cells.add(1, 1, "document", read_text(delivery), entity=city, period=year)
    return cells.frame()


def city_and_year(delivery: Delivery) -> tuple[str, str]:
    """City and year from `2018/杭州市.txt`, `杭州市/2018.txt`, `杭州市_2018.txt` or `2018杭州市政府工作报告.txt`."""
    path = PurePosixPath(delivery.file)
    parts = [clean_heading(part) for part in (path.stem, *path.parent.parts[::-1])]
    years = next((set(found) for part in parts if (found := _YEAR.findall(part))), set())
    names = (_WORDS.sub("", _YEAR.sub("", part)) for part in parts)
    city = next((name for name in names if has_chinese(name)), None)
    if len(years) != 1 or city is None:
        raise DeliveryError(
            "the path does not say which city's report of which year this is",
            remedy="name the file like 政府工作报告/2018/杭州市.txt",
            file=delivery.file,
            expected="one city and one year in the path",
            found=f"city {city or 'none'}, year {', '.join(sorted(years)) or 'none'}",
        )
    return city, years.pop()


SOURCE = Source(
    name="work_reports",
    publisher="City governments of China",
    title="Government work reports (政府工作报告)",
    description="What a city government reported and planned, one text per city and year.",
    licence="Public documents",
    cadence="yearly; cities give their reports in January and February",
    due=Due(appears=2, overdue=5),
    patterns=("**/*工作报告*/**/*.txt", "**/*工作报告*.txt"),
    read=read,
    shape="documents",
    unlocks="the digital-economy policy split of Table 6",
)
