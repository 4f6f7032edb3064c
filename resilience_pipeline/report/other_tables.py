"""Cells of the tables that are no regressions: pilots (Table 1), the indicator system (2), descriptives (3)."""

from collections.abc import Mapping

import polars as pl

from resilience_pipeline.indices.registry import REGISTRY
from resilience_pipeline.options import Options
from resilience_pipeline.panel.treatment import OPTIONS as PILOT_OPTIONS
from resilience_pipeline.panel.treatment import pilots
from resilience_pipeline.report.figures import count, number
from resilience_pipeline.report.layout import Grid

COMPOSITE_NAMES = {"res": "Resistance (RES)", "rec": "Recovery (REC)", "rst": "Transformation (RST)"}
_STATISTICS = ("mean", "sd", "min", "max")


def pilots_table(staged: pl.DataFrame, options: Options) -> pl.DataFrame:
    """One row per printed name, as printed, as resolved, and how it counts under the options (panel.treatment.PILOTS).

    Parameters
    ----------
    staged : staging.schema.PILOTS.
    """
    return pilots(staged, **{name: str(options[name]) for name in PILOT_OPTIONS})


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


def descriptives_table(described: pl.DataFrame, published: pl.DataFrame) -> pl.DataFrame:
    """One row per variable and statistic: variable, statistic, ours, published, difference.

    Parameters
    ----------
    described : study.descriptives.DESCRIPTIVES.
    published : the paper's, with our variable names; may be empty.
    """
    paper = {row["variable"]: row for row in published.to_dicts()}
    rows = []
    for row in described.to_dicts():
        for statistic in ("n_obs", *_STATISTICS):
            ours, printed = row[statistic], paper.get(row["variable"], {}).get(statistic)
            difference = None if ours is None or printed is None else ours - printed
            rows.append((row["variable"], statistic, ours, printed, difference))
    figures = dict.fromkeys(("ours", "published", "difference"), pl.Float64())
    schema = {"variable": pl.String(), "statistic": pl.String(), **figures}
    return pl.DataFrame(rows, schema=schema, orient="row")


def descriptives_grid(compared: pl.DataFrame, symbols: Mapping[str, str]) -> Grid:
    """Variables in rows; for each statistic ours, then the paper's where it prints the table."""
    beside = compared["published"].is_not_null().any()
    headings = ["Variable"]
    for statistic in ("N", *_STATISTICS):
        headings += [statistic, f"paper's {statistic}"] if beside else [statistic]
    rows = []
    for (variable,), part in compared.group_by("variable", maintain_order=True):
        cells = [symbols.get(str(variable), str(variable))]
        for row in part.to_dicts():
            kinds = ("ours", "published") if beside else ("ours",)
            cells += [_figure(row["statistic"], row[kind]) for kind in kinds]
        rows.append(tuple(cells))
    return Grid(tuple(headings), tuple(rows))


def text_grid(table: pl.DataFrame, headings: Mapping[str, str]) -> Grid:
    """The named columns of a table of words, under printed headings."""
    rows = tuple(
        tuple("" if cell is None else str(cell) for cell in row) for row in table.select(*headings).iter_rows()
    )
    return Grid(tuple(headings.values()), rows, prose=True)


def _figure(statistic: str, value: float | None) -> str:
    if statistic == "n_obs":
        return count(None if value is None else int(value))
    return number(value)
