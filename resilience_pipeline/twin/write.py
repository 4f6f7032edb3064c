"""Write a twin to disk: `landing/` as the publishers would fill it, `truth.json` and a README beside it."""

import json
from pathlib import Path
from typing import Any

from resilience_pipeline.sources.synthetic import MARKER
from resilience_pipeline.twin.blemishes import FIRST_EDITION_WITHOUT_VARIANTS, NAME_VARIANTS, holes
from resilience_pipeline.twin.economy import Draw
from resilience_pipeline.twin.editions import as_of, by_last_year, check_cut
from resilience_pipeline.twin.layouts import city_yearbook, tables, wind, work_reports
from resilience_pipeline.twin.truth import truth

_README = f"""# 合成数据 {MARKER}

Nothing here is real. `landing/` holds files as the publishers of Chinese city statistics lay them out, made from random
draws; names and codes of cities are real, every figure is invented. `truth.json` holds what was planted.
Seed {{seed}}, years {{first}}-{{last}}, {{cities}} cities, planted effect {{effect}}.
"""
_LATER = """Each folder of `editions/` holds what that edition brings: new files, and longer ones under a standing name.
Copy its content over `landing/`, the earliest edition first.
"""


def write(draw: Draw, out: Path) -> None:
    """Write all twelve sources, the truth and a README into `out`, which is made if need be.

    Where the draw has years after the edition that comes first (`Draw.holes_through`), `landing/` and the truth are as
    of that one, and `editions/<edition>/` holds what each later one brings. The same draw writes the same bytes.
    """
    out = Path(out)
    check_cut(draw.years, draw.holes_through)
    first_edition = as_of(draw, draw.holes_through)
    write_files(first_edition, out / "landing")
    for year in range(draw.holes_through + 1, draw.years[1] + 1):
        _write_edition(as_of(draw, year), out, year + 1)
    record = (
        truth(first_edition)
        | {"blemishes": blemish_records(first_edition)}
        | {"by_last_year": by_last_year(draw, draw.holes_through)}
    )
    (out / "truth.json").write_text(json.dumps(record, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    first, last = first_edition.years
    text = _README.format(seed=draw.seed, first=first, last=last, cities=len(draw.cities), effect=draw.effect)
    later = _LATER if draw.years[1] > last else ""
    (out / "README.md").write_text(text + later, encoding="utf-8")


def write_files(draw: Draw, landing: Path) -> None:
    """The files of all twelve sources, as the publishers lay them out."""
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


def _write_edition(draw: Draw, out: Path, edition: int) -> None:
    """`editions/<edition>/`: of all files, those that no earlier folder holds as they are now."""
    folder = out / "editions" / str(edition)
    write_files(draw, folder)
    earlier = [out / "landing", *(out / "editions" / str(e) for e in range(draw.holes_through + 2, edition))]
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        stands = [before / path.relative_to(folder) for before in earlier]
        latest = next((before for before in reversed(stands) if before.is_file()), None)
        if latest is not None and latest.read_bytes() == path.read_bytes():
            path.unlink()
    for path in sorted((path for path in folder.rglob("*") if path.is_dir()), reverse=True):
        if not any(path.iterdir()):
            path.rmdir()


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
