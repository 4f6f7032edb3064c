"""The edition of a yearbook workbook, from its folder, its file name or the banner row inside; they must agree."""

import re
from collections.abc import Iterable
from pathlib import PurePosixPath

from resilience_pipeline.errors import DeliveryError
from resilience_pipeline.sources.readers.header import clean_heading
from resilience_pipeline.sources.source import Delivery

_YEAR = re.compile(r"(?<!\d)((?:19|20)\d\d)(?!\d)")
_NAME_START = re.compile(r"(?:中国城市统计年鉴|中国科技统计年鉴|edition)?[-_ ]*((?:19|20)\d\d)(?!\d)")
_BANNER = re.compile(r"中国((?:19|20)\d\d)年")


def edition_of(delivery: Delivery, preamble: Iterable[str] = ()) -> int:
    """The edition, a year. The banner `中国2020年地级以上城市数据` belongs to edition 2021.

    Raises
    ------
    DeliveryError
        No place says the edition, or two places disagree.
    """
    found = {**editions_in_path(delivery.file), **_in_banner(preamble)}
    editions = set(found.values())
    if len(editions) == 1:
        return editions.pop()
    if editions:
        raise DeliveryError(
            "the edition of the yearbook is said twice, and differently",
            remedy="name the folder after the edition (edition_2021), which reports the year before",
            file=delivery.file,
            expected="one edition",
            found="; ".join(f"{place}: edition {year}" for place, year in found.items()),
        )
    raise DeliveryError(
        "nothing says which edition of the yearbook this is",
        remedy="put the file into a folder named after the edition, for example edition_2021 (it reports 2020)",
        file=delivery.file,
        expected="a year in the folder or at the start of the file name, or a row 中国2020年…数据",
        found="no year",
    )


def editions_in_path(file: str) -> dict[str, int]:
    """Edition by the place that says it, as far as folders and name do; the file is not opened."""
    path = PurePosixPath(file)
    found = {}
    if name := _NAME_START.match(path.name):
        found["file name"] = int(name[1])
    for folder in path.parent.parts[::-1]:
        years = set(_YEAR.findall(folder))
        if len(years) == 1:
            found[f"folder {folder}"] = int(years.pop())
            break
    return found


def _in_banner(preamble: Iterable[str]) -> dict[str, int]:
    banners = (match for text in preamble if (match := _BANNER.search(clean_heading(text))))
    return {f"row {match[0]}": int(match[1]) + 1 for match in banners}
