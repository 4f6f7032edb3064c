"""The index tables there are, in the order in which they can be made. To add one: its module, and a line here."""

from collections.abc import Iterable

from resilience_pipeline.indices import (
    allocation,
    digital_policy,
    forms,
    ip_protection,
    leap,
    resource_based,
    synergy,
)
from resilience_pipeline.indices.by_weighting_steps import (
    CTRI_BY_WEIGHTING,
    RANK_CORRELATIONS,
    WEIGHTS_BY_WEIGHTING,
)
from resilience_pipeline.indices.index_table import IndexTable
from resilience_pipeline.indices.new_quality import NEW_QUALITY
from resilience_pipeline.indices.registry import TRADE_RESILIENCE
from resilience_pipeline.indices.steps import system_tables

_RESILIENCE = system_tables(TRADE_RESILIENCE)
_NEW_QUALITY = system_tables(NEW_QUALITY, "nqpf_", outcome=TRADE_RESILIENCE)

INDEX_TABLES: tuple[IndexTable, ...] = (
    _RESILIENCE.indicators,
    _RESILIENCE.weights,
    _RESILIENCE.composites,
    WEIGHTS_BY_WEIGHTING,
    CTRI_BY_WEIGHTING,
    RANK_CORRELATIONS,
    leap.LEAP,
    forms.FORMS,
    synergy.SYNERGY,
    _NEW_QUALITY.indicators,
    _NEW_QUALITY.weights,
    _NEW_QUALITY.composites,
    allocation.ALLOCATION,
    digital_policy.DIGITAL_POLICY_TERMS,
    digital_policy.DIGITAL_POLICY,
    ip_protection.IP_HIGH,
    resource_based.RESOURCE_BASED,
)

#: Name of a system -> the system and its tables.
SYSTEMS = {tables.system.name: tables for tables in (_RESILIENCE, _NEW_QUALITY)}

BY_NAME = {table.name: table for table in INDEX_TABLES}

#: Column -> the table that holds it.
BY_COLUMN = {column: table for table in INDEX_TABLES for column in table.columns}


def index_tables(names: Iterable[str]) -> tuple[IndexTable, ...]:
    """Tables that hold the named columns, and those that they need or bring, in the order in which they are made."""
    wanted: set[str] = set()
    waiting = [BY_COLUMN[name].name for name in names if name in BY_COLUMN]
    while waiting:
        table = waiting.pop()
        if table not in wanted:
            wanted.add(table)
            waiting += (*BY_NAME[table].needs, *BY_NAME[table].brings)
    return tuple(table for table in INDEX_TABLES if table.name in wanted)


def of_composites(column: str) -> bool:
    """Whether a column is one of the trade resilience system, or rests on it: it asks for `composites = true`."""
    return any(table.name == _RESILIENCE.indicators.name for table in index_tables([column]))
