"""City panels compiled by third parties: one wide table, many origins, some values filled in by the compiler.

Supported ways to say that a value is imputed: a flag column `<name>_imputed` or `<name>_插值` beside the values
(`fai_imputed` flags every column `fai_...`); a sheet named 插值 beside the plain one, whose additional values are
imputed. Where a panel says neither, `imputed` is null.
"""

import re

import polars as pl

from resilience_pipeline.sources import city_yearbook
from resilience_pipeline.sources.readers.header import clean_heading
from resilience_pipeline.sources.readers.long_table import (
    CITY_NAMES,
    CODE_NAMES,
    YEAR_NAMES,
    Keys,
    LongTable,
    long_tables,
    read_long,
)
from resilience_pipeline.sources.readers.opening import read_grids
from resilience_pipeline.sources.source import Delivery, Heading, Source

KEYS = Keys(entity=CITY_NAMES, period=YEAR_NAMES, code=CODE_NAMES, foreign="county_name|县(级市)?名称?|区县")
_FLAG = re.compile(r"(.+?)[_(]?(imputed|插值|是否插值)\)?")
_INTERPOLATED_SHEET = re.compile("插值|插补|填补")
_YES = ("true", "1", "是", "yes", "插值")
_PLACE = ("entity", "entity_code", "period", "heading")


def read(delivery: Delivery) -> pl.DataFrame:
    """Cells of every column beside the keys and flags, with `imputed` where the panel says it.

    From a sheet of interpolated values only those are taken that the plain sheets leave empty.

    Raises
    ------
    DeliveryError
        The file cannot be opened, or no sheet has city and year.
    """
    tables = long_tables(read_grids(delivery), KEYS, delivery)
    plain = [table for table in tables if not _INTERPOLATED_SHEET.search(table.grid.sheet or "")]
    filled = [table for table in tables if table not in plain]
    if not plain or not filled:
        return pl.concat(_flagged(delivery, table) for table in tables)
    reported = pl.concat(_flagged(delivery, table) for table in plain)
    known = reported.filter(pl.col("text").is_not_null())
    interpolated = pl.concat(_flagged(delivery, table) for table in filled).filter(pl.col("text").is_not_null())
    added = interpolated.join(known, on=_PLACE, how="anti", nulls_equal=True)
    gaps = reported.filter(pl.col("text").is_null()).join(added, on=_PLACE, how="anti", nulls_equal=True)
    return pl.concat(
        [
            known.with_columns(imputed=pl.col("imputed").fill_null(value=False)),
            gaps,
            added.with_columns(imputed=pl.lit(value=True)),
        ]
    )


def _flagged(delivery: Delivery, table: LongTable) -> pl.DataFrame:
    """Cells of one table less its flag columns, each with what its flag says."""
    cells = read_long(SOURCE.name, delivery, [table])
    names = {column: clean_heading(text) for column, text in table.values if text}
    flags = {column: match[1] for column, name in names.items() if (match := _FLAG.fullmatch(name))}
    for column, base in flags.items():
        covered = [c for c, name in names.items() if c not in flags and re.match(rf"{re.escape(base)}([_(]|$)", name)]
        says_yes = pl.col("text").str.strip_chars().str.to_lowercase().str.strip_suffix(".0").is_in(_YES)
        flagged = cells.filter(pl.col("column") == column).select("row", flag=says_yes.fill_null(value=False))
        cells = (
            cells.join(flagged, on="row", how="left", maintain_order="left")
            .with_columns(imputed=pl.when(pl.col("column").is_in(covered)).then("flag").otherwise("imputed"))
            .drop("flag")
        )
    return cells.filter(~pl.col("column").is_in(list(flags)))


_ENGLISH = (
    Heading("gdp_cny_10k", r"^gdp_100m$", unit="亿元"),
    Heading("gdp_per_capita_cny", r"^gdp_per_capita$", unit="元"),
    Heading("gdp_growth_pct", r"^gdp_growth_pct$", unit="%"),
    Heading("registered_population_10k_persons", r"^hukou_pop_10k$", unit="万人"),
    Heading("resident_population_10k_persons", r"^resident_pop_10k$", unit="万人"),
    Heading("urbanisation_pct", r"^urbanization_rate_pct$", unit="%"),
    Heading("fixed_investment_cny_10k", r"^fai_100m$", unit="亿元"),
    Heading("average_wage_cny", r"^avg_wage$", unit="元"),
    Heading("budget_revenue_cny_10k", r"^fiscal_revenue_100m$", unit="亿元"),
    Heading("budget_expenditure_cny_10k", r"^fiscal_expenditure_100m$", unit="亿元"),
    Heading("loans_cny_10k", r"^loan_balance_100m$", unit="亿元"),
    Heading("deposits_cny_10k", r"^deposit_balance_100m$", unit="亿元"),
)

SOURCE = Source(
    name="compiled_city_panel",
    publisher="Compiled by third parties from yearbooks and statistics offices",
    title="Compiled panel of Chinese cities",
    description=(
        "One row per city and year, one column per series, in the wording of the compiler; unit and scope stand in "
        "the column names. Each column has its own origin; some hold the compiler's imputations, flagged where said."
    ),
    licence="As the compiler states; the original publishers' rights remain",
    cadence="irregular",
    patterns=(
        "**/*city_panel*.csv",
        "**/*city_panel*.xls*",
        "**/*city_panel*.dta",
        "**/*面板*.csv",
        "**/*面板*.xls*",
        "**/*面板*.dta",
    ),
    read=read,
    headings=(*_ENGLISH, Heading("gdp_cny_10k", r"^(?i:gdp)(\|全市)?$"), *city_yearbook.HEADINGS),
    unlocks="series of years whose yearbook editions are not at hand; used only where no publisher's own value is",
)
