"""The twin's files: the publishers' layouts, the marker, same bytes for the same seed, same values as frames."""

import hashlib
import json
from pathlib import Path

import polars as pl
import pytest
from python_calamine import CalamineWorkbook

from resilience_pipeline import twin
from resilience_pipeline.sources.synthetic import is_synthetic
from resilience_pipeline.twin.printing import as_printed

KEY = ["city_code", "year", "indicator"]


@pytest.fixture(scope="module")
def draw() -> twin.Draw:
    return twin.draw(2, cities=60)


@pytest.fixture(scope="module")
def written(draw: twin.Draw, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("twin")
    twin.write(draw, out)
    return out


def _digests(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def _rows(path: Path) -> list[list]:
    return CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()


def test_every_landing_file_carries_the_marker(written: Path) -> None:
    files = [path for path in (written / "landing").rglob("*") if path.is_file()]
    assert len(files) > 100
    assert [path.name for path in files if not is_synthetic(path)] == []


def test_the_same_seed_writes_the_same_bytes(draw: twin.Draw, written: Path, tmp_path: Path) -> None:
    twin.write(twin.draw(2, cities=60), tmp_path)
    assert _digests(tmp_path) == _digests(written)


def test_truth_stands_outside_the_landing_folder_and_names_each_hole(draw: twin.Draw, written: Path) -> None:
    truth = json.loads((written / "truth.json").read_text(encoding="utf-8"))
    assert truth["synthetic"] is True
    assert list((written / "landing").rglob("truth.json")) == []
    holes = [b for b in truth["blemishes"] if b["kind"] != "name_variant"]
    assert holes
    assert all((written / "landing" / b["file"]).is_file() for b in holes)
    ends = [b for b in holes if b["kind"] == "short_end"]
    assert len(ends) == 6


def test_edition_2021_has_a_banner_and_its_title_in_the_third_column(written: Path) -> None:
    rows = _rows(written / "landing" / "城市统计年鉴" / "2021" / "2021-2-6.xlsx")
    banner = next(row for row in rows if row[0] == "中国2020年地级以上城市数据")
    assert banner[2] == "2-6 地区生产总值"


def test_edition_2020_prints_numbers_as_text(written: Path) -> None:
    rows = _rows(written / "landing" / "城市统计年鉴" / "2020" / "2-6 地区生产总值.xlsx")
    body = [row for row in rows if row[1] == "Beijing"]
    assert isinstance(body[0][2], str)


def test_units_of_the_budget_change_between_editions(written: Path) -> None:
    folder = written / "landing" / "城市统计年鉴"
    title = "地方一般公共预算收支状况(全市).xlsx"
    early = _rows(folder / "2014" / f"2-9 {title}")
    late = _rows(folder / "2022" / f"2-8 {title}")
    assert any("亿元" in str(cell) for row in early for cell in row)
    assert any("万元" in str(cell) for row in late for cell in row)
    assert not any("亿元" in str(cell) for row in late for cell in row)


def test_provinces_have_rows_without_numbers(written: Path) -> None:
    rows = _rows(written / "landing" / "城市统计年鉴" / "2022" / "2-6 地区生产总值.xlsx")
    province = next(row for row in rows if row[0] == "河北省")
    assert set(province[1:]) == {""}


def test_wind_files_end_with_the_publisher(written: Path) -> None:
    rows = _rows(written / "landing" / "wind" / "wind_固定资产投资.xlsx")
    assert rows[0][0] == "指标名称"
    assert rows[-1][0] == "数据来源：Wind"
    text = (written / "landing" / "wind" / "wind_前五大客户.csv").read_bytes().decode("gb18030")
    assert "上市公司前五大客户销售额占比" in text


def test_frames_hold_the_printed_value_and_miss_the_cells_of_the_holes(draw: twin.Draw) -> None:
    frame = twin.frames(draw)[("staging", "city_yearbook")]
    city = next(i for i, c in enumerate(draw.cities) if c.code == "110000")
    cell = frame.filter(city_code="110000", year=2014, indicator="budget_revenue_cny_10k")["value"].item()
    column = draw.treated["budget_revenue_cny_10k"][:, draw.year_list.index(2014)]
    assert cell == as_printed("budget_revenue_cny_10k", column, 2015)[city]
    assert cell == pytest.approx(column[city], abs=1)
    assert frame.filter(pl.col("value").is_null())["missing_mark"].null_count() == 0
    assert frame.select(KEY).is_duplicated().sum() == 0


def test_a_city_without_listed_firms_has_no_concentration(draw: twin.Draw) -> None:
    wind = twin.frames(draw)[("staging", "wind")]
    unlisted = [c.code for c, listed in zip(draw.cities, draw.listed, strict=True) if not listed]
    rows = wind.filter(pl.col("indicator") == "supplier_top5_share_pct", pl.col("city_code").is_in(unlisted))
    assert rows.height == 0
