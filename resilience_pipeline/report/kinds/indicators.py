"""Kind "indicators": an indicator system in the readings that the options choose, with its city-years (Table 2)."""

import polars as pl

from resilience_pipeline.errors import SpecificationError
from resilience_pipeline.indices import new_quality, registry
from resilience_pipeline.indices import system as system_module
from resilience_pipeline.indices.registry import TRADE_RESILIENCE
from resilience_pipeline.indices.system import System
from resilience_pipeline.indices.tables import SYSTEMS
from resilience_pipeline.options import Options
from resilience_pipeline.report import layout
from resilience_pipeline.report.layout import text_grid
from resilience_pipeline.report.printer import Page, Printed, Printer
from resilience_pipeline.step import TableKey
from resilience_pipeline.study.kinds.indicators import PrintedSystem
from resilience_pipeline.study.needs import study_index_tables
from resilience_pipeline.study.study import ResultTable, Study

_HEADINGS = {
    "composite": "Dimension",
    "indicator": "Indicator",
    "formula": "Formula",
    "unit": "Unit",
    "sign": "Sign",
    "source": "Source",
    "reason": "Reason",
    "city_years": "City-years",
}


def indicators_table(values: pl.DataFrame, options: Options, system: System = TRADE_RESILIENCE) -> pl.DataFrame:
    """One row per indicator of the system, in the reading that the options choose, with the city-years it has.

    An indicator that the options leave out of the system has no row.

    Parameters
    ----------
    values : the indices layer's table of the system's indicators, one column per indicator.
    """
    rows = [
        {
            "composite": entry.composite,
            "indicator": entry.name,
            "formula": entry.formula(options),
            "unit": entry.units[entry.reading(options)],
            "sign": "+" if entry.sign > 0 else "-",
            "source": entry.source,
            "reason": entry.reason,
            "alternatives": "; ".join(entry.alternatives),
            "city_years": values[entry.name].count(),
        }
        for entry in system.under(options).indicators
    ]
    return pl.DataFrame(rows)


def inputs(study: Study, table: ResultTable) -> tuple[TableKey, ...]:
    """The indicators by city and year, for their counts.

    Raises
    ------
    SpecificationError
        When no variable of the study reads the system, which so is not built.
    """
    indicators = SYSTEMS[_system(table).name].indicators
    if indicators not in study_index_tables(study):
        raise SpecificationError(
            what=f"{table.name} prints the system {_system(table).name}, which study {study.name} does not build",
            expected=f"a variable whose formula names one of {', '.join(_system(table).composites)}",
            remedy=f"declare it, or take {table.name} out",
        )
    return (("indices", study.name, indicators.name),)


def _system(table: ResultTable) -> System:
    settings = table.settings if isinstance(table.settings, PrintedSystem) else PrintedSystem()
    return SYSTEMS[settings.system].system


def show(page: Page) -> Printed:
    """Every indicator of the system."""
    (values,) = page.tables.values()
    system = _system(page.table)
    tidy = indicators_table(values, page.options, system)
    named = tidy.with_columns(
        pl.col("composite").replace_strict(system.dimensions), pl.col("indicator").str.replace_all("_", " ")
    )
    missing = () if values.height else ("indicators",)
    return Printed(text_grid(named, _HEADINGS), tidy, without_result=missing)


PRINTER = Printer(
    grain="One row per indicator: formula, unit, sign, source, reason.",
    inputs=inputs,
    show=show,
    code=(system_module, registry, new_quality, layout),
)
