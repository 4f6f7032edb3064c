"""Industrial synergy (IS): co-agglomeration of manufacturing and producer services (section 4.4 of the paper).

With E_k the employment of sector k, over cities i of a year t,

    LQ_k,it = (E_k,it / E_it) / (sum_i E_k,it / sum_i E_it)
    IS_it = 1 - |LQ_m - LQ_s| / (LQ_m + LQ_s) + (LQ_m + LQ_s)

m : manufacturing. s : producer services, that is transport and storage, finance, information transmission and
scientific services. The first part (0 to 1) says how alike the two concentrations are, the second how strong both are.
The paper names the four services and no formula; this is the usual form of the field (Chen, Liu and Zou 2016, Journal
of Zhejiang University, Humanities and Social Sciences 46(3)).

The nation is the sum over the kept cities that report every sector in that year: a city with a gap leaves both the
row and the sums, so that all shares of a year rest on the same cities.
"""

import numpy as np
import polars as pl

from resilience_pipeline.grid.wide import KEY
from resilience_pipeline.indices import national
from resilience_pipeline.indices.index_table import IndexTable
from resilience_pipeline.indices.measures import Notes, measure_step
from resilience_pipeline.indices.national import Column, year_sums
from resilience_pipeline.options import Options
from resilience_pipeline.step import Check, Step
from resilience_pipeline.study.study import Study
from resilience_pipeline.table_checks import rule

EMPLOYED = "employment_total_persons"
MANUFACTURING = ("employment_manufacturing_persons",)
PRODUCER_SERVICES = (
    "employment_transport_persons",
    "employment_finance_persons",
    "employment_information_persons",
    "employment_science_persons",
)
INDICATORS = (EMPLOYED, *MANUFACTURING, *PRODUCER_SERVICES)

#: Column of the table -> the indicators whose sum is the sector.
QUOTIENTS = {"lq_manufacturing": MANUFACTURING, "lq_producer_services": PRODUCER_SERVICES}

COLUMNS = (*QUOTIENTS, "industrial_synergy")

#: Rounding of a sum of some hundred quotients.
TOLERANCE = 1e-9


def synergy(values: pl.DataFrame) -> pl.DataFrame:
    """Location quotients and industrial synergy of each city and year.

    Parameters
    ----------
    values : city_code, year and `INDICATORS`, in persons.

    Returns
    -------
    city_code, year, lq_manufacturing, lq_producer_services, industrial_synergy, sorted; pure numbers. Null where a
    sector is not reported or nobody is employed; LQ is null in a year in which no city employs anybody in the sector,
    and IS where both quotients are 0.
    """
    table = values.sort(KEY)  # sums run in one order, whatever the order of the rows
    years = table["year"].to_numpy()
    reported = pl.all_horizontal(pl.col(INDICATORS).is_not_null()) & (pl.col(EMPLOYED) > 0)
    counted = table.select(pl.when(reported).then(pl.col(INDICATORS).cast(pl.Float64)))
    employed = _array(counted, (EMPLOYED,))
    quotients = {
        name: location_quotient(_array(counted, sector), employed, years) for name, sector in QUOTIENTS.items()
    }
    of_manufacturing, of_services = quotients.values()
    quotients["industrial_synergy"] = co_agglomeration(of_manufacturing, of_services)
    return table.select(*KEY, *(pl.Series(name, column).fill_nan(None) for name, column in quotients.items()))


def location_quotient(sector: Column, employed: Column, years: np.ndarray) -> Column:
    """The sector's share in the city over its share in the nation. All of shape (rows,), nan = not reported."""
    with np.errstate(invalid="ignore"):  # a sector without anybody in the nation: 0 / 0
        return (sector / employed) / (year_sums(sector, years) / year_sums(employed, years))


def co_agglomeration(a: Column, b: Column) -> Column:
    """1 - |a - b| / (a + b) + (a + b) of two location quotients, shape (rows,); nan where both are 0."""
    with np.errstate(invalid="ignore"):
        return 1 - np.abs(a - b) / (a + b) + (a + b)


def _array(frame: pl.DataFrame, names: tuple[str, ...]) -> Column:
    """Sum of the columns, one after the other; nan where one is null."""
    columns = [frame[name].fill_null(float("nan")).to_numpy() for name in names]
    return sum(columns[1:], columns[0])


def quotients_average_to_one(table: pl.DataFrame, values: pl.DataFrame) -> Check:
    """Weighted by employment, the location quotients of a year average to one: the nation is its cities."""
    weighted = table.join(values.select(*KEY, EMPLOYED), on=KEY, how="left").sort(KEY)
    means = [
        weighted.filter(pl.col(name).is_not_null())
        .group_by("year")
        .agg(mean=(pl.col(name) * pl.col(EMPLOYED)).sum() / pl.col(EMPLOYED).sum())
        .select("year", pl.lit(name).alias("quotient"), "mean")
        for name in QUOTIENTS
    ]
    off = pl.concat(means).filter((pl.col("mean") - 1).abs() > TOLERANCE).sort("quotient", "year")
    return rule("quotients_average_to_one", off, "location quotients do not average to one over the nation")


def within_bounds(table: pl.DataFrame) -> Check:
    """Quotients are not negative, and synergy exceeds their sum by 0 to 1; so it lies in [0, inf)."""
    strength = pl.sum_horizontal(list(QUOTIENTS))
    likeness = pl.col("industrial_synergy") - strength
    slack = TOLERANCE * (1 + strength)
    inside = pl.all_horizontal(pl.col(list(QUOTIENTS)) >= 0) & likeness.is_between(-slack, 1 + slack)
    odd = table.filter(~inside.fill_null(True))
    return rule("within_bounds", odd, "a location quotient is negative, or synergy does not fit the two")


def _step(study: Study) -> Step:
    return measure_step(
        study,
        "synergy",
        INDICATORS,
        _measure,
        "Location quotients of manufacturing and of producer services, and industrial synergy from both. One row per "
        "kept city and year; empty where a sector is not reported. The nation is the kept cities that report all "
        "sectors. Section 4.4.",
        checks=("quotients_average_to_one", "within_bounds"),
        code=(national,),
    )


def _measure(values: pl.DataFrame, options: Options) -> tuple[pl.DataFrame, tuple[Check, ...], Notes]:
    table = synergy(values)
    notes: Notes = {"city_years_in_the_nation": table["lq_manufacturing"].count()}
    return table, (quotients_average_to_one(table, values), within_bounds(table)), notes


def _behind(column: str, options: Options | None) -> tuple[str, ...]:
    return INDICATORS  # every city of the nation reports all sectors


SYNERGY = IndexTable("synergy", COLUMNS, _behind, _step)
