"""Long tables and lists: finance index, pilots, resource cities, national series, indices, compiled data."""

from pathlib import Path

import numpy as np
import pandas as pd

from resilience_pipeline.sources.synthetic import MARKER
from resilience_pipeline.twin.blemishes import holes
from resilience_pipeline.twin.cities import pilot_names
from resilience_pipeline.twin.economy import Draw
from resilience_pipeline.twin.extras import extra_series
from resilience_pipeline.twin.layouts.workbook import Cell, decimal_text, write_workbook
from resilience_pipeline.twin.pku import index_columns
from resilience_pipeline.twin.printing import PRINTS, as_printed
from resilience_pipeline.twin.processes import Array

FOOTER = f"合成数据 {MARKER}"

NATIONAL = {
    "consumer_price_index": "居民消费价格指数(上年=100)",
    "fixed_investment_price_index": "固定资产投资价格指数(上年=100)",
    "exchange_rate_cny_per_usd": "人民币对美元年平均汇率(元/美元)",
    "world_exports_usd_100m": "世界货物出口总额(亿美元)",
}
RESEARCH = (
    ("research_personnel_persons", "R&D人员全时当量（人年）"),
    ("research_expenditure_cny_10k", "R&D经费内部支出（万元）"),
    ("new_product_sales_cny_10k", "新产品销售收入（万元）"),
)
#: Column of the compiled panel -> indicator, units as its compiler converted them.
COMPILED = {
    "地区生产总值_万元_全市": "gdp_cny_10k",
    "人均地区生产总值_元_全市": "gdp_per_capita_cny",
    "年末金融机构各项贷款余额_万元_全市": "loans_cny_10k",
}
LAST_REPORTED_INVESTMENT = 2016


def write_pku(draw: Draw, landing: Path) -> None:
    """The finance index as a Stata file; codes of four digits, the marker in the data label."""
    there = ~holes(draw).absent
    city, t = np.nonzero(there)
    codes = [int(c.code) // 100 for c in draw.cities]
    names = [c.name for c in draw.cities]
    frame = pd.DataFrame(
        {
            "year": np.array(draw.year_list, dtype=np.int16)[t],
            "pref_name_year18": [names[i] for i in city],
            "pref_name_year18_eng": [draw.cities[i].english for i in city],
            "pref_code_year18": np.array(codes, dtype=np.int32)[city],
            "pref_name_year14": [names[i] for i in city],
            "pref_code_year14": np.array(codes, dtype=np.int32)[city],
            **{name: values[there] for name, values in index_columns(draw).items()},
        }
    )
    path = landing / "pku_dfiic" / "PKU_DFIIC_city.dta"
    path.parent.mkdir(parents=True, exist_ok=True)
    frame.to_stata(
        path, write_index=False, version=118, data_label=MARKER, time_stamp=pd.Timestamp(2024, 1, 1).to_pydatetime()
    )


def write_lists(draw: Draw, landing: Path) -> None:
    """The 55 pilots as printed in the paper's Table 1, and the resource-based cities with their classes."""
    pilots = [[str(p.number), p.printed_name] for p in pilot_names()]
    _csv(landing / "名单" / "供应链创新与应用试点城市.csv", [["序号", "城市"], *pilots, [FOOTER]])
    classes = [[c.name, c.resource_class] for c in draw.cities if c.resource_class]
    _csv(landing / "名单" / "资源型城市名单.csv", [["城市", "类型"], *classes, [FOOTER]])


def write_national(draw: Draw, landing: Path) -> None:
    """The yearly export of the statistics bureau's site: years run backwards, GB18030."""
    years = draw.year_list[::-1]
    rows = [["数据库：年度数据"], [f"时间：{years[-1]}-{years[0]}"], ["指标", *(f"{year}年" for year in years)]]
    for indicator, label in NATIONAL.items():
        decimals = PRINTS[indicator].decimals
        rows.append([label, *(decimal_text(v, decimals) for v in draw.national[indicator][::-1].tolist())])
    path = landing / "国民经济核算" / "年度数据.csv"
    _csv(path, [*rows, ["数据来源：国家统计局"], [FOOTER]], "gb18030")


def write_indices(draw: Draw, landing: Path) -> None:
    """Business environment and protection of intellectual property, one row per city and year."""
    series = {
        name: as_printed(name, draw.treated[name]) for name in ("business_environment_index", "ip_protection_index")
    }
    environment: list[list[Cell]] = [["年份", "城市", "营商环境指数"]]
    protection: list[list[Cell]] = [["年份", "城市代码", "城市", "知识产权保护强度"]]
    for i, t in _places(draw):
        city, year = draw.cities[i], draw.year_list[t]
        environment.append([year, city.short_name, float(series["business_environment_index"][i, t])])
        protection.append([year, int(city.code), city.name, float(series["ip_protection_index"][i, t])])
    write_workbook(landing / "营商环境" / "营商环境指数.xlsx", environment)
    write_workbook(landing / "知识产权" / "知识产权保护强度.xlsx", protection)


def write_science(draw: Draw, landing: Path) -> None:
    """Research and development by city, one workbook an edition."""
    raw, absent = draw.treated | extra_series(draw), holes(draw).absent
    series = {name: as_printed(name, raw[name]) for name, _ in RESEARCH}
    title = "各城市研究与试验发展(R&D)活动情况"
    for t, year in enumerate(draw.year_list):
        rows: list[list[Cell]] = [[title], [], ["地区", *(heading for _, heading in RESEARCH)]]
        for i, city in enumerate(draw.cities):
            if not absent[i, t]:
                rows.append([city.name, *(float(series[name][i, t]) for name, _ in RESEARCH)])
        write_workbook(landing / "科技统计年鉴" / str(year + 1) / f"{title}.xlsx", rows)


def write_compiled(draw: Draw, landing: Path) -> None:
    """A compiler's panel (fixed investment imputed after 2016 and flagged) and its series of foreign investment.

    Both agree with the publishers' cells and miss the same ones.
    """
    cut = holes(draw)
    investment = PRINTS["fixed_investment_cny_10k"].number(draw.treated["fixed_investment_cny_10k"])
    last = max(t for t, year in enumerate(draw.year_list) if year <= max(draw.years[0], LAST_REPORTED_INVESTMENT))
    panel = [["年份", "省份", "城市", "城市代码", *COMPILED, "fai_100m", "fai_imputed"]]
    foreign: list[list[Cell]] = [["year", "地级市", "外商直接投资", "单位", "数据来源"]]
    foreign_values = PRINTS["foreign_investment_usd_10k"].number(draw.treated["foreign_investment_usd_10k"])
    printed = {name: _in_units(name, draw.treated[indicator]) for name, indicator in COMPILED.items()}
    for i, t in _places(draw):
        city, year = draw.cities[i], draw.year_list[t]
        cells = [
            "" if cut.of(indicator)[i, t] else decimal_text(printed[name][i, t], 0)
            for name, indicator in COMPILED.items()
        ]
        filled = t > last
        value = investment[i, last] * 1.05 ** (t - last) if filled else investment[i, t]
        no_value = cut.of("fixed_investment_cny_10k")[i, min(t, last)] or cut.of("fixed_investment_cny_10k")[i, t]
        fai = "" if no_value else decimal_text(value, 4)
        panel.append([str(year), city.province, city.short_name, city.code, *cells, fai, str(int(filled))])
        missing = cut.of("foreign_investment_usd_10k")[i, t]
        amount = None if missing else float(np.rint(foreign_values[i, t])) / 100
        foreign.append([year, city.short_name, amount, "百万美元", f"{city.name}统计局"])
    _csv(landing / "compiled" / "地级市面板数据.csv", [*panel, [FOOTER]])
    advertisement: list[list[Cell]] = [[], ["更多数据请访问 https://data.example.com"]]
    write_workbook(landing / "compiled" / "地级市外商直接投资FDI.xlsx", foreign + advertisement)


def _in_units(name: str, values: Array) -> Array:
    """The publisher's figure in whole units of the compiled panel (万元 or 元)."""
    return np.rint(PRINTS[COMPILED[name]].canonical(values))


def _places(draw: Draw) -> list[tuple[int, int]]:
    return [(int(i), int(t)) for i, t in np.argwhere(~holes(draw).absent)]


def _csv(path: Path, rows: list[list[str]], encoding: str = "utf-8-sig") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(("\r\n".join(",".join(row) for row in rows) + "\r\n").encode(encoding))
