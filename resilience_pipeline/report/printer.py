"""How a kind of result is printed: which tables it reads, the cells, the notes, and for a figure the drawing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import polars as pl

from resilience_pipeline.econometrics.estimators.effects import INFLUENCE
from resilience_pipeline.options import Options
from resilience_pipeline.report.layout import Grid
from resilience_pipeline.step import TableKey
from resilience_pipeline.study.published import published_coefficients, published_descriptives, published_models
from resilience_pipeline.study.study import ResultTable, Study, Variable

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Published:
    """What the paper prints for a table, in our names: coefficients and models by column name, descriptives."""

    coefficients: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    models: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    descriptives: pl.DataFrame = field(default_factory=lambda: published_descriptives("").clear())


def published_for(table: ResultTable, names: Mapping[str, str]) -> Published:
    """The paper's figures for a result; empty where the paper prints no such table.

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


#: Results, each with the keys of the tables that it is printed from.
Others = tuple[tuple[ResultTable, tuple[TableKey, ...]], ...]


def no_others(study: Study, table: ResultTable) -> Others:
    """`others` of a kind that speaks of itself alone."""
    return ()


@dataclass(frozen=True)
class Page:
    """What a printer gets.

    Parameters
    ----------
    table : the declared result.
    tables : the tables that it reads, by key.
    published : the paper's figures, in our names.
    symbols : our column -> symbol to print.
    options : in force.
    variables : of the study, treatment first, in the order of its file.
    labels : name of a specification -> its label, of all the study's.
    others : results that this one speaks of, each with the keys of the tables that it is printed from.
    """

    table: ResultTable
    tables: Mapping[TableKey, pl.DataFrame]
    published: Published
    symbols: Mapping[str, str]
    options: Options
    variables: tuple[Variable, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    others: Others = ()

    def symbol(self, name: str) -> str:
        """The symbol of a column, its name where it has none."""
        return self.symbols.get(name, name)


@dataclass(frozen=True)
class Printed:
    """The cells, the tidy table behind them, notes beneath, and the names of parts that have no result (yet).

    comparison : notes that speak of the published figures; `--ours` leaves them out, as it does the grid's columns.
    """

    grid: Grid
    tidy: pl.DataFrame
    notes: tuple[str, ...] = ()
    without_result: tuple[str, ...] = ()
    comparison: tuple[str, ...] = ()


@dataclass(frozen=True)
class Printer:
    """One kind of result as a reader sees it.

    Parameters
    ----------
    grain : "One row per ...", of the tidy table.
    inputs : (study, result) -> keys of the tables that it reads.
    show : page -> what is printed. Pure; no number is made here that a reader could ask the origin of.
    code : modules whose source makes its code version, beside its own.
    draw : (tidy table, title, synthetic) -> a matplotlib figure, or None where no row can be drawn yet; None where the
        result is no figure.
    others : (study, result) -> the results that this one speaks of.
    """

    grain: str
    inputs: Callable[[Study, ResultTable], tuple[TableKey, ...]]
    show: Callable[[Page], Printed]
    code: tuple[object, ...] = ()
    draw: "Callable[[pl.DataFrame, str, bool], Figure | None] | None" = None
    others: Callable[[Study, ResultTable], Others] = no_others


def error_rule(model: Mapping[str, Any]) -> str:
    """ "clustered by city_code, small-sample rule reghdfe", from a tidy estimate's fields."""
    by = " and ".join(model["cluster"] or ())
    if model["vcov"] == INFLUENCE:
        return f"influence functions summed by {by}, normal law"
    if model["vcov"] in ("placebo", "jackknife"):
        return model["vcov"] + (f", {model['draws']:,} draws, seed {model['seed']}" if model["draws"] else "")
    words = {"cluster": f"clustered by {by}", "cv3": f"CV3 by {by}, the cluster jackknife"}
    how = words.get(model["vcov"], model["vcov"])
    return f"{how}, small-sample rule {model['ssc']}" if model["ssc"] else how


def without_estimate(records: Mapping[TableKey, pl.DataFrame]) -> tuple[str, ...]:
    """Names of specifications or variables whose status is not "estimated"."""
    open_: list[str] = []
    for record in records.values():
        rows = record.filter(pl.col("status") != "estimated") if "status" in record.columns else record.clear()
        name = next((column for column in ("name", "variable") if column in rows.columns), None)
        open_ += rows[name].unique(maintain_order=True).to_list() if name else []
    return tuple(open_)
