"""Write a twin to disk: `landing/` as the publishers would fill it, `truth.json` and a README beside it."""

import json
from pathlib import Path
from typing import Any

from resilience_pipeline.sources.synthetic import MARKER
from resilience_pipeline.twin.blemishes import FIRST_EDITION_WITHOUT_VARIANTS, NAME_VARIANTS, holes
from resilience_pipeline.twin.economy import Draw
from resilience_pipeline.twin.layouts import city_yearbook, tables, wind, work_reports
from resilience_pipeline.twin.truth import truth

_README = f"""# 合成数据 {MARKER}

Nothing here is real. `landing/` holds files as the publishers of Chinese city statistics lay them out, made from random
draws; names and codes of cities are real, every figure is invented. `truth.json` holds what was planted.
Seed {{seed}}, years {{first}}-{{last}}, {{cities}} cities, planted effect {{effect}}.
"""


def write(draw: Draw, out: Path) -> None:
    """Write all twelve sources, the truth and a README into `out`, which is made if need be.

    The same draw writes the same bytes.
    """
    out = Path(out)
    landing = out / "landing"
    for writer in (
        city_yearbook.write_city_yearbook,
        wind.write_wind,
        tables.write_pku,
        tables.write_lists,
        tables.write_national,
        tables.write_indices,
        tables.write_science,
        tables.write_compiled,
        work_reports.write_work_reports,
    ):
        writer(draw, landing)
    record = truth(draw) | {"blemishes": blemish_records(draw)}
    (out / "truth.json").write_text(json.dumps(record, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    first, last = draw.years
    text = _README.format(seed=draw.seed, first=first, last=last, cities=len(draw.cities), effect=draw.effect)
    (out / "README.md").write_text(text, encoding="utf-8")


def blemish_records(draw: Draw) -> list[dict[str, Any]]:
    """Each blemish: its kind, the city and year, and the file, row label and heading where it stands."""
    records: list[dict[str, Any]] = []
    for indicator, runs in holes(draw).kinds.items():
        for city, start, stop, kind in runs:
            for t in range(start, stop):
                year = draw.year_list[t]
                file, heading = _place(draw, indicator, city, year)
                records.append(
                    {"kind": kind, "indicator": indicator, "city_code": draw.cities[city].code, "year": year,
                     "file": file, "sheet": None, "row_label": draw.cities[city].name, "heading": heading}
                )  # fmt: skip
    for place in draw.cities:
        if place.code in NAME_VARIANTS:
            editions = [y + 1 for y in draw.year_list if y + 1 < FIRST_EDITION_WITHOUT_VARIANTS]
            records.append(
                {"kind": "name_variant", "city_code": place.code, "printed": NAME_VARIANTS[place.code],
                 "editions": editions, "file": "城市统计年鉴/*/*.xlsx"}
            )  # fmt: skip
    return records


def _place(draw: Draw, indicator: str, city: int, year: int) -> tuple[str, str]:
    if indicator in wind.EXPORTS:
        name, file = wind.EXPORTS[indicator]
        return f"wind/{file}", f"{draw.cities[city].short_name}:{name}"
    for table in city_yearbook.TABLES:
        for column in table.columns:
            if column.indicator == indicator:
                file = city_yearbook.file_name(table, year + 1)
                return f"城市统计年鉴/{year + 1}/{file}", column.chinese
    raise KeyError(indicator)
