"""From records to a printed table, whatever its kind: `render_table` for the terminal, the page and the lake alike."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from resilience_pipeline.options import Options
from resilience_pipeline.report.layout import Grid, RenderedTable, render
from resilience_pipeline.report.other_tables import COMPOSITE_NAMES, descriptives_grid, descriptives_table, text_grid
from resilience_pipeline.report.regression import Column, comparison, legend, regression_grid
from resilience_pipeline.study.published import published_coefficients, published_descriptives, published_models
from resilience_pipeline.study.study import ResultTable

_PILOT_HEADINGS = {
    "number": "No.",
    "printed_name": "As printed",
    "resolved_name": "As resolved",
    "kind": "Kind",
    "city_code": "City code",
    "resolution": "Why",
    "treated_codes": "Cities treated",
    "reason": "How it counts",
}
_INDICATOR_HEADINGS = {
    "composite": "Dimension",
    "indicator": "Indicator",
    "formula": "Formula",
    "unit": "Unit",
    "sign": "Sign",
    "source": "Source",
    "reason": "Reason",
    "city_years": "City-years",
}


@dataclass(frozen=True)
class Published:
    """What the paper prints for a table, in our names: coefficients and models by column name, descriptives."""

    coefficients: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    models: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    descriptives: pl.DataFrame = field(default_factory=lambda: published_descriptives("").clear())


def published_for(table: ResultTable, names: Mapping[str, str]) -> Published:
    """The paper's figures for a result table; empty where the paper prints no such table.

    Parameters
    ----------
    names : the paper's symbol in lower case -> our term (`terms_by_symbol`).
    """

    def ours(column: str) -> pl.Expr:
        symbol = pl.col(column).str.to_lowercase()
        return symbol.replace_strict(names, default=pl.col(column)).alias(column)

    columns = [spec.name.split(".", 1)[1] for spec in table.columns]
    return Published(
        coefficients={c: published_coefficients(table.name, c).with_columns(ours("term")) for c in columns},
        models={c: published_models(table.name, c) for c in columns},
        descriptives=published_descriptives(table.name).with_columns(ours("variable")),
    )


def render_table(
    table: ResultTable,
    records: Sequence[pl.DataFrame],
    published: Published,
    symbols: Mapping[str, str],
    *,
    synthetic: bool,
    options: Options | None = None,
) -> tuple[RenderedTable, pl.DataFrame]:
    """The printed table, and the tidy table behind it.

    Parameters
    ----------
    table : the declared table.
    records : regression: one tidy frame (econometrics.tidy) per column, in order; descriptives: the described
        variables; pilots and indicators: their tables from `other_tables`.
    published : the paper's figures, in our names.
    symbols : our column -> symbol to print.
    synthetic : whether anything of it descends from the synthetic twin; then the first line and the title say so.
    options : the options in force; those that differ from the defaults are named beneath.
    """
    notes = list(table.notes)
    if table.kind == "regression":
        grid, tidy, more = _regression(table, records, published, symbols)
        notes += more
    elif table.kind == "descriptives":
        tidy = descriptives_table(records[0], published.descriptives)
        grid = descriptives_grid(tidy, symbols)
        empty = [symbols.get(v, v) for v in records[0].filter(status="awaiting")["variable"]]
        notes += [f"Awaiting, no value delivered: {', '.join(empty)}."] if empty else []
    else:
        tidy = records[0]
        grid = _words(table.kind, tidy)
    if options is not None and options.changed:
        notes.append("Options: " + ", ".join(f"{name} = {value}" for name, value in options.changed.items()) + ".")
    return render(_title(table), grid, notes, synthetic=synthetic), tidy


def _title(table: ResultTable) -> str:
    return f"{table.name.replace('_', ' ').capitalize()}: {table.title}"


def _words(kind: str, tidy: pl.DataFrame) -> Grid:
    if kind == "pilots":
        return text_grid(tidy, _PILOT_HEADINGS)
    named = tidy.with_columns(
        pl.col("composite").replace_strict(COMPOSITE_NAMES), pl.col("indicator").str.replace_all("_", " ")
    )
    return text_grid(named, _INDICATOR_HEADINGS)


def _regression(
    table: ResultTable, records: Sequence[pl.DataFrame], published: Published, symbols: Mapping[str, str]
) -> tuple[Grid, pl.DataFrame, list[str]]:
    columns = []
    for specification, record in zip(table.columns, records, strict=True):
        name = specification.name.split(".", 1)[1]
        coefficients = published.coefficients.get(name, published_coefficients("", ""))
        columns.append(Column(specification, record, coefficients, published.models.get(name, published_models(""))))
    return regression_grid(columns, symbols), comparison(columns), legend(columns, symbols)
