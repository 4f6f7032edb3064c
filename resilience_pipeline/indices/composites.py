"""Indicators to composites: weights within each dimension, then over the three dimensions, in two named forms.

levels : weights, learnt on scaled values, are applied to the indicators' own levels (what Table 3's means imply).
scaled : they are applied to values scaled to [0, 1], so every composite lies in [0, 1].
A row with a missing indicator has no composite and does not enter the pooling that scales and weights.
"""

import numpy as np
import polars as pl

from resilience_pipeline.errors import TableRuleError
from resilience_pipeline.indices.entropy import WEIGHTINGS, entropies, scale
from resilience_pipeline.indices.registry import COMPOSITES, REGISTRY, Indicator
from resilience_pipeline.indices.values import finite_or_null
from resilience_pipeline.options import Options

KEY = ("city_code", "year")

WEIGHTS = pl.Schema(
    {
        "composite": pl.String,  # res, rec, rst; ctri, whose indicators are the other three
        "indicator": pl.String,
        "sign": pl.Int32,
        "weight": pl.Float64,
        "entropy": pl.Float64,
        "minimum": pl.Float64,  # over the pooled rows
        "maximum": pl.Float64,
        "rows": pl.Int32,  # pooled city-years
        "form": pl.String,
        "weighting": pl.String,
    }
)


def indicators(values: pl.DataFrame, options: Options, registry: tuple[Indicator, ...] = REGISTRY) -> pl.DataFrame:
    """The registry's indicators under the options: city_code, year and one column each, null where undefined."""
    return values.select(
        *KEY,
        *(finite_or_null(pl.sql_expr(entry.formula(options)).cast(pl.Float64)).alias(entry.name) for entry in registry),
    )


def weights(table: pl.DataFrame, form: str, weighting: str, registry: tuple[Indicator, ...] = REGISTRY) -> pl.DataFrame:
    """Weights of the indicators in their composites and of the composites in CTRI, over all city-years pooled.

    Parameters
    ----------
    table : the `indicators` table.
    form : "levels" or "scaled".
    weighting : a key of `entropy.WEIGHTINGS`.

    Returns
    -------
    Columns of `WEIGHTS`. A composite with an indicator that nobody delivered has no rows, and then CTRI has none.

    Raises
    ------
    TableRuleError
        When an indicator is the same in all pooled rows: it tells no city from another and cannot be scaled.
    """
    table = table.sort(KEY)  # sums run in one order, whatever the order of the rows
    parts = [_weigh(table, composite, _members(registry, composite), form, weighting) for composite in COMPOSITES]
    within = pl.concat(parts)
    three = dict.fromkeys(COMPOSITES, 1)
    return pl.concat([within, _weigh(composites(table, within), "ctri", three, form, weighting)])


def composites(table: pl.DataFrame, weights: pl.DataFrame) -> pl.DataFrame:
    """RES, REC, RST and CTRI of each city and year: city_code, year, res, rec, rst, ctri.

    Null where an indicator is missing, and throughout where `weights` has no rows for the composite.
    """
    for composite in (*COMPOSITES, "ctri"):
        rows = weights.filter(composite=composite)
        if rows.is_empty():
            table = table.with_columns(pl.lit(None, dtype=pl.Float64).alias(composite))
            continue
        X = table.select(pl.col(rows["indicator"].to_list()).fill_null(float("nan"))).to_numpy()
        signs, w = rows["sign"].to_numpy(), rows["weight"].to_numpy()
        if rows["form"][0] == "scaled":
            X = scale(X, signs, rows["minimum"].to_numpy(), rows["maximum"].to_numpy())
        else:
            X = X * signs
        # A sum column by column: a matrix product's rounding may change with the number of rows.
        score = sum((X[:, j] * w[j] for j in range(1, len(w))), X[:, 0] * w[0])
        table = table.with_columns(pl.Series(composite, score).fill_nan(None))
    return table.select(*KEY, *COMPOSITES, "ctri")


def _members(registry: tuple[Indicator, ...], composite: str) -> dict[str, int]:
    return {entry.name: entry.sign for entry in registry if entry.composite == composite}


def _weigh(table: pl.DataFrame, composite: str, members: dict[str, int], form: str, weighting: str) -> pl.DataFrame:
    names = list(members)
    complete = table.select(names).drop_nulls()
    if complete.is_empty():
        return pl.DataFrame(schema=WEIGHTS)
    X, signs = complete.to_numpy(), np.array(list(members.values()))
    minimum, maximum = X.min(axis=0), X.max(axis=0)
    for name, low, high in zip(names, minimum, maximum, strict=True):
        if low == high:
            raise TableRuleError(
                what=f"{name} is {low} in all {len(X)} city-years, so it cannot be scaled or weighted in {composite}",
                remedy="choose another reading of the indicator, or deliver a series that differs between cities",
                expected="at least two different values",
                found=str(low),
            )
    Z = scale(X, signs, minimum, maximum)
    return pl.DataFrame(
        {
            "composite": [composite] * len(names),
            "indicator": names,
            "sign": signs,
            "weight": WEIGHTINGS[weighting](Z),
            "entropy": entropies(Z),
            "minimum": minimum,
            "maximum": maximum,
            "rows": [len(X)] * len(names),
            "form": [form] * len(names),
            "weighting": [weighting] * len(names),
        },
        schema=WEIGHTS,
    )
