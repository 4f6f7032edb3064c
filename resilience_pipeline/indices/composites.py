"""Indicators to composites: weights within each dimension, then over the dimensions, in two named forms.

levels : weights, learnt on scaled values, are applied to the indicators' own levels (what Table 3's means imply).
scaled : they are applied to values scaled to [0, 1], so every composite lies in [0, 1].
Under "topsis" both forms divide what they weight by its Euclidean norm and take the closeness to the ideal, which lies
in [0, 1]: levels divides the levels, as Hwang and Yoon do, scaled the scaled values.
A row with a missing indicator has no composite and does not enter the pooling that scales and weights.
"""

from collections.abc import Mapping

import numpy as np
import polars as pl
from numpy.typing import NDArray

from resilience_pipeline.errors import TableRuleError
from resilience_pipeline.indices.entropy import entropies, scale
from resilience_pipeline.indices.principal_component import correlations, first_component, sampling_adequacy
from resilience_pipeline.indices.registry import TRADE_RESILIENCE
from resilience_pipeline.indices.system import System
from resilience_pipeline.indices.values import finite_or_null
from resilience_pipeline.indices.weighting import WEIGHTINGS
from resilience_pipeline.options import Options

KEY = ("city_code", "year")

WEIGHTS = pl.Schema(
    {
        "composite": pl.String,  # res, rec, rst; ctri, whose indicators are the other three
        "indicator": pl.String,
        "sign": pl.Int32,
        "weight": pl.Float64,
        "entropy": pl.Float64,  # this and the next three over the learning rows, whatever the weighting
        "loading": pl.Float64,  # on the first principal component of the composite's indicators; null where tied
        "explained_share": pl.Float64,  # that component's share of their variance
        "kmo": pl.Float64,  # Kaiser-Meyer-Olkin measure; null where undefined
        "minimum": pl.Float64,  # over the pooled rows
        "maximum": pl.Float64,
        "norm": pl.Float64,  # Euclidean, over the pooled rows, of what the form weights
        "rows": pl.Int32,  # pooled city-years
        "learning_rows": pl.Int32,  # those that the weights are learnt from
        "form": pl.String,
        "weighting": pl.String,
    }
)


def indicators(values: pl.DataFrame, options: Options, system: System = TRADE_RESILIENCE) -> pl.DataFrame:
    """The system's indicators under the options: city_code, year and one column each, null where undefined.

    Indicators that the options leave out of the system are columns too, so the columns are always the same.
    """
    return values.select(
        *KEY,
        *(
            finite_or_null(pl.sql_expr(entry.formula(options)).cast(pl.Float64)).alias(entry.name)
            for entry in system.indicators
        ),
    )


def weights(
    table: pl.DataFrame,
    form: str,
    weighting: str,
    system: System = TRADE_RESILIENCE,
    start_year: int | None = None,
) -> pl.DataFrame:
    """Weights of the indicators in their dimensions and of the dimensions in the whole, over all city-years pooled.

    Weights within a dimension depend on no unit or origin, in either form. In levels those of the dimensions in the
    whole do, because a dimension is then a sum of levels: they stay only where all its indicators change by one factor.

    A weighting that learns before the start year gives the weights that a study ending the year before would give,
    within dimensions and over them; the bounds that scale scores are those of all rows, so that these stay in [0, 1].

    Parameters
    ----------
    table : the system's indicators.
    form : "levels" or "scaled".
    weighting : a key of `weighting.WEIGHTINGS`.
    system : with the indicators that belong to it (`System.under`).
    start_year : first year that a weighting which learns before it does not see.

    Returns
    -------
    Columns of `WEIGHTS`. A composite with an indicator that nobody delivered has no rows, and then the whole has none.

    Raises
    ------
    TableRuleError
        When an indicator is the same in all rows that weights are learnt from: it tells no city from another and
        cannot be scaled. Under every weighting, equal weights included.
    """
    table = table.sort(KEY)  # sums run in one order, whatever the order of the rows
    if not WEIGHTINGS[weighting].before_start:
        return _learn(table, form, weighting, system)
    if start_year is None:
        raise ValueError(f"{weighting} needs the start year")
    before = table.filter(pl.col("year") < start_year)
    return _rebound(_learn(before, form, weighting, system), table, system)


def composites(table: pl.DataFrame, weights: pl.DataFrame, system: System = TRADE_RESILIENCE) -> pl.DataFrame:
    """The composite of each dimension and the whole, of each city and year; a row's scores rest on that row alone.

    Returns
    -------
    city_code, year and `System.composites`. Null where an indicator is missing, and throughout where `weights` has no
    rows for the composite. In scaled within [0, 1]; there units and origins of indicators change no score.
    """
    for composite in system.composites:
        rows = weights.filter(composite=composite)
        if rows.is_empty():
            table = table.with_columns(pl.lit(None, dtype=pl.Float64).alias(composite))
            continue
        X = table.select(pl.col(rows["indicator"].to_list()).fill_null(float("nan"))).to_numpy()
        columns = ("sign", "minimum", "maximum", "norm", "weight")
        signs, minimum, maximum, norm, w = (rows[name].to_numpy() for name in columns)
        V, low, high = _weighted_values(X, signs, minimum, maximum, rows["form"][0])
        score = WEIGHTINGS[rows["weighting"][0]].score(V, low, high, norm, w)
        table = table.with_columns(pl.Series(composite, score).fill_nan(None))
    return table.select(*KEY, *system.composites)


Array = NDArray[np.float64]


def _weighted_values(X: Array, signs: Array, minimum: Array, maximum: Array, form: str) -> tuple[Array, Array, Array]:
    """What a form weights, higher is better, with its worst and best value over the pooled rows."""
    if form == "scaled":
        return scale(X, signs, minimum, maximum), np.zeros(len(signs)), np.ones(len(signs))
    ends = np.array([minimum * signs, maximum * signs])
    return X * signs, ends.min(axis=0), ends.max(axis=0)


def _learn(table: pl.DataFrame, form: str, weighting: str, system: System) -> pl.DataFrame:
    """Weights and bounds, both from the rows of `table`."""
    parts = [_weigh(table, dimension, system.signs(dimension), form, weighting) for dimension in system.dimensions]
    within = pl.concat(parts)
    scores = composites(table, within, system)
    return pl.concat([within, _weigh(scores, system.name, system.signs(system.name), form, weighting)])


def _weigh(table: pl.DataFrame, composite: str, members: Mapping[str, int], form: str, weighting: str) -> pl.DataFrame:
    names = list(members)
    complete = table.select(names).drop_nulls()
    if complete.is_empty():
        return pl.DataFrame(schema=WEIGHTS)
    X, signs = complete.to_numpy(), np.array(list(members.values()))
    bounds = _bounds(X, signs, names, composite, form)
    Z = scale(X, signs, bounds["minimum"], bounds["maximum"])
    R = correlations(Z)
    component = first_component(R)
    every = len(names)
    learnt = {
        "composite": [composite] * every,
        "indicator": names,
        "sign": signs,
        "weight": WEIGHTINGS[weighting].weigh(Z),
        "entropy": entropies(Z),
        "loading": component.loadings,
        "explained_share": [component.explained_share] * every,
        "kmo": [sampling_adequacy(R)] * every,
        **bounds,
        "rows": [len(X)] * every,
        "learning_rows": [len(X)] * every,
        "form": [form] * every,
        "weighting": [weighting] * every,
    }
    return pl.DataFrame(learnt, schema=WEIGHTS).with_columns(pl.col("loading", "kmo").fill_nan(None))


def _bounds(X: Array, signs: Array, names: list[str], composite: str, form: str) -> dict[str, Array]:
    """minimum, maximum and norm of each column, or the error of a column that has one value only."""
    minimum, maximum = X.min(axis=0), X.max(axis=0)
    for name, low, high in zip(names, minimum, maximum, strict=True):
        if low == high:
            raise TableRuleError(
                what=f"{name} is {low} in all {len(X)} city-years that weights are learnt from; "
                f"{composite} cannot scale or weight it",
                remedy="choose another reading of the indicator, or deliver a series that differs between cities",
                expected="at least two different values",
                found=str(low),
            )
    V, _, _ = _weighted_values(X, signs, minimum, maximum, form)
    return {"minimum": minimum, "maximum": maximum, "norm": np.sqrt((V**2).sum(axis=0))}


def _rebound(learnt: pl.DataFrame, table: pl.DataFrame, system: System) -> pl.DataFrame:
    """The weights as they were learnt, with bounds, norms and row counts of all rows of `table`."""
    done = pl.DataFrame(schema=WEIGHTS)
    for composite in system.composites:
        rows = learnt.filter(composite=composite)
        if rows.is_empty():
            continue
        if composite == system.name:
            table = composites(table, done, system)
        names = rows["indicator"].to_list()
        X = table.select(names).drop_nulls().to_numpy()
        bounds = _bounds(X, rows["sign"].to_numpy(), names, composite, rows["form"][0])
        columns = {name: pl.Series(name, values) for name, values in bounds.items()}
        rows = rows.with_columns(**columns, rows=pl.lit(len(X), dtype=pl.Int32))
        done = pl.concat([done, rows])
    return done
