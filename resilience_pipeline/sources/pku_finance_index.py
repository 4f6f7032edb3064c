"""PKU Digital Inclusive Finance Index of China: one row per prefecture-level unit and year."""

from pathlib import PurePosixPath

import polars as pl

from resilience_pipeline.sources.readers.long_table import (
    CITY_NAMES,
    CODE_NAMES,
    YEAR_NAMES,
    Keys,
    long_tables,
    read_long,
)
from resilience_pipeline.sources.readers.opening import read_grids
from resilience_pipeline.sources.source import Delivery, Due, Heading, Source, TableRules

KEYS = Keys(
    entity=("pref_name_year18", "pref_name", "pref_name_year14", *CITY_NAMES),
    period=YEAR_NAMES,
    code=("pref_code_year18", "pref_code", "pref_code_year14", *CODE_NAMES),
    foreign="county_name.*|县.*名称?|county_code.*",
)
_INDICES = (
    "index_aggregate|coverage_breadth|usage_depth|payment|insurance|monetary_fund|investment|credit|"
    "credit_investigation|digitization_level|[^a-z]*(指数|程度|广度|深度|支付|保险|货币基金|投资|信贷|信用).*"
)


def read(delivery: Delivery) -> pl.DataFrame:
    """Cells of the ten indices; codes have the publisher's four digits, of the 2018 standard where it is given.

    Raises
    ------
    DeliveryError
        The file cannot be opened, or no sheet has city and year (the sheets of provinces and counties do not count).
    """
    return read_long(SOURCE.name, delivery, long_tables(read_grids(delivery), KEYS, delivery), only=_INDICES)


def _is_about_cities(path: PurePosixPath) -> bool:
    name = path.name.lower()
    return not any(word in name for word in ("province", "county", "省级", "县域", "县级"))


SOURCE = Source(
    name="pku_finance_index",
    publisher="Institute of Digital Finance, Peking University",
    title="PKU Digital Inclusive Finance Index of China (北京大学数字普惠金融指数)",
    description="Aggregate index and nine sub-indices of 338 prefecture-level units from 2011 on; four-digit codes.",
    licence="Free for research; cite Guo et al. (2020), China Economic Quarterly 19(4)",
    cadence="yearly; a new year is added in the year after it, mostly in spring",
    due=Due(appears=4, overdue=1),
    patterns=(
        "**/*pku*dfi*.dta",
        "**/*pku*dfi*.xls*",
        "**/*pku*dfi*.csv",
        "**/*数字普惠金融*.dta",
        "**/*数字普惠金融*.xls*",
        "**/*数字普惠金融*.csv",
    ),
    read=read,
    headings=(
        Heading("finance_index", r"^(index_aggregate|(北京大学)?(数字普惠金融)?总?指数)$", unit="指数"),
        Heading("finance_credit_index", r"^(credit|信贷(业务)?(指数)?)$", unit="指数"),
    ),
    rules=TableRules(required=("finance_index",)),
    sniff=_is_about_cities,
    unlocks="digital finance in the new-quality productive forces index; the inverse credit index as reading of FIN",
)
