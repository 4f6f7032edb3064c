"""Kind "indicators": the indicator system in the readings that the options choose, with its city-years (Table 2)."""

import polars as pl

from resilience_pipeline.indices import registry
from resilience_pipeline.indices.registry import REGISTRY
from resilience_pipeline.options import Options
from resilience_pipeline.report import layout
from resilience_pipeline.report.layout import text_grid
from resilience_pipeline.report.printer import Page, Printed, Printer
from resilience_pipeline.step import TableKey
from resilience_pipeline.study.study import ResultTable, Study

COMPOSITE_NAMES = {"res": "Resistance (RES)", "rec": "Recovery (REC)", "rst": "Transformation (RST)"}
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


def indicators_table(values: pl.DataFrame, options: Options) -> pl.DataFrame:
    """One row per indicator of the registry, in the reading that the options choose, with the city-years it has.

    Parameters
    ----------
    values : the indices layer's `indicators`, one column per indicator.
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
        for entry in REGISTRY
    ]
    return pl.DataFrame(rows)


def inputs(study: Study, table: ResultTable) -> tuple[TableKey, ...]:
    """The indicators by city and year, for their counts."""
    return (("indices", study.name, "indicators"),)


def show(page: Page) -> Printed:
    """Every indicator of the registry."""
    (values,) = page.tables.values()
    tidy = indicators_table(values, page.options)
    named = tidy.with_columns(
        pl.col("composite").replace_strict(COMPOSITE_NAMES), pl.col("indicator").str.replace_all("_", " ")
    )
    missing = () if values.height else ("indicators",)
    return Printed(text_grid(named, _HEADINGS), tidy, without_result=missing)


PRINTER = Printer(
    grain="One row per indicator: formula, unit, sign, source, reason.",
    inputs=inputs,
    show=show,
    code=(registry, layout),
)
