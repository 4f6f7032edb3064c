"""Why a delivered cell moves nothing, or only if it crosses a line: read from what the run wrote down of each value."""

import json
from collections.abc import Mapping
from typing import Any

import polars as pl

from resilience_pipeline.lineage.edge import Part
from resilience_pipeline.lineage.opened import Index
from resilience_pipeline.study.formula import roots
from resilience_pipeline.study.vocabulary import PRICE_INDEX, PRICE_LEVEL

_ROUNDING = 1e-9
_ORIGIN = ("delivery_sha256", "file", "sheet", "row", "column")


def fate_of(index: Index, study: str, source: str, staged: Mapping[str, Any]) -> str | None:
    """Why the staged value moves nothing in the study; None where it counts."""
    fact = {name: staged[name] for name in ("city_code", "indicator", "year")}
    observed = index.table(f"grid/{study}/observations").filter(**fact)
    own = observed.filter(same_place(staged))
    if own.is_empty():
        return f"outside: the study does not read {staged['indicator']} of {staged['year']}, scope {staged['scope']}"
    standing = own["standing"][0]
    if standing == "overruled":
        taken = observed.filter(pl.col("standing") == "taken").to_dicts()[0]
        return f"overruled: {taken['source']} comes first, {taken['file']} row {taken['row']}"
    if standing == "imputed":
        return "imputed: filled in by its compiler, and imputations are not used (option imputed_values)"
    cities = index.table(f"grid/{study}/cities").filter(city_code=staged["city_code"])
    if cities.height and not cities["kept"][0]:
        if makes_means(index, study, staged["indicator"]):
            return None
        return f"dropped city: {cities['reason'][0]}"
    if cities.is_empty() and staged["city_code"] != "000000":
        return None if makes_means(index, study, staged["indicator"]) else "outside: the city is not in the grid"
    return None


def makes_means(index: Index, study: str, indicator: str) -> bool:
    """Whether some city takes its province's mean of the series, which every city of the province makes."""
    cells = index.table(f"grid/{study}/cells")
    return not cells.filter(indicator=indicator, status="province_mean").is_empty()


def held_by_values(index: Index, study: str, staged: Mapping[str, Any]) -> dict[str, str]:
    """Column of the panel -> why a change of this one value may stop there."""
    table = f"panel/{study}/value_status"
    status = index.table(table).filter(city_code=staged["city_code"], year=staged["year"])
    found = {}
    for row in status.to_dicts():
        name = row["variable"]
        if row["status"] == "winsorised" and row["value_before"] != row["value_after"]:
            bound = f"{row['value_after']:.6g}"
            found[name] = (
                f"{name} is winsorised here: {row['value_before']:.6g} is set to {bound}, so a change that stays "
                f"beyond {bound} moves nothing but, where the percentile lies between values, the percentile"
            )
        elif row["status"] in ("undefined", "missing"):
            found[name] = f"{name} has no value here: {row['reason']}"
    for name, text in _thresholds(index, study, staged).items():
        found.setdefault(name, text)
    return found


def _thresholds(index: Index, study: str, staged: Mapping[str, Any]) -> dict[str, str]:
    """Dummies that a value makes by being above a line: it moves them only across it."""
    table = f"indices/{study}/ip_high"
    if table not in index.by_table or staged["indicator"] != "ip_protection_index":
        return {}
    row = index.table(table).filter(city_code=staged["city_code"], year=staged["year"]).to_dicts()
    if not row or row[0]["ip_protection_median"] is None:
        return {}
    median, value = row[0]["ip_protection_median"], staged["value"]
    side = "above" if row[0]["ip_high"] else "at or below"
    return {
        "ip_high": f"{value:.6g} is {side} the median {median:.6g}: ip_high moves only if the value crosses it, or the "
        "median crosses another city's value"
    }


def held_by_rank(index: Index, road: Part) -> str | None:
    """That a column of the panel is a rank of the cities of each year, which moves only where they change places."""
    table = index.look(road[0])
    if not {"year", road[1]} <= set(table.columns) or not table[road[1]].dtype.is_float():
        return None
    values = table.select("year", value=road[1]).drop_nulls().with_columns(n=pl.len().over("year"))
    place = values["value"] * values["n"] * 2  # ties have the mean of their places
    ranks = (place - place.round()).abs().max()
    distinct = values.group_by("year").agg(pl.col("value").n_unique() * 2 > pl.len())["value"].all()
    if values.is_empty() or not isinstance(ranks, float) or ranks > _ROUNDING or not distinct:
        return None
    return f"{road[1]} is a rank: it moves only where cities change places"


def is_the_same_shift(index: Index, study: str, road: Part, indicator: str) -> bool:
    """Whether a national series moves a column of the panel by one number in all cities of a year.

    Its formula is tried at the cells of every city and year with two values of the series; its percentiles must be
    those of a year, or none, so that winsorising moves with it.
    """
    declared = index.declared(road[0]).get("variables", {}).get(road[1])
    if declared is None:
        return False
    options = json.loads(index.by_table[road[0]]["options"])
    if (declared.get("winsorise") or options.get("winsorise", "none")) not in ("by_year", "none"):
        return False
    own = PRICE_LEVEL if indicator == PRICE_INDEX else indicator
    names = roots(declared["formula"])
    others = [name for name in names if name != own]
    cells = index.table(f"grid/{study}/cells").filter(pl.col("indicator").is_in(others))
    if own not in names or set(cells["indicator"].unique()) != set(others) or not others:
        return False
    wide = cells.pivot("indicator", index=["city_code", "year"], values="value")
    if wide.select(pl.col(others).null_count()).row(0) == (wide.height,) * len(others):
        return False
    formula = pl.sql_expr(declared["formula"])
    low, high = (wide.with_columns(pl.lit(value).alias(own)).select(value=formula)["value"] for value in (1.0, 1.1))
    shift = (high - low).drop_nulls().drop_nans()
    shift = shift.filter(shift.is_finite())
    return not shift.is_empty() and float(shift.max() - shift.min()) < _ROUNDING  # type: ignore[operator,arg-type]


def held_by_document(index: Index, staged: Mapping[str, Any]) -> dict[str, str]:
    """Column of the panel -> how far the mentions of a report are from the number that makes a policy."""
    tables = [table for table in index.by_table if table.startswith("indices/") and table.endswith("/digital_policy")]
    if "document" not in staged or not tables:
        return {}
    rows = index.table(tables[0]).filter(city_code=staged["city_code"], year=staged["year"]).to_dicts()
    if not rows:
        return {"digital_policy": "the city is not in the panel, or this is no year of the study"}
    threshold = json.loads(index.by_table[tables[0]]["options"]).get("digital_policy_threshold")
    mentions, flag = rows[0]["digital_policy_mentions"], rows[0]["digital_policy"]
    return {
        "digital_policy": f"the report has {mentions} mentions and a policy is {threshold}: digital_policy stays "
        f"{flag} unless the number crosses that"
    }


def same_place(cell: Mapping[str, Any]) -> pl.Expr:
    return pl.all_horizontal(pl.col(name).eq_missing(pl.lit(cell.get(name))) for name in _ORIGIN)
