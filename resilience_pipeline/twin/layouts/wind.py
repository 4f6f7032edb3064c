"""Wind exports: series by column, label rows on top, dates below, the publisher in the footer."""

from pathlib import Path

import numpy as np

from resilience_pipeline.sources.synthetic import MARKER
from resilience_pipeline.twin.blemishes import holes
from resilience_pipeline.twin.economy import Draw
from resilience_pipeline.twin.layouts.workbook import Cell, decimal_text, write_workbook
from resilience_pipeline.twin.printing import PRINTS

#: indicator -> (name after the colon, file); the last is a GB18030 CSV, as some terminals export.
EXPORTS = {
    "fixed_investment_cny_10k": ("固定资产投资完成额", "wind_固定资产投资.xlsx"),
    "supplier_top5_share_pct": ("上市公司前五大供应商采购额占比", "wind_前五大供应商.xlsx"),
    "customer_top5_share_pct": ("上市公司前五大客户销售额占比", "wind_前五大客户.csv"),
}


def write_wind(draw: Draw, landing: Path) -> None:
    """Three exports; cities without listed firms have no column in the last two."""
    for indicator, (name, file) in EXPORTS.items():
        here = np.ones_like(draw.listed) if indicator == "fixed_investment_cny_10k" else draw.listed
        rows = _rows(draw, indicator, name, np.flatnonzero(here).tolist(), text=file.endswith(".csv"))
        path = landing / "wind" / file
        if file.endswith(".csv"):
            path.parent.mkdir(parents=True, exist_ok=True)
            lines = [",".join("" if cell is None else str(cell) for cell in row) for row in rows]
            path.write_bytes(("\r\n".join([*lines, f"合成数据 {MARKER}"]) + "\r\n").encode("gb18030"))
        else:
            write_workbook(path, rows, "万得")


def _rows(draw: Draw, indicator: str, name: str, places: list[int], text: bool) -> list[list[Cell]]:
    cut = holes(draw)
    form = PRINTS[indicator]
    gone = (cut.of(indicator) | cut.absent).tolist()
    numbers = form.number(draw.treated[indicator]).tolist()
    cities = [draw.cities[i].short_name for i in places]
    rows: list[list[Cell]] = [
        ["指标名称", *(f"{city}:{name}" for city in cities)],
        ["频率", *("年" for _ in places)],
        ["单位", *(form.unit for _ in places)],
        ["指标ID", *(f"M{5_000_000 + 1000 * list(EXPORTS).index(indicator) + i}" for i in places)],
        ["来源", *("合成数据" for _ in places)],
    ]
    for t, year in enumerate(draw.year_list):
        cells: list[Cell] = [
            None if gone[i][t] else decimal_text(numbers[i][t], form.decimals) if text else numbers[i][t]
            for i in places
        ]
        rows.append([f"{year}-12-31", *cells])
    return [*rows, ["数据来源：Wind"]]
